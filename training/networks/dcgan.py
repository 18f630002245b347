"""DCGAN (Radford, Metz & Chintala 2016), extended from 64 x 64 to any power of two by further layers."""

import itertools
from typing import ClassVar

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from training.draws import Draws
from training.networks.family import Family, Stage
from training.networks.losses import taken_for
from training.networks.norm import BatchNorm2d, normal_weights
from training.settings import SMALLEST, ByResolution, Settings

FIRST = 4
"""The resolution of the layer next to the latent vector, and of that next to the score."""


class DcganSettings(Settings):
    """``features`` is how many feature maps there are next to the image; they double with each layer.

    No layer has more than ``fmap_max``. Without that limit 256 x 256 reaches 2,048 at 4 x 4, as 64 x 64
    reaches 512.
    """

    minibatch: ByResolution = Field(default={SMALLEST: 8})
    generator_rate: float = Field(default=2e-4, gt=0)
    discriminator_rate: float = Field(default=2e-4, gt=0)
    adam_betas: tuple[float, float] = (0.5, 0.999)
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    features: int = Field(default=64, gt=0, le=4096)
    fmap_max: int = Field(default=2048, gt=0, le=8192)

    @model_validator(mode="after")
    def _large_enough(self) -> "DcganSettings":
        if self.resolution < 2 * FIRST:
            raise ValueError(
                f"resolution = {self.resolution}: a DCGAN draws {2 * FIRST} x {2 * FIRST} or more"
            )
        return self


def widths(resolution: int, features: int, most: int) -> list[int]:
    """Feature maps at 4, 8, ..., resolution / 2: ``features`` next to the image, doubled each step in."""
    layers = resolution.bit_length() - FIRST.bit_length()
    return [min(features * 2 ** (layers - 1 - layer), most) for layer in range(layers)]


class Generator(nn.Sequential):
    """Latents (N, latent_size) to images (N, 3, R, R): fractionally strided 4 x 4 convolutions."""

    def __init__(self, resolution: int, latent_size: int, features: int, most: int) -> None:
        maps = widths(resolution, features, most)
        layers: list[nn.Module] = [
            nn.Unflatten(1, (latent_size, 1, 1)),
            nn.ConvTranspose2d(latent_size, maps[0], FIRST, bias=False),
        ]
        for inputs, outputs in zip(maps, [*maps[1:], 3], strict=True):
            last = outputs == 3 and len(layers) == 3 * len(maps) - 1
            layers += [
                BatchNorm2d(inputs),
                nn.ReLU(inplace=True),
                nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=last),
            ]
        super().__init__(*layers, nn.Tanh())
        self.apply(normal_weights)


class Discriminator(nn.Sequential):
    """Images (N, 3, R, R) to scores (N,), log odds of real: strided 4 x 4 convolutions."""

    def __init__(self, resolution: int, features: int, most: int) -> None:
        maps = widths(resolution, features, most)[::-1]
        layers: list[nn.Module] = [nn.Conv2d(3, maps[0], 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for inputs, outputs in itertools.pairwise(maps):
            layers += [
                nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
                BatchNorm2d(outputs),
                nn.LeakyReLU(0.2),
            ]
        super().__init__(*layers, nn.Conv2d(maps[-1], 1, FIRST), nn.Flatten(0))
        self.apply(normal_weights)


class DCGAN(Family):
    """The original game with convolutions all the way and batch normalisation except at the ends."""

    name: ClassVar[str] = "dcgan"
    widths: ClassVar[str] = "features or fmap_max"
    Settings: ClassVar[type[DcganSettings]] = DcganSettings
    settings: DcganSettings

    def generator(self) -> Generator:
        """A new generator for the settings' resolution and width."""
        s = self.settings
        return Generator(s.resolution, s.latent_size, s.features, s.fmap_max)

    def discriminator(self) -> Discriminator:
        """A new discriminator for the settings' resolution and width."""
        s = self.settings
        return Discriminator(s.resolution, s.features, s.fmap_max)

    def discriminator_loss(
        self, generator: nn.Module, discriminator: nn.Module, reals: Tensor, draws: Draws, stage: Stage
    ) -> Tensor:
        """Binary cross-entropy on reals and on fakes, each normalised as a batch of its own."""
        with torch.no_grad():
            fakes = self.fakes(generator, reals, draws, stage)
        real, fake = discriminator(reals).float(), discriminator(fakes).float()
        return taken_for(True, real) + taken_for(False, fake)

    def generator_loss(
        self, generator: nn.Module, discriminator: nn.Module, reals: Tensor, draws: Draws, stage: Stage
    ) -> Tensor:
        """Binary cross-entropy of fakes that should pass for real."""
        return taken_for(True, discriminator(self.fakes(generator, reals, draws, stage)).float())
