"""One progress display for all long work: a live bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LOG_INTERVAL_S = 5.0

Advance = Callable[[int], None]
"""Tells the display that so many more items are done."""


@contextmanager
def progress(what: str, total: int, unit: str = "images") -> Iterator[Advance]:
    """Show ``what`` advancing to ``total`` on stderr, with the speed in ``unit``/s and the time left."""
    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(console, unit) as bar:
            task = bar.add_task(what, total=total, speed="")
            started = time.monotonic()

            def advance(count: int) -> None:
                bar.advance(task, count)
                done = bar.tasks[task].completed
                bar.update(task, speed=f"{done / max(time.monotonic() - started, 1e-9):,.0f}")

            yield advance
    else:
        yield _log_lines(what, total, unit)


def _bar(console: Console, unit: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]} " + f"{unit}/s"),
        TimeRemainingColumn(),
        console=console,
    )


def _log_lines(what: str, total: int, unit: str) -> Advance:
    started = last = time.monotonic()
    done = 0

    def advance(count: int) -> None:
        nonlocal done, last
        done += count
        now = time.monotonic()
        if done >= total or now - last >= LOG_INTERVAL_S:
            last = now
            speed = done / max(now - started, 1e-9)
            print(f"{what}: {done}/{total} {unit}, {speed:,.0f} {unit}/s", file=sys.stderr, flush=True)

    return advance
