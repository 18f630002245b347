"""``dermvtt migrate`` and ``dermvtt serve``: the schema, and the server."""

import gc
from typing import Annotated

import typer

from backend.settings import load_settings

PortOption = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port to listen on [default: DERMVTT_PORT].")
]


def migrate() -> None:
    """Make the database's schema, or upgrade it to this program's.

    Example: dermvtt migrate
    """
    from backend.database import schema
    from backend.database.sessions import Database

    database = Database(load_settings().database)
    try:
        schema.upgrade(database.engine)
    finally:
        database.close()
    print("The schema is up to date.")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: DERMVTT_HOST].")] = None,
    port: PortOption = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that serve [default: DERMVTT_WORKERS].")
    ] = None,
) -> None:
    """Serve studies to raters and admins.

    Example: dermvtt serve --port 8080 --workers 4
    """
    gc.disable()  # a fifth of the time to the first page goes into looking for garbage; the server enables it
    from backend import serving  # the whole web application: only this command needs it

    given = {"host": host, "port": port, "workers": workers}
    settings = load_settings().model_copy(update={k: v for k, v in given.items() if v is not None})
    serving.serve(settings, lambda address: print(f"Serving on {address}  (Ctrl-C stops)", flush=True))
