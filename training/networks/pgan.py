"""Progressive growing of GANs (Karras et al. 2018), with the authors' networks, schedule and loss."""

import itertools
from typing import ClassVar

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from training.draws import Draws
from training.networks.family import Family, Stage
from training.networks.layers import (
    GROUP,
    HE_GAIN,
    EqualizedConv2d,
    EqualizedLinear,
    EqualizedSpread,
    EqualizedUpConv2d,
    double,
    halve,
    leaky,
    minibatch_stddev,
    pixel_norm,
)
from training.networks.losses import gradient_penalty
from training.settings import SMALLEST, ByResolution, Settings, at

FIRST = 4
"""The resolution that growing starts at."""


def sizes(resolution: int) -> list[int]:
    """The resolutions on the way: 4, 8, ..., ``resolution``."""
    return [2**power for power in range(2, resolution.bit_length())]


def feature_maps(resolution: int, base: int, most: int) -> int:
    """Feature maps at a resolution: min(base / 2^stage, most), where 4 x 4 is stage 1 (Table 2)."""
    return max(1, min(base * 2 // resolution, most))


class PganSettings(Settings):
    """Progressive growing on top: ``hold`` and ``fade`` are the lengths of its phases at each resolution.

    ``images`` ends the training; the last resolution is held until then. Feature maps at stage s are
    min(fmap_base / 2^s, fmap_max); the paper's full width is 8192 and 512.
    """

    hold: ByResolution = Field(default={SMALLEST: 600_000})
    fade: ByResolution = Field(default={SMALLEST: 600_000})
    fmap_base: int = Field(default=8192, gt=0, le=2**20)
    fmap_max: int = Field(default=512, gt=0, le=8192)
    penalty_weight: float = Field(default=10.0, ge=0)
    drift_weight: float = Field(default=0.001, ge=0)

    @model_validator(mode="after")
    def _long_enough(self) -> "PganSettings":
        size, grown = SMALLEST, 0
        while size < self.resolution:
            grown += at(self.hold, size) + at(self.fade, size * 2)
            size *= 2
        if self.images <= grown:
            raise ValueError(
                f"images = {self.images} ends before {size}x{size} is faded in, at {grown} images"
            )
        return self


class GeneratorBlock(nn.Module):
    """Double the resolution, then two 3 x 3 convolutions, each with pixelwise normalisation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = EqualizedUpConv2d(inputs, outputs)
        self.conv2 = EqualizedConv2d(outputs, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, R, R) to (N, outputs, 2R, 2R)."""
        x = pixel_norm(leaky(self.conv1(x)))
        return pixel_norm(leaky(self.conv2(x)))


class DiscriminatorBlock(nn.Module):
    """Two 3 x 3 convolutions, then half the resolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = EqualizedConv2d(inputs, inputs, 3)
        self.conv2 = EqualizedConv2d(inputs, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, 2R, 2R) to (N, outputs, R, R)."""
        return halve(leaky(self.conv2(leaky(self.conv1(x)))))


class Generator(nn.Module):
    """Latents to images, at any of its resolutions, the newest faded in by ``alpha`` (Figure 2)."""

    def __init__(self, resolution: int, latent_size: int, base: int, most: int) -> None:
        super().__init__()
        widths = [feature_maps(size, base, most) for size in sizes(resolution)]
        # The authors' gain: the first layer's input is one pixel, its output sixteen.
        self.first = EqualizedSpread(latent_size, widths[0], FIRST, gain=HE_GAIN / 4)
        self.conv = EqualizedConv2d(widths[0], widths[0], 3)
        self.blocks = nn.ModuleList(
            GeneratorBlock(inputs, outputs) for inputs, outputs in itertools.pairwise(widths)
        )
        self.to_rgb = nn.ModuleList(EqualizedConv2d(width, 3, 1, gain=1.0) for width in widths)

    def forward(self, latents: Tensor, resolution: int, alpha: float = 1.0) -> Tensor:
        """Map latents (N, latent_size) to images (N, 3, resolution, resolution)."""
        depth = sizes(resolution).index(resolution)
        x = pixel_norm(leaky(self.first(pixel_norm(latents))))
        x = pixel_norm(leaky(self.conv(x)))
        below = x
        for block in self.blocks[:depth]:
            below, x = x, block(x)
        images = self.to_rgb[depth](x)
        if depth and alpha < 1:
            images = torch.lerp(double(self.to_rgb[depth - 1](below)), images, alpha)
        return images.float()


class Discriminator(nn.Module):
    """The critic: images of any of its resolutions to one score each; a mirror image of the generator."""

    def __init__(self, resolution: int, base: int, most: int) -> None:
        super().__init__()
        widths = [feature_maps(size, base, most) for size in sizes(resolution)]
        self.from_rgb = nn.ModuleList(EqualizedConv2d(3, width, 1) for width in widths)
        self.blocks = nn.ModuleList(
            DiscriminatorBlock(inputs, outputs) for outputs, inputs in itertools.pairwise(widths)
        )
        self.conv = EqualizedConv2d(widths[0] + 1, widths[0], 3)
        last = feature_maps(FIRST // 2, base, most)
        self.dense = EqualizedLinear(widths[0] * FIRST**2, last)
        self.score = EqualizedLinear(last, 1, gain=1.0)

    def forward(self, images: Tensor, alpha: float = 1.0) -> Tensor:
        """Map images (N, 3, R, R) to scores (N,)."""
        depth = sizes(images.shape[-1]).index(images.shape[-1])
        x = leaky(self.from_rgb[depth](images))
        for level in range(depth, 0, -1):
            x = self.blocks[level - 1](x)
            if level == depth and alpha < 1:
                x = torch.lerp(leaky(self.from_rgb[depth - 1](halve(images))), x, alpha)
        x = leaky(self.conv(minibatch_stddev(x)))
        x = leaky(self.dense(x.flatten(1)))
        return self.score(x).flatten().float()


def fade(reals: Tensor, alpha: float) -> Tensor:
    """Real images as blurred as the generator's while a resolution is faded in (Figure 2)."""
    return torch.lerp(double(halve(reals)), reals, alpha) if alpha < 1 else reals


class PGAN(Family):
    """WGAN-GP on images that grow from 4 x 4 to the full resolution, one doubling at a time."""

    name: ClassVar[str] = "pgan"
    widths: ClassVar[str] = "fmap_base and fmap_max"
    Settings: ClassVar[type[PganSettings]] = PganSettings
    settings: PganSettings
    comparing: ClassVar[int] = GROUP

    def generator(self) -> Generator:
        """A new generator for the settings' resolution and width."""
        s = self.settings
        return Generator(s.resolution, s.latent_size, s.fmap_base, s.fmap_max)

    def discriminator(self) -> Discriminator:
        """A new critic for the settings' resolution and width."""
        s = self.settings
        return Discriminator(s.resolution, s.fmap_base, s.fmap_max)

    def stage(self, images_seen: int) -> Stage:
        """Hold 4 x 4, then fade in and hold each resolution; the last is held to the end."""
        s = self.settings
        start = 0
        for size in sizes(s.resolution):
            faded = start + (at(s.fade, size) if size > FIRST else 0)
            minibatch = at(s.minibatch, size)
            if images_seen < faded:
                # Measured at the step's end: alpha is never 0, and a new layer learns from its first step.
                alpha = min(1.0, (images_seen - start + minibatch) / (faded - start))
                return Stage(f"fade in {size}x{size}", size, alpha, minibatch)
            start = faded + at(s.hold, size)
            if images_seen < start or size == s.resolution:
                break
        return Stage(f"hold {size}x{size}", size, 1.0, minibatch)

    def images(self, generator: nn.Module, latents: Tensor, stage: Stage) -> Tensor:
        """Images of the latents at the stage's resolution and alpha."""
        return generator(latents, stage.resolution, stage.alpha)

    def discriminator_loss(
        self, generator: nn.Module, discriminator: nn.Module, reals: Tensor, draws: Draws, stage: Stage
    ) -> Tensor:
        """WGAN-GP's critic loss, with a small pull of real scores to zero against drift (appendix A.1)."""
        s = self.settings
        reals = fade(reals, stage.alpha)
        with torch.no_grad():
            fakes = self.fakes(generator, reals, draws, stage)
        real_scores = discriminator(reals, stage.alpha)
        fake_scores = discriminator(fakes, stage.alpha)
        shares = draws.uniform(len(reals))
        penalty = gradient_penalty(discriminator, reals, fakes, shares, alpha=stage.alpha)
        drift = real_scores.square().mean()
        wasserstein = fake_scores.mean() - real_scores.mean()
        return wasserstein + s.penalty_weight * penalty + s.drift_weight * drift

    def generator_loss(
        self, generator: nn.Module, discriminator: nn.Module, reals: Tensor, draws: Draws, stage: Stage
    ) -> Tensor:
        """Minus the critic's mean score of the fakes."""
        return -discriminator(self.fakes(generator, reals, draws, stage), stage.alpha).mean()
