"""Raters who answer at a real server, whatever happens to it, and what must be true afterwards."""

import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

import sqlalchemy as sa

from backend.database import ratings
from backend.database.sessions import Database
from backend.database.tables import Presentation, Rating, Viewing
from backend.operations.check import findings
from backend.storage import open_store
from backend.studies.invitations import admit

IMAGES = 80
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
LONGEST_SECONDS = 120


@dataclass
class Browser:
    """Answers some of a rater's images, and sends each answer until it is acknowledged, as a script does."""

    name: str
    token: str
    keys: dict[int, str]
    addresses: Iterable[str]
    """Of the servers, in turn."""
    over: threading.Event
    by_form: bool = False
    acknowledged: list[str] = field(default_factory=list)
    viewed: list[str] = field(default_factory=list)
    current: dict[int, str] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    """Seconds until an answer was acknowledged, however often it was sent."""
    failed: int = 0
    refusals: list[tuple[int, str | None, str]] = field(default_factory=list)
    broken: list[Exception] = field(default_factory=list)
    """What became of requests that were not answered at all."""

    def run(self):
        self.random = random.Random(self.name)
        self.turns = itertools.cycle(self.addresses)
        self.deadline = time.monotonic() + LONGEST_SECONDS
        for number in itertools.takewhile(lambda _: not self.over.is_set(), itertools.count()):
            began = time.monotonic()
            (self._send_form if self.by_form else self._send_batch)(number)
            self.took.append(time.monotonic() - began)
            time.sleep(0.02)

    def _answer(self, position):
        # Never the one that holds: that would add nothing.
        given = "real" if self.current.get(position) == "fake" else "fake"
        self.current[position] = given
        return given

    def _send_batch(self, number):
        chosen = self.random.sample(sorted(self.keys), self.random.randint(1, 5))
        made = time.monotonic()
        answers = [
            {"id": f"{self.name}-{number}-{index}", "image": self.keys[one], "answer": self._answer(one)}
            for index, one in enumerate(chosen)
        ]
        viewing = {"id": f"{self.name}-{number}-v", "image": self.keys[chosen[0]], "visible_ms": 812.5}

        def body():
            age = {"age_ms": (time.monotonic() - made) * 1000}
            return json.dumps({"answers": [one | age for one in answers], "viewings": [viewing | age]})

        status, text = self._until_acknowledged(f"/r/{self.token}/answers", body, JSON)
        assert status == 200, text
        reply = json.loads(text)
        assert reply["refused"] == []
        ids = [one["id"] for one in answers]
        assert sorted(reply["saved"]) == sorted([*ids, viewing["id"]])
        self.acknowledged += ids
        self.viewed.append(viewing["id"])

    def _send_form(self, number):
        position = self.random.choice(sorted(self.keys))
        form = {"submission": f"{self.name}-{number}-form", "answer": self._answer(position)}
        status, text = self._until_acknowledged(
            f"/r/{self.token}/rate/{position}", lambda: urlencode(form), FORM
        )
        assert status == 303, text
        self.acknowledged.append(form["submission"])

    def _until_acknowledged(self, path, body, kind):
        while time.monotonic() < self.deadline:
            connection = HTTPConnection(next(self.turns), timeout=15)
            try:
                connection.request("POST", path, body(), {"Content-Type": kind, "Accept": JSON})
                reply = connection.getresponse()
                text = reply.read().decode()
                if reply.status < 500:
                    return reply.status, text
                self.refusals.append((reply.status, reply.getheader("Retry-After"), text))
            except (OSError, HTTPException) as error:
                self.broken.append(error)
            finally:
                connection.close()
            self.failed += 1
            time.sleep(0.05)
        raise AssertionError("the servers did not come back")


def browsers_of(tokens, keys, addresses, over):
    """One rater has two tabs, one has no script."""
    first, second, third = keys
    halves = [{one: first[one] for one in first if one % 2 == odd} for odd in (0, 1)]
    return [
        Browser("tab-one", tokens[0], halves[0], addresses, over),
        Browser("tab-two", tokens[0], halves[1], addresses, over),
        Browser("alone", tokens[1], second, addresses, over),
        Browser("no-script", tokens[2], third, addresses, over, by_form=True),
    ]


@contextmanager
def rating(browsers: list[Browser]) -> Iterator[list[Future]]:
    """All of them answer, until the block ends and each has been acknowledged what she sent last."""
    with ThreadPoolExecutor(len(browsers)) as pool:
        running = [pool.submit(one.run) for one in browsers]
        try:
            yield running
        finally:
            browsers[0].over.set()
        for one in running:
            one.result()


def await_more(browsers, running):
    """Until each of the browsers has been acknowledged some more."""
    before = [len(one.acknowledged) for one in browsers]
    while any(len(one.acknowledged) < had + 5 for one, had in zip(browsers, before, strict=True)):
        assert not any(one.done() for one in running), [one.exception() for one in running if one.done()]
        time.sleep(0.01)


def check(settings, tokens, browsers):
    database = Database(settings.database)
    assert [str(one) for one in findings(database, open_store(settings)) if not one.note] == []
    with database.read() as session:
        stored = Counter(session.scalars(sa.select(Rating.submission)))
        viewed = Counter(session.scalars(sa.select(Viewing.submission)))
        steps = {token: ratings.steps(session, admit(session, token).id) for token in tokens}
        shown = session.scalar(sa.select(sa.func.count()).select_from(Presentation))
    database.close()
    assert stored == Counter(one for browser in browsers for one in browser.acknowledged)
    assert viewed == Counter(one for browser in browsers for one in browser.viewed)
    assert set(stored.values()) == {1}
    assert shown == IMAGES * len(tokens)
    for browser in browsers:
        held = {step.position: step.answer for step in steps[browser.token]}
        assert {position: held[position] for position in browser.current} == browser.current
