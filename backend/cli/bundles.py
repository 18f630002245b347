"""``dermvtt study export-bundle`` and ``import-bundle``: a whole study as one file."""

from pathlib import Path
from typing import Annotated

import typer

from backend.cli.shared import StudyArgument, downloaded, opened
from backend.settings import load_settings
from training.files import new_file


def export_bundle(study: StudyArgument, out: Annotated[Path, typer.Option(help="The zip to write.")]) -> None:
    """Write a whole study into a zip that another installation can import.

    Its images, texts, raters (by pseudonym), answers and events, with checksums. No links, no accounts.

    Example: dermvtt study export-bundle 1 --out study.zip
    """
    from backend.storage import open_store
    from backend.studies.bundles import write_bundle

    settings = load_settings()
    with opened(settings) as database, new_file(out) as partial, partial.open("wb") as file:
        downloaded(database, study, "bundle.zip")
        manifest = write_bundle(database, open_store(settings), study, file)
    counts = manifest.counts
    print(f"Wrote {out}: {counts['images']} images, {counts['raters']} raters, {counts['ratings']} answers.")


def import_bundle(bundle: Annotated[Path, typer.Argument(help="A zip that 'export-bundle' wrote.")]) -> None:
    """Take in a study from another installation: whole, or not at all.

    All checksums are verified first. The study is closed, and its raters have no links here.

    Example: dermvtt study import-bundle study.zip
    """
    from backend.storage import open_store
    from backend.studies.bundles import take_in

    settings = load_settings()
    with opened(settings) as database, bundle.open("rb") as file:
        taken = take_in(database, open_store(settings), file)
    if taken.new:
        print(f"Imported study {taken.study_id} ({taken.title}); it is closed, and has no links.")
    else:
        print(f"Already there, as study {taken.study_id} ({taken.title}): nothing was changed.")
