"""``dermvtt import-mix``: mix folders taken in."""

from pathlib import Path
from typing import Annotated

import typer

from backend.cli.shared import opened
from backend.settings import load_settings


def import_mix(
    folder: Annotated[Path, typer.Argument(help="A mix folder, made by 'dermvtt-train mix'.")],
    name: Annotated[str, typer.Option(help="How admins see it [default: the folder's name].")] = "",
) -> None:
    """Import a mix folder: whole, or not at all.

    Example: dermvtt import-mix mixes/x --name "PGAN, 3M iterations"
    """
    from backend.storage import ImageStore
    from backend.studies import mixes

    settings = load_settings()
    with opened(settings) as database:
        imported = mixes.import_mix(database, ImageStore(settings.images_dir), folder, name)
    mix = imported.mix
    verb = "Imported" if imported.new else "Already imported:"
    print(f"{verb} mix {mix.id} ({mix.name}): {mix.reals} reals, {mix.fakes} fakes.")
    if imported.new:
        print(f'Make a study of it with: dermvtt study create --mix {mix.id} --title "..."')
