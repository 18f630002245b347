"""Smooth random fields and coordinates in relative units: the same picture at every size."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from scipy import fft

FINEST = 128
"""Cycles a side above which a field holds nothing: the Nyquist limit of a picture of 256 pixels."""

Array = np.ndarray
Generator = np.random.Generator


@lru_cache(maxsize=4)
def grid(size: int) -> tuple[Array, Array]:
    """Return x and y of the pixel centres, each (size, size) float32 in 0..1, not to be written to."""
    centres = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = np.meshgrid(centres, centres)
    x.flags.writeable = y.flags.writeable = False
    return x, y


def planes(values: Iterable[float]) -> Array:
    """Return one number a colour, shaped (3, 1, 1), to be spread over a picture's three planes."""
    return np.asarray(values, dtype=np.float32).reshape(3, 1, 1)


def patch(x: float, y: float, reach: float, size: int) -> tuple[slice, slice]:
    """Return the rows and columns of the square of half side ``reach`` around (x, y), all in 0..1."""
    rows = slice(max(0, int((y - reach) * size)), max(0, int((y + reach) * size) + 2))
    columns = slice(max(0, int((x - reach) * size)), max(0, int((x + reach) * size) + 2))
    return rows, columns


def smoothstep(value: Array) -> Array:
    """Return 0 below 0, 1 above 1 and 3v^2 - 2v^3 between."""
    v = np.clip(value, 0.0, 1.0)
    return v * v * (3.0 - 2.0 * v)


@lru_cache(maxsize=128)
def _wave_numbers(finest: int) -> tuple[Array, Array, Array]:
    """Return the frequencies down and across of a half spectrum, and their squared length (never 0)."""
    down = np.concatenate([np.arange(0, finest + 1), np.arange(-finest, 0)]).astype(np.float32)[:, None]
    across = np.arange(finest + 1, dtype=np.float32)[None, :]
    return down, across, np.maximum(down * down + across * across, np.float32(1e-2))


def field(
    rng: Generator,
    size: int,
    slope: float = 1.8,
    low: float = 1.0,
    high: float = FINEST,
    stretch: float = 1.0,
    angle: float = 0.0,
) -> Array:
    """Return a Gaussian field (size, size) float32 of mean 0 and standard deviation 1.

    Its amplitude falls as frequency ** -slope between ``low`` and ``high`` cycles a side and dies away
    outside. ``stretch`` above 1 draws its features out along ``angle`` (radians).
    """
    finest = int(min(FINEST, np.ceil(high * 1.15)))
    ky, kx, squared = _wave_numbers(finest)
    if stretch != 1.0:
        along, off = kx * np.cos(angle) + ky * np.sin(angle), ky * np.cos(angle) - kx * np.sin(angle)
        squared = np.maximum((along * stretch) ** 2 + (off / stretch) ** 2, np.float32(1e-2))
    # One exponential for slope and ends: powers of 30,000 numbers would cost more than the transform.
    ends = (low * low / squared) ** 2 / 4.0 + (squared * squared / high**4) ** 2
    gain = np.exp(-0.5 * (slope + 0.5) * np.log(squared) - ends)
    waves = rng.standard_normal((2, *squared.shape), dtype=np.float32)
    return _synthesise((waves[0] + 1j * waves[1]) * gain, finest, size)


def _synthesise(waves: Array, finest: int, size: int) -> Array:
    keep = min(finest, size // 2 - 1)
    spectrum = np.zeros((size, keep + 1), dtype=np.complex64)
    spectrum[: keep + 1] = waves[: keep + 1, : keep + 1]
    spectrum[-keep:] = waves[-keep:, : keep + 1]
    spectrum[0, 0] = 0.0
    # Only the columns that hold something are transformed: for most fields a quarter of them.
    values = fft.irfft(fft.ifft(spectrum, axis=0, overwrite_x=True), n=size, axis=1)
    # Not np.dot: its threads fight with the other processes, and its last bits depend on how many there are.
    power = np.einsum("ij,ij", values, values) / values.size
    return values / max(np.sqrt(power), np.float32(1e-12))


_TABLE = 64


def cells(rng: Generator, x: Array, y: Array, jitter: float = 0.8) -> tuple[Array, Array, Array]:
    """Return, for points in units of one cell, the distances to the nearest and the second cell centre and a
    number in 0..1 that belongs to the nearest cell (cellular noise: Worley, SIGGRAPH 1996).

    Every second row is set off by half a cell: hexagons, which ``jitter`` (0..1) disturbs.
    """
    scatter = rng.random((2, _TABLE * _TABLE), dtype=np.float32) - np.float32(0.5)
    centres = (np.float32(jitter) * (scatter[0] + 1j * scatter[1]) + np.complex64(0.25 + 0.5j)).astype(
        np.complex64
    )
    row, column = np.floor(y), np.floor(x)
    down, across = row.astype(np.int32), column.astype(np.int32)
    point = (x - column) + 1j * (y - row)
    nearest = np.full(x.shape, np.inf, dtype=np.float32)
    second, label = nearest.copy(), np.zeros(x.shape, dtype=np.int32)
    for dy in (-1, 0, 1):
        start = (down + dy) % _TABLE * _TABLE
        set_off = point - np.float32(0.5) * ((down + dy) % 2).astype(np.float32)
        for dx in (-1, 0, 1):
            at = start + (across + dx) % _TABLE
            away = centres[at] - (set_off - np.complex64(dx + 1j * dy))
            distance = away.real**2 + away.imag**2
            closer = distance < nearest
            second = np.minimum(second, np.maximum(distance, nearest))
            nearest = np.minimum(distance, nearest)
            label = np.where(closer, at, label)
    return np.sqrt(nearest), np.sqrt(second), rng.random(_TABLE * _TABLE, dtype=np.float32)[label]
