"""The SWD's patches and projections on a GPU: as ``patches`` and ``projections`` do it with NumPy."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.measure.chunks import Chunk
from training.measure.describe import Describe
from training.measure.patches import PER_IMAGE, SIDE, VALUES, Moments, Places
from training.measure.projections import BINS, Counts, weights_of
from training.measure.pyramid import STEPS, levels_of
from training.networks.pyramid import expanded, reduced
from training.progress import Advance

AT_A_TIME = 1 << 24
"""Projections that are counted at a time: with all that counting needs, half a gigabyte."""


def on_device(device: torch.device) -> Describe:
    """What describes sets on a device, as ``describe`` has it."""
    return partial(_describe, device)


def _describe(
    device: torch.device,
    chunks: Iterator[Chunk],
    places: list[Places],
    directions: list[list[NDArray[np.float64]]],
    advance: Advance,
) -> list[list[Counts]]:
    counts = []
    for draw, along in zip(take(chunks, places, advance, device), directions, strict=True):
        counts.append([])
        for values, lines in zip(draw, along, strict=True):
            counts[-1].append(count(values, weights_of(moments(values), lines)))
            advance(len(values))
    return counts


def take(
    chunks: Iterator[Chunk], places: list[Places], advance: Advance, device: torch.device
) -> list[list[Tensor]]:
    """Take patches from images: of each draw, at each level, int16 (n, 147), in 1/128 of a grey level."""
    shape = (len(places[0][0]) * PER_IMAGE, VALUES)
    kept = [[torch.empty(shape, dtype=torch.int16, device=device) for _ in draw] for draw in places]
    begun = 0
    for chunk in chunks:
        read = chunk()
        images = torch.from_numpy(np.ascontiguousarray(read)).to(device).permute(0, 3, 1, 2).float()
        rows = slice(begun * PER_IMAGE, (begun + len(read)) * PER_IMAGE)
        for number, level in enumerate(_levels(images)):
            for values, drawn in zip(kept, places, strict=True):
                at = torch.from_numpy(drawn[number][begun : begun + len(read)]).to(device).long()
                values[number][rows] = (_patches(level, at) * STEPS).round().short()
        begun += len(read)
        advance(len(read) * PER_IMAGE * sum(len(draw) for draw in places))
    return kept


def moments(values: Tensor) -> Moments:
    """Those of patches, int16 (n, 147)."""
    sums = torch.zeros(2, VALUES, dtype=torch.int64, device=values.device)
    for block in values.split(1 << 16):
        whole = block.long()
        sums += torch.stack([whole.sum(0), (whole * whole).sum(0)])
    channels = sums.view(2, 3, -1).sum(2).cpu().numpy()
    return Moments(values.numel() // 3, channels[0], channels[1])


def count(values: Tensor, along: NDArray[np.float32]) -> Counts:
    """Count patches, int16 (n, 147), in each bin along the directions of ``weights_of``."""
    weights = torch.from_numpy(along).to(values.device)
    counts = torch.zeros(len(weights) * BINS, dtype=torch.int64, device=values.device)
    first = torch.arange(len(weights), device=values.device)[:, None] * BINS
    for block in values.split(AT_A_TIME // len(weights)):
        projected = weights[:, :-1] @ block.float().T + weights[:, -1:]
        scaled = (projected / (projected.abs() + 1) + 1) * (BINS / 2)
        counts += torch.bincount((scaled.long() + first).flatten(), minlength=len(counts))
    return counts.view(len(weights), BINS).int().cpu().numpy()


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
