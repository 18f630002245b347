"""The training loop, for any family: it counts in images seen, and a resumed run repeats it.

Bit for bit on CPUs, with the same number of threads and processes; otherwise the same numbers are added up in
another order.
Each step shows the discriminator a minibatch of real and one of generated images, improves the generator
against it, and moves the averaged generator a little its way.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from training.batches import RealImages
from training.checkpoint import checkpoints, keep_the_best, save_checkpoint
from training.device import autocast, memory_wanted, out_of_memory
from training.display import Show, Tick
from training.distributed import ONE, Loss, Processes
from training.draws import Draws
from training.errors import NotWritten, UserError
from training.networks import Family, Stage
from training.state import Origin, State
from training.watch import Watch

T = TypeVar("T")


def seeds_of(seed: int) -> tuple[int, int, int]:
    """Independent seeds for the first weights, the noise of training, and what is drawn to look at."""
    first, noise, watched = np.random.SeedSequence(seed).generate_state(3, np.uint64)
    return int(first), int(noise), int(watched)


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
    processes: Processes = ONE

    def train(self, show: Show, stop: Callable[[], bool] = lambda: False) -> None:
        """Train to the settings' length, or until ``stop`` says so; either way end with a checkpoint.

        Raises ``UserError`` when a loss is no longer a finite number or explodes, the device runs out of
        memory, or the disk is full.
        """
        state, settings = self.state, self.family.settings
        losses_of = self.losses()
        with self._room(), self._watch() if self.processes.leads else nullcontext() as watch:
            while state.images_seen < settings.images:
                stage = self.family.stage(state.images_seen)
                if stage.phase != state.phase:
                    state.restart_optimisers(settings)
                    state.phase = stage.phase
                losses = self.processes.mean(self.step(stage, *losses_of))
                before, state.images_seen = state.images_seen, state.images_seen + stage.minibatch
                last = self.processes.any(stop()) or state.images_seen >= settings.images
                if watch:
                    self._after(watch, stage, before, losses, show, last=last)
                if last:
                    break

    def losses(self) -> tuple[nn.Module, nn.Module]:
        """What the discriminator and what the generator minimise, for ``step``."""
        return (
            self._sharing(self.state.discriminator, self.family.discriminator_loss),
            self._sharing(self.state.generator, self.family.generator_loss),
        )

    def _sharing(self, trained: nn.Module, loss: Callable[..., Tensor]) -> nn.Module:
        state = self.state
        return self.processes.sharing(
            Loss(trained, lambda *rest: loss(state.generator, state.discriminator, *rest))
        )

    def _watch(self) -> Watch:
        seed = seeds_of(self.origin.seed)[2]
        return Watch(self.run, self.family, self.state, self.reals, self.device, seed)

    def step(self, stage: Stage, critic: nn.Module, artist: nn.Module) -> Tensor:
        """One step of the discriminator, the generator and its average; return the two losses, (2,)."""
        state = self.state
        draws = Draws(state.rng, self.processes.share)
        with self._fitting(stage):
            reals = self.reals.batch(state.images_seen, stage.minibatch, stage.resolution)
            with autocast(self.device, self.precision):
                critic_loss = critic(reals, draws, stage)
            _minimise(critic_loss, state.discriminator_optimiser)

            # The discriminator only passes the gradient on here; its own would be thrown away.
            state.discriminator.requires_grad_(False)
            with autocast(self.device, self.precision):
                loss = artist(reals, draws, stage)
            _minimise(loss, state.generator_optimiser)
            state.discriminator.requires_grad_(True)
        self.average(stage)
        return torch.stack([critic_loss.detach(), loss.detach()]).float()

    @torch.no_grad()
    def average(self, stage: Stage) -> None:
        """Move the averaged generator's weights towards the generator's: an exponential moving average."""
        settings, state = self.family.settings, self.state
        kept = settings.ema_decay
        if settings.ema_warm_up:
            seen = state.images_seen + stage.minibatch
            kept = min(kept, 0.5 ** (stage.minibatch / (settings.ema_warm_up * seen)))
        for average, weight in zip(state.ema.parameters(), state.generator.parameters(), strict=True):
            average.lerp_(weight, 1 - kept)
        for average, buffer in zip(state.ema.buffers(), state.generator.buffers(), strict=True):
            average.copy_(buffer)

    def _after(
        self, watch: Watch, stage: Stage, before: int, losses: Tensor, show: Show, *, last: bool
    ) -> None:
        """Show, measure, draw and save what is due after a step."""
        settings, seen = self.family.settings, self.state.images_seen

        def due(every: int) -> bool:
            return bool(every) and (seen >= settings.images or before // every != seen // every)

        watch.add(losses)
        draw, save = last or due(settings.grid_every), last or due(settings.checkpoint_every)
        measure = due(settings.swd_every)
        if watch.due() or draw or save or measure:
            self._report(watch, stage, show)
        try:
            best = measure and self._looked(stage, watch.measure)
            if draw:
                self._looked(stage, watch.draw_grid)
        except UserError:
            self._save(stage)  # what was trained does not go with what could not be looked at
            raise
        if save or best:
            self._save(stage)

    def _looked(self, stage: Stage, look: Callable[[Stage], T]) -> T:
        with self._fitting(stage):
            return look(stage)

    @contextmanager
    def _fitting(self, stage: Stage) -> Iterator[None]:
        """Say what to lower where the block runs out of memory."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            lower = f"minibatch.{stage.resolution}={max(1, stage.minibatch // 2)}"
            raise UserError(
                f"out of memory on {self.device} at {stage.resolution}x{stage.resolution} with a minibatch "
                f"of {stage.minibatch}{memory_wanted(error, self.device)}. Start a new run with --set "
                f"{lower}, or with a lower {self.family.widths}."
            ) from error

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Say how to go on where the block cannot write."""
        try:
            yield
        except NotWritten as error:
            raise UserError(
                f"{error} The training stopped after {self.state.images_seen} images; {self._good()}. "
                "Make room on the disk, or write fewer checkpoints (--set checkpoint_every, "
                "keep_checkpoints), and --resume."
            ) from error

    def _report(self, watch: Watch, stage: Stage, show: Show) -> None:
        """Show and write the losses; raise ``UserError`` if they are no longer numbers, or too large."""
        losses, speed = watch.read()
        if not np.isfinite(losses).all():
            self._broken(stage, "the losses are no longer finite numbers", losses)
        if np.abs(losses).max() > self.family.settings.loss_limit:
            limit = f"the losses have exploded beyond loss_limit = {self.family.settings.loss_limit:g}"
            self._broken(stage, limit, losses)
        watch.write(stage)
        show(Tick(stage, self.state.images_seen, self.family.settings.images, speed, *losses))

    def _save(self, stage: Stage) -> None:
        if not self.state.finite():
            self._broken(stage, "some weights are no longer finite numbers", None)
        save_checkpoint(self.run, self.state, self.origin, stage)
        keep_the_best(self.run, self.state, self.family.settings.keep_checkpoints)

    def _broken(self, stage: Stage, what: str, losses: tuple[float, float] | None) -> NoReturn:
        shown = f" (discriminator {losses[0]:.6g}, generator {losses[1]:.6g})" if losses else ""
        precise = "" if self.precision == torch.float32 else ", or with --set precision=float32"
        raise UserError(
            f"{what}{shown} after {self.state.images_seen} images, in {stage.phase!r}; {self._good()}. "
            "Resumed, it would meet the same step again: start a new run with a lower --set generator_rate "
            f"and discriminator_rate{precise}."
        )

    def _good(self) -> str:
        saved = checkpoints(self.run)
        return f"the last good checkpoint is {saved[0]}" if saved else "there is no checkpoint yet"


def _minimise(loss: Tensor, optimiser: Optimizer) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
