"""What a picture looks like, in numbers that hardly change if it is shifted a little, or lit otherwise.

No trained network: first-order wavelet scattering of the luminance (Bruna & Mallat 2013, "Invariant
scattering convolution networks"), that is how strong edges and textures of each size and direction are and
roughly where, beside the coarse layout of light and colour.
"""

import functools
import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.dataset import at_resolution

SIDE = 64
"""Larger images are reduced to this many pixels a side."""
COARSEST = 16
"""Wavelets double in size while the image, halved as often, has this many pixels a side."""
GRID = 8
"""Strengths and colours are kept for so many places a side."""
DIRECTIONS = 6
WAVELET = 9
"""The wavelets' width in pixels."""
FREQUENCY, SPREAD = 3 * math.pi / 8, 1.6
"""Centre frequency (radians a pixel) and Gaussian envelope of the smallest: Bruna & Mallat's at scale 2."""
FAINT = 1.0
"""Differences below so many levels (of 255) count for less, lest plain skin's noise pass for a lesion."""
LARGEST = 2.0
"""No two descriptions are further apart."""


@torch.no_grad()
def describe(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Describe uint8 (N, R, R, 3) images, R a power of two: float32 (N, D), to be compared as Euclid would.

    Half of the squared distance of two descriptions is from the wavelets and half from the layout of light
    and colour; two images without anything in common are about ``sqrt(2)`` apart, at most ``LARGEST``.
    """
    reduced = at_resolution(images, min(images.shape[1], SIDE))
    x = torch.from_numpy(np.ascontiguousarray(reduced)).permute(0, 3, 1, 2).float()
    parts = [_structure(x.mean(1, keepdim=True)), _layout(x)]
    return torch.cat([part * math.sqrt(0.5) for part in parts], 1).numpy()


def _structure(luminance: Tensor) -> Tensor:
    """Where edges and textures are: the square roots of their shares of the whole, of unit length.

    The distance of two such vectors is Hellinger's; it keeps a few strong edges from drowning all else.
    """
    grid = min(GRID, max(1, luminance.shape[-1] // 2))
    strengths = []
    while True:
        strengths.append(_pooled(_strength(luminance), grid).flatten(1))
        if luminance.shape[-1] < 2 * COARSEST:
            break
        luminance = functional.avg_pool2d(luminance, 2)
    found = torch.cat(strengths, 1)
    return (found / (found.sum(1, keepdim=True) + FAINT * found.shape[1])).sqrt()


def _layout(x: Tensor) -> Tensor:
    """The coarse layout of luminance, red against green and yellow against blue, each around its mean."""
    red, green, blue = x.unbind(1)
    opponents = torch.stack([(red + green + blue) / 3, red - green, (red + green) / 2 - blue], 1)
    coarse = _pooled(opponents, min(GRID, max(1, x.shape[-1] // 2)))
    around = (coarse - coarse.mean((2, 3), keepdim=True)).flatten(1)
    length = (around.square().sum(1, keepdim=True) + FAINT**2 * around.shape[1]).sqrt()
    return around / length


def _strength(x: Tensor) -> Tensor:
    """The modulus of the wavelets' answers: (N, 1, S, S) to (N, ``DIRECTIONS``, S, S)."""
    edge = WAVELET // 2
    answers = functional.conv2d(functional.pad(x, (edge,) * 4, mode="replicate"), _wavelets())
    return answers[:, :DIRECTIONS].hypot(answers[:, DIRECTIONS:])


def _pooled(x: Tensor, grid: int) -> Tensor:
    """Means over windows of two cells' width around each of ``grid`` x ``grid`` cells: they overlap."""
    cell = x.shape[-1] // grid
    if cell == 1:
        return x
    return functional.avg_pool2d(x, 2 * cell, cell, padding=cell // 2, count_include_pad=False)


@functools.cache
def _wavelets() -> Tensor:
    """Morlet wavelets, real parts before imaginary: (2 x ``DIRECTIONS``, 1, ``WAVELET``, ``WAVELET``).

    psi(u) = (exp(i xi.u) - beta) exp(-|u|^2 / (2 sigma^2)), beta such that a plain surface gives no answer
    (Bruna & Mallat 2013, section 2.1), scaled to answer a wave of its own frequency with half its amplitude.
    """
    axis = torch.arange(WAVELET, dtype=torch.float64) - WAVELET // 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    envelope = torch.exp(-(x**2 + y**2) / (2 * SPREAD**2))
    waves = []
    for angle in math.pi * torch.arange(DIRECTIONS, dtype=torch.float64) / DIRECTIONS:
        wave = torch.exp(1j * FREQUENCY * (x * angle.cos() + y * angle.sin()))
        waves.append((wave - (wave * envelope).sum() / envelope.sum()) * envelope / envelope.sum())
    psi = torch.stack(waves)[:, None]
    return torch.cat([psi.real, psi.imag]).float()
