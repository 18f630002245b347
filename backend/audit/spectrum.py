"""Traces in the spectrum: power by frequency, and peaks that upsampling leaves on a grid.

Frequencies are in cycles a pixel: 1/2 is the highest along a row or a column.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backend.audit.pixels import Pixels, Plane, luma
from backend.audit.values import Values

SMALLEST = 32
EDGES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 0.71)
COLOUR_BAND = (1 / 4, 1 / 2)
GRIDS = (2, 4, 8)
"""Upsampling by strided, transposed convolutions or by repeated pixels marks multiples of 1/2, 1/4 and 1/8
(Odena, Dumoulin & Olah 2016, doi:10.23915/distill.00003; Durall, Keuper & Keuper 2020, arXiv:2003.01826).
"""
NEAR, FAR = 3, 5
"""Neighbours of a grid frequency, in bins: beyond the window's main lobe, and still of like power."""


def spectrum(pixels: Pixels) -> Values:
    """Radially averaged log power of brightness in six bands, and of two colour differences in one."""
    if min(pixels.shape[:2]) < SMALLEST:
        return {}
    bright = luma(pixels)
    power, radius = _log_power(bright), _radius(*bright.shape)
    values: Values = {}
    for low, high in pairwise(EDGES):
        values[f"power from {low:.3g} to {high:.3g}"] = _band(power, radius, low, high)
    for channel, place in (("red", 0), ("blue", 2)):
        difference = _log_power(pixels[..., place] - bright)
        values[f"fine power of {channel} difference"] = _band(difference, radius, *COLOUR_BAND)
    return values


def grid(pixels: Pixels) -> Values:
    """How far the log power at multiples of 1/2, 1/4 and 1/8 stands above, or below, that around it."""
    if min(pixels.shape[:2]) < SMALLEST:
        return {}
    height, width = (side // 8 * 8 for side in pixels.shape[:2])
    power = _log_power(luma(pixels[:height, :width]))
    values: Values = {}
    for steps in GRIDS:
        heights = [_above(power, place) for place in _places(steps, height, width)]
        values[f"peaks at 1/{steps}"] = float(np.mean(heights))
    return values


def _places(steps: int, height: int, width: int) -> list[tuple[int, int]]:
    """Bins of the multiples of 1/steps that are not multiples of a coarser step's, half a plane of them."""
    found = []
    for down in range(steps):
        for right in range(steps // 2 + 1):
            if max(Fraction(down, steps).denominator, Fraction(right, steps).denominator) == steps:
                found.append((down * height // steps, right * width // steps))
    return found


def _above(power: Plane, place: tuple[int, int]) -> float:
    around = np.arange(-FAR, FAR + 1)
    rows, columns = np.meshgrid(around, around, indexing="ij")
    ring = np.maximum(np.abs(rows), np.abs(columns)) >= NEAR
    rows, columns = (place[0] + rows[ring]) % power.shape[0], (place[1] + columns[ring]) % power.shape[1]
    return float(power[place] - np.median(power[rows, columns]))


def _log_power(plane: Plane) -> Plane:
    """Log power spectrum (H, W) under a Hann window, a floor of rounding noise added."""
    height, width = plane.shape
    window = np.outer(_hann(height), _hann(width))
    centred = (plane - plane.mean()) * window
    power = np.abs(np.fft.fft2(centred)) ** 2 / np.sum(window**2)
    return np.log(power + 1 / 12)


def _hann(length: int) -> NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def _radius(height: int, width: int) -> Plane:
    return np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])


def _band(power: Plane, radius: Plane, low: float, high: float) -> float:
    return float(power[(radius > low) & (radius <= high)].mean())
