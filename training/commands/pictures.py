"""Commands that draw from a trained generator."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from training.commands.checkpoint import Checkpoint


def sample(
    checkpoint: Checkpoint,
    out: Annotated[Path | None, typer.Option(help="New folder for PNG files and samples.json.")] = None,
    grid: Annotated[Path | None, typer.Option(help="PNG file for all images side by side.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many images.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same images.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Draw images from a trained generator.

    Example: dermvtt-train sample --checkpoint runs/pgan --count 64 --seed 0 --out samples/pgan

    Example: dermvtt-train sample --checkpoint shipped:photographs --grid sheet.png
    """
    from training.device import pick_device
    from training.export import load_generator
    from training.sample import sample as draw_samples

    draw_samples(load_generator(checkpoint, pick_device(device)), count, seed, out, grid)


def mix(
    checkpoint: Checkpoint,
    data: Annotated[Path, typer.Option(help="Dataset folder that the reals are drawn from.")],
    out: Annotated[Path, typer.Option(help="Mix folder to make; it must not exist.")],
    fakes: Annotated[int, typer.Option(min=0, help="How many generated images.")] = 30,
    reals: Annotated[int, typer.Option(min=0, help="How many real images.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Which images, and their names.")] = 0,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Draw the reals from these only: column=value,value of the index. Repeatable."),
    ] = None,
    harmonise: Annotated[
        bool,
        typer.Option("--harmonise", help="Send all images through one chain of resampling and JPEG."),
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Mix real and generated images for a study, with nothing but the picture to tell them apart.

    --harmonise hides that photographs were compressed before and generated images were not, at the price of
    some detail in all of them. What tells before and after: dermvtt audit-mix.

    Example: dermvtt-train mix --checkpoint runs/pgan --data data/photos --fakes 30 --reals 50 --out mixes/a

    Example: dermvtt-train mix --checkpoint runs/mel --data data/photos --where diagnosis=mel --out mixes/mel
    """
    from training.dataset import open_dataset
    from training.device import pick_device
    from training.export import load_generator
    from training.mix import mix as make_mix
    from training.selection import parse_where

    chosen, dataset = parse_where(where or []), open_dataset(data)
    generator = load_generator(checkpoint, pick_device(device))
    make_mix(dataset, generator, fakes, reals, seed, out, chosen, harmonised=harmonise)
    print(f"{out}: {reals} reals and {fakes} fakes", file=sys.stderr)


def walk(
    checkpoint: Checkpoint,
    out: Annotated[Path | None, typer.Option(help="PNG file for the contact sheet.")] = None,
    animation: Annotated[Path | None, typer.Option(help="File ending in .gif, .webp or .png.")] = None,
    seeds: Annotated[str, typer.Option(help="Latent seeds to visit, as 3,14,15.")] = "",
    stops: Annotated[int, typer.Option(min=2, help="How many seeds to visit without --seeds.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Which seeds without --seeds: those of sample.")] = 0,
    steps: Annotated[int, typer.Option(min=1, help="Steps from seed to seed in the sheet.")] = 8,
    frames: Annotated[int, typer.Option(min=1, help="Steps from seed to seed in the animation.")] = 24,
    fps: Annotated[float, typer.Option(min=1, max=50, help="Frames per second.")] = 20,
    loop: Annotated[bool, typer.Option(help="Animate the way back to the first seed, too.")] = True,
    enlarge: Annotated[int, typer.Option(min=1, max=16, help="Repeat every pixel so often.")] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Walk through the latent space from seed to seed, as a contact sheet, an animation, or both.

    Example: dermvtt-train walk --checkpoint runs/pgan --seeds 3,14,15 --out walk.png --animation walk.gif
    """
    import numpy as np

    from training.device import pick_device
    from training.export import load_generator
    from training.sample import latent_seeds
    from training.walk import read_seeds
    from training.walk import walk as take_walk

    visited = read_seeds(seeds) if seeds else latent_seeds(stops, np.random.default_rng(seed))
    take_walk(
        load_generator(checkpoint, pick_device(device)),
        visited,
        out=out,
        steps=steps,
        animation=animation,
        frames=frames,
        fps=fps,
        loop=loop,
        enlarge=enlarge,
    )
