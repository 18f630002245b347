"""The web application, put together: settings, database, pages, what every request goes through."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

import webapp
from backend.database.changes import Changes
from backend.database.schema import require_usable, state
from backend.database.sessions import Database
from backend.languages import Languages
from backend.observing.metrics import watch_pool
from backend.observing.readiness import OK, Readiness
from backend.routes import admin, errors, health, metrics, middleware, rater
from backend.routes.assets import Assets
from backend.routes.pages import Pages
from backend.settings import Settings
from backend.storage import ImageStore, open_store
from backend.studies.desk import Desk


def create_app(settings: Settings) -> FastAPI:
    """Build the application; raises ``UserError`` unless this program works with the database's schema."""
    app = FastAPI(title="DermVTT", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    folder = Path(webapp.__file__).parent
    assets = Assets(folder / "static")
    app.state.pages = Pages(folder / "templates", Languages(), asset_version=assets.version)
    connect(app, settings)
    app.mount("/static", assets, name="static")
    for routes in (rater, admin, health, metrics):
        app.include_router(routes.router)
    errors.install(app)
    middleware.install(app)
    return app


def connect(app: FastAPI, settings: Settings) -> None:
    """Point the application to an installation's database and images; raises as ``create_app``."""
    database = Database(settings.database)
    watch_pool(database.engine)
    try:
        require_usable(database.engine)
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.secret  # noqa: B018 - a folder that cannot be written fails here, not at the first log-in
    except BaseException:
        database.close()
        raise
    app.state.settings = settings
    app.state.pages.root_path = settings.root_path
    app.state.database = database
    app.state.images = open_store(settings)
    app.state.changes = Changes(database)
    app.state.desk = Desk(database)
    checks = {"database": lambda: _database(database), "storage": lambda: _storage(app.state.images)}
    app.state.readiness = Readiness(checks)


def _database(database: Database) -> str:
    found = state(database.engine)
    return OK if found == OK else f"the schema is {found}"


def _storage(images: ImageStore) -> str:
    images.check()
    return OK


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.changes.close()
    app.state.desk.close()
    app.state.changes.join()
    app.state.database.close()
