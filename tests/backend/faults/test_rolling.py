"""Servers are replaced one after the other while raters rate: no error, no gap, no answer lost."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
import sqlalchemy as sa

from backend.database.sessions import Database
from backend.database.tables import Rating
from tests.backend.faults.raters import await_more, browsers_of, check, rating
from tests.backend.faults.releases import LATER, ROOT, run, write_later
from tests.browser.serving import launch

postgresql = pytest.mark.parametrize("study", ["postgresql"], indirect=True)
DELAY = {"DERMVTT_SHUTDOWN_DELAY": "1"}


class Balancer:
    """Spreads requests over the servers that say that they are ready, as a load balancer does."""

    def __init__(self, settings, log):
        self.settings, self.log = settings, log
        self.running, self.gaps, self._turn = {}, 0, 0

    def start(self, code=None, port=0, **more):
        process, address = launch(self.settings, self.log, port, code=code, **more)
        self.running = self.running | {urlsplit(address).netloc: process}
        return urlsplit(address).netloc

    def end(self, address):
        """SIGTERM; returns once the server has ended by itself."""
        self.running[address].terminate()
        assert self.running[address].wait(timeout=30) == 0
        self.running = {one: process for one, process in self.running.items() if one != address}

    def __iter__(self) -> Iterator[str]:
        while True:
            here = list(self.running)
            self._turn += 1
            turns = [here[(self._turn + step) % len(here)] for step in range(len(here))]
            chosen = next((one for one in turns if ready(one)), None)
            self.gaps += chosen is None
            yield chosen or turns[0]


def ready(address):
    try:
        with urlopen(f"http://{address}/readyz", timeout=10) as reply:
            return reply.status == 200
    except OSError:
        return False


@contextmanager
def balanced(settings, log):
    balancer = Balancer(settings, log)
    try:
        yield balancer
    finally:
        for process in balancer.running.values():
            process.kill()
            process.wait()


@postgresql
def test_an_additive_migration_and_a_new_release_without_a_gap(study, tmp_path):
    settings, tokens, keys = study
    later = write_later(tmp_path / "later")
    with balanced(settings, tmp_path / "log") as balancer:
        old = balancer.start(**DELAY)
        browsers = browsers_of(tokens, keys, balancer, threading.Event())
        with rating(browsers) as running:
            await_more(browsers, running)
            migrated = run(later, settings.database_url, "migrate")
            assert migrated.returncode == 0, migrated.stderr
            assert ready(old)
            await_more(browsers, running)
            new = balancer.start(later, **DELAY)
            await_more(browsers, running)
            balancer.end(old)
            await_more(browsers, running)
        again = run(ROOT, settings.database_url, "migrate")  # a server of the old release that starts again
        assert (again.returncode, again.stdout) == (
            0,
            "The schema is later than this program and works with it.\n",
        )
        assert list(balancer.running) == [new]
        balancer.end(new)
    assert balancer.gaps == 0
    assert [one for browser in browsers for one in browser.refusals] == []
    assert all(isinstance(one, ConnectionError) for browser in browsers for one in browser.broken)
    check(settings, tokens, browsers)
    database = Database(settings.database)
    with database.read() as session:
        assert session.scalar(sa.text("SELECT version_num FROM alembic_version")) == LATER
        stored = session.scalar(sa.select(sa.func.count(Rating.id)))
        by_new = session.scalar(sa.text("SELECT count(*) FROM ratings WHERE device = 'later'"))
    database.close()
    assert 0 < by_new < stored


@postgresql
def test_two_servers_are_replaced_one_after_the_other_behind_any_client(study, tmp_path):
    settings, tokens, keys = study
    with balanced(settings, tmp_path / "log") as balancer:
        with ThreadPoolExecutor(2) as pool:
            addresses = list(pool.map(lambda _: balancer.start(), range(2)))
        # Nobody asks whether they are ready: a connection that is refused is made to the other one.
        browsers = browsers_of(tokens, keys, addresses, threading.Event())
        with rating(browsers) as running:
            await_more(browsers, running)
            for address in addresses:
                balancer.end(address)
                await_more(browsers, running)
                balancer.start(port=int(address.rsplit(":", 1)[1]))
                await_more(browsers, running)
        for address in addresses:
            balancer.end(address)
    assert [one for browser in browsers for one in browser.refusals] == []
    broken = [one for browser in browsers for one in browser.broken]
    assert broken  # the end of a server was felt
    assert all(isinstance(one, ConnectionError) for one in broken)
    check(settings, tokens, browsers)
