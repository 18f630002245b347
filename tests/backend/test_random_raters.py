"""Two raters do whatever comes into their heads, in any order; a simple model says what must come of it."""

import re

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backend.database.tables import Presentation, Rater, Rating, Viewing
from backend.studies import editing
from backend.studies.invitations import invite
from tests.backend import rater_model as given
from tests.backend.rater_model import IDS, LEVELS, POSITIONS, RUBBISH, WHO, Model


class Raters(RuleBasedStateMachine):
    """Everything that two raters' browsers can send."""

    world = browser = None

    def __init__(self):
        super().__init__()
        with self.world.database.write() as session:
            invited = invite(session, self.world.study.id, "ED", 2)
        self.bases = {who: f"/r/{one.token}" for who, one in zip("AB", invited, strict=True)}
        with self.world.database.read() as session:
            query = sa.select(Rater.id, Rater.name).where(Rater.name.in_([one.name for one in invited]))
            names = {name: identity for identity, name in session.execute(query)}
            self.ids = {who: names[one.name] for who, one in zip("AB", invited, strict=True)}
            order = sa.select(Presentation.key).order_by(Presentation.position)
            self.keys = {
                who: list(session.scalars(order.where(Presentation.rater_id == identity)))
                for who, identity in self.ids.items()
            }
        self.models = {who: Model() for who in "AB"}
        self.rows = {}
        self.start("A", "1", "7,5")

    @rule(
        who=WHO,
        agree=strategies.sampled_from(["1", "yes", ""]),
        years=strategies.one_of(RUBBISH, strategies.just("7,5")),
    )
    def start(self, who, agree, years):
        model = self.models[who]
        reply = self.browser.post(
            f"{self.bases[who]}/start", data={"agree": agree, "q_years": years, "group": years}
        )
        usable = re.fullmatch(r"\s*(7,5|99|)\s*", years)
        taken = bool(agree) and (model.agreed or bool(usable))
        assert reply.status_code == (303 if taken else 422 if agree else 409)
        model.agreed |= taken

    @rule(who=WHO, pages=given.FORMS)
    def answer_by_form(self, who, pages):
        model = self.models[who]
        for position, submission, answer, level in pages:
            form = {"answer": answer, "submission": submission} | ({"confidence": level} if level else {})
            reply = self.browser.post(f"{self.bases[who]}/rate/{position}", data=form)
            # The same page, but another answer: that is a revision, under an id of its own.
            changed = model.known.get((position, submission), (answer, level)) != (answer, level)
            identity = f"form-{next(model.clock)}" if changed else submission
            taken = model.answer(position, identity, answer, level)
            assert reply.status_code == (303 if taken else 409), reply.text

    @rule(who=WHO, position=POSITIONS, spoilt=given.SPOILT)
    def rubbish_by_form(self, who, position, spoilt):
        form = {
            "answer": "real",
            "submission": "submission",
            "confidence": "1",
            "response_ms": "812.5",
        } | spoilt
        position = form.pop("position", position)
        reply = self.browser.post(f"{self.bases[who]}/rate/{position}", data=form)
        assert reply.status_code in {404, 409, 422}

    @rule(who=WHO, entries=given.ENTRIES, bad=given.BAD_ENTRIES)
    def send(self, who, entries, bad):
        model = self.models[who]
        batch = [
            {
                "id": one,
                "image": self.keys[who][position - 1],
                "answer": answer,
                "confidence": level,
                "age_ms": age,
            }
            for position, one, answer, level, age in entries
        ]
        usable = {"id": "bad-entry", "answer": "real", "response_ms": 1.0}
        spoilt = [usable | {"image": self.keys[who][position - 1]} | change for position, change in bad]
        reply = self.browser.post(f"{self.bases[who]}/answers", json={"answers": spoilt + batch})
        if not model.agreed:
            assert reply.status_code in {404, 409}
            return
        assert reply.status_code == 200, reply.text
        taken = {}
        for position, one, answer, level, age in sorted(entries, key=lambda entry: -entry[-1]):
            taken.setdefault(one, []).append(model.answer(position, one, answer, level, old=bool(age)))
        told = reply.json()
        assert sorted(told["saved"]) == sorted(one for one, of in taken.items() for yes in of if yes)
        assert len(told["refused"]) == len(spoilt) + sum(not yes for of in taken.values() for yes in of)

    @rule(
        who=WHO,
        position=POSITIONS,
        identity=IDS,
        milliseconds=strategies.sampled_from([0, 812.5, -1, 1e12, "x"]),
    )
    def look(self, who, position, identity, milliseconds):
        model = self.models[who]
        viewing = {"id": identity, "image": self.keys[who][position - 1], "visible_ms": milliseconds}
        reply = self.browser.post(f"{self.bases[who]}/answers", json={"viewings": [viewing]})
        if model.agreed and milliseconds in {0, 812.5}:
            assert reply.json()["saved"] == [identity]
            model.viewed.add((position, identity))

    @rule(who=WHO, position=POSITIONS, identity=IDS)
    def answer_for_an_image_of_the_other(self, who, position, identity):
        other = self.keys["B" if who == "A" else "A"][position - 1]
        entry = {"id": identity, "image": other, "answer": "real"}
        reply = self.browser.post(f"{self.bases[who]}/answers", json={"answers": [entry]})
        assert reply.status_code in {200, 404, 409}
        if reply.status_code == 200:
            assert reply.json()["saved"] == []

    @precondition(lambda self: len(self.rows) > 25)  # it is the end of her answers
    @rule(who=WHO, leave=strategies.sampled_from(["", "1"]))
    def submit(self, who, leave):
        model = self.models[who]
        reply = self.browser.post(f"{self.bases[who]}/submit", data={"leave_unanswered": leave})
        answered = all(model.current(position)[0] for position in model.given)
        taken = model.agreed and (model.submitted or bool(leave) or answered)
        assert reply.status_code == (303 if taken else 409)
        model.submitted |= taken

    @rule(
        who=WHO,
        page=strategies.sampled_from(given.PAGES),
        name=strategies.sampled_from(["surround", "language", "dermvtt_session", "session", "token"]),
        value=strategies.sampled_from(["", "light", "de", "../..", "x" * 3000, "%00", "{}", "a=b"]),
    )
    def open_with_cookies(self, who, page, name, value):
        reply = self.browser.get(f"{self.bases[who]}{page}", headers={"Cookie": f"{name}={value}"})
        assert reply.status_code in {200, 303, 404}

    @rule(
        who=WHO,
        field=strategies.sampled_from(["surround", "language"]),
        value=RUBBISH,
        to=strategies.one_of(RUBBISH, strategies.sampled_from(["rate/3", "//evil", "rate/3\r\nX: y"])),
    )
    def choose(self, who, field, value, to):
        reply = self.browser.post(f"{self.bases[who]}/{field}", data={field: value, "return_to": to})
        assert reply.status_code in {303, 422}
        if reply.status_code == 303:
            assert re.fullmatch(re.escape(self.bases[who]) + "(/rate/3)?", reply.headers["location"])

    @invariant()
    def what_is_stored_stays_and_nothing_is_added_unasked(self):
        rows = self.stored()
        assert {key: rows.get(key) for key in self.rows} == self.rows
        self.rows = rows
        ratings = sum(len(of) for model in self.models.values() for of in model.given.values())
        viewings = sum(len(model.viewed) for model in self.models.values())
        assert len(rows) == ratings + viewings

    @invariant()
    def each_rater_is_told_her_own_answers_and_no_others(self):
        for who, model in self.models.items():
            reply = self.browser.get(f"{self.bases[who]}/state")
            assert reply.status_code == (200 if model.agreed else 404)
            if model.agreed:
                told = reply.json()
                assert [tuple(one) for one in told["answers"]] == [model.current(one) for one in model.given]
                assert (told["submitted"], told["open"]) == (model.submitted, True)

    def stored(self):
        """Every rating and viewing of the two, whole."""
        with self.world.database.read() as session:
            found = {}
            for table in (Rating, Viewing):
                query = sa.select(table.__table__).join(
                    Presentation, Presentation.id == table.presentation_id
                )
                for row in session.execute(query.where(Presentation.rater_id.in_(self.ids.values()))):
                    found[table.__tablename__, row.id] = tuple(row)
        return found


@pytest.mark.parametrize("settings", ["sqlite", "postgresql"], indirect=True)
def test_whatever_two_raters_do_the_answers_are_theirs_and_none_is_lost(world, browser, settings):
    options = {"confidence_levels": LEVELS, "questions": [{"id": "years", "kind": "number"}]}
    with world.database.write() as session:
        editing.change_options(session, world.study.id, options)
    machine = type("Machine", (Raters,), {"world": world, "browser": browser})
    run_state_machine_as_test(
        machine,
        settings=hypothesis.settings(
            max_examples=8 if settings.database_url.startswith("sqlite") else 4,
            stateful_step_count=20,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],  # making a failure smaller takes minutes
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )
