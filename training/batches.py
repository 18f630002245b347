"""Real images for the discriminator, in an order that depends on nothing but the seed and the images seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.dataset import Dataset, at_resolution
from training.draws import ALONE, Share
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


@dataclass(frozen=True)
class _Epoch:
    """One pass through the images: their order, and which of them are flipped."""

    number: int
    order: NDArray[np.int64]
    flipped: NDArray[np.bool_]
    """(2, N): left to right, and top to bottom."""


class RealImages:
    """The training's real images, shuffled anew every epoch and, where asked, half of them flipped.

    ``images`` is uint8 (N, H, H, 3), RGB, and may be a memory map; ``rows`` are those to use, all without it.
    ``flip`` says whether to flip left to right, and top to bottom. A process has its ``share`` of each batch.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        seed: int,
        flip: tuple[bool, bool] = (False, False),
        *,
        rows: Sequence[int] | None = None,
        share: Share = ALONE,
    ) -> None:
        self._images = images
        self._rows = np.arange(len(images)) if rows is None else np.asarray(rows, dtype=np.int64)
        self._seed = seed
        self._flip = flip
        self._share = share
        self._epoch: _Epoch | None = None
        self._reduced: tuple[int, NDArray[np.uint8]] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def batch(self, images_seen: int, count: int, resolution: int) -> Tensor:
        """This process's share of the ``count`` images after the first ``images_seen``.

        float32 (count / processes, 3, resolution, resolution) in [-1, 1].
        """
        whole = np.arange(images_seen, images_seen + count)
        places = whole[self._share.rank :: self._share.of]
        epochs = places // len(self)
        picked, flips = [], []
        for number in np.unique(epochs):
            epoch = self._shuffled(int(number))
            inside = places[epochs == number] % len(self)
            picked.append(epoch.order[inside])
            flips.append(epoch.flipped[:, inside])
        images = self.at(np.concatenate(picked), resolution)
        across, down = np.concatenate(flips, axis=1)
        images[across] = images[across, :, ::-1]
        images[down] = images[down, ::-1]
        return to_signed(images)

    def at(self, places: NDArray[np.int64], resolution: int) -> NDArray[np.uint8]:
        """A writable copy of the images at these places: uint8 (n, resolution, resolution, 3).

        The whole reduced dataset is kept where it fits in memory.
        """
        side = self._images.shape[1]
        if resolution == side or len(self) * resolution**2 * 3 > CACHE_BYTES:
            return np.array(at_resolution(self._images[self._rows[places]], resolution))
        if self._reduced is None or self._reduced[0] != resolution:
            parts = [
                at_resolution(self._images[self._rows[start : start + CHUNK]], resolution)
                for start in range(0, len(self), CHUNK)
            ]
            self._reduced = (resolution, np.concatenate(parts))
        return self._reduced[1][places]

    def _shuffled(self, number: int) -> _Epoch:
        if self._epoch is None or self._epoch.number != number:
            random = np.random.default_rng([self._seed, number])
            order = random.permutation(len(self))
            chances = [[0.5 * on] for on in self._flip]
            self._epoch = _Epoch(number, order, random.random((2, len(self))) < chances)
        return self._epoch
