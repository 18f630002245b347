"""What is watched while a generator trains: losses, sample grids and SWD, in files and in TensorBoard."""

from pathlib import Path
from statistics import fmean
from types import TracebackType
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from training.batches import RealImages, to_bytes
from training.board import Board
from training.checkpoint import SAMPLES
from training.errors import NotWritten
from training.grid import save_grid, tile
from training.measure.describe import describing
from training.measure.images import ArrayImages
from training.measure.pyramid import SMALLEST
from training.measure.swd import Reference, patches_of
from training.metrics import Metrics
from training.networks import Family, Stage
from training.state import Best, State

GRID_IMAGES = 36
BATCH = 16
"""Images drawn at a time; few, so that drawing needs less memory than training."""


class Watch:
    """Looks on from the process that leads; ``seed`` draws the same latents and reals each time."""

    def __init__(
        self, run: Path, family: Family, state: State, reals: RealImages, device: torch.device, seed: int
    ) -> None:
        self._run, self._family, self._state, self._reals = run, family, state, reals
        self._device, self._seed = device, seed
        settings = family.settings
        self._metrics = Metrics(run, state.images_seen, settings.images)
        self._board = Board(run, state.images_seen, on=settings.tensorboard)
        self._reference: Reference | None = None
        self.add, self.due = self._metrics.add, self._metrics.due

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is waiting; that it could not be is not said over an error that came before."""
        try:
            self._board.close()
        except NotWritten:
            if error is None:
                raise

    def read(self) -> tuple[tuple[float, float], float]:
        """The last losses of discriminator and generator, and the images/s."""
        return self._metrics.read(self._state.images_seen)

    def write(self, stage: Stage) -> None:
        """Write a line of what was read, if one is due."""
        seen = self._state.images_seen
        means = self._metrics.write(stage, seen)
        if means:
            self._state.metrics |= means
            self._board.curves(means | {"resolution": stage.resolution, "alpha": stage.alpha}, seen)

    def draw_grid(self, stage: Stage) -> None:
        """Write what the averaged generator makes of the same latents each time."""
        seen, side = self._state.images_seen, self._family.settings.resolution
        images = self._drawn(GRID_IMAGES, stage)
        save_grid(self._run / SAMPLES / f"{seen:09d}.png", images, side=side)
        self._board.picture(SAMPLES, tile(images, side), seen)

    def measure(self, stage: Stage) -> bool:
        """Measure SWD to the reals at the stage's resolution; return whether it is the best of this run."""
        if stage.resolution < SMALLEST:
            return False
        state, seen = self._state, self._state.images_seen
        count = min(self._family.settings.swd_images, len(self._reals))
        with describing(self._device, patches_of(stage.resolution, count, repeats=1)) as describe:
            if self._reference is None or self._reference.resolution != stage.resolution:
                reals = self._some_reals(count, stage)
                self._reference = Reference(reals, count, self._seed, repeats=1, describe=describe)
            levels = self._reference.distance(self._drawn(count, stage), describe)
        mean = fmean(levels.values())
        state.metrics |= {"swd": {str(level): value for level, value in levels.items()}, "swd_mean": mean}
        self._metrics.note(stage, seen, {"swd": levels, "swd_mean": mean, "swd_images": count})
        curves = {f"swd/{level}": value for level, value in levels.items()}
        self._board.curves(curves | {"swd/mean": mean}, seen)
        measured = Best(seen, stage.resolution, mean)
        if not measured.beats(state.best):
            return False
        state.best = measured
        return True

    def _some_reals(self, count: int, stage: Stage) -> ArrayImages:
        picked = np.random.default_rng(self._seed).choice(len(self._reals), size=count, replace=False)
        return ArrayImages(self._reals.at(np.sort(picked), stage.resolution))

    @torch.no_grad()
    def _drawn(self, count: int, stage: Stage) -> NDArray[np.uint8]:
        latents = self._family.latents(count, torch.Generator().manual_seed(self._seed))
        parts = [
            to_bytes(self._family.images(self._state.ema, part.to(self._device), stage))
            for part in latents.split(min(BATCH, stage.minibatch))
        ]
        return np.concatenate(parts)
