"""What `make bench-training` prints: images/s and peak memory of training steps, in pairs, and of reading.

Each pair is the same architecture as public implementations run it (float32, planes one after another,
upsampling before the convolution, the critic's own gradient computed and thrown away while the generator
learns) and as the trainer runs it, in float32 and in the fastest precision of this machine. Every figure is
a process of its own; the members of a pair take turns. Quote ratios: machines differ, and their moments too.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import MethodType

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.batches import RealImages
from training.device import keep_memory, pick_device, pick_precision, use_threads
from training.draws import Draws
from training.networks import Stage, family_named
from training.networks.layers import EqualizedConv2d, EqualizedUpConv2d, double
from training.state import new_state
from training.trainer import Trainer

CASES = [
    ("pgan", 32, 16),
    ("pgan", 64, 16),
    ("pgan", 128, 8),
    ("pgan", 256, 4),
    ("dcgan", 64, 16),
    ("dcgan", 256, 8),
    ("lapgan", 64, 8),
    ("lapgan", 256, 8),
]
"""Family, resolution and minibatch, all at full width and latent size 128."""
WARM_UP = 1
READ_S = 2.0


def main() -> None:
    """Run what was asked for, all cases without a choice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", choices=["pgan", "dcgan", "lapgan"], help="this family only")
    parser.add_argument("--resolution", type=int, help="this resolution only")
    parser.add_argument("--steps", type=int, default=3, help="steps timed in each process [3]")
    parser.add_argument("--turns", type=int, default=3, help="processes of each kind [3]")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; PyTorch's choice without it")
    parser.add_argument("--one", nargs=4, metavar=("FAMILY", "RESOLUTION", "MINIBATCH", "MODE"))
    options = parser.parse_args()
    if options.one:
        family, resolution, minibatch, mode = options.one
        use_threads(options.threads)
        print(json.dumps(one(family, int(resolution), int(minibatch), mode, options.steps)))
        return
    fastest = str(pick_precision("auto", pick_device("auto"))).removeprefix("torch.")
    modes = ["plain", *dict.fromkeys(["float32", fastest])]
    print(f"{'images/s':24}" + "".join(f"{mode:>26}" for mode in modes) + f"{'reading':>12}")
    for case in CASES:
        if options.family in (None, case[0]) and options.resolution in (None, case[1]):
            pair(*case, modes, options)


def pair(family: str, resolution: int, minibatch: int, modes: list[str], options: argparse.Namespace) -> None:
    """Time one case in all modes, taking turns, and print a line."""
    found: dict[str, list[dict[str, float]]] = {mode: [] for mode in modes}
    for _ in range(options.turns):
        for mode in modes:
            command = [sys.executable, __file__, "--steps", str(options.steps)]
            command += ["--threads", str(options.threads)]
            command += ["--one", family, str(resolution), str(minibatch), mode]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
            found[mode].append(json.loads(done.stdout))
    speed = {mode: statistics.median(run["images_per_s"] for run in runs) for mode, runs in found.items()}
    cells = []
    for mode in modes:
        memory = max(run["peak_mib"] for run in found[mode])
        ratio = "" if mode == "plain" else f" ({speed[mode] / speed['plain']:.2f} x)"
        cells.append(f"{speed[mode]:.2f}{ratio} {memory:6.0f} MiB")
    reading = statistics.median(run["reading"] for runs in found.values() for run in runs)
    name = f"{family} {resolution} x {resolution} ({minibatch})"
    print(f"{name:24}" + "".join(f"{cell:>26}" for cell in cells) + f"{reading:>12,.0f}", flush=True)


def one(name: str, resolution: int, minibatch: int, mode: str, steps: int) -> dict[str, float]:
    """Images/s of training steps, of reading alone, and the peak memory of this process, or of its GPU."""
    kind = family_named(name)
    device = pick_device("auto")
    precision = pick_precision("float32" if mode == "plain" else mode, device)
    growth = {"hold": 0, "fade": 0} if name == "pgan" else {}
    settings = kind.Settings(
        resolution=resolution, images=1 << 40, minibatch=minibatch, tensorboard=False, swd_every=0, **growth
    )
    family = kind(settings)
    state = new_state(family, 0, 0, device)
    pixels = np.random.default_rng(0).integers(0, 256, (256, resolution, resolution, 3), dtype=np.uint8)
    trainer = Trainer(family, state, RealImages(pixels, 0, device=device), None, Path(), device, precision)
    if mode != "plain":
        keep_memory(device)
    step = Plain(trainer) if mode == "plain" else Ours(trainer)
    stage = Stage("hold", resolution, 1.0, minibatch)
    for _ in range(WARM_UP):
        step(stage)
    started = now(device)
    for _ in range(steps):
        step(stage)
    seconds = now(device) - started
    return {
        "images_per_s": steps * minibatch / seconds,
        "peak_mib": peak_mib(device),
        "reading": reading(trainer.reals, stage, device),
    }


class Ours:
    """The trainer's own step."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.losses = trainer.losses()

    def __call__(self, stage: Stage) -> None:
        """Take one step."""
        self.trainer.step(stage, *self.losses)
        self.trainer.state.images_seen += stage.minibatch


class Plain:
    """The same step as public implementations take it."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.state = trainer, trainer.state
        for module in (self.state.generator, self.state.discriminator):
            module.to(memory_format=torch.contiguous_format)
            for layer in module.modules():
                if isinstance(layer, EqualizedConv2d):
                    up = isinstance(layer, EqualizedUpConv2d)
                    layer.forward = MethodType(_double_first if up else _convolve, layer)

    def __call__(self, stage: Stage) -> None:
        """Take one step."""
        trainer, state = self.trainer, self.state
        family, draws = trainer.family, Draws(state.rng)
        reals = trainer.reals.batch(state.images_seen, stage.minibatch, stage.resolution).contiguous()
        networks = state.generator, state.discriminator
        state.discriminator_optimiser.zero_grad()
        family.discriminator_loss(*networks, reals, draws, stage).backward()
        state.discriminator_optimiser.step()
        state.generator_optimiser.zero_grad()
        family.generator_loss(*networks, reals, draws, stage).backward()
        state.generator_optimiser.step()
        trainer.average(stage)
        state.images_seen += stage.minibatch


def _double_first(layer: EqualizedUpConv2d, x: Tensor) -> Tensor:
    return _convolve(layer, double(x))


def _convolve(layer: EqualizedConv2d, x: Tensor) -> Tensor:
    padding = layer.weight.shape[-1] // 2
    return functional.conv2d(x, layer.weight * layer.scale, layer.bias, padding=padding)


def reading(reals: RealImages, stage: Stage, device: torch.device) -> float:
    """Images/s that the input pipeline delivers by itself."""
    seen, started = 0, now(device)
    while (spent := now(device) - started) < READ_S:
        reals.batch(seen, stage.minibatch, stage.resolution)
        seen += stage.minibatch
    return seen / spent


def now(device: torch.device) -> float:
    """The time when all that was asked of the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def peak_mib(device: torch.device) -> float:
    """The most memory that was in use."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


if __name__ == "__main__":
    main()
