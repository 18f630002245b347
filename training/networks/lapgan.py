"""LAPGAN (Denton, Chintala, Szlam & Fergus 2015): a pyramid of GANs, each adding the detail of one octave.

The coarsest level is drawn from noise. Every finer level adds a residual to the coarser image, upsampled:
its generator sees that image and a plane of noise, its discriminator judges image plus residual.
The layers are those of the paper's CIFAR10 model, without dropout.
"""

from typing import ClassVar

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from training.draws import Draws
from training.networks.family import Family, Stage
from training.networks.losses import taken_for
from training.networks.pyramid import expanded, reduced
from training.settings import SMALLEST, ByResolution, Positive, Settings, at

LEAST = 4
"""The smallest coarsest level."""


class LapganSettings(Settings):
    """``coarsest`` is the resolution of the level that is drawn from noise alone, by two layers of ``units``.

    ``maps`` are the feature maps of the finer levels by resolution, ``kernel`` the side of their filters.
    ``levels`` trains only the levels of these resolutions, all of them where it is empty; runs of different
    levels are joined when they are exported.
    """

    minibatch: ByResolution = Field(default={SMALLEST: 8})
    generator_rate: float = Field(default=2e-4, gt=0)
    discriminator_rate: float = Field(default=2e-4, gt=0)
    adam_betas: tuple[float, float] = (0.5, 0.999)
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    coarsest: int = 8
    units: int = Field(default=1200, gt=0, le=8192)
    maps: ByResolution = Field(default={SMALLEST: 128})
    kernel: int = Field(default=7, gt=0, le=15)
    levels: tuple[Positive, ...] = ()

    @model_validator(mode="after")
    def _a_pyramid(self) -> "LapganSettings":
        power_of_two = self.coarsest & (self.coarsest - 1) == 0
        if not (LEAST <= self.coarsest < self.resolution and power_of_two):
            raise ValueError(
                f"coarsest = {self.coarsest} is not a power of two from {LEAST} up and below "
                f"resolution = {self.resolution}"
            )
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel = {self.kernel} is even; a filter needs a middle")
        if not all(self.maps.values()):
            raise ValueError("maps: a level needs at least one feature map")
        unknown = set(self.levels) - set(levels_of(self))
        if unknown:
            raise ValueError(f"levels: {min(unknown)} is none of {levels_of(self)}")
        return self


def levels_of(settings: LapganSettings) -> list[int]:
    """The resolutions of the pyramid's levels, coarsest first."""
    return [2**power for power in range(settings.coarsest.bit_length() - 1, settings.resolution.bit_length())]


def pyramid(images: Tensor, coarsest: int) -> dict[int, Tensor]:
    """Images (N, 3, R, R) and their reductions, by resolution, coarsest first."""
    found = [images]
    while found[-1].shape[-1] > coarsest:
        found.append(reduced(found[-1]))
    return {image.shape[-1]: image for image in reversed(found)}


class CoarseGenerator(nn.Sequential):
    """Latents (N, latent_size) to images (N, 3, R, R), fully connected."""

    def __init__(self, resolution: int, latent_size: int, units: int) -> None:
        super().__init__(
            nn.Linear(latent_size, units),
            nn.ReLU(),
            nn.Linear(units, units),
            nn.ReLU(),
            nn.Linear(units, 3 * resolution**2),
            nn.Unflatten(1, (3, resolution, resolution)),
        )


class CoarseDiscriminator(nn.Sequential):
    """Images (N, 3, R, R) to scores (N,), fully connected, half as wide as the generator."""

    def __init__(self, resolution: int, units: int) -> None:
        half = max(1, units // 2)
        super().__init__(
            nn.Flatten(),
            nn.Linear(3 * resolution**2, half),
            nn.LeakyReLU(0.2),
            nn.Linear(half, half),
            nn.LeakyReLU(0.2),
            nn.Linear(half, 1),
            nn.Flatten(0),
        )


class ResidualGenerator(nn.Sequential):
    """An upsampled image and a plane of noise (N, 4, R, R) to the residual (N, 3, R, R) that sharpens it."""

    def __init__(self, maps: int, kernel: int) -> None:
        super().__init__(
            nn.Conv2d(4, maps, kernel, padding=kernel // 2),
            nn.ReLU(),
            nn.Conv2d(maps, maps, kernel, padding=kernel // 2),
            nn.ReLU(),
            nn.Conv2d(maps, 3, 5, padding=2),
        )


class ResidualDiscriminator(nn.Sequential):
    """The sum of an upsampled image and a residual (N, 3, R, R) to scores (N,)."""

    def __init__(self, resolution: int, maps: int) -> None:
        super().__init__(
            nn.Conv2d(3, maps, 5, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(maps, maps, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(maps * (resolution // 2) ** 2, 1),
            nn.Flatten(0),
        )


class LAPGAN(Family):
    """One GAN for each level of a Laplacian pyramid; none knows of another's weights."""

    name: ClassVar[str] = "lapgan"
    widths: ClassVar[str] = "maps or units"
    Settings: ClassVar[type[LapganSettings]] = LapganSettings
    settings: LapganSettings

    def generator(self) -> nn.ModuleDict:
        """New generators by the resolution of their level."""
        s = self.settings
        coarse: nn.Module = CoarseGenerator(s.coarsest, s.latent_size, s.units)
        fine = {size: ResidualGenerator(at(s.maps, size), s.kernel) for size in levels_of(s)[1:]}
        return _by_level({s.coarsest: coarse} | fine)

    def discriminator(self) -> nn.ModuleDict:
        """New discriminators by the resolution of their level."""
        s = self.settings
        coarse: nn.Module = CoarseDiscriminator(s.coarsest, s.units)
        fine = {size: ResidualDiscriminator(size, at(s.maps, size)) for size in levels_of(s)[1:]}
        return _by_level({s.coarsest: coarse} | fine)

    @property
    def untrained(self) -> list[int]:
        """The levels that ``levels`` leaves out, coarsest first."""
        s = self.settings
        return [size for size in levels_of(s) if s.levels and size not in s.levels]

    @property
    def latent_length(self) -> int:
        """The coarsest level's latent vector, then a plane of noise for each finer level."""
        return self.settings.latent_size + sum(size**2 for size in levels_of(self.settings)[1:])

    def images(self, generator: nn.ModuleDict, latents: Tensor, stage: Stage) -> Tensor:
        """Images (N, 3, R, R): drawn coarse, then sharpened level by level."""
        noise = self._noise(latents)
        coarsest, *finer = levels_of(self.settings)
        images = generator[str(coarsest)](noise[coarsest]).float()
        for size in finer:
            below = expanded(images)
            images = below + _residual(generator, below, noise[size])
        return images

    def discriminator_loss(
        self, generator: nn.ModuleDict, discriminator: nn.Module, reals: Tensor, draws: Draws, stage: Stage
    ) -> Tensor:
        """The sum over levels of binary cross-entropy on reals and fakes; no level's part moves another."""
        real = pyramid(reals, self.settings.coarsest)
        with torch.no_grad():
            fake = self._given(generator, real, draws)
        return sum(
            taken_for(True, discriminator[str(size)](real[size]).float())
            + taken_for(False, discriminator[str(size)](images).float())
            for size, images in fake.items()
        )

    def generator_loss(
        self, generator: nn.ModuleDict, discriminator: nn.Module, reals: Tensor, draws: Draws, stage: Stage
    ) -> Tensor:
        """The sum over levels of binary cross-entropy of fakes that should pass for real."""
        fake = self._given(generator, pyramid(reals, self.settings.coarsest), draws)
        return sum(taken_for(True, discriminator[str(size)](images).float()) for size, images in fake.items())

    def _given(self, generator: nn.ModuleDict, real: dict[int, Tensor], draws: Draws) -> dict[int, Tensor]:
        """A fake for each trained level; finer ones are given a real image of the level below."""
        s = self.settings
        whole = real[s.resolution]
        # Drawn for all levels, whichever are trained, so that a level trains alone as it does among others.
        noise = self._noise(draws.normal(len(whole), self.latent_length).to(whole.device, non_blocking=True))
        fakes = {}
        for size in s.levels or levels_of(s):
            if size == s.coarsest:
                fakes[size] = generator[str(size)](noise[size]).float()
            else:
                below = expanded(real[size // 2])
                fakes[size] = below + _residual(generator, below, noise[size])
        return fakes

    def _noise(self, latents: Tensor) -> dict[int, Tensor]:
        s = self.settings
        parts = latents.split([s.latent_size, *(size**2 for size in levels_of(s)[1:])], dim=1)
        planes = zip(levels_of(s)[1:], parts[1:], strict=True)
        return {s.coarsest: parts[0]} | {size: part.view(-1, 1, size, size) for size, part in planes}


def _residual(generator: nn.ModuleDict, below: Tensor, noise: Tensor) -> Tensor:
    return generator[str(below.shape[-1])](torch.cat([below, noise], dim=1)).float()


def _by_level(modules: dict[int, nn.Module]) -> nn.ModuleDict:
    return nn.ModuleDict({str(size): module for size, module in modules.items()})
