"""Commands that measure how far generated images are from real ones."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from training.commands.checkpoint import KINDS

SOURCE = f"Dataset folder, folder of images, {KINDS}."


def swd(
    a: Annotated[Path, typer.Argument(help=SOURCE, metavar="A")],
    b: Annotated[Path, typer.Argument(help="What to compare it with, of the same kinds.", metavar="B")],
    images: Annotated[int, typer.Option(min=1, help="How many of each; all where there are fewer.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Which images, patches and directions.")] = 0,
    repeats: Annotated[
        int, typer.Option(min=1, help="Seeds for mean and spread, 2 x 128 directions each.")
    ] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not a table.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Measure the sliced Wasserstein distance (SWD) of two sets of images, times 1000.

    Two samples of one source are not at distance 0: compare reals with reals to see what is.

    Example: dermvtt-train swd data/photos runs/pgan --images 10000 --seed 0
    """
    # Before NumPy is loaded. Threads of our own multiply matrices; the library's would spin beside them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from training.measure.report import as_document, as_table, measure

    measured = measure(a, b, images, seed, repeats, device)
    print(json.dumps(as_document(measured), indent=2) if as_json else as_table(measured))


def compare(
    runs: Annotated[list[Path], typer.Argument(help=f"Models: {KINDS}, or folders of their images.")],
    data: Annotated[Path, typer.Option(help="Dataset folder with the reals.")],
    out: Annotated[Path, typer.Option(help="New folder for tables, figures and samples.")],
    images: Annotated[int, typer.Option(min=2, help="How many of each; all where there are fewer.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Which images, patches and directions.")] = 0,
    repeats: Annotated[int, typer.Option(min=1, help="Seeds for mean and spread.")] = 2,
    reals: Annotated[
        bool, typer.Option("--reals/--no-reals", help="Whether the sheet of samples shows real images.")
    ] = True,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Compare models with the same reals: a table of SWD with its lower bound, a figure, and samples.

    The lower bound is the reals' distance to themselves, by patches of their own on either side.

    Example: dermvtt-train compare runs/pgan runs/dcgan runs/lapgan --data data/photos --out reports/compare
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in swd
    from training.measure.compare import compare as compare_all
    from training.measure.comparison_report import as_markdown

    found = compare_all(
        runs, data, out, images=images, seed=seed, repeats=repeats, device=device, reals=reals
    )
    print(as_markdown(found), end="")
