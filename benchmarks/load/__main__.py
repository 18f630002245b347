"""The tables of ``make bench-serving``: steps a second and how long each took, beside a bare insert.

A step is an answer (with the viewing that goes with it) sent, stored durably and acknowledged. Client, server
and database share this machine's cores. Figures are of one machine at one moment: quote ratios.

The first table has few ratings by others in the study, and each number of raters; the others, with more
ratings, 64 raters: the work on an answer must not grow with the study.

Example: python -m benchmarks.load --seconds 3 --raters 1 64 --ratings 1000
"""

import argparse
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from benchmarks.load.installation import Installation, installations

MORE_A_SECOND = 25
"""Raters beside those who rate at once: who has answered all her images is followed by another."""
RATERS, RATINGS = (1, 16, 64, 256, 1000), (1_000, 1_000_000)
AMID = 64
"""Raters in the tables of larger studies."""
OURS, BARE = ("backend.cli", "serve"), ("benchmarks.load.bare",)
HEAD = "raters   ours/s   bare/s  ratio   p50 ms   p95 ms   p99 ms   most ms  errors  memory MB"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement [default: 5]")
    parser.add_argument("--raters", type=int, nargs="+", default=RATERS, help="[default: 1 16 64 256 1000]")
    parser.add_argument("--ratings", type=int, nargs="+", default=RATINGS, help="[default: 1000 1000000]")
    parser.add_argument("--databases", nargs="+", default=["SQLite", "PostgreSQL"])
    asked = parser.parse_args()
    for place, ratings in enumerate(asked.ratings):
        counts = [AMID] if place else asked.raters
        people = sum(counts) + int(MORE_A_SECOND * asked.seconds * (1 + len(counts)))
        with (
            tempfile.TemporaryDirectory() as folder,
            installations(Path(folder), people, ratings) as found,
        ):
            for name in asked.databases:
                print(f"\n{name}, {ratings:,} ratings by others in the study")
                measure(found[name], counts, asked.seconds)


def measure(installation: Installation, counts: list[int], seconds: float) -> None:
    """One database: ours and the bare insert in turn."""
    began = time.perf_counter()
    with installation.serving(*OURS) as (ours, process):
        urllib.request.urlopen(f"http://127.0.0.1:{ours}/admin/login").read()
        print(f"  {time.perf_counter() - began:.2f} s from the start to the first page")
        print(f"  {memory(process):.0f} MB idle\n{HEAD}")
        with installation.serving(*BARE) as (bare, _):
            installation.load(ours, 1, 0.5, bare=False)
            for count in counts:
                mine = installation.load(ours, count, seconds, bare=False)
                theirs = installation.load(bare, count, seconds, bare=True)
                print(line(count, mine, theirs, memory(process)), flush=True)
                for problem in sorted(set(mine["errors"] + theirs["errors"]))[:3]:
                    print(f"    {problem}")


def line(raters: int, mine: dict, theirs: dict, megabytes: float) -> str:
    """One line of a table."""
    times = mine["milliseconds"]
    p50, p95, p99 = (times[min(len(times) - 1, int(share * len(times)))] for share in (0.5, 0.95, 0.99))
    ours, bare = (len(one["milliseconds"]) / one["seconds"] for one in (mine, theirs))
    return (
        f"{raters:6} {ours:8.0f} {bare:8.0f} {ours / bare:6.2f} {p50:8.1f} {p95:8.1f} {p99:8.1f} "
        f"{times[-1]:9.1f} {len(mine['errors']):7} {megabytes:10.0f}"
    )


def memory(process: psutil.Process) -> float:
    """Resident memory of a server and its children, in MB."""
    return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 1e6


if __name__ == "__main__":
    main()
