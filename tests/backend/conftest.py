"""The application as a browser reaches it."""

import re
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from backend import accounts
from backend.app import create_app

PASSWORD = "a password of my own"


@pytest.fixture
def browse(world) -> Iterator[Callable[[], TestClient]]:
    """Open a fresh browser, without cookies, on one running application."""
    app = create_app(world.settings)
    clients = []

    def open_browser() -> TestClient:
        clients.append(TestClient(app, follow_redirects=False, raise_server_exceptions=False))
        return clients[-1]

    with TestClient(app):
        yield open_browser
    for client in clients:
        client.close()


@pytest.fixture
def browser(browse) -> TestClient:
    return browse()


@pytest.fixture
def admin(browse, world) -> TestClient:
    """A browser in which an admin is logged in with a password of her own."""
    with world.database.write() as session:
        one_time = accounts.create_admin(session, "admin@example.org")
        accounts.change_password(session, "admin@example.org", one_time, PASSWORD)
    client = browse()
    log_in(client, "admin@example.org", PASSWORD)
    return client


def log_in(client, email, password):
    csrf = hidden(client.get("/admin/login").text, "csrf")
    return client.post("/admin/login", data={"email": email, "password": password, "csrf": csrf})


def hidden(html: str, name: str) -> str:
    """The value of the first hidden field of this name."""
    return re.search(rf'name="{name}" value="([^"]*)"', html).group(1)
