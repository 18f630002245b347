"""Random numbers for one process's share of a minibatch, the same however many processes share it."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Share:
    """Which images of a minibatch are this process's: every ``of``-th, from number ``rank`` on.

    So a group of images i, i + M, i + 2M, ... (M groups) stays whole wherever M is a multiple of ``of``,
    as the minibatch standard deviation needs.
    """

    rank: int = 0
    of: int = 1

    def mine(self, whole: Tensor) -> Tensor:
        """This process's part of what belongs to the whole minibatch, along dimension 0."""
        return whole[self.rank :: self.of]


ALONE = Share()


class Draws:
    """Draws for a whole minibatch, of which this process keeps its share; ``rng`` is the CPU's.

    Every process draws the same numbers in the same order, so that their generators stay in step.
    """

    def __init__(self, rng: torch.Generator, share: Share = ALONE) -> None:
        self._rng = rng
        self._share = share

    def normal(self, count: int, size: int) -> Tensor:
        """Standard normal numbers (count, size) for ``count`` images of this process."""
        return self._share.mine(torch.randn(count * self._share.of, size, generator=self._rng))

    def uniform(self, count: int) -> Tensor:
        """Numbers (count,) uniform in [0, 1) for ``count`` images of this process."""
        return self._share.mine(torch.rand(count * self._share.of, generator=self._rng))
