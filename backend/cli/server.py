"""``dermvtt migrate`` and ``dermvtt serve``: the schema, and the server."""

import gc
import os
import sys
from typing import Annotated

import typer

from backend.cli.shared import unchecked
from backend.settings import Settings, load_settings

PortOption = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port to listen on [default: DERMVTT_PORT].")
]


def migrate() -> None:
    """Make the database's schema, or upgrade it to this program's, while servers go on.

    Several at once migrate once. Where something holds a table, it steps back and tries again: nobody waits
    long behind it. Where images are in a bucket that is not there yet, it makes that, too.

    Example: dermvtt migrate
    """
    from backend.database import schema
    from backend.database.sessions import Database
    from backend.storage import make_bucket

    settings = load_settings()
    database = Database(settings.database)
    try:
        done = schema.upgrade(database.engine)
        if make_bucket(settings):
            print(f"Made the bucket of {settings.images_url}.")
    finally:
        database.close()
    print("The schema is up to date." if done else "The schema is later than this program and works with it.")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: DERMVTT_HOST].")] = None,
    port: PortOption = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that serve [default: DERMVTT_WORKERS].")
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(
            help="Path below which a proxy serves it, such as /dermvtt [default: DERMVTT_ROOT_PATH]."
        ),
    ] = None,
) -> None:
    """Serve studies to raters and admins.

    Where there is no admin yet, it prints a link that makes the first account: once, for 24 hours.

    Example: dermvtt serve --port 8080 --workers 4
    """
    gc.disable()  # a fifth of the time to the first page goes into looking for garbage; the server enables it
    from backend import serving  # the whole web application: only this command needs it

    given = {"host": host, "port": port, "workers": workers, "root_path": root_path}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    serving.serve(settings, lambda address: _announce(settings, address))


def _announce(settings: Settings, address: str) -> None:
    try:
        print(f"Serving on {address}  (Ctrl-C stops){_without_admins(settings, address)}", flush=True)
    except BrokenPipeError:
        # Who reads the first line only, and closes the pipe, must not stop the server; nor its end, later.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _without_admins(settings: Settings, address: str) -> str:
    """The way to the first account, where there is none; the link is in no other place than this output."""
    from sqlalchemy.exc import SQLAlchemyError

    from backend.database import admins
    from backend.database.outages import TurnMissed

    with unchecked(settings) as database:
        try:
            with database.read() as session:
                if admins.any_admin(session):
                    return ""
            from backend import accounts

            with database.write() as session:
                token = accounts.first_link(session)
        except (SQLAlchemyError, TurnMissed):
            return ""  # the server goes on, and says by itself what is wrong with the database
    if not token:
        return ""
    return (
        "\nThere is no admin yet. Open this link to make the first account; it works once, for 24 hours:"
        f"\n  {address}/admin/first/{token}"
    )
