"""The SWD's patches and projections on a GPU: as ``patches`` and ``projections`` do it with NumPy."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.measure.patches import PER_IMAGE, SIDE, VALUES, Patches, spread_of
from training.measure.projections import BINS, Counts, weights_of
from training.measure.pyramid import STEPS, levels_of
from training.networks.pyramid import expanded, reduced
from training.progress import Advance

AT_A_TIME = 1 << 24
"""Projections that are counted at a time: with all that counting needs, half a gigabyte."""


def collect(
    chunks: Iterator[NDArray[np.uint8]],
    places: list[list[NDArray[np.int16]]],
    advance: Advance,
    device: torch.device,
) -> list[list[Patches]]:
    """Take patches from images, as ``patches.collect`` does; they stay on the device."""
    shape = (len(places[0][0]) * PER_IMAGE, VALUES)
    kept = [[torch.empty(shape, dtype=torch.int16, device=device) for _ in draw] for draw in places]
    begun = 0
    for chunk in chunks:
        images = torch.from_numpy(np.ascontiguousarray(chunk)).to(device).permute(0, 3, 1, 2).float()
        rows = slice(begun * PER_IMAGE, (begun + len(chunk)) * PER_IMAGE)
        for number, level in enumerate(_levels(images)):
            for values, drawn in zip(kept, places, strict=True):
                at = torch.from_numpy(drawn[number][begun : begun + len(chunk)]).to(device).long()
                values[number][rows] = (_patches(level, at) * STEPS).round().short()
        begun += len(chunk)
        advance(len(chunk))
    return [[Patches(values, *_moments(values)) for values in draw] for draw in kept]


def count(patches: Patches, directions: NDArray[np.float64], advance: Advance) -> Counts:
    """Count the projections in each bin, as ``projections.count`` does."""
    values: Tensor = patches.values
    weights = torch.from_numpy(weights_of(patches, directions)).to(values.device)
    counts = torch.zeros(len(directions) * BINS, dtype=torch.int64, device=values.device)
    first = torch.arange(len(directions), device=values.device)[:, None] * BINS
    for block in values.split(AT_A_TIME // len(directions)):
        projected = weights[:, :-1] @ block.float().T + weights[:, -1:]
        scaled = (projected / (projected.abs() + 1) + 1) * (BINS / 2)
        counts += torch.bincount((scaled.long() + first).flatten(), minlength=len(counts))
        advance(len(block))
    return counts.view(len(directions), BINS).cpu().numpy()


def _levels(images: Tensor) -> Iterator[Tensor]:
    """The levels of images, float32 (n, 3, R, R) in grey levels, finest first."""
    for _ in levels_of(images.shape[-1])[1:]:
        coarser = reduced(images)
        yield images - expanded(coarser)
        images = coarser
    yield images


def _patches(level: Tensor, places: Tensor) -> Tensor:
    """The patches of (n, 3, side, side) at (n, 128, 2), row and column: (n * 128, 147)."""
    windows = level.unfold(2, SIDE, 1).unfold(3, SIDE, 1).permute(0, 2, 3, 1, 4, 5)
    image = torch.arange(len(level), device=level.device)[:, None]
    return windows[image, places[..., 0], places[..., 1]].reshape(-1, VALUES)


def _moments(values: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sums = torch.zeros(2, VALUES, dtype=torch.int64, device=values.device)
    for block in values.split(1 << 16):
        whole = block.long()
        sums += torch.stack([whole.sum(0), (whole * whole).sum(0)])
    channels = sums.view(2, 3, -1).sum(2).cpu().numpy()
    return spread_of(values.numel() // 3, channels[0], channels[1])
