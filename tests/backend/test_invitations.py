"""Inviting: names, groups, orders, links that are stored as hashes only."""

import pytest
import sqlalchemy as sa

from backend.database.tables import Image, Invitation, Presentation, Rater
from backend.studies import invitations, lifecycle
from backend.studies.randomisation import presentation_order
from backend.studies.refusals import Conflict, Invalid, Unknown


def invite(world, group="ED", count=1, name=""):
    with world.database.write() as session:
        return invitations.invite(session, world.study.id, group, count, name)


def test_raters_are_numbered_within_their_group(world):
    assert [one.name for one in invite(world, "DLE", 2)] == ["DLE2", "DLE3"]
    assert invite(world, "ED", name=" Dr Grey ")[0].name == "Dr Grey"
    assert invite(world, "ED")[0].name == "ED3"


def test_each_rater_has_all_images_in_the_order_that_seed_and_number_give(world):
    with world.database.read() as session:
        images = session.scalars(sa.select(Image.public_id)).all()
        for rater in session.scalars(sa.select(Rater)):
            query = (
                sa.select(Image.public_id)
                .join(Presentation, Presentation.image_id == Image.id)
                .where(Presentation.rater_id == rater.id)
                .order_by(Presentation.position)
            )
            assert session.scalars(query).all() == presentation_order("seed", rater.number, images)


def test_no_link_is_stored(world):
    with world.database.read() as session:
        stored = {value for row in session.execute(sa.select(Invitation.__table__)) for value in row}
    assert len(set(world.link.values())) == 3
    assert not stored & set(world.link.values())
    assert all(len(token) >= 22 for token in world.link.values())  # 128 bits in base 64


def test_keys_of_images_differ_by_rater(world):
    with world.database.read() as session:
        keys = session.scalars(sa.select(Presentation.key)).all()
    assert len(set(keys)) == len(keys) == 3 * 8


def test_wrong_and_revoked_links_are_refused_alike(world):
    with world.database.write() as session:
        invitations.revoke(session, world.study.id, "ED1")
    messages = set()
    for token in (world.link["ED1"], "wrong", "", "\ud800", "x" * 10_000):
        with world.database.read() as session, pytest.raises(Unknown) as refused:
            invitations.admit(session, token)
        messages.add(str(refused.value))
    assert len(messages) == 1


def test_a_new_link_replaces_the_old_one(world):
    with world.database.write() as session:
        renewed = invitations.renew(session, world.study.id, "ED1")
    with world.database.read() as session:
        assert invitations.admit(session, renewed.token).name == "ED1"
        with pytest.raises(Unknown):
            invitations.admit(session, world.link["ED1"])


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"group": "XX"}, Invalid),
        ({"count": 0}, Invalid),
        ({"count": 201}, Invalid),
        ({"name": "ED1"}, Conflict),
        ({"name": "=1+1"}, Invalid),
        ({"name": "@x"}, Invalid),
        ({"name": "two", "count": 2}, Invalid),
        ({"name": "a" * 65}, Invalid),
        ({"name": "new\nline"}, Invalid),
    ],
)
def test_what_cannot_be_is_refused_and_invites_nobody(world, given, error):
    with pytest.raises(error):
        invite(world, **given)
    with world.database.read() as session:
        assert session.scalar(sa.select(sa.func.count(Rater.id))) == 3


def test_a_closed_study_invites_nobody(world):
    with world.database.write() as session:
        lifecycle.set_state(session, world.study.id, "closed")
    with pytest.raises(Conflict):
        invite(world)


@pytest.mark.parametrize(
    "given",
    [
        {"title": " "},
        {"title": "x" * 201},
        {"groups": []},
        {"groups": ["all"]},
        {"groups": ["=ED"]},
        {"groups": ["a b"]},
        {"seed": "x" * 65},
    ],
)
def test_a_study_that_cannot_be_is_refused(world, given):
    values = {"title": "Skin"} | given
    with world.database.write() as session, pytest.raises(Invalid):
        lifecycle.create_study(session, [world.mix_id], **values)


def test_a_study_needs_a_mix(world):
    with world.database.write() as session, pytest.raises(Unknown, match="import-mix"):
        lifecycle.create_study(session, [99], "Skin")
