"""Acknowledged means committed: servers are killed under load, and every answer is there once."""

import itertools
import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit

import pytest
import sqlalchemy as sa

from backend.database import ratings
from backend.database.sessions import Database
from backend.database.tables import Presentation, Rating, Viewing
from backend.settings import Settings
from backend.storage import ImageStore
from backend.studies.consent import begin, told
from backend.studies.invitations import admit, invite
from backend.studies.lifecycle import create_study
from backend.studies.mixes import import_mix
from tests.browser.serving import launch

IMAGES, KILLS = 80, 3
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
LONGEST_SECONDS = 120


class Servers:
    """Real server processes on one database, each at an address of its own that it keeps."""

    def __init__(self, settings, log, count):
        self.settings, self.log = settings, log
        self.running = [launch(settings, log) for _ in range(count)]

    def addresses(self):
        return [urlsplit(address).netloc for _, address in self.running]

    def kill(self, which):
        """SIGKILL, and start anew."""
        process, address = self.running[which]
        process.kill()
        process.wait(timeout=20)
        self.running[which] = launch(self.settings, self.log, port=urlsplit(address).port)

    def stop(self):
        for process, _ in self.running:
            process.terminate()
        for process, _ in self.running:
            process.wait(timeout=30)


@dataclass
class Browser:
    """Answers some of a rater's images, and sends each answer until it is acknowledged, as a script does."""

    name: str
    token: str
    keys: dict[int, str]
    addresses: list[str]
    over: threading.Event
    by_form: bool = False
    acknowledged: list[str] = field(default_factory=list)
    viewed: list[str] = field(default_factory=list)
    current: dict[int, str] = field(default_factory=dict)
    failed: int = 0

    def run(self):
        self.random = random.Random(self.name)
        self.turns = itertools.cycle(self.addresses)
        self.deadline = time.monotonic() + LONGEST_SECONDS
        for number in itertools.takewhile(lambda _: not self.over.is_set(), itertools.count()):
            (self._send_form if self.by_form else self._send_batch)(number)
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
            except (OSError, HTTPException):
                pass
            finally:
                connection.close()
            self.failed += 1
            time.sleep(0.05)
        raise AssertionError("the servers did not come back")


@pytest.fixture
def study(request, make_url, make_mix, tmp_path):
    """Three raters who have agreed: settings, tokens and the keys of their images."""
    settings = Settings(data_dir=tmp_path / "data", database_url=make_url(request.param))
    database = Database(settings.database)
    mix = import_mix(database, ImageStore(settings.images_dir), make_mix(50, 30)).mix
    with database.write() as session:
        made = create_study(session, mix.id, "Skin", seed="seed")
        tokens = [one.token for one in invite(session, made.id, "ED", 3)]
        for token in tokens:
            rater = admit(session, token)
            begin(session, token, told(rater.study, "en", str), form={})
        keys = [[step.key for step in ratings.steps(session, admit(session, token).id)] for token in tokens]
    database.close()
    return settings, tokens, [dict(enumerate(one, start=1)) for one in keys]


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


@pytest.mark.parametrize(("study", "count"), [("sqlite", 1), ("postgresql", 2)], indirect=["study"])
def test_no_acknowledged_answer_is_lost_and_none_is_doubled(study, count, tmp_path):
    settings, tokens, keys = study
    servers, over, moments = (
        Servers(settings, tmp_path / "server.log", count),
        threading.Event(),
        random.Random(7),
    )
    browsers = browsers_of(tokens, keys, servers.addresses(), over)
    with ThreadPoolExecutor(len(browsers)) as pool:
        running = [pool.submit(one.run) for one in browsers]
        try:
            for number in range(KILLS):
                await_more(browsers, running)
                time.sleep(moments.uniform(0, 0.5))
                servers.kill(number % count)
            await_more(browsers, running)
        finally:
            over.set()
            for one in running:
                one.result()
            servers.stop()
    assert sum(one.failed for one in browsers) >= KILLS  # the killing was felt
    check(settings, tokens, browsers)


def await_more(browsers, running):
    """Until each of the browsers has been acknowledged some more."""
    before = [len(one.acknowledged) for one in browsers]
    while any(len(one.acknowledged) < had + 5 for one, had in zip(browsers, before, strict=True)):
        assert not any(one.done() for one in running), [one.exception() for one in running if one.done()]
        time.sleep(0.01)


def check(settings, tokens, browsers):
    database = Database(settings.database)
    with database.read() as session:
        stored = Counter(session.scalars(sa.select(Rating.submission)))
        viewed = Counter(session.scalars(sa.select(Viewing.submission)))
        steps = {token: ratings.steps(session, admit(session, token).id) for token in tokens}
        shown = session.scalar(sa.select(sa.func.count()).select_from(Presentation))
        if settings.database_url.startswith("sqlite"):
            assert session.scalar(sa.text("PRAGMA integrity_check")) == "ok"
    database.close()
    assert stored == Counter(one for browser in browsers for one in browser.acknowledged)
    assert viewed == Counter(one for browser in browsers for one in browser.viewed)
    assert set(stored.values()) == {1}
    assert shown == IMAGES * len(tokens)
    for browser in browsers:
        held = {step.position: step.answer for step in steps[browser.token]}
        assert {position: held[position] for position in browser.current} == browser.current
