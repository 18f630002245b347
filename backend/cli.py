"""``dermvtt``: studies on the command line. Arguments in, rules called; no work of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from backend import accounts, serving
from backend.cli_analyze import analyze
from backend.cli_audit import audit_mix
from backend.database import raters, schema, studies
from backend.database.sessions import Database
from backend.database.tables import LARGEST_ID
from backend.demo import demo
from backend.settings import Settings, describe_settings, load_settings
from backend.storage import ImageStore
from backend.studies import invitations, lifecycle, mixes, results
from training.errors import UserError
from training.files import new_file

OPTIONS = {"no_args_is_help": True, "rich_markup_mode": None}
app = typer.Typer(
    name="dermvtt",
    help="Visual Turing tests: set up a study, serve it, export it, analyse it.",
    epilog="\b\nEnvironment variables:\n" + describe_settings(),
    add_completion=False,
    pretty_exceptions_enable=False,
    **OPTIONS,
)
admin_app = typer.Typer(help="Accounts of admins.", **OPTIONS)
study_app = typer.Typer(help="Make, list, close and reopen studies.", **OPTIONS)
app.add_typer(admin_app, name="admin")
app.add_typer(study_app, name="study")
app.command()(analyze)
app.command("audit-mix")(audit_mix)
app.command()(demo)

StudyOption = Annotated[
    int, typer.Option("--study", min=1, max=LARGEST_ID, help="The study's number; see 'dermvtt study list'.")
]
StudyArgument = Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="The study's number.")]
PortOption = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port to listen on [default: DERMVTT_PORT].")
]
GroupOption = Annotated[
    list[str] | None, typer.Option(help="A group of raters; repeat for more [default: ED, DLE].")
]


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


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of the settings, once its schema is known to be this program's."""
    database = Database(settings.database)
    try:
        schema.require_current(database.engine)
        yield database
    finally:
        database.close()


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


@study_app.command("create")
def create_study(
    mix: Annotated[
        int, typer.Option(min=1, max=LARGEST_ID, help="The mix's number, as 'import-mix' printed it.")
    ],
    title: Annotated[str, typer.Option(help="The title, as raters see it.")],
    group: GroupOption = None,
    seed: Annotated[
        str, typer.Option(help="Seed of the presentation orders [default: drawn at random].")
    ] = "",
    introduction: Annotated[str, typer.Option(help="What raters read first [default: a general text].")] = "",
) -> None:
    """Make a study of an imported mix, open for answers.

    Example: dermvtt study create --mix 1 --title "Real or generated?" --group ED --group DLE
    """
    with opened(load_settings()) as database, database.write() as session:
        study = lifecycle.create_study(
            session, mix, title, groups=group or None, seed=seed, introduction=introduction
        )
    print(f"Made study {study.id} ({study.title}); groups {', '.join(study.groups)}.")
    print(f"Invite raters with: dermvtt invite --study {study.id} --group {study.groups[0]} --count 3")


@study_app.command("list")
def list_studies() -> None:
    """List all studies with their progress.

    Example: dermvtt study list
    """
    with opened(load_settings()) as database, database.read() as session:
        for study in studies.everything(session):
            progress = raters.progress(session, study.id)
            submitted = sum(one.rater.submitted_at is not None for one in progress)
            what = f"mix {study.mix_id}: {study.mix.name}; {len(progress)} raters, {submitted} submitted"
            print(f"{study.id}  {study.state:6}  {study.title}  ({what})")


@study_app.command("close")
def close_study(study: StudyArgument) -> None:
    """Close a study: no more answers are taken.

    Example: dermvtt study close 1
    """
    _set_state(study, "closed")


@study_app.command("open")
def open_study(study: StudyArgument) -> None:
    """Open a closed study again.

    Example: dermvtt study open 1
    """
    _set_state(study, "open")


@app.command()
def invite(
    study: StudyOption,
    group: Annotated[str, typer.Option(help="The raters' group, such as ED.")],
    count: Annotated[int, typer.Option(help="How many raters.")] = 1,
    name: Annotated[str, typer.Option(help="A pseudonym, for one rater [default: ED1, ED2, ...].")] = "",
) -> None:
    """Invite raters and print their links: this once, for only a hash of them is stored.

    Example: dermvtt invite --study 1 --group ED --count 3
    """
    settings = load_settings()
    with opened(settings) as database, database.write() as session:
        invited = invitations.invite(session, study, group, count, name)
    for rater in invited:
        print(f"{rater.name}\t{rater.group}\t{settings.base_url}/r/{rater.token}")


@app.command()
def renew(study: StudyOption, name: Annotated[str, typer.Argument(help="The rater's name.")]) -> None:
    """Give a rater a new link; the old one stops working, her answers stay.

    Example: dermvtt renew --study 1 ED2
    """
    settings = load_settings()
    with opened(settings) as database, database.write() as session:
        rater = invitations.renew(session, study, name)
    print(f"{rater.name}\t{rater.group}\t{settings.base_url}/r/{rater.token}")


@app.command()
def revoke(study: StudyOption, name: Annotated[str, typer.Argument(help="The rater's name.")]) -> None:
    """Make a rater's link stop working; her answers stay.

    Example: dermvtt revoke --study 1 ED2
    """
    with opened(load_settings()) as database, database.write() as session:
        invitations.revoke(session, study, name)
    print(f"The link of {name} no longer works.")


@app.command()
def export(
    study: StudyOption,
    out: Annotated[Path | None, typer.Option(help="The file to write [default: standard output].")] = None,
) -> None:
    """Export a study's ratings as CSV.

    Example: dermvtt export --study 1 --out ratings.csv
    """
    with opened(load_settings()) as database, database.read() as session:
        text = results.ratings_csv(session, lifecycle.get_study(session, study))
    if out is None:
        sys.stdout.buffer.write(text.encode())
    else:
        with new_file(out) as partial:
            partial.write_bytes(text.encode())


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


def _set_state(study: int, state: str) -> None:
    with opened(load_settings()) as database, database.write() as session:
        lifecycle.set_state(session, study, state)
    print(f"Study {study} is {state}.")


if __name__ == "__main__":
    main()
