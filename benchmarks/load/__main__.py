"""The table of ``make bench-serving``: steps a second and how long each took, beside a bare insert.

A step is an answer (with the viewing that goes with it) sent, stored durably and acknowledged. Client, server
and database share this machine's cores. Figures are of one machine at one moment: quote ratios.

Example: python -m benchmarks.load --seconds 3 --raters 1 64
"""

import argparse
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.load.installation import Installation, installations

RATERS = (1, 16, 64, 256, 1000)
OURS, BARE = ("backend.cli", "serve"), ("benchmarks.load.bare",)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement [default: 5]")
    parser.add_argument("--raters", type=int, nargs="+", default=RATERS, help="[default: 1 16 64 256 1000]")
    parser.add_argument("--databases", nargs="+", default=["SQLite", "PostgreSQL"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, installations(Path(folder), max(asked.raters)) as found:
        for name in asked.databases:
            measure(name, found[name], asked.raters, asked.seconds)


def measure(name: str, installation: Installation, counts: list[int], seconds: float) -> None:
    """One database: ours and the bare insert in turn."""
    print(
        f"\n{name}\nraters   ours/s   bare/s  ratio   p50 ms   p95 ms   p99 ms   most ms  errors  memory MB"
    )
    began = time.perf_counter()
    with installation.serving(*OURS) as (ours, process), installation.serving(*BARE) as (bare, _):
        print(f"  idle: {memory(process):.0f} MB, {time.perf_counter() - began:.2f} s to start both")
        installation.load(ours, 1, 0.5, bare=False)
        for count in counts:
            mine = installation.load(ours, count, seconds, bare=False)
            theirs = installation.load(bare, count, seconds, bare=True)
            print(line(count, mine, theirs, memory(process)), flush=True)
            for problem in sorted(set(mine["errors"] + theirs["errors"]))[:3]:
                print(f"    {problem}")


def line(raters: int, mine: dict, theirs: dict, megabytes: float) -> str:
    """One line of the table."""
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
