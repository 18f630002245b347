"""Batch normalisation alone is PyTorch's; what processes share is tested by training in two of them."""

import torch
from torch import nn

from training.networks.norm import BatchNorm2d


def test_alone_it_is_pytorchs():
    ours, theirs = BatchNorm2d(3), nn.BatchNorm2d(3)
    for _ in range(2):
        x = 4 * torch.randn(5, 3, 6, 6) + 2
        torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())
    ours.eval(), theirs.eval()
    torch.testing.assert_close(ours(x), theirs(x))
