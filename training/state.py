"""A training at one moment, and what it is made of."""

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Annotated, Any

import torch
from pydantic import Field, TypeAdapter, ValidationError
from torch import nn
from torch.optim import Adam

from training.device import enough_memory
from training.networks import Family
from training.settings import Settings

MODULES = ("generator", "ema", "discriminator")
OPTIMISERS = ("generator_optimiser", "discriminator_optimiser")


@dataclass(frozen=True)
class Origin:
    """What a training is made of: two runs of one origin are the same run.

    ``dataset`` is the dataset's content digest, ``where`` selects the images in it that are trained on (all,
    if empty), and ``drawn`` says that its images are phantoms, not photographs.
    """

    family: str
    configuration: dict[str, Any]
    seed: Annotated[int, Field(ge=0)]
    dataset: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    drawn: bool
    where: dict[str, list[str]] = field(default_factory=dict)


def origin_from(document: dict[str, Any]) -> Origin:
    """An origin as JSON holds it; raise pydantic's ``ValidationError`` where it is none."""
    parts = {name: document[name] for name in Origin.__dataclass_fields__ if name in document}
    return TypeAdapter(Origin).validate_json(json.dumps(parts), strict=True)


def first_of(error: ValidationError) -> str:
    """The first thing that is wrong with a document, and where."""
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


@dataclass(frozen=True)
class Best:
    """The best measure of a run so far: mean SWD (x 1000), of which images, and when."""

    images_seen: int
    resolution: int
    swd: float

    def beats(self, other: "Best | None") -> bool:
        """Whether this is better: at a higher resolution, or nearer to the reals at the same one."""
        return other is None or (-self.resolution, self.swd) < (-other.resolution, other.swd)


@dataclass
class State:
    """A training at one moment. ``rng`` draws latents and penalties' mixing shares, on the CPU."""

    generator: nn.Module
    ema: nn.Module
    discriminator: nn.Module
    generator_optimiser: Adam
    discriminator_optimiser: Adam
    rng: torch.Generator
    images_seen: int = 0
    phase: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    best: Best | None = None

    def finite(self) -> bool:
        """Whether all weights are finite numbers."""
        modules = (getattr(self, name) for name in MODULES)
        return all(bool(tensor.isfinite().all()) for module in modules for tensor in module.parameters())

    def restart_optimisers(self, settings: Settings) -> None:
        """Forget the optimisers' moments, as the code of Karras et al. does whenever a phase begins."""
        self.generator_optimiser = _adam(self.generator, settings.generator_rate, settings)
        self.discriminator_optimiser = _adam(self.discriminator, settings.discriminator_rate, settings)


def new_state(family: Family, init_seed: int, rng_seed: int, device: torch.device) -> State:
    """A training that has seen no image yet."""
    settings = family.settings
    with enough_memory(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(init_seed)
        modules = family.generator(), family.discriminator()
        generator, discriminator = (
            module.to(device=device, memory_format=torch.channels_last) for module in modules
        )
    return State(
        generator=generator,
        ema=deepcopy(generator).requires_grad_(False).eval(),
        discriminator=discriminator,
        generator_optimiser=_adam(generator, settings.generator_rate, settings),
        discriminator_optimiser=_adam(discriminator, settings.discriminator_rate, settings),
        rng=torch.Generator().manual_seed(rng_seed),
    )


def _adam(module: nn.Module, rate: float, settings: Settings) -> Adam:
    return Adam(module.parameters(), lr=rate, betas=settings.adam_betas, eps=settings.adam_epsilon)
