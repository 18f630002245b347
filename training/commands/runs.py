"""Commands that train."""

from pathlib import Path
from typing import Annotated

import typer

from training.errors import INTERRUPTED


def train(
    family: Annotated[str, typer.Argument(help="What to train: pgan.")],
    data: Annotated[Path, typer.Option(help="Dataset folder that prepare made.")],
    out: Annotated[Path, typer.Option(help="Run folder: new, or with --resume an earlier one.")],
    preset: Annotated[
        str | None, typer.Option(help="demo, quick, paper, or a .toml file; quick without it.")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting: key=value. Repeatable.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random; 0 without it.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
) -> None:
    """Train a generator, writing checkpoints, sample grids and losses into the run folder.

    Ctrl-C or SIGTERM writes a checkpoint and ends with exit code 130; --resume then repeats every step that
    an uninterrupted training would have made, bit for bit on the same device and number of threads.

    Example: dermvtt-train train pgan --data data/photos-256 --preset quick --out runs/pgan --set images=50000
    """
    from training.runs import run_training

    if not run_training(out, family, data, preset, changes or [], seed, resume=resume):
        raise typer.Exit(INTERRUPTED)


def export(
    checkpoint: Annotated[Path, typer.Option(help="Run folder (its newest checkpoint), or a checkpoint's.")],
    out: Annotated[Path, typer.Option(help="New file, usually named .safetensors.")],
) -> None:
    """Write the averaged generator as one self-describing file, and print its digest.

    Example: dermvtt-train export --checkpoint runs/pgan --out pgan.safetensors
    """
    from training.export import export as write_export

    print(write_export(checkpoint, out))
