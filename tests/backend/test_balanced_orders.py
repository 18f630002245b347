"""Balanced orders: in the database, whoever enrols, begins or is deleted, and from however many processes."""

import multiprocessing
from collections import Counter

import pytest
import sqlalchemy as sa

from backend.database.sessions import Database
from backend.database.tables import Image, Presentation, Rater
from backend.operations.check import findings
from backend.storage import ImageStore
from backend.studies import editing, lifecycle, privacy
from backend.studies.consent import begin, told
from backend.studies.enrolment import Terms, enrol, set_up
from backend.studies.invitations import admit, invite
from backend.studies.options import StudyOptions
from tests.support import consent

IMAGES = 8


@pytest.fixture
def balanced(build_world):
    """A study of 8 images with balanced orders and no raters."""
    world = build_world(groups=())
    with world.database.write() as session:
        editing.change_options(session, world.study.id, {"order": "balanced"})
    return world


def quarters(world, *conditions):
    """How often each image stands in each quarter of the raters' orders, the least and the most often."""
    query = sa.select(Image.public_id, Presentation.position).join(Presentation.image).join(Rater)
    with world.database.read() as session:
        rows = session.execute(query.where(*conditions)).all()
    times = Counter((image, (position - 1) * 4 // IMAGES) for image, position in rows)
    images = {image for image, _ in rows}
    found = [times[image, quarter] for image in images for quarter in range(4)]
    return min(found), max(found)


def wrong(world):
    found = findings(world.database, ImageStore(world.settings.images_dir))
    return [str(one) for one in found]


def call(world, group, count=1):
    with world.database.write() as session:
        for one in invite(session, world.study.id, group, count):
            world.link[one.name] = one.token


def come(url, link, visitors):
    """In a process of its own: visitors enrol one after the other."""
    database = Database(url)
    for visitor in visitors:
        with database.write() as session:
            enrol(session, link, visitor)
    database.close()


def test_visitors_who_enrol_by_two_processes_at_once_have_balanced_orders(balanced):
    with balanced.database.write() as session:
        link = set_up(session, balanced.study.id, Terms(50, "ED", "ID"))
    url = balanced.settings.database
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=come, args=(url, link, [f"{who}{n}" for n in range(8)])) for who in "ab"
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert quarters(balanced) == (4, 4)
    with balanced.database.read() as session:
        rows = session.scalars(sa.select(Rater.order_row).order_by(Rater.number)).all()
    assert rows == list(range(16))
    assert wrong(balanced) == []


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_groups_are_balanced_each_and_together(balanced):
    for _ in range(4):
        call(balanced, "ED")
        call(balanced, "DLE")
    assert quarters(balanced) == (2, 2)
    for group in ("ED", "DLE"):
        assert quarters(balanced, Rater.group == group) == (1, 1)
    call(balanced, "ED")
    assert quarters(balanced, Rater.group == "ED") == (1, 2)


def test_who_never_begins_and_who_is_deleted_does_not_count(balanced):
    call(balanced, "ED", 8)
    for name in ("ED1", "ED5", "ED3", "ED7"):
        consent(balanced, name)
    began = Rater.consented_at.is_not(None)
    assert quarters(balanced, began) == (1, 1)
    with balanced.database.write() as session:
        privacy.delete(session, balanced.study.id, "ED5")
    consent(balanced, "ED2")
    assert quarters(balanced, began) == (1, 1)
    assert wrong(balanced) == []
    consent(balanced, "ED4")
    with balanced.database.write() as session:
        privacy.delete(session, balanced.study.id, "ED1")
    (note,) = wrong(balanced)
    assert note.startswith("note: study 1: the orders of ED are not quite balanced: a rater was deleted")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_group_that_a_rater_chooses_is_the_one_that_is_balanced(balanced):
    with balanced.database.write() as session:
        editing.change_options(session, balanced.study.id, {"ask_group": True})
    call(balanced, "", 8)
    for number in range(1, 9):
        choose(balanced, f"R{number}", "ED" if number % 2 else "DLE")
    for group in ("ED", "DLE"):
        assert quarters(balanced, Rater.group == group) == (1, 1)


def choose(world, name, group):
    with world.database.write() as session:
        rater = admit(session, world.link[name])
        begin(session, world.link[name], told(rater.study, "en", str), group=group, form={})


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE raters SET order_row = NULL WHERE name = 'ED1'", "some orders are balanced, and others"),
        (
            "UPDATE raters SET order_row = 3 - order_row",
            "the order of ED1 is not the one",
        ),
        ("UPDATE raters SET order_row = 1", "two who began have the same row of the design"),
        ("UPDATE studies SET seed = 'another'", "the order of ED2 is not the one"),
    ],
)
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_check_finds_orders_that_the_design_does_not_give(balanced, change, found):
    call(balanced, "ED", 2)
    consent(balanced, "ED1")
    consent(balanced, "ED2")
    assert wrong(balanced) == []
    with balanced.database.write() as session:
        session.execute(sa.text(change))
    assert any(found in line for line in wrong(balanced))


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_copy_of_the_study_has_balanced_orders_too(balanced):
    with balanced.database.write() as session:
        made = lifecycle.duplicate(session, balanced.study.id)
        invite(session, made.id, "ED", 4)
    assert StudyOptions.model_validate(made.options).order == "balanced"
    assert quarters(balanced) == (1, 1)
