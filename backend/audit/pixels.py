"""Traces in the pixels: colour, noise and borders. Images are uint8 (H, W, 3) RGB, results in grey levels."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from backend.audit.values import Values

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float64]

LUMA = np.array([0.299, 0.587, 0.114])
"""ITU-R BT.601, as JPEG's JFIF uses it."""
MAD_TO_SD = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""
BLOCK = 8
"""Side in pixels of the blocks that JPEG compresses."""
SMALLEST = 16
"""Sides in pixels below which noise and borders are not measured."""


def luma(pixels: Pixels) -> Plane:
    """Brightness, float64 (H, W) in [0, 255]."""
    return pixels @ LUMA


def blocks(plane: Plane) -> Plane:
    """The whole 8 x 8 blocks of a plane (H, W), row by row from its upper left corner: (blocks, 8, 8)."""
    height, width = (side // BLOCK for side in plane.shape)
    cut = plane[: height * BLOCK, : width * BLOCK].reshape(height, BLOCK, width, BLOCK)
    return cut.transpose(0, 2, 1, 3).reshape(-1, BLOCK, BLOCK)


def colour(pixels: Pixels) -> Values:
    """Mean and standard deviation of each channel, saturation, distinct and clipped colours."""
    flat = pixels.reshape(-1, 3)
    values: Values = {}
    for place, channel in enumerate(("red", "green", "blue")):
        values[f"mean {channel}"] = float(flat[:, place].mean())
        values[f"spread of {channel}"] = float(flat[:, place].std())
    most, least = flat.max(axis=1).astype(float), flat.min(axis=1)
    values["saturation"] = float(np.mean((most - least) / np.maximum(most, 1)))
    codes = flat.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    values["distinct colours a pixel"] = len(np.unique(codes)) / len(codes)
    values["pixels at 0 or 255"] = float(np.mean((most == 255) | (least == 0)))
    return values


def noise(pixels: Pixels) -> Values:
    """Robust standard deviation of a high-pass residual, in brightness and two colour differences.

    The residual is that of Immerkaer (1996), "Fast noise variance estimation": the difference of two
    Laplacians, divided by 6 so that white noise of standard deviation s leaves s.
    """
    if min(pixels.shape[:2]) < SMALLEST:
        return {}
    bright = luma(pixels)
    planes = {"brightness": bright, "red": pixels[..., 0] - bright, "blue": pixels[..., 2] - bright}
    values: Values = {}
    for name, plane in planes.items():
        residual = _residual(plane)
        values[f"noise of {name}"] = _robust(residual)
        # The quietest tenth of the image: noise that no texture covers.
        values[f"noise floor of {name}"] = float(np.quantile(blocks(residual).std(axis=(1, 2)), 0.1))
    return values


def borders(pixels: Pixels) -> Values:
    """The outermost rows and columns against those further in: steps, levels, unrest along the edge."""
    if min(pixels.shape[:2]) < SMALLEST:
        return {}
    plane = luma(pixels)
    turned = [np.rot90(plane, turns) for turns in range(4)]
    steps = [np.abs(np.diff(side[:6], axis=0)).mean(axis=1) for side in turned]
    along = [np.abs(np.diff(side[:6], axis=1)).mean(axis=1) for side in turned]
    step, unrest = np.mean(steps, axis=0), np.mean(along, axis=0)
    corners = [side[:4, :4].mean() for side in turned]
    return {
        "outermost step": _ratio(step[0], step[2:].mean()),
        "second step": _ratio(step[1], step[2:].mean()),
        "unrest along the edge": _ratio(unrest[0], unrest[2:].mean()),
        "edge against interior": float(np.mean([side[0].mean() - side[5].mean() for side in turned])),
        "brightness of the corners": float(np.mean(corners)),
    }


def _residual(plane: Plane) -> Plane:
    second = np.array([1.0, -2.0, 1.0])
    return correlate1d(correlate1d(plane, second, axis=0), second, axis=1)[1:-1, 1:-1] / 6


def _robust(values: Plane) -> float:
    return MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))


def _ratio(one: float, other: float) -> float:
    """The logarithm of a ratio of mean absolute differences; 0.01 grey levels are as good as none."""
    return float(np.log((one + 0.01) / (other + 0.01)))
