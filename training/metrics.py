"""A training's losses over time: ``metrics.jsonl``, one line of means an interval."""

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.files import append_line, new_file
from training.networks import Stage

METRICS = "metrics.jsonl"
TICK_S = 0.5
LINES = 1000
"""About how many lines a whole training writes."""


class Metrics:
    """Gathers losses where they were computed, as reading each of them would make a GPU wait for the CPU."""

    def __init__(self, run: Path, images_seen: int, images: int) -> None:
        self._path = run / METRICS
        self._every = max(1, images // LINES)
        self._unread: list[Tensor] = []
        self._read: list[tuple[float, float]] = []
        self._since, self._started = images_seen, time.monotonic()
        self._seen, self._read_at = images_seen, time.monotonic()
        _forget_after(self._path, images_seen)

    def add(self, losses: Tensor) -> None:
        """Gather one step's losses of discriminator and generator, (2,)."""
        self._unread.append(losses)

    def due(self) -> bool:
        """Whether the last reading was long enough ago for another."""
        return time.monotonic() - self._read_at >= TICK_S

    def read(self, images_seen: int) -> tuple[tuple[float, float], float]:
        """The last losses of discriminator and generator, and the images/s since the last reading.

        The losses are not finite if those of any step since then were not.
        """
        fresh = [(row[0], row[1]) for row in torch.stack(self._unread).tolist()]
        self._unread.clear()
        self._read += fresh
        broken = [row for row in fresh if not all(math.isfinite(loss) for loss in row)]
        now = time.monotonic()
        speed = (images_seen - self._seen) / max(now - self._read_at, 1e-9)
        self._seen, self._read_at = images_seen, now
        return (broken or fresh)[-1], speed

    def write(self, stage: Stage, images_seen: int) -> dict[str, float] | None:
        """Append the means since the last line where an interval has passed, and return them."""
        if images_seen // self._every == self._since // self._every or not self._read:
            return None
        now = time.monotonic()
        means = {
            "discriminator_loss": math.fsum(row[0] for row in self._read) / len(self._read),
            "generator_loss": math.fsum(row[1] for row in self._read) / len(self._read),
            "images_per_s": (images_seen - self._since) / max(now - self._started, 1e-9),
        }
        self.note(stage, images_seen, means)
        self._read.clear()
        self._since, self._started = images_seen, now
        return means

    def note(self, stage: Stage, images_seen: int, values: Mapping[str, Any]) -> None:
        """Append a line with these values."""
        place = {
            "images_seen": images_seen,
            "phase": stage.phase,
            "resolution": stage.resolution,
            "alpha": stage.alpha,
        }
        append_line(self._path, json.dumps(place | dict(values)))


def _forget_after(path: Path, images_seen: int) -> None:
    """Drop the lines that a resumed run is about to write again, and a half line that a crash left."""
    if not path.exists():
        return
    kept = [json.dumps(line) + "\n" for line in read_lines(path) if line["images_seen"] <= images_seen]
    with new_file(path) as partial:
        partial.write_text("".join(kept), encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a ``metrics.jsonl``, but for what is half written at this moment or was by a crash."""
    if not path.exists():
        return []
    found = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and isinstance(line.get("images_seen"), int):
            found.append(line)
    return found
