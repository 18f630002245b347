"""The Laplacian pyramid (Burt & Adelson 1983) on tensors of images (N, C, H, W), H and W even.

Filtered with the binomial [1, 4, 6, 4, 1] / 16 in both directions; beyond the border the image is mirrored
about its outermost pixels.
"""

import torch
from torch import Tensor
from torch.nn import functional

BINOMIAL = (1.0, 4.0, 6.0, 4.0, 1.0)


def _filtered(images: Tensor, gain: float) -> Tensor:
    taps = torch.tensor(BINOMIAL, dtype=images.dtype, device=images.device)
    taps = taps * (gain**0.5 / sum(BINOMIAL))
    count, channels, height, width = images.shape
    planes = functional.pad(images.reshape(-1, 1, height, width), (2, 2, 2, 2), mode="reflect")
    planes = functional.conv2d(planes, taps.view(1, 1, 5, 1))
    return functional.conv2d(planes, taps.view(1, 1, 1, 5)).view(count, channels, height, width)


def reduced(images: Tensor) -> Tensor:
    """Blur and keep every second pixel: half the height and width."""
    return _filtered(images, 1.0)[:, :, ::2, ::2].contiguous()


def expanded(images: Tensor) -> Tensor:
    """Twice the height and width: zeros between the pixels, then the filter with fourfold gain."""
    count, channels, height, width = images.shape
    spread = images.new_zeros(count, channels, 2 * height, 2 * width)
    spread[:, :, ::2, ::2] = images
    return _filtered(spread, 4.0)
