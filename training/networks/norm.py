"""Batch normalisation over the whole minibatch, also where several processes share it, on any device."""

import torch
from torch import Tensor, distributed, nn
from torch.autograd.function import FunctionCtx


class _Sum(torch.autograd.Function):
    """The sum of the processes' values, which all of them get; so does each the sum of the gradients."""

    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor) -> Tensor:
        """Add up over the processes."""
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        """What each process' value does to all processes' losses."""
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


class BatchNorm2d(nn.BatchNorm2d):
    """``torch.nn.BatchNorm2d`` whose statistics are those of all processes' images together.

    PyTorch's own such layer runs on GPUs only. Every process must hold equally many images.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape, normalised for each of the C feature maps."""
        if not (self.training and distributed.is_initialized() and distributed.get_world_size() > 1):
            return super().forward(x)
        processes = distributed.get_world_size()
        values = x.float()
        mean = _Sum.apply(values.mean(dim=(0, 2, 3))) / processes
        variance = _Sum.apply((values - mean.view(1, -1, 1, 1)).square().mean(dim=(0, 2, 3))) / processes
        self._remember(mean.detach(), variance.detach(), x.numel() // x.shape[1] * processes)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        return (values * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)


def normal_weights(module: nn.Module, deviation: float = 0.02) -> None:
    """Draw weights from N(0, deviation), normalisations' from N(1, deviation), and zero the biases."""
    if isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, deviation)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, deviation)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
