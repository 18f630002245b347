"""Convolutions whose weight gradient is computed in the way that suits it.

On a CPU in float32, channels-last feature maps make a convolution and the gradient of its input up to 1.3
times as fast as planes that lie one after another, but the gradient of its weights up to half as fast. So
that one is computed from planes, or, where there are many, by products of matrices. The three are linear in
either argument and each other's derivatives: gradients of gradients (WGAN-GP's penalty) are made of them too.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import FunctionCtx
from torch.nn import functional

LARGE = 1 << 22
"""From so many values on, the gain is larger than what it costs to bring the maps into the other layout."""
WIDE = 256
"""From so many feature maps on, both of a layer's input and its output, products of matrices are fastest."""

Geometry = tuple[int, int]
"""Stride and padding."""


def convolve(x: Tensor, weight: Tensor, bias: Tensor, padding: int) -> Tensor:
    """``conv2d``: (N, C, H, W) by weights (K, C, k, k)."""
    if weight.shape[-1] == 1 or _plain(x, weight):
        return functional.conv2d(x, weight, bias, padding=padding)
    return _Convolution.apply(x, weight, (1, padding)) + bias.view(-1, 1, 1)


def convolve_upwards(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``conv_transpose2d`` with stride 2 and padding 1: (N, C, H, W) by weights (C, K, 4, 4) to (2H, 2W)."""
    if _plain(x, weight):
        return functional.conv_transpose2d(x, weight, bias, stride=2, padding=1)
    return _Transposed.apply(x, weight, (2, 1)) + bias.view(-1, 1, 1)


def _plain(x: Tensor, weight: Tensor) -> bool:
    """Whether PyTorch's own way is as good: elsewhere, otherwise rounded, without gradients, on few maps."""
    plain = x.device.type != "cpu" or x.dtype != torch.float32 or torch.is_autocast_enabled("cpu")
    return plain or not torch.is_grad_enabled() or (x.numel() < LARGE and min(weight.shape[:2]) < WIDE)


class _Convolution(Function):
    """Linear in ``x`` and ``weight``."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, weight: Tensor, geometry: Geometry) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.geometry = geometry
        return functional.conv2d(x, weight, None, *geometry)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return (
            _Transposed.apply(gradient, weight, ctx.geometry) if wanted[0] else None,
            _Correlation.apply(x, gradient, weight.shape, ctx.geometry) if wanted[1] else None,
            None,
        )


class _Transposed(Function):
    """The convolution's gradient by ``x``, linear in ``y`` and ``weight``."""

    @staticmethod
    def forward(ctx: FunctionCtx, y: Tensor, weight: Tensor, geometry: Geometry) -> Tensor:
        ctx.save_for_backward(y, weight)
        ctx.geometry = geometry
        return functional.conv_transpose2d(y, weight, None, *geometry)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        y, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return (
            _Convolution.apply(gradient, weight, ctx.geometry) if wanted[0] else None,
            _Correlation.apply(gradient, y, weight.shape, ctx.geometry) if wanted[1] else None,
            None,
        )


class _Correlation(Function):
    """The convolution's gradient by ``weight``, linear in ``x`` and ``y``."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, y: Tensor, shape: torch.Size, geometry: Geometry) -> Tensor:
        ctx.save_for_backward(x, y)
        ctx.geometry = geometry
        by_products = geometry == (1, 1) and shape[-1] == 3 and min(shape[:2]) >= WIDE
        found = _by_products(x, y) if by_products else _by_planes(x, y, shape, geometry)
        return found.contiguous(memory_format=torch.channels_last)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        x, y = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return (
            _Transposed.apply(y, gradient, ctx.geometry) if wanted[0] else None,
            _Convolution.apply(x, gradient, ctx.geometry) if wanted[1] else None,
            None,
            None,
        )


def _by_products(x: Tensor, y: Tensor) -> Tensor:
    """Of 3 x 3 filters with stride and padding 1: for each of their nine places a product of two matrices."""
    height, width = x.shape[2:]
    padded = functional.pad(x, (1, 1, 1, 1)).permute(0, 2, 3, 1).contiguous()
    outputs = y.permute(0, 2, 3, 1).flatten(0, 2).T
    found = x.new_empty(3, 3, y.shape[1], x.shape[1])
    for row in range(3):
        for column in range(3):
            inputs = padded[:, row : row + height, column : column + width].flatten(0, 2)
            torch.mm(outputs, inputs, out=found[row, column])
    return found.permute(2, 3, 0, 1)


def _by_planes(x: Tensor, y: Tensor, shape: torch.Size, geometry: Geometry) -> Tensor:
    """By PyTorch, from maps whose planes lie one after another."""
    stride, padding = geometry
    options = (None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, [False, True, False])
    # The weight only lends its shape and its layout, which is what decides on the kernel.
    like = x.new_empty(shape)
    return torch.ops.aten.convolution_backward(y.contiguous(), x.contiguous(), like, *options)[1]
