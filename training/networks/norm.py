"""Batch normalisation over the whole minibatch, also where several processes share it, on any device."""

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_reduce


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
        mean = all_reduce(values.mean(dim=(0, 2, 3))) / processes
        variance = all_reduce((values - mean.view(1, -1, 1, 1)).square().mean(dim=(0, 2, 3))) / processes
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
