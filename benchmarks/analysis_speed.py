"""How fast the analysis is: agreement of a million ratings, the bootstrap of kappa, and a whole report."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from backend.analysis.agreement import bootstrap_kappa, category_counts
from backend.analysis.agreement.cells import Cell
from backend.analysis.agreement.results import STATISTICS
from backend.analysis.ratings import RatingsTable, write_ratings

Found = TypeVar("Found")
Ratings = NDArray[np.int8]
LARGE, SMALL = (1000, 1000), (8, 80)
MISSING = (0.0, 0.05)
RUNS, MANY, FEW = 5, 15, 3
RESAMPLES = 10_000
MIB = 1024  # KiB, in which Linux tells the peak


@dataclass(frozen=True)
class Times:
    """Seconds of several runs."""

    runs: tuple[float, ...]

    @classmethod
    def of(cls, work: Callable[[], object], runs: int = RUNS) -> "Times":
        """Run it so often, after a first time that does not count."""
        work()
        seconds = []
        for _ in range(runs):
            begun = perf_counter()
            work()
            seconds.append(perf_counter() - begun)
        return cls(tuple(seconds))

    def __str__(self) -> str:
        middle, least, most = median(self.runs), min(self.runs), max(self.runs)
        unit, factor = ("s", 1.0) if middle >= 1 else ("ms", 1e3)
        return f"{middle * factor:.3g} {unit} ({least * factor:.3g} to {most * factor:.3g})"


def print_speed(seed: int) -> None:
    """All of it, as a Markdown table, and the packages beside it."""
    from benchmarks.analysis_packages import print_packages  # noqa: PLC0415 - it builds on this module

    print("| what | goal | median (least to most) |\n|---|---|---|")
    for missing in MISSING:
        times, peak, before = alone(large, missing, seed)
        what = f"all agreement statistics, 1,000 x 1,000, {100 * missing:g} % missing"
        row(what, "1 s, 1 GB", f"{times}; {peak:,.0f} MiB at the most, {before:,.0f} of them before")
    counts = category_counts(drawn(SMALL, 0.0, seed))
    times = Times.of(lambda: bootstrap_kappa(counts, resamples=RESAMPLES, seed=seed), MANY)
    row("10,000 bootstrap resamples of kappa, 8 x 80", "30 ms", times)
    print_packages(seed)
    print("\n| a report of 8 x 80, everything recorded | goal | median (least to most) |\n|---|---|---|")
    for what, goal, work in reports():
        row(what, goal, Times.of(work, FEW))
    print(flush=True)


def row(what: str, goal: str, found: object) -> None:
    """A line of a table, at once."""
    print(f"| {what} | {goal} | {found} |", flush=True)


def alone(work: Callable[..., Found], *arguments: object) -> Found:
    """Run a function in a process of its own, whose peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def drawn(shape: tuple[int, int], missing: float, seed: int) -> Ratings:
    """Ratings (raters, images) with a kappa of about 0.06, some of them missing."""
    random = np.random.default_rng(seed)
    raters, images = shape
    chance = random.beta(9, 6, images) + 0.1 * random.standard_normal((raters, 1))
    ratings = (random.random(shape) < chance).astype(np.int8)
    return np.where(random.random(shape) < missing, np.int8(-1), ratings)


def every_statistic(ratings: Ratings) -> dict[str, float | None]:
    """Value, standard error and interval of all six statistics, as for the report; the values."""
    cell = Cell("all", "all", ratings, np.arange(len(ratings)), int(np.count_nonzero(ratings < 0)))
    found = {name: statistic(cell) for name, statistic in STATISTICS.items()}
    for one in found.values():
        one.interval()
    return {name: one.value for name, one in found.items()}


def large(missing: float, seed: int) -> tuple[Times, float, float]:
    """The time of a million ratings, the peak memory of this process, and that before, in MiB."""
    ratings = drawn(LARGE, missing, seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    times = Times.of(lambda: every_statistic(ratings))
    return times, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB, before


def reports() -> Iterator[tuple[str, str, Callable[[], object]]]:
    """What it takes to analyse and to write a report, in this process and as a command."""
    from backend.analysis.report.results import analyze  # noqa: PLC0415 - slow to import
    from tests.analysis.studies import full_table  # noqa: PLC0415

    table = full_table()
    yield "`analyze`", "", lambda: analyze(table, margin=0.1)
    with tempfile.TemporaryDirectory() as folder:
        home, numbers = Path(folder), count()
        yield "the same, and all but the figures written", "3 s", lambda: without_figures(table)
        ratings = home / "ratings.csv"
        with ratings.open("w", encoding="utf-8", newline="") as stream:
            write_ratings(table, stream)
        command = [sys.executable, "-m", "backend.cli", "analyze", str(ratings), "--margin", "0.1"]
        yield "`dermvtt analyze --json`, from start to end", "", lambda: run(command, "--json")
        yield (
            "`dermvtt analyze --out --latex`, from start to end, all figures",
            "10 s",
            lambda: run(command, "--latex", "--out", str(home / f"report{next(numbers)}")),
        )


def without_figures(table: RatingsTable) -> None:
    """Analyse, and put together JSON, CSV tables, page and LaTeX."""
    from backend.analysis.report import html  # noqa: PLC0415 - slow to import
    from backend.analysis.report.latex import to_latex  # noqa: PLC0415
    from backend.analysis.report.results import analyze  # noqa: PLC0415
    from backend.analysis.report.serial import tables, to_csv, to_json  # noqa: PLC0415
    from backend.analysis.report.views import views  # noqa: PLC0415

    results = analyze(table, margin=0.1)
    texts = {"results.json": to_json(results), "report.html": html.page(results, [])}
    texts |= {f"{name}.csv": to_csv(results, name) for name in tables()}
    texts |= {f"{view.name}.tex": to_latex(view) for view in views(results)}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")


def run(command: list[str], *options: str) -> None:
    """Run a command, which must succeed."""
    subprocess.run(  # noqa: S603 - our own program
        [*command, *options], check=True, capture_output=True, env=os.environ | {"MPLBACKEND": "agg"}
    )
