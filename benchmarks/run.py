"""What `make bench` prints: this machine at preparing, rating and starting; an installation's size.

Figures of one machine at one moment: compare pairs from one run, and quote ratios.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import install
from benchmarks.serving import IMAGES, serving

PHOTOGRAPHS = 400
RATERS = 5


def main() -> None:
    """Run all benchmarks in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        prepare(home)
        rating(home)
    install.main()


def prepare(home: Path) -> None:
    """Images/s of drawing phantoms and of preparing them, with all cores."""
    for what, *command in (
        ("phantom", "phantom", "--out", home / "photos", "--count", PHOTOGRAPHS),
        ("prepare", "prepare", home / "photos", "--out", home / "data"),
    ):
        seconds = timed([sys.executable, "-m", "training.cli", *map(str, command)])
        print(
            f"{what:10} {PHOTOGRAPHS / seconds:8.1f} images/s   ({PHOTOGRAPHS} at 256 x 256, start included)"
        )


def timed(command: list[str]) -> float:
    """Seconds of a whole process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - our own program
    return time.perf_counter() - started


def rating(home: Path) -> None:
    """Milliseconds from an answer sent to an answer stored durably, one rater at a time, over loopback."""
    with serving(home, RATERS) as served:
        milliseconds = sorted(took for token in served.tokens for took in rate_all(served.port, token))
    p99 = milliseconds[round(0.99 * (len(milliseconds) - 1))]
    print(
        f"rating     {1000 / statistics.mean(milliseconds):8.1f} answers/s  "
        f"(SQLite, durable; p50 {statistics.median(milliseconds):.1f} ms, p99 {p99:.1f} ms)"
    )


def rate_all(port: int, token: str) -> list[float]:
    """Answer every image as the rating script does; return each answer's milliseconds."""
    connection = HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}

    def post(path: str, form: dict[str, str]) -> int:
        connection.request("POST", f"/r/{token}{path}", urlencode(form), headers)
        reply = connection.getresponse()
        reply.read()
        return reply.status

    post("/start", {"agree": "yes"})
    taken = []
    for position in range(1, IMAGES + 1):
        started = time.perf_counter()
        status = post(f"/rate/{position}", {"answer": "real", "submission": f"submission-{position}"})
        taken.append((time.perf_counter() - started) * 1000)
        if status != 200:
            raise SystemExit(f"an answer was refused with status {status}")
    connection.close()
    return taken


if __name__ == "__main__":
    main()
