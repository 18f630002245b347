"""``dermvtt demo``: the whole path but training in one command."""

from pathlib import Path
from typing import Annotated

import typer

from backend.demo_mix import SHIPPED


def demo(
    data: Annotated[
        Path | None, typer.Option(help="A folder of your own photographs [default: computer-drawn phantoms].")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where demos are kept.")] = Path("demo"),
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="A generator of your own: run folder, checkpoint folder or exported file "
            f"[default: {SHIPPED}photographs with --data, else {SHIPPED}phantoms]."
        ),
    ] = None,
) -> None:
    """Make a study from nothing, or from a folder of photographs, and serve it.

    Thirty images by a generator that comes with DermVTT are mixed with fifty reals: nothing is trained. A
    second run keeps the study and its answers.

    Example: dermvtt demo --data photos

    Example: dermvtt demo --data photos --checkpoint runs/pgan
    """
    from backend import demo as demos

    demos.run(data, folder, checkpoint)
