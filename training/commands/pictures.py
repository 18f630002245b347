"""Commands that draw from a trained generator."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def sample(
    checkpoint: Annotated[Path, typer.Option(help="Run folder, checkpoint folder or exported file.")],
    out: Annotated[Path | None, typer.Option(help="New folder for PNG files and samples.json.")] = None,
    grid: Annotated[Path | None, typer.Option(help="PNG file for all images side by side.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many images.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same images.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Draw images from a trained generator.

    Example: dermvtt-train sample --checkpoint runs/pgan --count 64 --seed 0 --out samples/pgan
    """
    from training.device import pick_device
    from training.export import load_generator
    from training.sample import sample as draw_samples

    draw_samples(load_generator(checkpoint, pick_device(device)), count, seed, out, grid)


def mix(
    checkpoint: Annotated[Path, typer.Option(help="Run folder, checkpoint folder or exported file.")],
    data: Annotated[Path, typer.Option(help="Dataset folder that the reals are drawn from.")],
    out: Annotated[Path, typer.Option(help="Mix folder to make; it must not exist.")],
    fakes: Annotated[int, typer.Option(min=0, help="How many generated images.")] = 30,
    reals: Annotated[int, typer.Option(min=0, help="How many real images.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Which images, and their names.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Mix real and generated images for a study, with nothing but the picture to tell them apart.

    Example: dermvtt-train mix --checkpoint runs/pgan --data data/photos --fakes 30 --reals 50 --out mixes/a
    """
    from training.dataset import open_dataset
    from training.device import pick_device
    from training.export import load_generator
    from training.mix import mix as make_mix

    make_mix(open_dataset(data), load_generator(checkpoint, pick_device(device)), fakes, reals, seed, out)
    print(f"{out}: {reals} reals and {fakes} fakes", file=sys.stderr)
