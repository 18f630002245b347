"""Commands that train."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from training.commands.checkpoint import KINDS
from training.errors import INTERRUPTED


def train(
    family: Annotated[str, typer.Argument(help="What to train: pgan, dcgan or lapgan.")],
    data: Annotated[Path, typer.Option(help="Dataset folder that prepare made.")],
    out: Annotated[Path, typer.Option(help="Run folder: new, or with --resume an earlier one.")],
    preset: Annotated[
        str | None, typer.Option(help="quick, gpu-hour, paper, or a .toml file; quick without it.")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting: key=value. Repeatable.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random; 0 without it.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Train on these images only: column=value,value of the index. Repeatable."),
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes on this machine that share each minibatch, as torchrun's.")
    ] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint.")] = False,
) -> None:
    """Train a generator, writing checkpoints, sample grids and losses into the run folder.

    Ctrl-C or SIGTERM writes a checkpoint and ends with exit code 130; --resume then repeats every step that
    an uninterrupted training would have made, on a CPU bit for bit with the same number of threads.

    On several machines, start it by torchrun: torchrun --nnodes 2 ... -m training.cli train pgan ...

    Example: dermvtt-train train pgan --data data/photos-256 --preset quick --out runs/pgan --set images=50000

    Example: dermvtt-train train pgan --data data/photos-256 --where diagnosis=mel --out runs/pgan-mel
    """
    from training.launching import among_several, launch

    if processes > 1 and not among_several():
        raise typer.Exit(launch(processes, sys.argv[1:]))
    from training.runs import run_training
    from training.selection import parse_where

    chosen = parse_where(where) if where else None
    if not run_training(out, family, data, preset, changes or [], seed, chosen, resume=resume):
        raise typer.Exit(INTERRUPTED)


def export(
    checkpoint: Annotated[
        list[Path],
        typer.Option(
            help=f"{KINDS[0].upper()}{KINDS[1:]}. Repeatable: the runs of a LAPGAN's levels are joined."
        ),
    ],
    out: Annotated[Path, typer.Option(help="New file, usually named .safetensors.")],
    half: Annotated[
        bool,
        typer.Option("--half", help="In half precision, float16: half the size, and next to no difference."),
    ] = False,
) -> None:
    """Write the averaged generator as one self-describing file, and print its digest.

    Example: dermvtt-train export --checkpoint runs/pgan --out pgan.safetensors

    Example: dermvtt-train export --checkpoint runs/coarse --checkpoint runs/fine --out lapgan.safetensors
    """
    from training.export import export as write_export

    print(write_export(checkpoint, out, half=half))


def status(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    json_: Annotated[bool, typer.Option("--json", help="A JSON array on standard output.")] = False,
) -> None:
    """Print where runs stand, also while they train: images seen, speed, losses, SWD, time left.

    Example: dermvtt-train status runs/pgan runs/dcgan
    """
    import json
    from dataclasses import asdict

    from training.status import as_text
    from training.status import status as read_status

    found = [read_status(run) for run in runs]
    print(json.dumps([asdict(one) for one in found], indent=2) if json_ else "\n".join(map(as_text, found)))
