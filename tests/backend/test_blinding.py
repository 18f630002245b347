"""Nothing that reaches a rater's browser tells real from fake."""

import json
import re

import pytest
import sqlalchemy as sa

from backend.database.tables import Image, Mix, Presentation
from backend.observing.logs import formatter
from backend.studies.invitations import admit
from tests.backend.crawling import crawl, furnish
from tests.support import consent

# What pages show does not depend on which database the rows come from.
pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@pytest.fixture
def crawled(browser, world, make_mix):
    """Every page and file that a rater's pages lead to, before and after she submitted."""
    furnish(world, make_mix)
    base = f"/r/{world.link['ED1']}"
    consent(world)
    found = {}
    for position in range(1, 9):
        form = {"answer": "real", "submission": f"submission{position}", "confidence": 1 + position % 5}
        reply = browser.post(f"{base}/rate/{position}", data=form, headers={"Accept": "application/json"})
        found[f"answer {position}"] = reply
    for key in image_keys(world):
        entry = {"id": f"entry-{key[:8]}", "image": key, "answer": "fake"}
        found[f"entry {key}"] = browser.post(f"{base}/answers", json={"answers": [entry]})
    for language in ("de", "en"):
        found |= {f"{language} {a}": reply for a, reply in crawl(browser, base, language).items()}
    browser.post(f"{base}/submit", data={"leave_unanswered": "1"})
    found["done"] = browser.get(f"{base}/done")
    return found


def image_keys(world, name="ED1"):
    with world.database.read() as session:
        rater = admit(session, world.link[name])
        return session.scalars(sa.select(Presentation.key).where(Presentation.rater_id == rater.id)).all()


def pictures(world, found):
    """Each image's reply with its truth."""
    with world.database.read() as session:
        query = sa.select(Presentation.key, Image.truth).join(Image, Image.id == Presentation.image_id)
        truths = dict(session.execute(query).all())
    replies = {a: r for a, r in found.items() if a.startswith("en ") and "/images/" in a}
    assert len(replies) == 8
    return [
        (reply, truths[address.split("/")[-1].removesuffix(".png")]) for address, reply in replies.items()
    ]


def test_the_crawl_reaches_every_page_and_all_images(world, crawled):
    assert sum("/rate/" in address for address in crawled) >= 8
    assert len(pictures(world, crawled)) == 8
    missing = {address.split("/", 3)[-1] for address, reply in crawled.items() if reply.status_code == 404}
    assert missing == {"rate/9", "practice/5", "practice/5.png"}
    assert all(reply.status_code in {200, 303, 404} for reply in crawled.values())


def test_no_name_of_the_mix_reaches_the_browser(world, crawled):
    with world.database.read() as session:
        images = session.scalars(sa.select(Image)).all()
        mixes = session.scalars(sa.select(Mix)).all()
    secret = {
        *(mix.manifest_sha256 for mix in mixes),
        *(image.public_id for image in images),
        *(image.sha256 for image in images),
    }
    secret |= {"pgan", "provenance", "latent", "truth", "0" * 64, "1" * 64}
    for address, reply in crawled.items():
        everything = address + str(reply.headers) + reply.text
        assert not [name for name in secret if name in everything], address


def test_images_differ_in_their_pixels_alone(world, crawled):
    replies = pictures(world, crawled)
    assert len({len(reply.content) for reply, _ in replies}) == 1
    headers = [
        [(name, value) for name, value in reply.headers.raw if name != b"x-request-id"]
        for reply, _ in replies
    ]
    assert all(one == headers[0] for one in headers)  # their order too
    assert not {"etag", "last-modified", "content-disposition", "set-cookie", "age"} & set(
        replies[0][0].headers
    )
    assert len({reply.content[:43] for reply, _ in replies}) == 1  # all that stands before the pixels


def test_images_are_not_compressed_on_their_way(browser, build_world):
    """Compressed, the smoother ones would be shorter, and generated images are smoother."""
    world = build_world(side=64)
    consent(world)
    base = f"/r/{world.link['ED1']}/images"
    replies = [
        browser.get(f"{base}/{key}.png", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
        for key in image_keys(world)
    ]
    assert not [reply for reply in replies if "content-encoding" in reply.headers]
    assert len({reply.headers["content-length"] for reply in replies}) == 1


def test_request_ids_and_keys_do_not_follow_the_truth(world, crawled):
    replies = pictures(world, crawled)
    ids = [reply.headers["x-request-id"] for reply, _ in replies]
    assert len(set(ids)) == len(ids)
    keys = [reply.url.path.split("/")[-1] for reply, _ in replies]
    assert all(re.fullmatch(r"[0-9a-f]{32}\.png", key) for key in keys)


def test_a_rater_cannot_open_the_images_of_another(browser, world, crawled):
    with world.database.read() as session:
        query = sa.text(
            "SELECT key FROM presentations p JOIN raters r ON r.id = p.rater_id WHERE r.name = 'ED2'"
        )
        others = session.scalars(query).all()
    for key in others:
        assert browser.get(f"/r/{world.link['ED1']}/images/{key}.png").status_code == 404


def test_nothing_of_the_mix_is_served_as_a_file(browser, world, crawled):
    with world.database.read() as session:
        image = session.scalars(sa.select(Image)).first()
    for path in (
        "/static/manifest.json",
        f"/static/{image.public_id}.png",
        f"/images/{image.sha256[:2]}/{image.sha256}.png",
        "/static/../../data/secret.key",
        "/static/%2e%2e/%2e%2e/backend/app.py",
    ):
        assert browser.get(path).status_code == 404


def test_no_link_stands_in_the_log(browser, world, caplog):
    caplog.set_level("DEBUG")
    browser.get(f"/r/{world.link['ED1']}")
    browser.get(f"/r/{world.link['ED1']}/nowhere")
    written = formatter(as_json=True).format
    ours = [written(record) for record in caplog.records if record.name.startswith("dermvtt")]
    assert [json.loads(line)["path"] for line in ours] == ["/r/…", "/r/…/nowhere"]
    assert not [line for line in ours if world.link["ED1"] in line]


def test_an_address_cannot_write_lines_of_its_own_into_the_log(browser, caplog):
    caplog.set_level("INFO", logger="dermvtt.requests")
    browser.get("/nowhere%0aINFO%3a%20forged")
    for as_json in (True, False):
        written = formatter(as_json=as_json).format
        lines = [written(one) for one in caplog.records if one.name == "dermvtt.requests"]
        assert [line.count("\n") for line in lines if "forged" in line] == [0]


def test_every_page_is_confined_by_its_headers(crawled):
    for address, reply in crawled.items():
        assert reply.headers["x-content-type-options"] == "nosniff"
        if "/static/" not in address:
            assert "default-src 'none'" in reply.headers["content-security-policy"]
            assert reply.headers["referrer-policy"] == "same-origin"
