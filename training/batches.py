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
CPU = torch.device("cpu")


def to_signed(images: Tensor) -> Tensor:
    """Map uint8 (N, H, W, 3) to float32 (N, 3, H, W) in [-1, 1], channels last in memory."""
    return images.permute(0, 3, 1, 2).float() / 127.5 - 1


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
    Where they fit into memory, the reduced images are kept on ``device``, which then turns them into batches.
    """

    def __init__(
        self,
        images: NDArray[np.uint8],
        seed: int,
        flip: tuple[bool, bool] = (False, False),
        *,
        rows: Sequence[int] | None = None,
        share: Share = ALONE,
        device: torch.device = CPU,
    ) -> None:
        self._images = images
        self._rows = np.arange(len(images)) if rows is None else np.asarray(rows, dtype=np.int64)
        self._seed = seed
        self._flip = flip
        self._share = share
        self._device = device
        self._epoch: _Epoch | None = None
        self._reduced: tuple[int, Tensor] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def batch(self, images_seen: int, count: int, resolution: int) -> Tensor:
        """This process's share of the ``count`` images after the first ``images_seen``.

        float32 (count / processes, 3, resolution, resolution) in [-1, 1], on the device.
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
        images = self._at(np.concatenate(picked), resolution)
        for dimension, flipped in zip((2, 1), np.concatenate(flips, axis=1), strict=True):
            if flipped.any():
                which = torch.from_numpy(np.flatnonzero(flipped)).to(self._device)
                images[which] = images[which].flip(dimension)
        return to_signed(images)

    def at(self, places: NDArray[np.int64], resolution: int) -> NDArray[np.uint8]:
        """The images at these places: uint8 (n, resolution, resolution, 3)."""
        return at_resolution(self._images[self._rows[places]], resolution)

    def _at(self, places: NDArray[np.int64], resolution: int) -> Tensor:
        """A copy of the images at these places on the device."""
        side, on_cpu = self._images.shape[1], self._device.type == "cpu"
        most = CACHE_BYTES if on_cpu else torch.cuda.mem_get_info(self._device)[0] // 4
        whole = len(self) * resolution**2 * 3
        # On the CPU the full resolution is mapped into memory as it is.
        if (on_cpu and resolution == side) or (self._kept != resolution and whole > most):
            return torch.from_numpy(np.ascontiguousarray(self.at(places, resolution))).to(self._device)
        if self._kept != resolution:
            self._reduced = None  # makes room first
            self._reduced = (resolution, self._all(resolution).to(self._device))
        return self._reduced[1][torch.from_numpy(places).to(self._device)]

    @property
    def _kept(self) -> int | None:
        return self._reduced[0] if self._reduced else None

    def _all(self, resolution: int) -> Tensor:
        reduced = np.empty((len(self), resolution, resolution, 3), np.uint8)
        for start in range(0, len(self), CHUNK):
            places = np.arange(start, min(start + CHUNK, len(self)))
            reduced[start : start + CHUNK] = self.at(places, resolution)
        return torch.from_numpy(reduced)

    def _shuffled(self, number: int) -> _Epoch:
        if self._epoch is None or self._epoch.number != number:
            random = np.random.default_rng([self._seed, number])
            order = random.permutation(len(self))
            chances = [[0.5 * on] for on in self._flip]
            self._epoch = _Epoch(number, order, random.random((2, len(self))) < chances)
        return self._epoch
