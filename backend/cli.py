"""``dermvtt``: studies on the command line. Arguments in, rules called; no work of its own."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy.exc import DBAPIError

from backend import accounts, serving
from backend.cli_analyze import analyze
from backend.cli_audit import audit_mix
from backend.cli_plan import plan
from backend.cli_shared import GROUP_OPTIONS, RaterArgument, StudyOption, opened
from backend.cli_studies import study_app
from backend.database import schema
from backend.database.sessions import Database
from backend.demo import demo
from backend.settings import Settings, describe_settings, load_settings
from backend.storage import ImageStore
from backend.studies import exports, invitations, lifecycle, mixes, rating
from backend.studies.invitations import Invited
from training.errors import UserError
from training.files import new_file

app = typer.Typer(
    name="dermvtt",
    help="Visual Turing tests: set up a study, serve it, export it, analyse it.",
    epilog="\b\nEnvironment variables:\n" + describe_settings(),
    add_completion=False,
    pretty_exceptions_enable=False,
    **GROUP_OPTIONS,
)
admin_app = typer.Typer(help="Accounts of admins.", **GROUP_OPTIONS)
app.add_typer(admin_app, name="admin")
app.add_typer(study_app, name="study")
app.command()(analyze)
app.command("audit-mix")(audit_mix)
app.command()(plan)
app.command()(demo)

PortOption = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port to listen on [default: DERMVTT_PORT].")
]
What = Literal["ratings", "history", "viewings", "participants"]


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


@app.command()
def migrate() -> None:
    """Make the database's schema, or upgrade it to this program's.

    Example: dermvtt migrate
    """
    database = Database(load_settings().database)
    try:
        schema.upgrade(database.engine)
    finally:
        database.close()
    print("The schema is up to date.")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: DERMVTT_HOST].")] = None,
    port: PortOption = None,
) -> None:
    """Serve studies to raters and admins.

    Example: dermvtt serve --port 8080
    """
    given = {"host": host, "port": port}
    settings = load_settings().model_copy(update={k: v for k, v in given.items() if v is not None})
    serving.serve(settings, lambda address: print(f"Serving on {address}  (Ctrl-C stops)", flush=True))


@app.command("import-mix")
def import_mix(
    folder: Annotated[Path, typer.Argument(help="A mix folder, made by 'dermvtt-train mix'.")],
    name: Annotated[str, typer.Option(help="How admins see it [default: the folder's name].")] = "",
) -> None:
    """Import a mix folder: whole, or not at all.

    Example: dermvtt import-mix mixes/x --name "PGAN, 3M iterations"
    """
    settings = load_settings()
    with opened(settings) as database:
        imported = mixes.import_mix(database, ImageStore(settings.images_dir), folder, name)
    mix = imported.mix
    verb = "Imported" if imported.new else "Already imported:"
    print(f"{verb} mix {mix.id} ({mix.name}): {mix.reals} reals, {mix.fakes} fakes.")
    if imported.new:
        print(f'Make a study of it with: dermvtt study create --mix {mix.id} --title "..."')


@app.command()
def invite(
    study: StudyOption,
    group: Annotated[
        str, typer.Option(help="The raters' group, such as ED; none where the study asks them for it.")
    ] = "",
    count: Annotated[int, typer.Option(help="How many raters.")] = 1,
    name: Annotated[
        str, typer.Option(help="A pseudonym, for one rater [default: ED1, ED2, ... or R1, R2, ...].")
    ] = "",
) -> None:
    """Invite raters and print their links: this once, for only a hash of them is stored.

    Example: dermvtt invite --study 1 --group ED --count 3
    """
    settings = load_settings()
    with opened(settings) as database, database.write() as session:
        invited = invitations.invite(session, study, group, count, name)
    for rater in invited:
        _print_link(settings, rater)


@app.command()
def renew(study: StudyOption, name: RaterArgument) -> None:
    """Give a rater a new link; the old one stops working, her answers stay.

    Example: dermvtt renew --study 1 ED2
    """
    settings = load_settings()
    with opened(settings) as database, database.write() as session:
        rater = invitations.renew(session, study, name)
    _print_link(settings, rater)


@app.command()
def revoke(study: StudyOption, name: RaterArgument) -> None:
    """Make a rater's link stop working; her answers stay.

    Example: dermvtt revoke --study 1 ED2
    """
    with opened(load_settings()) as database, database.write() as session:
        invitations.revoke(session, study, name)
    print(f"The link of {name} no longer works.")


@app.command()
def reopen(study: StudyOption, name: RaterArgument) -> None:
    """Let a rater who has submitted go on with her answers. It is recorded.

    Example: dermvtt reopen --study 1 ED2
    """
    with opened(load_settings()) as database, database.write() as session:
        rating.reopen(session, study, name)
    print(f"{name} can change her answers again, until she submits.")


@app.command()
def export(
    study: StudyOption,
    what: Annotated[
        What,
        typer.Option(
            help="ratings: each rater's current answer to each image, for 'dermvtt analyze'; history: every "
            "answer ever given; viewings: how long each image was looked at; participants: who agreed "
            "to what, and the answers to the study's questions."
        ),
    ] = "ratings",
    out: Annotated[Path | None, typer.Option(help="The file to write [default: standard output].")] = None,
) -> None:
    """Export what a study recorded, as CSV. All columns: docs/contracts.md.

    Example: dermvtt export --study 1 --out ratings.csv

    Example: dermvtt export --study 1 --what history --out history.csv
    """
    with opened(load_settings()) as database, database.read() as session:
        chunks = exports.chunks(exports.csv_lines(session, lifecycle.get_study(session, study), what))
        if out is None:
            sys.stdout.buffer.writelines(chunks)
        else:
            with new_file(out) as partial, partial.open("wb") as file:
                file.writelines(chunks)


@admin_app.command("create")
def create_admin(email: Annotated[str, typer.Argument(help="The admin's e-mail address.")]) -> None:
    """Make an admin account and print its one-time password.

    Example: dermvtt admin create you@example.org
    """
    with opened(load_settings()) as database, database.write() as session:
        password = accounts.create_admin(session, email)
    print(f"One-time password of {email}: {password}")


@admin_app.command("reset-password")
def reset_password(email: Annotated[str, typer.Argument(help="The admin's e-mail address.")]) -> None:
    """Give an admin a new one-time password and end her sessions.

    Example: dermvtt admin reset-password you@example.org
    """
    with opened(load_settings()) as database, database.write() as session:
        password = accounts.reset_password(session, email)
    print(f"One-time password of {email}: {password}")


def _print_link(settings: Settings, rater: Invited) -> None:
    print(f"{rater.name}\t{rater.group or '-'}\t{settings.base_url}/r/{rater.token}")


if __name__ == "__main__":
    main()
