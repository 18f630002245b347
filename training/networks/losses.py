"""What generator and discriminator play for: the Wasserstein critic's penalty and the original game."""

import torch
from torch import Tensor, nn
from torch.nn import functional


def gradient_penalty(critic: nn.Module, reals: Tensor, fakes: Tensor, shares: Tensor, **how: float) -> Tensor:
    """(|gradient| - 1)^2 at a point between each real and fake, averaged (Gulrajani et al. 2017).

    ``shares`` (N,), uniform in [0, 1), says where between them.
    """
    where = shares.to(reals, non_blocking=True).view(-1, 1, 1, 1)
    between = torch.lerp(reals, fakes, where).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between, **how).sum(), between, create_graph=True)
    norm = gradient.square().sum(dim=(1, 2, 3)).sqrt()
    return (norm - 1).square().mean()


def taken_for(truth: bool, scores: Tensor) -> Tensor:
    """Binary cross-entropy of scores (N,), as log odds of real, against one truth for all (Goodfellow 2014).

    A generator that minimises it for ``truth=True`` on fakes plays the non-saturating game.
    """
    return functional.binary_cross_entropy_with_logits(scores, torch.full_like(scores, float(truth)))
