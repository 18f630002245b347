"""The training loop, for any family: it counts in images seen, and a resumed run repeats it.

Bit for bit on the same device and number of threads; others add up the same numbers in another order.
Each step shows the discriminator a minibatch of real and one of generated images, improves the generator
against it, and moves the averaged generator a little its way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from training.batches import RealImages, to_bytes
from training.checkpoint import Origin, State, checkpoints, keep_newest, save_checkpoint
from training.device import autocast, out_of_memory
from training.display import Show, Tick
from training.errors import UserError
from training.grid import save_grid
from training.metrics import Metrics
from training.networks import Family, Stage

SAMPLES = "samples"
GRID_IMAGES = 36


def seeds_of(seed: int) -> tuple[int, int, int]:
    """Independent seeds for the first weights, the noise of training, and the sample grids' latents."""
    first, noise, grid = np.random.SeedSequence(seed).generate_state(3, np.uint64)
    return int(first), int(noise), int(grid)


@dataclass
class Trainer:
    """One training: whose, on which images, and the folder ``run`` that it writes to."""

    family: Family
    state: State
    reals: RealImages
    origin: Origin
    run: Path
    device: torch.device
    precision: torch.dtype

    def train(self, show: Show, stop: Callable[[], bool] = lambda: False) -> None:
        """Train to the settings' length, or until ``stop`` says so; either way end with a checkpoint.

        Raises ``UserError`` when a loss is no longer a finite number or the device runs out of memory.
        """
        state, settings = self.state, self.family.settings
        metrics = Metrics(self.run, state.images_seen, settings.images)
        while state.images_seen < settings.images:
            stage = self.family.stage(state.images_seen)
            if stage.phase != state.phase:
                state.restart_optimisers(settings)
                state.phase = stage.phase
            before = state.images_seen
            metrics.add(*self._step(stage))
            state.images_seen += stage.minibatch

            last = state.images_seen >= settings.images or stop()
            draw = last or _passed(settings.grid_every, before, state.images_seen)
            save = last or _passed(settings.checkpoint_every, before, state.images_seen)
            if draw or save or metrics.due():
                self._report(metrics, stage, show)
            if draw:
                self._draw_grid(stage)
            if save:
                save_checkpoint(self.run, state, self.origin, stage)
                keep_newest(self.run, settings.keep_checkpoints)
            if last:
                break

    def _step(self, stage: Stage) -> tuple[Tensor, Tensor]:
        """One step of the discriminator, the generator and its average; return the two losses."""
        state, family = self.state, self.family
        try:
            reals = self.reals.batch(state.images_seen, stage.minibatch, stage.resolution).to(self.device)
            with torch.no_grad():
                fakes = self._fakes(stage)
            with autocast(self.device, self.precision):
                critic_loss = family.discriminator_loss(state.discriminator, reals, fakes, stage, state.rng)
            _minimise(critic_loss, state.discriminator_optimiser)

            # The discriminator only passes the gradient on here; its own would be thrown away.
            state.discriminator.requires_grad_(False)
            fakes = self._fakes(stage)
            with autocast(self.device, self.precision):
                loss = family.generator_loss(state.discriminator, fakes, stage)
            _minimise(loss, state.generator_optimiser)
            state.discriminator.requires_grad_(True)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise UserError(
                f"out of memory on {self.device} at {stage.resolution}x{stage.resolution} with a minibatch "
                f"of {stage.minibatch}. Start a new run with --set minibatch.{stage.resolution}="
                f"{max(1, stage.minibatch // 2)}, or with fewer feature maps."
            ) from error
        self._average(stage)
        return critic_loss, loss

    def _fakes(self, stage: Stage) -> Tensor:
        latents = self.family.latents(stage.minibatch, self.state.rng).to(self.device)
        with autocast(self.device, self.precision):
            return self.family.images(self.state.generator, latents, stage)

    @torch.no_grad()
    def _average(self, stage: Stage) -> None:
        """Move the averaged generator's weights towards the generator's: an exponential moving average."""
        settings, state = self.family.settings, self.state
        seen = state.images_seen + stage.minibatch
        half_life = min(settings.ema_half_life, settings.ema_warm_up * seen)
        share = 1 - 0.5 ** (stage.minibatch / half_life)
        for average, weight in zip(state.ema.parameters(), state.generator.parameters(), strict=True):
            average.lerp_(weight, share)
        for average, buffer in zip(state.ema.buffers(), state.generator.buffers(), strict=True):
            average.copy_(buffer)

    def _draw_grid(self, stage: Stage) -> None:
        """Write what the averaged generator makes of the same latents each time."""
        rng = torch.Generator().manual_seed(seeds_of(self.origin.seed)[2])
        latents = self.family.latents(GRID_IMAGES, rng).to(self.device)
        with torch.no_grad():
            images = to_bytes(self.family.images(self.state.ema, latents, stage))
        path = self.run / SAMPLES / f"{self.state.images_seen:09d}.png"
        save_grid(path, images, side=self.family.settings.resolution)

    def _report(self, metrics: Metrics, stage: Stage, show: Show) -> None:
        """Show and write the losses; raise ``UserError`` if they are no longer finite numbers."""
        seen = self.state.images_seen
        losses, speed = metrics.read(seen)
        if not np.isfinite(losses).all():
            saved = checkpoints(self.run)
            last = f"the last good checkpoint is {saved[0]}" if saved else "there is no checkpoint yet"
            raise UserError(
                f"the losses are no longer finite numbers (discriminator {losses[0]}, generator {losses[1]}) "
                f"after {seen} images, in {stage.phase!r}; {last}. Resumed, it would meet the same step "
                "again: start a new run with a lower --set generator_rate and discriminator_rate, or with "
                "--set precision=float32."
            )
        show(Tick(stage, seen, self.family.settings.images, speed, *losses))
        self.state.metrics = metrics.write(stage, seen) or self.state.metrics


def _minimise(loss: Tensor, optimiser: Optimizer) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


def _passed(every: int, before: int, after: int) -> bool:
    return before // every != after // every
