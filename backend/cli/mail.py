"""``dermvtt mail``: invitations and reminders."""

from typing import Annotated

import typer

from backend.cli.shared import GROUP_OPTIONS, StudyOption, opened
from backend.settings import load_settings

mail_app = typer.Typer(help="Write to raters, and send what waits.", **GROUP_OPTIONS)


@mail_app.command("write")
def write_mails(
    study: StudyOption,
    reminder: Annotated[
        bool, typer.Option("--reminder", help="Remind who has not finished, rather than invite.")
    ] = False,
) -> None:
    """Queue a mail to each rater with an address whom it is for; 'dermvtt mail send' sends them.

    Example: dermvtt mail write --study 1 --reminder
    """
    from backend.mail import queue

    settings, kind = load_settings(), "reminder" if reminder else "invitation"
    with opened(settings) as database, database.write() as session:
        count = queue.write(session, study, kind, settings.mail_interval_days)
    print(f"{count} mail{'s' * (count != 1)} wait{'s' * (count == 1)}. Send with: dermvtt mail send")


@mail_app.command("send")
def send_mails() -> None:
    """Send what waits, of all studies; made to be called every few minutes by cron.

    Exit code 1 where a mail failed or still waits.

    Example: dermvtt mail send
    """
    from backend.database import events
    from backend.mail import queue

    settings = load_settings()
    with opened(settings) as database:
        result = queue.send_all(database, settings)
        if result.sent or result.failed:
            with database.write() as session:
                events.add(session, None, "mail sent", mails=result.sent, failed=result.failed)
    print(f"{result.sent} sent, {result.failed} failed, {result.waiting} still waiting.")
    if result.failed or result.waiting:
        raise typer.Exit(1)
