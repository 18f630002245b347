"""Real images for the discriminator, in an order that depends on nothing but the seed and the images seen."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.dataset import Dataset, at_resolution
from training.errors import UserError

CHUNK = 256
CACHE_BYTES = 1 << 30


def to_signed(images: NDArray[np.uint8]) -> Tensor:
    """Map uint8 (N, H, W, 3) to float32 (N, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_bytes(images: Tensor) -> NDArray[np.uint8]:
    """Map (N, 3, H, W), nominally in [-1, 1], to uint8 (N, H, W, 3): rounded, then clipped to 0..255."""
    levels = ((images.detach().float().cpu() + 1) * 127.5).round().clamp(0, 255)
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def require_reducible(dataset: Dataset, resolution: int) -> None:
    """Raise ``UserError`` unless whole blocks of the dataset's pixels make up images at ``resolution``."""
    side = dataset.resolution
    if resolution > side or side % resolution:
        raise UserError(
            f"{dataset.folder} holds {side}x{side} images, which cannot be reduced to "
            f"{resolution}x{resolution}. Train at a resolution that divides {side} (--set resolution=...), "
            f"or prepare the images anew at {resolution}x{resolution} or a multiple of it."
        )


class RealImages:
    """The training's real images, shuffled anew every epoch and, where asked, half of them mirrored.

    ``images`` is uint8 (N, H, H, 3), RGB, and may be a memory map.
    """

    def __init__(self, images: NDArray[np.uint8], seed: int, mirror: bool) -> None:
        self._images = images
        self._seed = seed
        self._mirror = mirror
        self._epoch: tuple[int, NDArray[np.int64], NDArray[np.bool_]] | None = None
        self._reduced: tuple[int, NDArray[np.uint8]] | None = None

    def batch(self, images_seen: int, count: int, resolution: int) -> Tensor:
        """The ``count`` images after the first ``images_seen``: float32 (count, 3, R, R) in [-1, 1]."""
        places = np.arange(images_seen, images_seen + count)
        epochs = places // len(self._images)
        rows, flips = [], []
        for epoch in np.unique(epochs):
            order, mirrored = self._shuffled(int(epoch))
            inside = places[epochs == epoch] % len(self._images)
            rows.append(order[inside])
            flips.append(mirrored[inside])
        picked = self._at(np.concatenate(rows), resolution)
        flip = np.concatenate(flips)
        picked[flip] = picked[flip, :, ::-1]
        return to_signed(picked)

    def _shuffled(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        if self._epoch is None or self._epoch[0] != epoch:
            random = np.random.default_rng([self._seed, epoch])
            order = random.permutation(len(self._images))
            mirrored = random.random(len(self._images)) < (0.5 if self._mirror else 0.0)
            self._epoch = (epoch, order, mirrored)
        return self._epoch[1], self._epoch[2]

    def _at(self, rows: NDArray[np.int64], resolution: int) -> NDArray[np.uint8]:
        """A writable copy of the rows, reduced; the whole reduced dataset is kept where it fits in memory."""
        total, side = len(self._images), self._images.shape[1]
        if resolution == side or total * resolution**2 * 3 > CACHE_BYTES:
            return np.array(at_resolution(self._images[rows], resolution))
        if self._reduced is None or self._reduced[0] != resolution:
            parts = [
                at_resolution(self._images[start : start + CHUNK], resolution)
                for start in range(0, total, CHUNK)
            ]
            self._reduced = (resolution, np.concatenate(parts))
        return self._reduced[1][rows]
