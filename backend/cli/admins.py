"""``dermvtt admin``: accounts of admins."""

from typing import Annotated

import typer

from backend.cli.shared import GROUP_OPTIONS, changing, opened
from backend.roles import ROLES
from backend.settings import load_settings

admin_app = typer.Typer(help="Accounts of admins.", **GROUP_OPTIONS)

Email = Annotated[str, typer.Argument(help="The admin's e-mail address.")]
ROLES_HELP = "; ".join(f"{role}: {what}" for role, what in ROLES.items()) + "."


@admin_app.command("create")
def create_admin(
    email: Email, role: Annotated[str, typer.Option("--role", help=ROLES_HELP)] = "owner"
) -> None:
    """Make an admin account and print its one-time password.

    Example: dermvtt admin create you@example.org

    Example: dermvtt admin create colleague@example.org --role reader
    """
    from backend import accounts

    with changing() as session:
        password = accounts.create_admin(session, email, role)
    print(f"One-time password of {email}: {password}")


@admin_app.command("list")
def list_admins() -> None:
    """List all accounts: address, role, whether there is a second factor.

    Example: dermvtt admin list
    """
    from backend import accounts

    with opened(load_settings()) as database, database.read() as session:
        for one in accounts.everyone(session):
            notes = [one.role, "second factor" if one.totp_since else "password alone"]
            notes += ["one-time password not replaced yet"] if one.password_is_one_time else []
            notes += ["deactivated"] if one.deactivated_at else []
            print(f"{one.email}\t{', '.join(notes)}")


@admin_app.command("set-role")
def set_role(email: Email, role: Annotated[str, typer.Argument(help=ROLES_HELP)]) -> None:
    """Give an admin another role. The last owner stays one.

    Example: dermvtt admin set-role colleague@example.org editor
    """
    from backend import accounts

    with changing() as session:
        accounts.set_role(session, email, role)
    print(f"{email} is {role} now.")


@admin_app.command("deactivate")
def deactivate(email: Email) -> None:
    """Let an admin log in no more, and end her sessions. The last owner stays.

    Example: dermvtt admin deactivate colleague@example.org
    """
    from backend import accounts

    with changing() as session:
        accounts.deactivate(session, email)
    print(f"{email} cannot log in any more. Again: dermvtt admin activate {email}")


@admin_app.command("activate")
def activate(email: Email) -> None:
    """Let an admin who was deactivated log in again.

    Example: dermvtt admin activate colleague@example.org
    """
    from backend import accounts

    with changing() as session:
        accounts.activate(session, email)
    print(f"{email} can log in.")


@admin_app.command("remove")
def remove(email: Email) -> None:
    """Remove an admin's account; what she did stays on record. The last owner stays.

    Example: dermvtt admin remove colleague@example.org
    """
    from backend import accounts

    with changing() as session:
        accounts.remove(session, email)
    print(f"Removed {email}.")


@admin_app.command("reset-password")
def reset_password(email: Email) -> None:
    """Give an admin a new one-time password and end her sessions. Her second factor stays.

    Example: dermvtt admin reset-password you@example.org
    """
    from backend import accounts

    with changing() as session:
        password = accounts.reset_password(session, email)
    print(f"One-time password of {email}: {password}")


@admin_app.command("reset-second-factor")
def reset_second_factor(email: Email) -> None:
    """Let an admin log in by her password alone, and end her sessions: where her telephone is lost.

    Example: dermvtt admin reset-second-factor you@example.org
    """
    from backend import accounts

    with changing() as session:
        accounts.reset_second_factor(session, email)
    print(f"{email} logs in by the password alone now, and can set up a second factor again.")


@admin_app.command("end-sessions")
def end_sessions(email: Email) -> None:
    """End all log-ins of an admin: she must log in again.

    Example: dermvtt admin end-sessions colleague@example.org
    """
    from backend import accounts

    with changing() as session:
        accounts.end_sessions(session, email)
    print(f"All log-ins of {email} are ended.")
