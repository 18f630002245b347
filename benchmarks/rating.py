"""What `make bench-rating` prints: how long a rater waits, near the server and over a slow line.

A real server with a study of 50 reals and 30 fakes, a real headless Chromium, and between them a line on this
machine (slow_line.py). All images are rated by key presses, a fifth to a third of a second after the image
before was painted, at moments that have nothing to do with the screen's frames.

From a key press to the next image painted: from the keydown event's ``timeStamp`` to the animation frame
callback of the frame after the one that painted it. That is the first frame that began with the image in the
page, in sight and wholly loaded; only the frame after it shows that it is done. So one to two frames of the
time, of 16.7 ms each at 60 a second, are the display's. Nothing but the page itself asks for frames before.

Durable in: the time from the press to the end of the IndexedDB transaction that wrote the answer, where its
durability was "strict"; before it: for how many answers that was before the next image was painted. The
ratings in the database are counted at the end of each run.

The first image is opened with an empty cache and without a connection: from the beginning of the navigation
to the frame after the one in which the image is painted and the answer buttons take answers. The bytes of the
first view are those of all replies but images, headers included, until a second after that.

Figures of one machine at one moment: compare pairs from one run, and quote ratios.
"""

import argparse
import os
import random
import sqlite3
import statistics
import sys
import tempfile
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, CDPSession, Error, Page, sync_playwright

from benchmarks.serving import IMAGES, Served, serving
from benchmarks.slow_line import HOST, slow_line
from tests.browser.conftest import ARGUMENTS, executable

SIDE = 256
RTTS_MS = (0.0, 40.0)
OPENINGS, OPENING_RTT_MS, OPENING_MBIT_PER_S = 5, 40.0, 20.0
PACE_MS = (200.0, 333.0)
"""From an image painted to the answer: faster than anybody rates, so that little is loaded ahead."""
PATIENCE_MS, REST_MS = 15_000, 1000
BUSY = 0.5
"""Load of the machine from which on it is worth a word that others are at work."""
WATCH = Path(__file__).with_suffix(".js")


@dataclass(frozen=True)
class Trial:
    """One answer: ms from the key press to the next image painted, and to the answer durable, if it was."""

    painted: float
    durable: float | None


@dataclass(frozen=True)
class Opening:
    """One cold start: ms to the first image answerable, and what was loaded beside images."""

    ready: float
    requests: int
    size: int


def main() -> None:
    """Measure and print; exit code 1 where a rating was lost, doubled, or an image did not come."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="Example: python -m benchmarks.rating --rtt 0 40 150"
    )
    parser.add_argument("--rtt", type=float, nargs="+", default=RTTS_MS, help="round trips in ms [0 40]")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of key presses [0]")
    options = parser.parse_args()
    if (load := os.getloadavg()[0]) > BUSY:
        print(
            f"This machine is busy (load {load:.1f}): the figures will be worse than its own.",
            file=sys.stderr,
        )
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), len(options.rtt) + 1, SIDE) as served:
        for token in served.tokens:
            agree(served.port, token)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
            try:
                print_answers(browser, served, options.rtt, options.seed)
                print_openings(browser, served)
            except (Error, UnexpectedError) as error:
                sys.exit(f"error: {str(error).splitlines()[0]}")
            finally:
                browser.close()


class UnexpectedError(Exception):
    """The page did not do what it should; the message says what."""


def print_answers(browser: Browser, served: Served, rtts: list[float], seed: int) -> None:
    """A line for each round trip."""
    print("From a key press to the next image painted")
    heads = ("round trip", "answers", "median", "p95", "max", "durable in", "before it", "in the database")
    print("  ".join(f"{head:>10}" for head in heads))
    for token, rtt in zip(served.tokens, rtts, strict=False):
        before = stored(served.database)
        with slow_line(served.port, rtt) as port:
            trials = rate_all(browser, f"http://{HOST}:{port}/r/{token}", random.Random(seed))
        times = sorted(trial.painted for trial in trials)
        kept = [trial.durable for trial in trials if trial.durable is not None]
        durable = sum(trial.durable is not None and trial.durable <= trial.painted for trial in trials)
        p95 = statistics.quantiles(times, n=20, method="inclusive")[18]
        ratings, images = (now - then for now, then in zip(stored(served.database), before, strict=True))
        shown = (statistics.median(times), p95, times[-1], statistics.median(kept))
        values = [f"{value:.1f} ms" for value in shown]
        cells = [f"{rtt:g} ms", str(IMAGES), *values, f"{durable} of {len(trials)}", f"{ratings} of {IMAGES}"]
        widths = (max(10, len(head)) for head in heads)
        print("  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)), flush=True)
        if (ratings, images) != (IMAGES, IMAGES):
            raise UnexpectedError(
                f"{IMAGES} answers were given; stored are {ratings} ratings of {images} images."
            )


def print_openings(browser: Browser, served: Served) -> None:
    """The first image and the first view's size over a slow line."""
    with slow_line(served.port, OPENING_RTT_MS, OPENING_MBIT_PER_S) as port:
        address = f"http://{HOST}:{port}/r/{served.tokens[-1]}"
        found = [open_cold(browser, address) for _ in range(OPENINGS)]
    ready = [opening.ready for opening in found]
    line = f"{OPENING_MBIT_PER_S:g} Mbit/s, {OPENING_RTT_MS:g} ms round trip"
    print(f"\nOpening the rating page at {line}, empty cache")
    middle, most = statistics.median(ready), max(ready)
    print(f"first image answerable: {middle:.0f} ms (median of {OPENINGS}; max {most:.0f} ms)")
    print(f"without images: {found[0].size / 1000:.1f} kB in {found[0].requests} requests")


def agree(port: int, token: str) -> None:
    """Consent, so that the rating page opens."""
    connection = HTTPConnection(HOST, port)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", f"/r/{token}/start", urlencode({"agree": "yes"}), headers)
    status = connection.getresponse().status
    connection.close()
    if status != 303:
        sys.exit(f"error: the study could not be begun (status {status}).")


def rate_all(browser: Browser, base: str, moments: random.Random) -> list[Trial]:
    """Answer all images; the last has no next one, and leads to the overview."""
    context = browser.new_context(viewport={"width": 1180, "height": 820})
    context.add_init_script(path=WATCH)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{base}/rate/1")
    watched(page, "answerable()", "the first image could not be answered")
    trials = []
    for number in range(IMAGES):
        page.wait_for_timeout(moments.uniform(*PACE_MS))
        page.keyboard.press(moments.choice("rf"))
        if number < IMAGES - 1:
            found = watched(page, f"trial({number})", f"image {number + 2} did not come")
            durable = found["durable"] - found["pressed"] if found["strict"] else None
            trials.append(Trial(found["painted"] - found["pressed"], durable))
    page.wait_for_url("**/review")
    context.close()
    return trials


def open_cold(browser: Browser, base: str) -> Opening:
    """Open the first image in a new, empty browser profile."""
    context = browser.new_context(viewport={"width": 1180, "height": 820})
    context.add_init_script(path=WATCH)
    page = context.new_page()
    sizes = count_bytes(context.new_cdp_session(page))
    page.goto(f"{base}/rate/1", wait_until="commit", timeout=PATIENCE_MS)
    ready = watched(page, "answerable()", "the first image could not be answered")
    page.wait_for_timeout(REST_MS)
    context.close()
    beside = [size for path, size in sizes if "/images/" not in path]
    return Opening(ready, len(beside), sum(beside))


def count_bytes(session: CDPSession) -> list[tuple[str, int]]:
    """Begin to list the path and the bytes, headers included, of each reply."""
    paths: dict[str, str] = {}
    sizes: list[tuple[str, int]] = []
    session.on("Network.requestWillBeSent", lambda e: paths.update({e["requestId"]: e["request"]["url"]}))
    session.on(
        "Network.loadingFinished",
        lambda e: sizes.append((urlsplit(paths[e["requestId"]]).path, e["encodedDataLength"])),
    )
    session.send("Network.enable")
    return sizes


def watched(page: Page, what: str, otherwise: str) -> dict[str, float] | float:
    """What the watching script says, if it does within reason."""
    late = f"new Promise((_, late) => setTimeout(late, {PATIENCE_MS}, new Error('late')))"
    try:
        return page.evaluate(f"Promise.race([benchmark.{what}, {late}])")
    except Error as error:
        raise UnexpectedError(f"{otherwise} within {PATIENCE_MS / 1000:.0f} s.") from error


def stored(database: Path) -> tuple[int, int]:
    """How many ratings there are, and how many presentations have one."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute("SELECT count(*), count(DISTINCT presentation_id) FROM ratings").fetchone()
    finally:
        connection.close()


if __name__ == "__main__":
    main()
