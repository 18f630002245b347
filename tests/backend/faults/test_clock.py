"""The server's clock jumps while a rater answers: what she said last stays what she said."""

import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest
import sqlalchemy as sa

from backend.database import ratings
from backend.database.sessions import Database
from backend.database.tables import Rating
from backend.operations.check import findings
from backend.storage import open_store
from backend.studies.invitations import admit
from tests.backend.faults.raters import FORM, JSON
from tests.browser.serving import launch

# The server reads its clock in all modules by the name `datetime`: there it finds one that a file sets off.
SHIFTED = """
import datetime, pathlib, sys, time
real, real_time, file = datetime.datetime, time.time, pathlib.Path(r'{file}')
class Shifted(real):
    @classmethod
    def now(cls, tz=None):
        return real.now(tz) + datetime.timedelta(seconds=float(file.read_text()))
import backend.app
for name, module in list(sys.modules.items()):
    if name.startswith('backend.') and getattr(module, 'datetime', None) is real:
        module.datetime = Shifted
time.time = lambda: real_time() + float(file.read_text())
"""
HOUR, DAY = 3600, 86_400


@pytest.fixture
def clock(tmp_path):
    """How many seconds the server's clock is wrong."""
    file = tmp_path / "shift"
    file.write_text("0")
    return file


@pytest.fixture
def post(study, clock, tmp_path) -> Iterator:
    settings, _, _ = study
    process, address = launch(settings, tmp_path / "server.log", before=SHIFTED.format(file=clock))

    def send(path: str, body: str, kind: str) -> tuple[int, str]:
        with closing(HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
            connection.request("POST", path, body, {"Content-Type": kind, "Accept": JSON})
            reply = connection.getresponse()
            return reply.status, reply.read().decode()

    yield send
    process.terminate()
    process.wait(timeout=30)


@pytest.mark.parametrize("study", ["sqlite"], indirect=True)
def test_the_last_answer_stays_the_last_whatever_the_clock_does(study, clock, post):
    settings, tokens, keys = study
    shifts = [0, -HOUR, DAY, -DAY, 0]
    answers = ["real", "fake", "real", "fake", "real"]
    before = None
    for number, (shift, answer) in enumerate(zip(shifts, answers, strict=True)):
        clock.write_text(str(shift))
        entry = {"id": f"by-script-{number}", "image": keys[0][1], "answer": answer, "after": before}
        status, text = post(f"/r/{tokens[0]}/answers", json.dumps({"answers": [entry]}), JSON)
        assert status == 200, text
        assert json.loads(text)["saved"] == [entry["id"]]
        assert json.loads(text)["state"]["answers"][0][0] == answer
        before = entry["id"]
        form = urlencode({"answer": answer, "submission": f"by-form-{number}"})
        assert post(f"/r/{tokens[0]}/rate/2", form, FORM)[0] == 303
    # She submits by the clock that is right, after answers of one that was ahead.
    assert post(f"/r/{tokens[0]}/submit", urlencode({"leave_unanswered": "1"}), FORM)[0] == 303
    database = Database(settings.database)
    wrong = [str(one) for one in findings(database, open_store(settings)) if not one.note]
    assert wrong == []
    with database.read() as session:
        held = ratings.steps(session, admit(session, tokens[0]).id)
        rows = list(session.execute(sa.select(Rating.id, Rating.answered_at, Rating.presentation_id)))
    database.close()
    assert [step.answer for step in held[:2]] == ["real", "real"]
    for presentation in {row.presentation_id for row in rows}:
        own = [row for row in rows if row.presentation_id == presentation]
        assert len(own) == len(answers)
        times = [row.answered_at for row in sorted(own, key=lambda row: row.id)]
        assert times == sorted(set(times))
    spread = max(row.answered_at for row in rows) - min(row.answered_at for row in rows)
    assert spread.total_seconds() > HOUR  # the clock did jump
