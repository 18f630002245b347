"""Images that come a second time: where, under which keys, and what becomes of the two answers."""

import csv
import io
from collections import Counter

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from backend.analysis.ratings import read_ratings
from backend.analysis.report.results import analyze
from backend.analysis.report.serial import to_dict
from backend.database import ratings, schema
from backend.database.sessions import Database
from backend.database.tables import Presentation, Rater
from backend.operations.check import findings
from backend.storage import ImageStore
from backend.studies import editing, lifecycle, privacy
from backend.studies.bundles import take_in
from backend.studies.invitations import invite
from backend.studies.options import StudyOptions
from backend.studies.randomisation import most_repeats, presentation_order, with_repeats
from backend.studies.refusals import Invalid
from backend.studies.results import own_results, study_results
from tests.backend.bundles.packing import csv_of, packed, store_of
from tests.backend.crawling import crawl, differing
from tests.support import consent

IMAGES, REPEATS = 8, 3


@pytest.fixture
def repeating(world):
    """A study of 8 images, of which 3 come a second time, with two raters."""
    with world.database.write() as session:
        for name in world.link:
            privacy.delete(session, world.study.id, name)
        world.link.clear()
        editing.change_options(session, world.study.id, {"repeats": REPEATS})
        world.link |= {one.name: one.token for one in invite(session, world.study.id, "ED", 2)}
    return world


def order_of(world, name="ED1"):
    """A rater's showings by position: image, showing, key."""
    columns = (Presentation.image_id, Presentation.showing, Presentation.key)
    query = sa.select(*columns).join(Rater).where(Rater.name == name).order_by(Presentation.position)
    with world.database.read() as session:
        return session.execute(query).all()


def send(browser, world, key, answer, entry, name="ED1"):
    reply = browser.post(
        f"/r/{world.link[name]}/answers", json={"answers": [{"id": entry, "image": key, "answer": answer}]}
    ).json()
    assert reply["saved"] == [entry]
    return reply["state"]


def answer_all(world, browser, name="ED1"):
    """Real to every first showing, fake to every second; returns the images that came twice."""
    consent(world, name)
    twice = set()
    for number, (image, showing, key) in enumerate(order_of(world, name)):
        send(browser, world, key, ("real", "fake")[showing - 1], f"an-entry-{number}", name)
        twice |= {image} if showing == 2 else set()
    return twice


@given(st.text(min_size=1, max_size=8), st.integers(1, 999), st.integers(1, 60), st.data())
def test_each_comes_again_once_and_at_least_half_of_the_order_later(seed, rater, images, data):
    count = data.draw(st.integers(0, most_repeats(images)))
    order = presentation_order(seed, rater, [f"{image:032x}" for image in range(images)])
    found = with_repeats(seed, rater, order, count)
    assert list(dict.fromkeys(found)) == order
    times = Counter(found)
    assert sorted(times.values()) == [1] * (images - count) + [2] * count
    for image in (image for image, shown in times.items() if shown == 2):
        first = found.index(image)
        assert found.index(image, first + 1) - first >= images / 2
    assert found == with_repeats(seed, rater, order, count)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_over_raters_all_images_come_again_equally_often(build_world):
    world = build_world(groups=())
    with world.database.write() as session:
        options = {"order": "balanced", "repeats": IMAGES // 2}
        editing.change_options(session, world.study.id, options)
        invite(session, world.study.id, "ED", 4)
        query = sa.select(Presentation.image_id).where(Presentation.showing == 2)
        assert set(Counter(session.scalars(query)).values()) == {2}
    orders = [presentation_order("seed", number, [f"{i:032x}" for i in range(20)]) for number in range(600)]
    ends = Counter(with_repeats("seed", number, order, 5)[-1] for number, order in enumerate(orders))
    assert max(ends.values()) < 2 * 600 / 20


def test_the_two_showings_have_answers_of_their_own(repeating, browser):
    twice = answer_all(repeating, browser)
    shown = order_of(repeating)
    assert (len(shown), len({key for *_, key in shown}), len(twice)) == (IMAGES + REPEATS, 11, REPEATS)
    keys = {(image, showing): key for image, showing, key in shown}
    image = min(twice)
    state = send(browser, repeating, keys[image, 2], None, "taken-back")
    assert state["count"] == 12
    with repeating.database.read() as session:
        rater = session.scalar(sa.select(Rater.id).where(Rater.name == "ED1"))
        steps = {step.key: step.answer for step in ratings.steps(session, rater)}
    assert (steps[keys[image, 1]], steps[keys[image, 2]]) == ("real", None)
    base = f"/r/{repeating.link['ED1']}"
    assert "11 of 11" in browser.get(f"{base}/rate/11").text.replace('<span id="position">11</span>', "11")
    assert browser.post(f"{base}/submit").status_code == 409  # one of the eleven has no answer
    assert browser.post(f"{base}/submit", data={"leave_unanswered": "1"}).status_code == 303
    assert findings(repeating.database, store_of(repeating)) == []


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_nothing_that_a_browser_is_sent_tells_which_showing_is_the_second(repeating, browser):
    answer_all(repeating, browser)
    base = f"/r/{repeating.link['ED1']}"
    before = crawl(browser, base, static=False)
    with repeating.database.write() as session:
        for was, becomes in ((1, 3), (2, 1), (3, 2)):
            change = sa.update(Presentation).where(Presentation.showing == was)
            session.execute(change.values(showing=becomes))
    assert differing(before, crawl(browser, base, static=False)) == set()
    pictures = [reply for address, reply in before.items() if "/images/" in address]
    assert len(pictures) == IMAGES + REPEATS
    words = b"".join(reply.content for address, reply in before.items() if "/images/" not in address)
    assert not [word for word in (b"showing", b"repeat") if word in words]


def test_ratings_are_of_the_first_showing_and_the_second_stands_beside(repeating, browser):
    answer_all(repeating, browser)
    answer_all(repeating, browser, "ED2")
    text = csv_of(repeating.database, 1).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len({(row["rater"], row["image"]) for row in rows}) == 2 * IMAGES
    assert {row["answer"] for row in rows} == {"real"}
    again = [row for row in rows if row["repeat_position"]]
    assert [row["repeat_answer"] for row in again] == ["fake"] * 2 * REPEATS
    assert all(int(row["repeat_position"]) - int(row["position"]) >= IMAGES / 2 for row in again)
    assert not [row for row in rows if row["repeat_answer"] and row not in again]
    for what in ("history", "viewings"):
        assert "showing" in csv_of(repeating.database, 1, what).decode().splitlines()[0].split(",")
    history = list(csv.DictReader(io.StringIO(csv_of(repeating.database, 1, "history").decode())))
    assert Counter(row["showing"] for row in history) == {"1": 2 * IMAGES, "2": 2 * REPEATS}
    with repeating.database.read() as session:
        found = to_dict(study_results(session, lifecycle.get_study(session, 1)))
        own = own_results(session, session.scalar(sa.select(Rater).where(Rater.name == "ED1")))
    elsewhere = to_dict(analyze(read_ratings(io.StringIO(text))))
    assert found == elsewhere
    (_, everyone) = found["group_repeats"]
    assert (everyone["n"], everyone["same"], everyone["agreement"]) == (2 * REPEATS, 0, 0.0)
    assert found["raters"][0]["n"] == own.counts.tp + own.counts.fp + own.counts.fn + own.counts.tn == IMAGES
    assert len(own.mistaken) == own.counts.fp == 3
    places = {row["position"] for row in rows if row["rater"] == "ED1" and row["truth"] == "fake"}
    assert {str(step.position) for step, _ in own.mistaken} == places


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_study_without_repeats_has_the_files_it_always_had(world, browser):
    consent(world)
    header = csv_of(world.database, 1).decode().splitlines()[0]
    assert header.endswith(",answered_at,diagnosis")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_more_than_can_come_again_half_of_the_order_later_are_refused(build_world):
    world = build_world(groups=())
    with pytest.raises(Invalid, match="of 8 images at most 4"), world.database.write() as session:
        editing.change_options(session, 1, {"repeats": 5})
    with pytest.raises(Invalid, match="of 8 images at most 4"), world.database.write() as session:
        lifecycle.create_study(session, [1], "Skin", options=StudyOptions(repeats=5))


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_check_knows_them(repeating):
    assert findings(repeating.database, store_of(repeating)) == []
    with repeating.database.write() as session:
        study = lifecycle.get_study(session, 1)
        study.options = study.options | {"repeats": 2}
    lines = [str(one) for one in findings(repeating.database, store_of(repeating))]
    assert lines == [
        f"study 1: the order of ED{n} is not the one that the study's seed gives" for n in (1, 2)
    ]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_they_travel_in_a_bundle(repeating, browser, make_url, tmp_path):
    answer_all(repeating, browser)
    there = Database(make_url("sqlite"))
    assert take_in(there, ImageStore(tmp_path / "there"), io.BytesIO(packed(repeating))).new
    for what in ("ratings", "history", "viewings"):
        assert csv_of(there, 1, what) == csv_of(repeating.database, 1, what)
    there.close()


def test_the_schema_goes_down_without_second_showings_and_up_again(repeating, browser):
    answer_all(repeating, browser)
    engine = repeating.database.engine
    with repeating.database.read() as session:
        rater = session.scalar(sa.select(Rater.id).where(Rater.name == "ED1"))
    first = [image for image, showing, _ in order_of(repeating) if showing == 1]
    schema.downgrade(engine, "0007")
    with engine.begin() as connection:
        rows = connection.execute(
            sa.text("SELECT image_id, position FROM presentations WHERE rater_id = :id ORDER BY position"),
            {"id": rater},
        ).all()
        assert rows == [(image, place) for place, image in enumerate(first, start=1)]
        assert connection.scalar(sa.text("SELECT count(*) FROM ratings")) == IMAGES
        # Programs of that schema refuse options that they do not know.
        held = connection.scalar(sa.select(sa.table("studies", sa.column("options", sa.JSON())).c.options))
        assert {"zoom"} <= held.keys() == StudyOptions.model_fields.keys() - {"order", "repeats"}
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("UPDATE presentations SET image_id = 1"))
    schema.upgrade(engine)
    assert findings(repeating.database, store_of(repeating)) == []
    with repeating.database.write() as session:
        image = session.scalar(
            sa.select(Presentation.image_id).where(Presentation.rater_id == rater).limit(1)
        )
        session.add(Presentation(rater_id=rater, image_id=image, position=99, showing=2, key="k"))
    with pytest.raises(sa.exc.IntegrityError), repeating.database.write() as session:
        session.add(Presentation(rater_id=rater, image_id=image, position=98, showing=2, key="l"))
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
