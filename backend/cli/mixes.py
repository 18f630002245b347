"""``dermvtt import-mix`` and ``build-mix``: mixes taken in, and made of images from elsewhere."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from backend.cli.shared import opened
from backend.settings import load_settings


def import_mix(
    folder: Annotated[
        Path, typer.Argument(help="A mix folder, made by 'dermvtt-train mix', or a .zip of one.")
    ],
    name: Annotated[str, typer.Option(help="How admins see it [default: the folder's name].")] = "",
) -> None:
    """Import a mix folder, or a zip of one: whole, or not at all.

    Example: dermvtt import-mix mixes/x --name "PGAN, 3M iterations"
    """
    from backend.storage import open_store
    from backend.studies import mixes

    settings = load_settings()
    with opened(settings) as database, _laid_out(folder) as found:
        imported = mixes.import_mix(database, open_store(settings), found, name or folder.resolve().stem)
    mix = imported.mix
    verb = "Imported" if imported.new else "Already imported:"
    print(f"{verb} mix {mix.id} ({mix.name}): {mix.reals} reals, {mix.fakes} fakes.")
    if imported.new:
        print(f'Make a study of it with: dermvtt study create --mix {mix.id} --title "..."')


def build_mix(
    reals: Annotated[Path, typer.Argument(help="A folder of real images, or a .zip of one.")],
    fakes: Annotated[Path, typer.Argument(help="A folder of generated images, or a .zip of one.")],
    out: Annotated[Path, typer.Option(help="The mix folder to make.")],
    resolution: Annotated[
        int, typer.Option(min=16, max=4096, help="Side of all images in pixels; none may be smaller.")
    ] = 256,
    family: Annotated[
        str, typer.Option(help="What generated the fakes, such as stylegan3: small letters, digits and _.")
    ] = "uploaded",
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the images' ids [default: drawn at random].")
    ] = None,
) -> None:
    """Make a mix of images that were generated elsewhere: all of both folders, encoded alike.

    Each image's centre square is brought to one size, and all are encoded as 'dermvtt-train mix' does,
    without metadata: so nothing but the picture tells reals from fakes. Then: dermvtt audit-mix, import-mix.

    Example: dermvtt build-mix photos generated.zip --out mixes/y --family stylegan3
    """
    from rich.console import Console
    from rich.progress import Progress

    from backend.intake.archives import Archive, ImageFolder
    from backend.studies import building

    with ExitStack() as stack:
        display = stack.enter_context(Progress(console=Console(stderr=True)))
        task = display.add_task("Encoding", total=None)
        sources = [
            Archive(stack.enter_context(path.open("rb")), str(path)) if path.is_file() else ImageFolder(path)
            for path in (reals, fakes)
        ]
        chosen = {"resolution": resolution, "family": family, "seed": seed}
        made = building.build_mix(*sources, out, **chosen, advance=lambda: display.advance(task))
    print(f"Made {out}: {made.count('real')} reals and {made.count('fake')} fakes.")
    print(f"See what tells them apart: dermvtt audit-mix {out}")


@contextmanager
def _laid_out(given: Path) -> Iterator[Path]:
    if not given.is_file():
        yield given
        return
    from backend.intake.unpacking import unpacked_mix

    with given.open("rb") as file, unpacked_mix(file, str(given)) as folder:
        yield folder
