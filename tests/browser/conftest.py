"""A real server process and a real Chromium."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.serving import Server, Studies, serving

# The first is Chromium without the window around its pages: to draw that is half of what a short test costs.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# A busy machine is no failure: what is expected may take its time to appear.
expect.set_options(timeout=20_000)


def runs(path: str) -> bool:
    """Whether it is a browser, and not a stand-in that only says how to install one."""
    return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0


def executable() -> str | None:
    """The system's Chromium; none where only the one that comes with Playwright can be there."""
    return next((found for name in NAMES if (found := shutil.which(name)) and runs(found)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def studies(tmp_path_factory, blank_sqlite, make_mix) -> Iterator[Studies]:
    """A server on which every test gets a study of 20 images and a rater of its own."""
    with serving(tmp_path_factory.mktemp("studies"), blank_sqlite, make_mix(12, 8)) as studies:
        yield studies


@pytest.fixture(scope="session")
def large_studies(studies, make_mix) -> Studies:
    """Studies of 50 reals and 30 fakes on the same server."""
    return studies.of(make_mix(50, 30))


@pytest.fixture
def server(large_studies) -> Server:
    """The server that all tests share, with a new study of 80 images."""
    return large_studies.create()
