"""``dermvtt``: studies on the command line. Arguments in, rules called; no work of its own."""

import sys

import typer

from backend.cli.admins import admin_app
from backend.cli.analyze import analyze
from backend.cli.audit import audit_mix
from backend.cli.audit_log import audit_app
from backend.cli.bundles import export_bundle, import_bundle
from backend.cli.demo import demo
from backend.cli.exports import export
from backend.cli.mail import mail_app
from backend.cli.mixes import build_mix, import_mix
from backend.cli.operations import backup, check, restore
from backend.cli.plan import plan
from backend.cli.privacy import privacy_app, rater_app
from backend.cli.raters import invite, renew, reopen, revoke
from backend.cli.server import migrate, serve
from backend.cli.shared import GROUP_OPTIONS
from backend.cli.studies import study_app
from backend.extras import not_installed
from backend.settings import describe_settings
from training.errors import UserError

app = typer.Typer(
    name="dermvtt",
    help="Visual Turing tests: set up a study, serve it, export it, analyse it.",
    epilog="\b\nEnvironment variables:\n" + describe_settings(),
    add_completion=False,
    pretty_exceptions_enable=False,
    **GROUP_OPTIONS,
)
study_app.command("export-bundle")(export_bundle)
study_app.command("import-bundle")(import_bundle)
app.add_typer(admin_app, name="admin")
app.add_typer(study_app, name="study")
app.add_typer(rater_app, name="rater")
app.add_typer(mail_app, name="mail")
app.add_typer(privacy_app, name="privacy")
app.add_typer(audit_app, name="audit")
for one in (
    migrate,
    serve,
    import_mix,
    build_mix,
    audit_mix,
    invite,
    renew,
    revoke,
    reopen,
    export,
    analyze,
    plan,
    check,
    backup,
    restore,
    demo,
):
    app.command()(one)


def main() -> None:
    """Run the command line; a user's mistake ends in one message on stderr and exit code 1."""
    try:
        app()
    except Exception as error:
        message = _told(error)
        if message is None:
            raise
        print(f"error: {message}", file=sys.stderr)
        sys.exit(1)


def _told(error: Exception) -> str | None:
    """What a user is told of what she can mend; ``None`` for what nobody foresaw."""
    from sqlalchemy.exc import DBAPIError  # not before something failed: --help needs no database

    match error:
        case UserError():
            return str(error)
        case ModuleNotFoundError():
            return str(lacking) if (lacking := not_installed(error)) else None
        case DBAPIError():
            return f"the database failed: {str(error.orig).strip()}"
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            said = str(error.strerror or error).removesuffix(".")  # ours are sentences, the system's are not
            return f"{where}{said}. Mend that and try again."
    return None
