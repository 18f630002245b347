"""The building blocks of progressive growing (Karras et al. 2018, "Progressive Growing of GANs", ICLR).

Images and feature maps are float tensors of shape (N, C, H, W); pictures hold values in [-1, 1].
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks.convolution import convolve, convolve_upwards

HE_GAIN = math.sqrt(2.0)
GROUP = 4
"""How many images the minibatch standard deviation is taken over."""


class EqualizedConv2d(nn.Module):
    """Convolution whose weights are drawn from N(0, 1) and scaled by He's constant at run time (section 4.1).

    Adam's steps do not depend on a gradient's scale, so storing every weight at unit variance gives all of
    them the same dynamic range, and so the same learning speed. The bias is not scaled.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, gain: float = HE_GAIN) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = gain / math.sqrt(inputs * kernel**2)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H, W)."""
        padding = self.weight.shape[-1] // 2
        return convolve(x, self.weight * self.scale, self.bias, padding)


class EqualizedUpConv2d(EqualizedConv2d):
    """``EqualizedConv2d`` (3 x 3) of what ``double`` makes of its input, in one step and at half the cost.

    Of the nine pixels under the filter several are the same one, repeated. Adding up their weights first
    leaves four for each pixel of the result: a 4 x 4 convolution with fractional stride.
    """

    def __init__(self, inputs: int, outputs: int, gain: float = HE_GAIN) -> None:
        super().__init__(inputs, outputs, 3, gain)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, 2H, 2W)."""
        weight = (self.weight * self.scale).flip(2, 3).transpose(0, 1)
        weight = functional.pad(weight, (0, 1)) + functional.pad(weight, (1, 0))
        weight = functional.pad(weight, (0, 0, 0, 1)) + functional.pad(weight, (0, 0, 1, 0))
        return convolve_upwards(x, weight, self.bias)


class EqualizedLinear(nn.Module):
    """Fully connected layer with the equalised learning rate of ``EqualizedConv2d``."""

    def __init__(self, inputs: int, outputs: int, gain: float = HE_GAIN) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = gain / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs) to (N, outputs)."""
        return functional.linear(x, self.weight * self.scale, self.bias)


class EqualizedSpread(nn.Module):
    """Fully connected to each place of ``side`` x ``side`` feature maps, with one bias for each map."""

    def __init__(self, inputs: int, maps: int, side: int, gain: float = HE_GAIN) -> None:
        super().__init__()
        self.side = side
        self.weight = nn.Parameter(torch.randn(maps * side**2, inputs))
        self.bias = nn.Parameter(torch.zeros(maps))
        self.scale = gain / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs) to (N, maps, side, side)."""
        bias = self.bias[:, None].expand(-1, self.side**2).flatten()
        x = functional.linear(x, self.weight * self.scale, bias)
        return x.view(len(x), -1, self.side, self.side)


def leaky(x: Tensor) -> Tensor:
    """Leaky rectifier with slope 0.2 below zero."""
    return functional.leaky_relu(x, 0.2)


def pixel_norm(x: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Scale each pixel's feature vector (dimension 1) to unit mean square (section 4.2).

    On latents of shape (N, C) this is the projection to the hypersphere of radius sqrt(C).
    """
    # In float32 whatever the surrounding precision: bfloat16 cannot resolve a mean of squares.
    mean_square = x.float().square().mean(dim=1, keepdim=True)
    return x * torch.rsqrt(mean_square + epsilon).to(x.dtype)


def minibatch_stddev(x: Tensor, group: int = GROUP, epsilon: float = 1e-8) -> Tensor:
    """Append one feature map: how much the images of a group differ (section 3).

    The standard deviation over the group at each feature and place, averaged to one number a group. Image i
    is in group i mod (N / group). A batch that ``group`` does not divide uses its largest divisor below.
    Maps (N, C, H, W) to (N, C + 1, H, W).
    """
    count, channels, height, width = x.shape
    group = max(size for size in range(1, min(group, count) + 1) if count % size == 0)
    grouped = x.float().reshape(group, count // group, channels, height, width)
    variance = grouped.var(dim=0, unbiased=False)
    deviation = torch.sqrt(variance + epsilon).mean(dim=(1, 2, 3))
    extra = deviation.repeat(group).view(count, 1, 1, 1).expand(count, 1, height, width)
    return torch.cat([x, extra.to(x.dtype)], dim=1)


def double(x: Tensor) -> Tensor:
    """Nearest-neighbour upsampling to twice the height and width."""
    return functional.interpolate(x, scale_factor=2, mode="nearest")


def halve(x: Tensor) -> Tensor:
    """Average pooling to half the height and width."""
    return functional.avg_pool2d(x, 2)
