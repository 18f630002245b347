"""What a route may ask for by the type of a parameter."""

from typing import Annotated

from fastapi import Depends, Path, Request

from backend.database.columns import LARGEST_ID
from backend.database.sessions import Database
from backend.routes.pages import Pages
from backend.settings import Settings
from backend.storage import ImageStore


def _settings(request: Request) -> Settings:
    return request.app.state.settings


def _database(request: Request) -> Database:
    return request.app.state.database


def _images(request: Request) -> ImageStore:
    return request.app.state.images


def _pages(request: Request) -> Pages:
    return request.app.state.pages


RowId = Annotated[int, Path(ge=0, le=LARGEST_ID)]
"""A number in an address that the databases can hold; any other is an address that is not there."""

SettingsDep = Annotated[Settings, Depends(_settings)]
DatabaseDep = Annotated[Database, Depends(_database)]
ImagesDep = Annotated[ImageStore, Depends(_images)]
PagesDep = Annotated[Pages, Depends(_pages)]
