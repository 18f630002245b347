"""What tests do on the rating page."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

DESKTOP = {"viewport": {"width": 1180, "height": 820}}


@contextmanager
def watched(browser: Browser, **options: object) -> Iterator[Page]:
    """A page in a context of its own, in which no script may fail and nothing breaks the security policy."""
    context = browser.new_context(**DESKTOP | options)
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security" in line.text else None)
    yield page
    context.close()
    assert problems == []


def at(page: Page, position: int) -> None:
    """Wait until the image at a position is there and the script takes answers; it must not be broken."""
    expect(page.locator("#position")).to_have_text(str(position))
    expect(page.locator(".answer").first).to_have_attribute("aria-disabled", "false")
    assert page.locator("#picture").evaluate("image => image.complete && image.naturalWidth > 0")


def enter(page: Page, link: str) -> None:
    """Agree without a look at the first page, and open the first image."""
    origin = link.split("/r/", maxsplit=1)[0]
    page.request.post(f"{link}/start", form={"agree": "yes"}, headers={"Origin": origin}, max_redirects=0)
    page.goto(link)
    at(page, 1)


def enter_having_answered(page: Page, link: str, keys: str) -> None:
    """Open the page after the first images, which were seen and answered elsewhere: r is real, f is fake."""
    origin = {"Origin": link.split("/r/", maxsplit=1)[0]}
    page.request.post(f"{link}/start", form={"agree": "yes"}, headers=origin, max_redirects=0)
    trial = re.search(r'id="trial">(.*?)</script>', page.request.get(f"{link}/rate/1").text(), re.DOTALL)
    images = [step["key"] for step in json.loads(trial[1])["steps"]]
    given = list(zip(images, keys, strict=False))
    entries = {
        "answers": [{"answer": "real" if key == "r" else "fake", "image": image} for image, key in given],
        "viewings": [{"visible_ms": 900, "image": image} for image, _ in given],
    }
    for kind, some in entries.items():
        for number, entry in enumerate(some):
            entry |= {"id": f"{kind}-before-{number}", "age_ms": 1000 * (len(some) - number)}
    assert page.request.post(f"{link}/answers", data=entries, headers=origin).json()["refused"] == []
    page.goto(link)
    at(page, len(given) + 1)


def rate(page: Page, keys: str, start: int = 1) -> None:
    """Press one key an image, each when its image is there."""
    for position, key in enumerate(keys, start):
        at(page, position)
        page.keyboard.press(key)


def answerable(page: Page, position: int) -> None:
    """Wait until an image can be answered, whether it is still on the screen or not."""
    expect(page.locator("#position")).to_have_text(str(position))
    expect(page.locator(".answer").first).to_have_attribute("aria-disabled", "false")


def saved(page: Page) -> None:
    """Wait until the page says that all is saved; a press needs a moment until it is one."""
    page.wait_for_timeout(100)
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved", timeout=15_000)
    expect(page.locator("#saved")).to_have_text("Saved")


def overview_ready(page: Page) -> None:
    """Wait until the overview takes keys and presses: its script has looked for answers, and it was painted.

    Chromium drops what is pressed before a new page's first frame, which a busy machine shows late.
    """
    expect(page.get_by_role("heading", level=1)).to_have_text("Your answers")
    expect(page.locator("#saving")).to_have_text("Saved")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def waiting(page: Page, count: int) -> None:
    expect(page.locator("#saved")).to_have_text(f"Offline, waiting: {count}", timeout=15_000)


def eventually(page: Page, read: Callable[[], object], wanted: object) -> None:
    """Wait until what is read is what is wanted."""
    for _ in range(100):
        if read() == wanted:
            return
        page.wait_for_timeout(100)
    assert read() == wanted


def no_sideways_scrolling(page: Page) -> None:
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]
