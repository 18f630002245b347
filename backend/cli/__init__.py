"""``dermvtt``: studies on the command line. Arguments in, rules called; no work of its own."""

import sys

import typer
from sqlalchemy.exc import DBAPIError

from backend.cli.admins import admin_app
from backend.cli.analyze import analyze
from backend.cli.audit import audit_mix
from backend.cli.exports import export
from backend.cli.mail import mail_app
from backend.cli.mixes import import_mix
from backend.cli.plan import plan
from backend.cli.privacy import privacy_app, rater_app
from backend.cli.raters import invite, renew, reopen, revoke
from backend.cli.server import migrate, serve
from backend.cli.shared import GROUP_OPTIONS
from backend.cli.studies import study_app
from backend.demo import demo
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
app.add_typer(admin_app, name="admin")
app.add_typer(study_app, name="study")
app.add_typer(rater_app, name="rater")
app.add_typer(mail_app, name="mail")
app.add_typer(privacy_app, name="privacy")
for one in (
    migrate,
    serve,
    import_mix,
    audit_mix,
    invite,
    renew,
    revoke,
    reopen,
    export,
    analyze,
    plan,
    demo,
):
    app.command()(one)


def main() -> None:
    """Run the command line; a user's mistake ends in one message on stderr and exit code 1."""
    try:
        app()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except DBAPIError as error:
        print(f"error: the database failed: {str(error.orig).strip()}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}. Mend that and try again.", file=sys.stderr)
        sys.exit(1)
