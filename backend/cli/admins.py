"""``dermvtt admin``: accounts of admins."""

from typing import Annotated

import typer

from backend.cli.shared import GROUP_OPTIONS, opened
from backend.settings import load_settings

admin_app = typer.Typer(help="Accounts of admins.", **GROUP_OPTIONS)


@admin_app.command("create")
def create_admin(email: Annotated[str, typer.Argument(help="The admin's e-mail address.")]) -> None:
    """Make an admin account and print its one-time password.

    Example: dermvtt admin create you@example.org
    """
    from backend import accounts

    with opened(load_settings()) as database, database.write() as session:
        password = accounts.create_admin(session, email)
    print(f"One-time password of {email}: {password}")


@admin_app.command("reset-password")
def reset_password(email: Annotated[str, typer.Argument(help="The admin's e-mail address.")]) -> None:
    """Give an admin a new one-time password and end her sessions.

    Example: dermvtt admin reset-password you@example.org
    """
    from backend import accounts

    with opened(load_settings()) as database, database.write() as session:
        password = accounts.reset_password(session, email)
    print(f"One-time password of {email}: {password}")
