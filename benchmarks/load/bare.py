"""The bare insert endpoint: the same stack, database and durability, one row a request, nothing else."""

import os
import sys
from typing import Annotated

import uvicorn
from fastapi import Body, FastAPI
from pydantic import BaseModel
from sqlalchemy import Column, Float, Integer, MetaData, String, Table, insert

from backend.database.sessions import Database
from backend.serving import listen
from backend.settings import load_settings

TABLE = Table(
    "bare_rows",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("submission", String(36)),
    Column("image", String(32)),
    Column("answer", String(4)),
    Column("response_ms", Float),
)


class Answer(BaseModel):
    """What is inserted."""

    id: str
    image: str
    answer: str
    response_ms: float


class Batch(BaseModel):
    """What the raters send; their viewings are left alone."""

    answers: list[Answer]


def make_app(database: Database) -> FastAPI:
    """An application of one route."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/insert")
    def insert_row(batch: Annotated[Batch, Body()]) -> dict[str, list[str]]:
        given = batch.answers[0]
        values = {"submission": given.id, "image": given.image, "answer": given.answer}
        with database.write() as session:
            session.execute(insert(TABLE).values(values | {"response_ms": given.response_ms}))
        return {"saved": [given.id]}

    return app


def main() -> None:
    """Serve until terminated."""
    settings = load_settings()
    database = Database(settings.database)
    TABLE.metadata.create_all(database.engine)
    listener = listen(settings)
    print(f"Serving on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(make_app(database), log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    os.environ.setdefault("DERMVTT_PORT", "0")
    sys.exit(main())
