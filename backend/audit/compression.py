"""Traces of an earlier JPEG compression. All on brightness, rounded to whole grey levels."""

import io

import numpy as np
from PIL import Image
from scipy.fft import dctn

from backend.audit.pixels import BLOCK, Pixels, Plane, blocks, luma
from backend.audit.values import Values

SMALLEST = 32
LOW_FREQUENCIES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (2, 1), (1, 2), (2, 2))
STEPS = range(2, 33)
GHOSTS = tuple(range(50, 100, 5))


def compression(pixels: Pixels) -> Values:
    """Blockiness by phase, periodic and vanishing DCT coefficients, and JPEG ghosts by quality."""
    if min(pixels.shape[:2]) < SMALLEST:
        return {}
    plane = np.rint(luma(pixels))
    return _blockiness(plane) | _coefficients(plane) | _ghosts(plane)


def _blockiness(plane: Plane) -> Values:
    """Unrest across each of the 8 lines of a block against the others, on the rows' and columns' mean.

    The third difference |a - 3b + 3c - d| across a line hardly sees slopes and sees steps (the idea is Fan &
    de Queiroz's, 2003, "Identification of bitmap compression history").
    """
    phases = (_across(plane) + _across(plane.T)) / 2
    each = [np.log((here + 0.1) / (np.delete(phases, at).mean() + 0.1)) for at, here in enumerate(phases)]
    values: Values = {f"blockiness at phase {at}": float(value) for at, value in enumerate(each)}
    return values | {"blockiness at any phase": float(max(each))}


def _across(plane: Plane) -> Plane:
    """Mean third difference centred on the line before column p, p + 8, ...: (8,)."""
    third = np.abs(np.diff(plane, n=3, axis=1)).mean(axis=0)
    columns = np.arange(len(third)) + 2
    return np.array([third[columns % BLOCK == phase].mean() for phase in range(BLOCK)])


def _coefficients(plane: Plane) -> Values:
    """How periodic the histograms of low DCT coefficients are, and how many of the others vanish.

    Quantised coefficients are multiples of a step q: the mean of cos(2 pi c / q) nears 1 (after Lukas &
    Fridrich 2003). Vanishing ones are counted against a grid shifted by half a block, which no compression
    on the aligned grid can have emptied (calibration, after Fridrich, Goljan & Hogea 2002).
    """
    aligned, shifted = _dct(plane), _dct(plane[BLOCK // 2 :, BLOCK // 2 :])
    best = [
        max(_periodicity(aligned[:, row, column], step) for step in STEPS) for row, column in LOW_FREQUENCIES
    ]
    high = np.add.outer(np.arange(BLOCK), np.arange(BLOCK)) >= 4
    empty = [float(np.mean(np.abs(found[:, high]) < 0.5)) for found in (aligned, shifted)]
    return {
        "periodic coefficients": float(np.mean(best)),
        "vanishing coefficients": float(np.log((empty[0] + 0.01) / (empty[1] + 0.01))),
    }


def _periodicity(coefficients: Plane, step: int) -> float:
    # What lies below half a step was quantised to 0, if at all, and says nothing of the step.
    kept = coefficients[np.abs(coefficients) > step / 2]
    return float(np.cos(2 * np.pi * kept / step).sum() / (len(kept) + 10))


def _dct(plane: Plane) -> Plane:
    """The orthonormal DCT-II of whole blocks, (blocks, 8, 8): JPEG's scale."""
    return dctn(blocks(plane) - 128, axes=(1, 2), norm="ortho")


def _ghosts(plane: Plane) -> Values:
    """How little compressing again at a quality changes the image, against the next qualities.

    A dip is left by an earlier compression at that quality (Farid 2009, "Exposing digital forgeries from
    JPEG ghosts").
    """
    grey = Image.fromarray(plane.astype(np.uint8))
    changes = np.log([_change(grey, plane, quality) + 0.01 for quality in GHOSTS])
    values: Values = {}
    for at in range(1, len(GHOSTS) - 1):
        values[f"ghost at quality {GHOSTS[at]}"] = float(
            (changes[at - 1] + changes[at + 1]) / 2 - changes[at]
        )
    return values | {"strongest ghost": max(float(value) for value in values.values())}


def _change(grey: Image.Image, plane: Plane, quality: int) -> float:
    file = io.BytesIO()
    grey.save(file, "JPEG", quality=quality)
    with Image.open(file) as again:
        return float(np.mean((np.asarray(again, float) - plane) ** 2))
