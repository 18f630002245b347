"""A rater's link: cannot be guessed, stands nowhere, and a wrong one learns nothing."""

import secrets

import pytest
import sqlalchemy as sa

from backend.database.columns import Base
from backend.database.tables import Invitation, Presentation, Rater
from backend.studies import invitations
from backend.studies.invitations import admit
from backend.tokens import hash_token, new_token
from tests.backend.crawling import PAGES, crawl, furnish, steady
from tests.support import consent

BITS_A_CHARACTER = 6
FORMS = ["/start", "/rate/1", "/submit", "/surround", "/language"]


def test_a_link_is_made_of_at_least_128_random_bits():
    tokens = [new_token() for _ in range(2000)]
    assert len(set(tokens)) == 2000
    assert min(len(token) for token in tokens) * BITS_A_CHARACTER >= 128
    for place in zip(*tokens, strict=True):  # no character is fixed or follows from others
        assert len(set(place)) == 64


def test_of_a_link_nothing_but_its_sha256_is_kept(world, browser, make_mix):
    """In no file, and in no table: not even after the link was used in all ways."""
    furnish(world, make_mix)
    token = world.link["ED1"]
    consent(world)
    crawl(browser, f"/r/{token}")
    for form in FORMS:
        browser.post(f"/r/{token}{form}", data={"answer": "real", "submission": "submission"})
    with world.database.read() as session:
        tables = [session.execute(sa.select(table)).all() for table in Base.metadata.tables.values()]
        assert hash_token(token) in session.scalars(sa.select(Invitation.token_hash)).all()
    kept = "\n".join(map(repr, tables)).encode()
    folders = [world.settings.data_dir, world.settings.data_dir.parent]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 8
    kept += b"".join(path.read_bytes() for path in files if not path.is_relative_to(world.mix_folder))
    for link in world.link.values():
        assert link.encode() not in kept
        assert link[:16].encode() not in kept


def keys_of(world, name):
    with world.database.read() as session:
        rater = admit(session, world.link[name])
        return session.scalars(sa.select(Presentation.key).where(Presentation.rater_id == rater.id)).all()


def test_a_mail_scanner_may_ask_for_the_headers_alone(world, browser, make_mix):
    """As many do, by HEAD: what a GET answers, without the body, and nothing is recorded."""
    furnish(world, make_mix)
    consent(world, "ED2")
    for name in ("ED1", "ED2"):
        for page in PAGES:
            address = f"/r/{world.link[name]}{page}"
            as_is = {"headers": {"Accept-Encoding": "identity"}, "follow_redirects": False}
            told, shown = browser.head(address, **as_is), browser.get(address, **as_is)
            assert told.status_code == shown.status_code
            assert told.content == b""
            assert told.headers["content-length"] == shown.headers["content-length"]
    with world.database.read() as session:
        assert session.scalars(sa.select(Rater.consented_at).where(Rater.name == "ED1")).all() == [None]
    assert browser.head("/r/nobody").status_code == 404
    assert browser.head("/healthz").status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_the_image_of_another_rater_looks_like_one_that_is_not_there(world, browser, accept):
    for name in ("ED1", "ED2"):
        consent(world, name)
    base = f"/r/{world.link['ED1']}/images"
    own, others = keys_of(world, "ED1"), keys_of(world, "ED2")
    assert browser.get(f"{base}/{own[0]}.png").status_code == 200
    tried = [*others, secrets.token_hex(16), "0" * 32, own[0][:-1] + ("1" if own[0][-1] == "0" else "0")]
    replies = [browser.get(f"{base}/{key}.png", headers={"Accept": accept}) for key in tried]
    assert {reply.status_code for reply in replies} == {404}
    assert all(steady(reply) == steady(replies[0]) for reply in replies)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_wrong_links_of_all_kinds_are_told_the_same(world, browser, accept):
    """A revoked link, one that never was, a stored hash, an almost right one."""
    consent(world, "ED1")
    key = keys_of(world, "ED1")[0]
    right = world.link["ED2"]
    with world.database.write() as session:
        invitations.revoke(session, world.study.id, "ED1")
    wrong = [
        *(new_token() for _ in range(2)),
        *(world.link["ED1"], hash_token(right), right[:-1], right + "A", right.swapcase(), "x"),
    ]

    def ask(token, page, form=None):
        address, headers = f"/r/{token}{page}", {"Accept": accept}
        reply = (
            browser.get(address, headers=headers)
            if form is None
            else browser.post(address, headers=headers, **form)
        )
        assert reply.status_code == 404
        return steady(reply)

    pages = [page for page in PAGES if page != "/practice/5"] + [f"/images/{key}.png"]
    for page in pages:
        assert len({repr(ask(token, page)) for token in wrong}) == 1, page
    for page in FORMS:
        form = {"data": {"answer": "real", "agree": "1", "surround": "dark", "language": "de"}}
        assert len({repr(ask(token, page, form)) for token in wrong}) == 1, page
    entry = {"id": "an-entry-1", "image": key, "answer": "real"}
    assert len({repr(ask(token, "/answers", {"json": {"answers": [entry]}})) for token in wrong}) == 1
