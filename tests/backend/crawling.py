"""Everything that a rater's browser can be given, and what of it is not mere chance."""

import re

from backend.storage import ImageStore
from backend.studies import editing, lifecycle
from backend.studies.mixes import import_mix

LINKS = re.compile(r'(?:href|src)="(/[^"#]*)')
KEYS = re.compile(r'"key": ?"([0-9a-f]{32})"')
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SENT_AT = re.compile(rb'(?<=name="shown_ms" value=")[0-9]+')
PAGES = [
    *("", "/state", "/timing.css", "/done"),
    *("/review", "/review?show=unanswered", "/review?show=unsure"),
    *("/rate/1", "/rate/9", "/rate/1?back=review"),
    *(f"/practice/{number}" for number in range(1, 6)),
    *(f"/practice/{number}.png" for number in range(1, 6)),
]
OPTIONS = {"confidence_levels": 5, "fixation_ms": 300, "display_limit_ms": 2000, "questions": "years,field"}


def furnish(world, make_mix):
    """Give the study all that a study can have, practice images too; returns the ids of the practice mix."""
    practice = import_mix(world.database, ImageStore(world.settings.images_dir), make_mix(2, 2, seed=9)).mix
    with world.database.write() as session:
        lifecycle.get_study(session, world.study.id).practice_mix_id = practice.id
        editing.change_options(session, world.study.id, OPTIONS)
    return practice.id


def crawl(browser, base, language="en", *, static=True):
    """All replies by address: of every known page, and of whatever these lead to."""
    found, waiting = {}, [base + page for page in PAGES]
    while waiting:
        address = waiting.pop()
        if address in found or (address.startswith("/static/") and not static):
            continue
        # Not compressed: the random ids in a page would make its length random.
        headers = {"Accept-Language": language, "Accept-Encoding": "identity"}
        reply = found[address] = browser.get(address, headers=headers)
        if reply.headers.get("content-type", "").startswith("text/html"):
            waiting += LINKS.findall(reply.text)
            waiting += [f"{base}/images/{key}.png" for key in KEYS.findall(reply.text)]
    return found


def steady(reply):
    """A reply without what is new in each: its ids and the time at which it was sent."""
    identity = reply.headers["x-request-id"].encode()
    headers = [(name, value) for name, value in reply.headers.raw if name.lower() != b"x-request-id"]
    content = reply.content.replace(identity, b"(id)")
    return reply.status_code, headers, SENT_AT.sub(b"(time)", UUID.sub(b"(uuid)", content))


def differing(one, other):
    """The addresses at which two crawls met something else."""
    return {
        address
        for address in one.keys() | other.keys()
        if address not in one or address not in other or steady(one[address]) != steady(other[address])
    }
