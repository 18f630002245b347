"""Whether images are real or fake changes no byte that a rater is sent; nor does what another rater does.

The same pages are asked for twice: as the study is, and with real and fake swapped in the database. Whatever
could give the truth away, in whichever way, would differ.
"""

import statistics
import time
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from backend.database import trips
from backend.database.tables import Image, Presentation
from backend.studies import editing, lifecycle
from backend.studies.invitations import admit
from tests.backend.crawling import crawl, differing, furnish
from tests.support import consent

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

LANGUAGES = ["en", "de"]


@pytest.fixture
def practice(world, make_mix):
    return furnish(world, make_mix)


@contextmanager
def swapped(world):
    """Real is fake meanwhile, and fake real, in the mix and in the practice mix."""

    def swap():
        other = sa.case((Image.truth == "real", "fake"), else_="real")
        with world.database.write() as session:
            session.execute(
                sa.update(Image).values(truth=other, source=sa.literal("swapped-") + Image.source)
            )
            rows = session.execute(sa.select(Image.id, Image.source)).all()
            for identity, source in rows:
                back = source.removeprefix("swapped-swapped-")
                session.execute(sa.update(Image).where(Image.id == identity).values(source=back))

    swap()
    yield
    swap()


def revealed(world, browser, name="ED1"):
    """The addresses where it makes a difference to a rater what is real."""
    base, seen = f"/r/{world.link[name]}", set()
    for language in LANGUAGES:
        before = crawl(browser, base, language, static=False)
        assert len(before) > 18
        with swapped(world):
            seen |= differing(before, crawl(browser, base, language, static=False))
    return {address.removeprefix(base) for address in seen}


def answer_all(world, browser, name="ED1"):
    base = f"/r/{world.link[name]}"
    for position in range(1, 9):
        form = {"answer": "real" if position % 3 else "fake", "confidence": position % 5 + 1}
        assert browser.post(f"{base}/rate/{position}", data=form).status_code == 303


def test_the_truth_appears_after_the_end_and_there_alone(world, browser, practice):
    base = f"/r/{world.link['ED1']}"
    assert revealed(world, browser) == set()
    consent(world)
    assert revealed(world, browser) == set()
    answer_all(world, browser)
    assert revealed(world, browser) == set()
    with world.database.write() as session:
        editing.change_options(session, world.study.id, {"show_results": True})
    browser.post(f"{base}/submit")
    assert revealed(world, browser) == set()
    with world.database.write() as session:
        lifecycle.set_state(session, world.study.id, "closed")
    # Which images that page shows is the truth, too: those that fooled her.
    assert {address for address in revealed(world, browser) if "/images/" not in address} == {"/done"}


def test_a_closed_study_tells_nothing_unless_it_is_meant_to(world, browser, practice):
    consent(world)
    answer_all(world, browser)
    with world.database.write() as session:
        lifecycle.set_state(session, world.study.id, "closed")
    assert revealed(world, browser) == set()


def test_what_is_answered_changes_no_reply_to_it(world, browser, practice):
    """The reply to an answer is the same whatever the truth is: right or wrong cannot be told apart."""
    consent(world)
    base = f"/r/{world.link['ED1']}"
    keys = keys_by_truth(world)
    for number, key in enumerate([*keys["real"], *keys["fake"]]):
        entry = {"id": f"an-entry-{number}", "image": key, "answer": "real", "confidence": 9, "age_ms": 0}
        spoilt = [entry, entry | {"id": "spoilt-one", "response_ms": -5}]
        before = browser.post(f"{base}/answers", json={"answers": spoilt})
        with swapped(world):
            after = browser.post(f"{base}/answers", json={"answers": spoilt})
        assert before.text == after.text


def test_practice_tells_what_it_was_after_an_answer_and_only_where_the_study_says_so(
    world, browser, practice
):
    consent(world)
    address = f"/r/{world.link['ED1']}/practice/1?answer=real"
    for tells in (True, False):
        with world.database.write() as session:
            editing.change_options(session, world.study.id, {"practice_feedback": tells})
        before = browser.get(address)
        with swapped(world):
            assert bool(differing({"": before}, {"": browser.get(address)})) is tells


def test_another_raters_answers_and_progress_are_nowhere(world, browser, practice):
    consent(world, "ED1")
    before = crawl(browser, f"/r/{world.link['ED1']}", static=False)
    consent(world, "ED2")
    answer_all(world, browser, "ED2")
    browser.post(f"/r/{world.link['ED2']}/submit")
    assert differing(before, crawl(browser, f"/r/{world.link['ED1']}", static=False)) == set()


def keys_by_truth(world, name="ED1"):
    with world.database.read() as session:
        rater = admit(session, world.link[name])
        query = sa.select(Presentation.key, Image.truth).join(Image).where(Presentation.rater_id == rater.id)
        found = session.execute(query).all()
    return {truth: [key for key, of in found if of == truth] for truth in ("real", "fake")}


def asking(world, browser):
    """Two requests that concern one image."""
    base = f"/r/{world.link['ED1']}"
    numbers = iter(range(10**6))

    def look(key):
        assert browser.get(f"{base}/images/{key}.png").status_code == 200

    def answer(key):
        number = next(numbers)
        entry = {"id": f"an-entry-{number}", "image": key, "answer": ("real", "fake")[number // 2 % 2]}
        assert browser.post(f"{base}/answers", json={"answers": [entry]}).json()["refused"] == []

    return look, answer


def test_the_server_does_the_same_work_for_real_and_fake(world, browser, monkeypatch):
    consent(world)
    keys = keys_by_truth(world)
    statements = []

    def noting(run):
        def noted(session, *given):
            statements.extend(one.written(session.connection().dialect).text for one, _ in given)
            return run(session, *given)

        return noted

    for way in ("ask", "add"):  # the driver runs these
        monkeypatch.setattr(trips, way, noting(getattr(trips, way)))
    sa.event.listen(
        sa.Engine,
        "before_cursor_execute",
        record := lambda *given: statements.append(given[2].split("/*")[0]),
    )
    try:
        for ask, least in zip(asking(world, browser), (2, 6), strict=True):
            done = []
            for truth in ("real", "fake"):
                statements.clear()
                ask(keys[truth][0])
                done.append(list(statements))
            assert done[0] == done[1]
            assert len(done[0]) >= least
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", record)


def test_how_long_a_reply_takes_does_not_follow_the_truth(world, browser):
    consent(world)
    keys = keys_by_truth(world)
    for ask in asking(world, browser):
        for _attempt in range(4):  # a busy machine is no leak
            took = {"real": [], "fake": []}
            for number in range(60):
                for truth in ("real", "fake") if number % 2 else ("fake", "real"):
                    started = time.perf_counter()
                    ask(keys[truth][number % 3])
                    took[truth].append(time.perf_counter() - started)
            real, fake = statistics.median(took["real"]), statistics.median(took["fake"])
            if max(real, fake) / min(real, fake) < 1.5:
                break
        else:
            pytest.fail(f"medians: real {real * 1000:.2f} ms, fake {fake * 1000:.2f} ms")
