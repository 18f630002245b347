"""The application as a browser reaches it."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.app import connect, create_app
from backend.database.tables import Admin
from backend.settings import Settings

ADMIN, PASSWORD = "admin@example.org", "a password of my own"
# A hash says what it cost, and is checked at that cost: a cheap one keeps the tests fast.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture(scope="session")
def application(tmp_path_factory, blank_sqlite) -> FastAPI:
    """The application, put together once: its routes take a tenth of a second."""
    folder = tmp_path_factory.mktemp("application")
    app = create_app(Settings(data_dir=folder, database_url=f"sqlite:///{blank_sqlite}"))
    app.state.database.close()
    return app


@pytest.fixture
def browse(world, application) -> Iterator[Callable[[], TestClient]]:
    """Open a fresh browser, without cookies, on an application that serves the world."""
    app, clients = application, []
    connect(app, world.settings)

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
    add_admin(world)
    client = browse()
    log_in(client, ADMIN, PASSWORD)
    return client


def add_admin(world) -> None:
    now = datetime.now(UTC)
    with world.database.write() as session:
        session.add(
            Admin(
                email=ADMIN,
                password_hash=PASSWORD_HASH,
                password_is_one_time=False,
                role="owner",
                created_at=now,
            )
        )


def log_in(client, email, password):
    csrf = hidden(client.get("/admin/login").text, "csrf")
    return client.post("/admin/login", data={"email": email, "password": password, "csrf": csrf})


def hidden(html: str, name: str) -> str:
    """The value of the first hidden field of this name."""
    return re.search(rf'name="{name}" value="([^"]*)"', html).group(1)
