"""All scenarios in all settings, spread over processes; the same numbers for any number of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np

from benchmarks.coverage import agreement, areas, changes, exact, means, models
from benchmarks.coverage.outcomes import Scenario
from benchmarks.coverage.settings import SETTINGS

SCENARIOS: tuple[tuple[Scenario, int], ...] = (
    (means.means, 1),
    (means.groups, 1),
    (means.chance, 1),
    (changes.generators, 1),
    (changes.revisions, 1),
    (changes.order, 1),
    (areas.areas, 1),
    (models.mixed, 4),
    (models.nothing, 4),
    (agreement.beta_binomial, 1),
    (agreement.raters_differ, 1),
    (agreement.resampled, 4),
    (models.bayes, 40),
)
"""Each with what the replications are divided by, the slow ones getting fewer."""
CHUNK = 50
ONE_RATER = (0, 2)
"""Settings that differ for one rater."""


class Cell(NamedTuple):
    """How often a method hit, of the studies where it is defined, and in what share it was not."""

    rate: float
    undefined: float = 0.0


@dataclass(frozen=True)
class Row:
    """A method in each setting; ``None`` where it was not defined in any study."""

    table: str
    method: str
    cells: tuple[Cell | None, ...]


class Job(NamedTuple):
    """Some studies of one scenario in one setting."""

    scenario: int
    setting: int
    chunk: int
    studies: int


Counts = dict[tuple[str, str], np.ndarray]
"""Hits, intervals that are defined, and studies, by table and method."""
Found = dict[tuple[int, int], Counts]
"""The same by scenario and setting."""


def one_rater(seed: int) -> tuple[Row, ...]:
    """What is counted exactly, in the settings of ``ONE_RATER``."""
    found = [exact.one_rater(np.random.default_rng(seed), SETTINGS[setting]) for setting in ONE_RATER]
    return tuple(Row(*key, tuple(Cell(*shares[key]) for shares in found)) for key in found[0])


def simulate(
    replications: int, seed: int, workers: int, progress: Callable[[int, int], object]
) -> tuple[Row, ...]:
    """Every method of every scenario, in the order of the scenarios."""
    jobs = list(_jobs(replications))
    found: Found = {key: {} for key in product(range(len(SCENARIOS)), range(len(SETTINGS)))}
    done, total = 0, sum(job.studies for job in jobs)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(work, job, seed): job for job in jobs}
        for future in as_completed(waiting):
            job = waiting[future]
            counts = found[job.scenario, job.setting]
            for key, numbers in future.result().items():
                counts[key] = counts.get(key, 0) + numbers
            done += job.studies
            progress(done, total)
    return tuple(row for scenario in range(len(SCENARIOS)) for row in _rows(found, scenario))


def work(job: Job, seed: int) -> Counts:
    """Run one job; its random numbers depend on nothing but the seed and what it is."""
    random = np.random.default_rng([seed, job.scenario, job.setting, job.chunk])
    counts: Counts = {}
    for _ in range(job.studies):
        for table, method, hit in SCENARIOS[job.scenario][0](random, SETTINGS[job.setting]):
            numbers = counts.setdefault((table, method), np.zeros(3, dtype=np.int64))
            numbers += (bool(hit), hit is not None, 1)
    return counts


def _jobs(replications: int) -> Iterator[Job]:
    # The slow ones first, so that no process is left with one of them at the end.
    for scenario in sorted(range(len(SCENARIOS)), key=lambda index: -SCENARIOS[index][1]):
        studies = max(replications // SCENARIOS[scenario][1], 1)
        for setting, begun in product(range(len(SETTINGS)), range(0, studies, CHUNK)):
            yield Job(scenario, setting, begun // CHUNK, min(CHUNK, studies - begun))


def _rows(found: Found, scenario: int) -> list[Row]:
    by_setting = [found[scenario, setting] for setting in range(len(SETTINGS))]
    keys = dict.fromkeys(key for counts in by_setting for key in counts)
    return [Row(*key, tuple(_cell(counts.get(key)) for counts in by_setting)) for key in keys]


def _cell(numbers: np.ndarray | None) -> Cell | None:
    if numbers is None or numbers[1] == 0:
        return None
    hits, known, studies = numbers.tolist()
    return Cell(hits / known, 1 - known / studies)
