"""``dermvtt check``, ``backup`` and ``restore``: the whole installation."""

import typer
from rich.console import Console

from backend.cli.shared import unchecked
from backend.settings import load_settings


def check() -> None:
    """Check that database and images are whole: one line for each thing that is wrong, and exit code 1.

    Lines that begin with "note:" are worth knowing, and nothing is wrong.

    Example: dermvtt check
    """
    from backend.operations.check import findings
    from backend.storage import open_store

    settings = load_settings()
    with unchecked(settings) as database, Console(stderr=True).status("Checking"):
        found = findings(database, open_store(settings))
    for one in found:
        print(one)
    wrong = sum(not one.note for one in found)
    if wrong:
        raise typer.Exit(1)
    print("Everything is whole.")
