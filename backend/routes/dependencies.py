"""What a route may ask for by the type of a parameter."""

from typing import Annotated

from fastapi import Depends, Path, Request

from backend.database.limits import LARGEST_ID
from backend.database.sessions import Database
from backend.routes.pages import Pages
from backend.routes.previewing import preview_of
from backend.settings import Settings
from backend.storage import ImageStore
from backend.studies.desk import Desk


# Each of them `async`: FastAPI sends others through a thread, which takes longer than what they do.
async def _settings(request: Request) -> Settings:
    return request.app.state.settings


async def _database(request: Request) -> Database:
    return (preview_of(request) or request.app.state).database


async def _images(request: Request) -> ImageStore:
    return request.app.state.images


async def _pages(request: Request) -> Pages:
    return request.app.state.pages


async def _desk(request: Request) -> Desk:
    return (preview_of(request) or request.app.state).desk


RowId = Annotated[int, Path(ge=0, le=LARGEST_ID)]
"""A number in an address that the databases can hold; any other is an address that is not there."""

SettingsDep = Annotated[Settings, Depends(_settings)]
DatabaseDep = Annotated[Database, Depends(_database)]
ImagesDep = Annotated[ImageStore, Depends(_images)]
DeskDep = Annotated[Desk, Depends(_desk)]
PagesDep = Annotated[Pages, Depends(_pages)]
