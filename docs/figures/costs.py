"""What a preset costs, from the networks and the schedule alone: the numbers of ``docs/training.md``.

    python -m docs.figures.costs

Networks are built on torch's meta device, which has shapes but no numbers, so nothing is computed or stored.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from training.draws import Draws
from training.networks import FAMILIES, Family, Stage
from training.settings import load, presets

COUNTED = 4
"""Images in the step that is counted: a whole group of PGAN's minibatch standard deviation."""


@dataclass(frozen=True)
class Cost:
    """What training with a preset takes.

    ``steps`` are updates of each network, ``generator`` and ``discriminator`` their parameters,
    ``checkpoint`` the bytes of one checkpoint's tensors and ``flop`` the floating-point operations of the
    convolutions and matrix products of all steps (a multiplication and an addition are two).
    """

    images: int
    steps: int
    generator: int
    discriminator: int
    checkpoint: int
    flop: float


def family_of(name: str, preset: str) -> Family:
    """The family of this name with a preset's settings."""
    kind = FAMILIES[name]
    return kind(load(kind.Settings, name, preset))


def on_meta(family: Family) -> tuple[nn.Module, nn.Module]:
    """The family's generator and discriminator without numbers in them."""
    with torch.device("meta"):
        return family.generator(), family.discriminator()


def parameters(module: nn.Module) -> int:
    """How many numbers the module learns."""
    return sum(weight.numel() for weight in module.parameters())


def cost(family: Family) -> Cost:
    """Follow the family's schedule to its end and add up what its steps take."""
    generator, discriminator = on_meta(family)
    seen, steps, flop = 0, 0, 0.0
    each: dict[int, float] = {}
    while seen < family.settings.images:
        stage = family.stage(seen)
        count = steps_left(family, seen, stage)
        if stage.resolution not in each:
            each[stage.resolution] = flop_an_image(family, generator, discriminator, stage)
        # Fading in takes two 1 x 1 convolutions more, a few thousandths.
        flop += count * stage.minibatch * each[stage.resolution]
        seen += count * stage.minibatch
        steps += count
    made, judged = parameters(generator), parameters(discriminator)
    # float32: generator, average and discriminator, and Adam's two moments of each weight that is trained.
    return Cost(seen, steps, made, judged, 4 * (4 * made + 3 * judged), flop)


def steps_left(family: Family, seen: int, stage: Stage) -> int:
    """How many steps the stage's phase, or the training, goes on for."""
    images = family.settings.images

    def over(steps: int) -> bool:
        then = seen + steps * stage.minibatch
        return then >= images or family.stage(then).phase != stage.phase

    return 1 + bisect_left(range(1, images + 1), True, key=over)


def flop_an_image(family: Family, generator: nn.Module, discriminator: nn.Module, stage: Stage) -> float:
    """Floating-point operations of one step of both networks, forward and backward, for each real image."""
    reals = torch.empty(COUNTED, 3, stage.resolution, stage.resolution, device="meta")
    draws = Draws(torch.Generator().manual_seed(0))
    with Operations() as counted:
        family.discriminator_loss(generator, discriminator, reals, draws, stage).backward()
        discriminator.requires_grad_(False)
        family.generator_loss(generator, discriminator, reals, draws, stage).backward()
        discriminator.requires_grad_(True)
    return counted.flop / COUNTED


class Operations(TorchDispatchMode):
    """Counts by PyTorch's own formulas; its own counter cannot follow a gradient inside a loss."""

    flop = 0
    """What was counted so far."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        formula = flop_registry.get(func._overloadpacket)
        self.flop += formula(*args, **kwargs, out_val=result) if formula else 0
        return result


if __name__ == "__main__":
    print(
        f"{'preset':17}{'images':>11}{'steps':>10}{'generator':>11}{'discriminator':>15}{'MB':>6}{'Pflop':>10}"
    )
    for name in FAMILIES:
        for preset in presets(name):
            c = cost(family_of(name, preset))
            counts = f"{c.images:>11,}{c.steps:>10,}{c.generator:>11,}{c.discriminator:>15,}"
            print(f"{name + ' ' + preset:17}{counts}{c.checkpoint / 1e6:>6.0f}{c.flop / 1e15:>10.3f}")
