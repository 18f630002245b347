"""Sliced Wasserstein distance between sets of images (Karras et al., 2018, section 5), times 1000.

Both sets are described by 128 patches of 7 x 7 from every level of each image's Laplacian pyramid, normalised
per channel over the set. The distance at a level is the mean Wasserstein distance of their projections onto
random directions.

The published implementation projects one draw of patches onto 4 x 128 directions. Here two seeds have 2 x 128
each, and patches of their own; the distance is their mean. It has the same expectation, and the spread over
seeds comes without a single projection more. Everything is a function of the images and the seeds, whatever
the number of threads.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from statistics import fmean, stdev
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.measure import patches, projections
from training.measure.images import ArrayImages, Images
from training.measure.patches import BYTES_PER_PATCH, PER_IMAGE, Patches, draw_places
from training.measure.projections import Counts, distances, draw_directions
from training.measure.pyramid import levels_of
from training.progress import Advance

if TYPE_CHECKING:  # without a GPU torch is not needed, and takes two seconds to import
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
    reference = Reference(a, images, seed, repeats, device, show)
    return summary(reference.distances(b, images, show, equal_patches), images, seed)


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

    It keeps 84 MB for images of 256 x 256 and two seeds, however many images there were.
    """

    def __init__(
        self,
        images: Images,
        count: int,
        seed: int,
        repeats: int = REPEATS,
        device: "torch.device | None" = None,
        show: Show | None = None,
    ) -> None:
        """Describe ``count`` of the images; the GPU computes where ``device`` is one."""
        self.resolution, self.seed, self.repeats = images.resolution, seed, repeats
        self._device = device
        self._counts = self._describe(images, count, 0, show)

    def distance(self, images: NDArray[np.uint8]) -> dict[int, float]:
        """The mean distance to images, uint8 (n, R, R, 3), by the side of the level in pixels, times 1000."""
        found = self.distances(ArrayImages(images), len(images))
        return {level: fmean(levels[level] for levels in found) for level in found[0]}

    def distances(
        self, images: Images, count: int, show: Show | None = None, equal_patches: bool = False
    ) -> list[dict[int, float]]:
        """The distance to ``count`` images under each seed; ``ValueError`` where their size is another."""
        if images.resolution != self.resolution:
            raise ValueError(
                f"images of side {images.resolution}, where the reference's is {self.resolution}"
            )
        described = self._describe(images, count, 0 if equal_patches else 1, show)
        return [
            {level: SCALE * float(distances(ours[level], theirs[level]).mean()) for level in ours}
            for ours, theirs in zip(self._counts, described, strict=True)
        ]

    def _describe(self, images: Images, count: int, side: int, show: Show | None) -> list[dict[int, Counts]]:
        """How the projections of the images' patches are distributed: under each seed, at each level."""
        total = count * PER_IMAGE * len(levels_of(self.resolution))
        # Those of several seeds are taken in one pass over the images where they fit into memory.
        together = max(1, HELD // (total * BYTES_PER_PATCH))
        found = []
        # A step is a patch taken, or a patch projected.
        with (show or _silent)(f"SWD: {images.name}", 2 * total * self.repeats, "steps") as advance:
            for start in range(0, self.repeats, together):
                seeds = range(self.seed + start, self.seed + min(start + together, self.repeats))
                chunks = images.stream(count, np.random.default_rng([self.seed, PICK, side]))
                found += self._count(chunks, count, seeds, side, advance)
        return found

    def _count(
        self, chunks: Iterator[NDArray[np.uint8]], count: int, seeds: range, side: int, advance: Advance
    ) -> list[dict[int, Counts]]:
        collect, tally = _backend(self._device)
        levels = levels_of(self.resolution)
        places = [draw_places(self.resolution, count, seed, side) for seed in seeds]
        steps = PER_IMAGE * len(levels) * len(seeds)
        taken = collect(chunks, places, lambda images: advance(images * steps))
        return [
            {
                level: tally(each, draw_directions(seed, level), advance)
                for level, each in zip(levels, draw, strict=True)
            }
            for seed, draw in zip(seeds, taken, strict=True)
        ]


def _backend(
    device: "torch.device | None",
) -> tuple[Callable[..., list[list[Patches]]], Callable[..., Counts]]:
    """NumPy on the CPU, where its matrix products and counting beat PyTorch's; PyTorch elsewhere."""
    if device is None or device.type == "cpu":
        return patches.collect, projections.count
    from training.measure import on_torch  # noqa: PLC0415

    return partial(on_torch.collect, device=device), on_torch.count


def _silent(what: str, total: int, unit: str) -> AbstractContextManager[Advance]:
    return nullcontext(lambda count: None)
