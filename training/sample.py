"""Images from a trained generator, each from a latent seed of its own."""

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.errors import UserError
from training.export import TrainedGenerator
from training.files import new_folder
from training.grid import save_grid
from training.parallel import interruptible
from training.progress import progress

SAMPLES = "samples.json"
LATENT_SEEDS = 2**53
"""Latent seeds stay below what JSON's readers hold exactly."""


def latent_seeds(count: int, random: np.random.Generator) -> list[int]:
    """Draw ``count`` distinct latent seeds."""
    return [int(seed) for seed in random.choice(LATENT_SEEDS, size=count, replace=False)]


def draw_all(generator: TrainedGenerator, seeds: list[int]) -> Iterator[NDArray[np.uint8]]:
    """Draw the image of each latent seed, uint8 (R, R, 3), showing progress."""
    with progress("Drawing", len(seeds)) as advance:
        for seed in seeds:
            yield generator.draw(seed)
            advance(1)


def sample(generator: TrainedGenerator, count: int, seed: int, out: Path | None, grid: Path | None) -> None:
    """Draw ``count`` images into the new folder ``out``, or side by side into the PNG ``grid``, or both.

    Beside the images, ``samples.json`` gives each one's latent seed. Raises ``UserError`` if ``out`` exists.
    """
    if count < 1:
        raise UserError(f"--count is {count}; at least one image must be drawn.")
    if out is None and grid is None:
        raise UserError("nowhere to put the images: give --out FOLDER or --grid FILE.png.")
    seeds = latent_seeds(count, np.random.default_rng(seed))
    if out is None:
        images = list(draw_all(generator, seeds))
    else:
        images = _write_folder(generator, seeds, seed, out, keep=grid is not None)
    if grid is not None:
        save_grid(grid, np.stack(images))


def _write_folder(
    generator: TrainedGenerator, seeds: list[int], seed: int, out: Path, keep: bool
) -> list[NDArray[np.uint8]]:
    kept, files = [], {}
    with interruptible(f"nothing was written to {out}"), new_folder(out) as partial:
        for place, (latent_seed, image) in enumerate(zip(seeds, draw_all(generator, seeds), strict=True)):
            name = f"sample_{place:06d}.png"
            Image.fromarray(image).save(partial / name)
            files[name] = latent_seed
            if keep:
                kept.append(image)
        document = {
            "generator": generator.digest,
            "family": generator.family.name,
            "drawn": generator.drawn,
            "seed": seed,
            "tool_version": version("dermvtt"),
            "latent_seeds": files,
        }
        (partial / SAMPLES).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return kept
