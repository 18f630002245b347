"""What `make bench-analysis` prints: the analysis' speed beside other packages', and what its intervals hold.

    python -m benchmarks.analysis [--replications 1200] [--seed 0] [--only speed|coverage] [--workers 2]

Speed: medians of several runs with the least and the most, one machine at one moment; compare what one run
has measured, and quote ratios. The values stand beside those of statsmodels and `krippendorff` on the same
data.

Coverage: simulated studies whose truth is known (`benchmarks/coverage`). For each method how often its 95 %
interval holds the truth, or its test rejects at 5 % though there is nothing to find; one rater alone is
counted exactly. A star marks coverage below 92 or above 99 % and sizes above 7 %. The slow methods get a
fourth of the replications, and statsmodels' Bayesian model a fortieth.
"""

import argparse
import os
import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

BUSY = 0.5
"""Load of the machine from which on it is worth a word that others are at work."""


def main() -> None:
    """Print both parts, or one of them."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Example: python -m benchmarks.analysis --only coverage --replications 10000",
    )
    parser.add_argument("--replications", type=int, default=1200, help="studies a cell [1200]")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn [0]")
    parser.add_argument("--only", choices=("speed", "coverage"), help="one part alone")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes [all cores]")
    options = parser.parse_args()
    if options.replications < 1 or options.workers < 1:
        parser.error("--replications and --workers must be at least 1")
    if (load := os.getloadavg()[0]) > BUSY:
        print(f"This machine is busy (load {load:.1f}): it is slower than its own.", file=sys.stderr)
    if options.only != "coverage":
        from benchmarks.analysis_speed import print_speed  # noqa: PLC0415 - imports what it measures

        print_speed(options.seed)
    if options.only != "speed":
        print_coverage(options.replications, options.seed, options.workers)


def print_coverage(replications: int, seed: int, workers: int) -> None:
    """The tables of coverage and size."""
    # One thread a process: threads of the linear algebra would be in each other's way.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    from benchmarks.coverage.run import ONE_RATER, SETTINGS, one_rater, simulate  # noqa: PLC0415
    from benchmarks.coverage.table import markdown  # noqa: PLC0415

    parts = TextColumn("Simulated studies"), BarColumn(), TimeRemainingColumn()
    with Progress(*parts, console=Console(stderr=True)) as display:
        task = display.add_task("studies")
        rows = simulate(
            replications, seed, workers, lambda done, total: display.update(task, completed=done, total=total)
        )
    print("\n## One rater, all outcomes counted\n")
    named = [SETTINGS[setting].name.replace("8 x 80", "80 images") for setting in ONE_RATER]
    print("\n".join(markdown(one_rater(seed), named)))
    error = 100 * (0.05 * 0.95 / replications) ** 0.5
    print(f"## Several raters, {replications:,} studies a cell, seed {seed}\n")
    print(f"Monte Carlo standard error at 5 or 95 %: {error:.2f} percentage points; twice that for mixed")
    print("models, GEE and bootstraps.\n")
    print("\n".join(markdown(rows, [setting.name for setting in SETTINGS])))


if __name__ == "__main__":
    main()
