"""The blinded mix: real and generated images that nothing but the picture tells apart.

All of them have one size in pixels and in bytes, one encoder, one time stamp, and a random name.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.batches import require_reducible
from training.dataset import Dataset, at_resolution, verify
from training.encode import encode_png
from training.errors import UserError
from training.export import TrainedGenerator
from training.files import new_folder
from training.harmonise import CHAIN, harmonise, require_harmonisable
from training.manifest import IMAGES, MANIFEST, FakeProvenance, Manifest, MixImage, RealProvenance, digest
from training.parallel import interruptible
from training.sample import draw_all, latent_seeds
from training.selection import Where, rows_where

LESION, DIAGNOSIS = "lesion_id", "diagnosis"
TIME_STAMP = 946_684_800
"""Every file's modification time (1 January 2000, UTC): the order of writing is nobody's business."""


@dataclass(frozen=True)
class Picture:
    """One image before it has a name: uint8 (R, R, 3), RGB, and where it comes from."""

    pixels: NDArray[np.uint8]
    provenance: RealProvenance | FakeProvenance


def mix(
    dataset: Dataset,
    generator: TrainedGenerator,
    fakes: int,
    reals: int,
    seed: int,
    out: Path,
    where: Where | None = None,
    *,
    harmonised: bool = False,
) -> Manifest:
    """Write the mix folder ``out``, wholly determined by the seed, the dataset and the generator.

    Under one seed the mixes of several generators have the same reals, and no id in common.

    Reals are drawn without replacement from all images or those that ``where`` selects, of one lesion at most
    one where the dataset knows lesions and has enough. With ``harmonised`` all images, reals after their
    reduction, pass through the chain of ``training.harmonise``.

    Raises ``UserError`` where there are too few reals, they are too small, their pixels are not those of the
    dataset's digest, or ``out`` exists.
    """
    if fakes < 0 or reals < 0 or fakes + reals == 0:
        raise UserError(f"a mix needs at least one image; asked for {fakes} fakes and {reals} reals.")
    for_reals, for_fakes = (np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(2))
    # Of several generators under one seed: a study shows their mixes together, and each image needs its id.
    for_ids = np.random.default_rng([seed, 2, int(generator.digest[:32], 16)])
    rows, per_lesion = choose_reals(dataset, reals, for_reals, where)
    require_reducible(dataset, generator.resolution)
    if harmonised:
        require_harmonisable(generator.resolution)
    with interruptible(f"nothing was written to {out}"), new_folder(out) as partial:
        verify(dataset)  # the manifest leads every real back to this digest
        pictures = [*_reals(dataset, rows, generator.resolution), *_fakes(generator, fakes, for_fakes)]
        if harmonised:
            pictures = [replace(picture, pixels=harmonise(picture.pixels)) for picture in pictures]
        manifest = Manifest(
            tool_version=version("dermvtt"),
            resolution=generator.resolution,
            drawn=dataset.drawn or generator.drawn,
            seed=seed,
            configuration={
                "fakes": fakes,
                "reals": reals,
                "where": {column: list(values) for column, values in (where or {}).items()},
                "one_real_per_lesion": per_lesion,
                "resampling": "box",
                **({"harmonised": CHAIN} if harmonised else {}),
                "encoder": "PNG, stored, unfiltered",
                "device": str(generator.device),
                "generator_dataset": generator.dataset,
                "generator_drawn": generator.drawn,
                "generator_images_seen": generator.images_seen,
            },
            images=_write(partial, pictures, for_ids),
        )
        (partial / MANIFEST).write_text(
            manifest.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8"
        )
        for path in [*sorted(partial.rglob("*")), partial]:
            os.utime(path, (TIME_STAMP, TIME_STAMP))
    return manifest


def choose_reals(
    dataset: Dataset, count: int, random: np.random.Generator, where: Where | None = None
) -> tuple[list[int], bool]:
    """Rows of ``count`` real images in random order, and whether no two of them show the same lesion."""
    rows = rows_where(dataset, where) if where else range(dataset.count)
    if count > len(rows):
        fitting = " that fit --where" if where else ""
        raise UserError(
            f"{dataset.folder} has {len(rows)} images{fitting}; {count} reals cannot be drawn from it."
        )
    order = [int(row) for row in random.permutation(rows)]
    if not dataset.index or LESION not in dataset.index[0]:
        return order[:count], False
    first_of: dict[str, int] = {}
    for row in order:
        # An image whose lesion is unknown counts as a lesion of its own.
        first_of.setdefault(dataset.index[row][LESION] or f"row {row}", row)
    one_each = list(first_of.values())
    return (one_each[:count], True) if len(one_each) >= count else (order[:count], False)


def _reals(dataset: Dataset, rows: list[int], resolution: int) -> Iterator[Picture]:
    for row in rows:
        pixels = at_resolution(dataset.images[row : row + 1], resolution)[0]
        diagnosis = dataset.index[row].get(DIAGNOSIS) if dataset.index else None
        yield Picture(pixels, RealProvenance(dataset=dataset.digest, index=row, diagnosis=diagnosis or None))


def _fakes(generator: TrainedGenerator, count: int, random: np.random.Generator) -> Iterator[Picture]:
    seeds = latent_seeds(count, random)
    for seed, pixels in zip(seeds, draw_all(generator, seeds), strict=True):
        origin = FakeProvenance(generator=generator.digest, family=generator.family.name, latent_seed=seed)
        yield Picture(pixels, origin)


def _write(folder: Path, pictures: list[Picture], random: np.random.Generator) -> list[MixImage]:
    """Give each picture a random id, and write and list them in the order of the ids."""
    (folder / IMAGES).mkdir()
    named = sorted(((random.bytes(16).hex(), picture) for picture in pictures), key=lambda pair: pair[0])
    images = []
    for identity, picture in named:
        file = f"{IMAGES}/{identity}.png"
        data = encode_png(picture.pixels)
        (folder / file).write_bytes(data)
        truth = "real" if isinstance(picture.provenance, RealProvenance) else "fake"
        images.append(
            MixImage(id=identity, file=file, sha256=digest(data), truth=truth, provenance=picture.provenance)
        )
    return images
