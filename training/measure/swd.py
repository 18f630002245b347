"""Sliced Wasserstein distance between sets of images (Karras et al., 2018, section 5), times 1000.

Both sets are described by 128 patches of 7 x 7 from every level of each image's Laplacian pyramid, normalised
per channel over the set. The distance at a level is the mean Wasserstein distance of their projections onto
random directions.

The published implementation projects one draw of patches onto 4 x 128 directions. Here two seeds have 2 x 128
each, and patches of their own; the distance is their mean. It has the same expectation, and the spread over
seeds comes without a single projection more. Everything is a function of the images and the seeds, whatever
the number of processes.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.measure.describe import Describe, describing
from training.measure.images import ArrayImages, Images
from training.measure.patches import BYTES_PER_PATCH, PER_IMAGE, draw_places
from training.measure.projections import Counts, distances, draw_directions
from training.measure.pyramid import levels_of
from training.progress import Advance

if TYPE_CHECKING:  # without a GPU torch is not needed, and takes seconds to import
    import torch

SCALE = 1000
REPEATS = 2
HELD = 2 << 30
"""Bytes of patches held at a time, unless a single seed's take more: 10,000 images' of 256 x 256 just fit."""
PICK = 3
"""Keeps the random numbers that pick images apart from those of places (0, 1) and directions (2)."""

Show = Callable[[str, int, str], AbstractContextManager[Advance]]
"""Shows progress: given what is done, how many of which unit; ``training.progress.progress`` is one."""


@dataclass(frozen=True)
class SlicedWasserstein:
    """The distance between two sets of ``images`` images each, times 1000.

    ``levels``, by the side of the pyramid's level in pixels, and ``mean`` over them are means over the seeds
    ``seed`` to ``seed + repeats - 1``. ``spread`` and ``level_spread`` are standard deviations over those
    seeds, None for a single one; the mean's own standard error is ``spread / sqrt(repeats)``. The images are
    the same under all of them.
    """

    levels: dict[int, float]
    mean: float
    images: int
    seed: int
    repeats: int
    spread: float | None
    level_spread: dict[int, float] | None


def swd(
    a: Images,
    b: Images,
    images: int,
    seed: int,
    repeats: int = REPEATS,
    device: "torch.device | None" = None,
    show: Show | None = None,
    equal_patches: bool = False,
) -> SlicedWasserstein:
    """Compare ``images`` images of each set, which are of one resolution.

    ``seed`` picks the images where there are more; it and the ``repeats - 1`` seeds after it draw patches
    and directions. Sets have patches at places of their own; with ``equal_patches`` they have them, and the
    images picked, in common. The GPU computes where ``device`` is one. Raises ``ValueError`` where there are
    fewer images, or their sizes differ.
    """
    with describing(device, patches_of(a.resolution, images, repeats)) as describe:
        reference = Reference(a, images, seed, repeats, describe, show)
        return summary(reference.distances(b, images, describe, show, equal_patches), images, seed)


def patches_of(resolution: int, images: int, repeats: int) -> int:
    """How many patches describe so many images, under all seeds together."""
    return images * PER_IMAGE * len(levels_of(resolution)) * repeats


def summary(found: list[dict[int, float]], images: int, seed: int) -> SlicedWasserstein:
    """Mean and spread of the distances under each seed from ``seed`` on, as ``Reference`` finds them."""
    repeats = len(found)
    means = [fmean(levels.values()) for levels in found]
    by_level = {level: [levels[level] for levels in found] for level in found[0]}
    return SlicedWasserstein(
        levels={level: fmean(values) for level, values in by_level.items()},
        mean=fmean(means),
        images=images,
        seed=seed,
        repeats=repeats,
        spread=stdev(means) if repeats > 1 else None,
        level_spread={k: stdev(values) for k, values in by_level.items()} if repeats > 1 else None,
    )


class Reference:
    """A set that is described once, for others to be compared with under the same seeds.

    It keeps 42 MB for images of 256 x 256 and two seeds, however many images there were.
    """

    def __init__(
        self,
        images: Images,
        count: int,
        seed: int,
        repeats: int,
        describe: Describe,
        show: Show | None = None,
    ) -> None:
        """Have ``count`` of the images described."""
        self.resolution, self.seed, self.repeats = images.resolution, seed, repeats
        self._counts = self._described(images, count, 0, describe, show)

    def distance(self, images: NDArray[np.uint8], describe: Describe) -> dict[int, float]:
        """The mean distance to images, uint8 (n, R, R, 3), by the side of the level in pixels, times 1000."""
        found = self.distances(ArrayImages(images), len(images), describe)
        return {level: fmean(levels[level] for levels in found) for level in found[0]}

    def distances(
        self,
        images: Images,
        count: int,
        describe: Describe,
        show: Show | None = None,
        equal_patches: bool = False,
    ) -> list[dict[int, float]]:
        """The distance to ``count`` images under each seed; ``ValueError`` where their size is another."""
        if images.resolution != self.resolution:
            raise ValueError(
                f"images of side {images.resolution}, where the reference's is {self.resolution}"
            )
        described = self._described(images, count, 0 if equal_patches else 1, describe, show)
        return [
            {level: SCALE * float(distances(ours[level], theirs[level]).mean()) for level in ours}
            for ours, theirs in zip(self._counts, described, strict=True)
        ]

    def _described(
        self, images: Images, count: int, side: int, describe: Describe, show: Show | None
    ) -> list[dict[int, Counts]]:
        """How the projections of the images' patches are distributed: under each seed, at each level."""
        levels = levels_of(self.resolution)
        total = patches_of(self.resolution, count, self.repeats)
        # Those of several seeds are taken in one pass over the images where they fit into memory.
        together = max(1, HELD // (total // self.repeats * BYTES_PER_PATCH))
        found: list[dict[int, Counts]] = []
        # A step is a patch taken, or a patch projected.
        with (show or _silent)(f"SWD: {images.name}", 2 * total, "steps") as advance:
            for start in range(0, self.repeats, together):
                seeds = range(self.seed + start, self.seed + min(start + together, self.repeats))
                chunks = images.chunks(count, np.random.default_rng([self.seed, PICK, side]))
                places = [draw_places(self.resolution, count, seed, side) for seed in seeds]
                directions = [[draw_directions(seed, level) for level in levels] for seed in seeds]
                counts = describe(chunks, places, directions, advance)
                found += [dict(zip(levels, draw, strict=True)) for draw in counts]
        return found


def _silent(what: str, total: int, unit: str) -> AbstractContextManager[Advance]:
    return nullcontext(lambda count: None)
