"""What a family of generators has to say for itself; everything else is the trainer's.

A new family is one file beside this one: its settings, networks and ``Family``, and its name in ``FAMILIES``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from training.draws import Draws
from training.settings import Settings, at


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
    comparing: ClassVar[int] = 1
    """How many images the discriminator compares with each other: a process's share must be whole groups."""
    widths: ClassVar[str]
    """The settings that say how wide the networks are, as one would tell a user."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @abstractmethod
    def generator(self) -> nn.Module:
        """A new generator, its weights drawn from torch's global random state."""

    @abstractmethod
    def discriminator(self) -> nn.Module:
        """A new discriminator (or critic), its weights drawn from torch's global random state."""

    def stage(self, images_seen: int) -> Stage:
        """The stage after so many images: a function of nothing else, so that a resumed run agrees."""
        resolution = self.settings.resolution
        return Stage("train", resolution, 1.0, at(self.settings.minibatch, resolution))

    @abstractmethod
    def discriminator_loss(
        self, generator: nn.Module, discriminator: nn.Module, reals: Tensor, draws: Draws, stage: Stage
    ) -> Tensor:
        """What the discriminator minimises, on reals and on as many new fakes that carry no gradient."""

    @abstractmethod
    def generator_loss(
        self, generator: nn.Module, discriminator: nn.Module, reals: Tensor, draws: Draws, stage: Stage
    ) -> Tensor:
        """What the generator minimises, on as many new fakes as there are ``reals``."""

    @property
    def untrained(self) -> list[int]:
        """The resolutions of the parts of a generator that training leaves as they began; none as a rule."""
        return []

    @property
    def latent_length(self) -> int:
        """How many random numbers make one image."""
        return self.settings.latent_size

    def latents(self, count: int, rng: torch.Generator) -> Tensor:
        """Draw (count, latent_length) standard normal latent vectors, on the CPU."""
        return torch.randn(count, self.latent_length, generator=rng)

    def images(self, generator: nn.Module, latents: Tensor, stage: Stage) -> Tensor:
        """Images (N, 3, R, R) of the latents at the stage; by default a generator knows one size only."""
        return generator(latents)

    def fakes(self, generator: nn.Module, reals: Tensor, draws: Draws, stage: Stage) -> Tensor:
        """As many new images as there are ``reals``, on their device."""
        latents = draws.normal(len(reals), self.latent_length).to(reals.device, non_blocking=True)
        return self.images(generator, latents, stage)
