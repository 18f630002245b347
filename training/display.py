"""What a training shows while it runs: a live line on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from training.networks import Stage
from training.progress import LOG_INTERVAL_S


@dataclass(frozen=True)
class Tick:
    """A training's state as shown: losses are the last step's, ``speed`` in images/s over the last tick."""

    stage: Stage
    images_seen: int
    total: int
    speed: float
    discriminator_loss: float
    generator_loss: float

    @property
    def place(self) -> str:
        """Where the training is."""
        fading = f" alpha {self.stage.alpha:.2f}" if self.stage.alpha < 1 else ""
        return f"{self.stage.phase}{fading}: {self.images_seen}/{self.total} images"

    @property
    def pace(self) -> str:
        """How fast and how well it goes."""
        losses = f"D {self.discriminator_loss:.3g}, G {self.generator_loss:.3g}"
        return f"{self.speed:,.0f} images/s, {losses}, {self.time_left()} left at this speed"

    def time_left(self) -> str:
        """Hours, minutes and seconds to the end, were every image as fast as the last."""
        seconds = round((self.total - self.images_seen) / max(self.speed, 1e-9))
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


Show = Callable[[Tick], None]


@contextmanager
def training_display() -> Iterator[Show]:
    """Yield what shows a tick, on stderr."""
    console = Console(stderr=True)
    if console.is_terminal:
        with Progress(TextColumn("{task.description}"), BarColumn(bar_width=20), console=console) as bar:
            task = bar.add_task("starting", total=None)
            # On two lines, so that it fits a terminal of 80 columns.
            yield lambda tick: bar.update(
                task,
                description=f"{tick.place}\n{tick.pace}",
                total=tick.total,
                completed=tick.images_seen,
            )
    else:
        yield _log_lines()


def _log_lines() -> Show:
    last = 0.0

    def show(tick: Tick) -> None:
        nonlocal last
        now = time.monotonic()
        if tick.images_seen >= tick.total or now - last >= LOG_INTERVAL_S:
            last = now
            print(f"{tick.place}, {tick.pace}", file=sys.stderr, flush=True)

    return show
