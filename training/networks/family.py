"""What a family of generators has to say for itself; everything else is the trainer's.

A new family is one file beside this one: its settings, networks and ``Family``, and its name in ``FAMILIES``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from training.settings import Settings


@dataclass(frozen=True)
class Stage:
    """What happens at one moment of a training.

    ``resolution`` is the side of the images in pixels, ``alpha`` in (0, 1] the weight of the newest
    resolution while it is faded in (1: fully there), ``minibatch`` the number of images per step.
    """

    phase: str
    resolution: int
    alpha: float
    minibatch: int


class Family(ABC):
    """A kind of GAN: how to build it, how its training proceeds, and its two losses.

    The losses are means over the minibatch; images are (N, 3, R, R) in [-1, 1] at the stage's resolution.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Settings]]

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @abstractmethod
    def generator(self) -> nn.Module:
        """A new generator, its weights drawn from torch's global random state."""

    @abstractmethod
    def discriminator(self) -> nn.Module:
        """A new discriminator (or critic), its weights drawn from torch's global random state."""

    @abstractmethod
    def stage(self, images_seen: int) -> Stage:
        """The stage after so many images: a function of nothing else, so that a resumed run agrees."""

    @abstractmethod
    def discriminator_loss(
        self, discriminator: nn.Module, reals: Tensor, fakes: Tensor, stage: Stage, rng: torch.Generator
    ) -> Tensor:
        """What the discriminator minimises; ``fakes`` carry no gradient."""

    @abstractmethod
    def generator_loss(self, discriminator: nn.Module, fakes: Tensor, stage: Stage) -> Tensor:
        """What the generator minimises; ``fakes`` carry its gradient."""

    def latents(self, count: int, rng: torch.Generator) -> Tensor:
        """Draw (count, latent_size) standard normal latent vectors, on the CPU."""
        return torch.randn(count, self.settings.latent_size, generator=rng)

    def images(self, generator: nn.Module, latents: Tensor, stage: Stage) -> Tensor:
        """Images (N, 3, R, R) of the latents at the stage; by default a generator knows one size only."""
        return generator(latents)
