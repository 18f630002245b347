"""``dermvtt audit``: the log of what admins and raters did."""

import re
from pathlib import Path
from typing import Annotated

import typer

from backend.cli.exports import Kind
from backend.cli.shared import GROUP_OPTIONS, downloaded, opened
from backend.database.limits import LARGEST_ID
from backend.settings import load_settings
from training.errors import UserError
from training.files import new_file

HASH = re.compile("[0-9a-f]{64}")

audit_app = typer.Typer(help="The log of what admins and raters did.", **GROUP_OPTIONS)


@audit_app.command("verify")
def verify(
    head: Annotated[
        str, typer.Option(help="The last hash as it was noted elsewhere: must be in the log.")
    ] = "",
) -> None:
    """Compute every hash of the log anew; exit code 1, naming the first entry that does not fit.

    A log whose end was cut off still holds together: note the last hash elsewhere, and give it as --head.

    Example: dermvtt audit verify

    Example: dermvtt audit verify --head 4f1c...
    """
    from backend.studies import audit_log

    noted = head.strip().lower()
    if noted and not HASH.fullmatch(noted):
        raise UserError(
            f"--head {head}: this is no hash of the log, which has 64 digits and letters from a to f."
        )
    with opened(load_settings()) as database, database.read() as session:
        found = audit_log.verify(session, noted)
    if found.broken is not None:
        print(f"BROKEN: entry {found.broken} does not fit the {found.rows} before it.")
        raise typer.Exit(1)
    print(f"The log holds together: {found.rows} entries; the last hash is")
    print(found.head)
    if head and found.head_at is None:
        print("BROKEN: the hash that you gave is not in the log: its end was cut off, or it was replaced.")
        raise typer.Exit(1)
    if head:
        later = found.rows - (found.head_at or 0)
        print(f"The hash that you gave is in it; entries since: {later}.")


@audit_app.command("export")
def export_log(
    out: Annotated[Path, typer.Option(help="The file to write.")],
    study: Annotated[
        int | None, typer.Option(min=1, max=LARGEST_ID, help="Only this study's [default: all].")
    ] = None,
    form: Annotated[
        Kind | None, typer.Option("--format", help="The file's format [default: as --out ends, else csv].")
    ] = None,
) -> None:
    """Write the log to a file, the oldest entry first.

    Example: dermvtt audit export --out log.csv

    Example: dermvtt audit export --out log.json --study 1
    """
    from backend.database.events import Chosen
    from backend.studies.audit_log import write_log
    from backend.studies.exports import FORMATS

    ending = out.suffix[1:].lower()
    kind = form or (ending if ending in FORMATS else "csv")
    with opened(load_settings()) as database:
        downloaded(database, study, f"log.{kind}")
        with new_file(out) as partial, partial.open("wb") as file:
            write_log(database, Chosen(study), kind, file)
    print(f"Wrote {out}.")
