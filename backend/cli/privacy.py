"""``dermvtt rater`` and ``dermvtt privacy``: deleting what is personal."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from backend.cli.shared import GROUP_OPTIONS, RaterArgument, StudyOption, changing

rater_app = typer.Typer(help="Delete a rater, or make her anonymous.", **GROUP_OPTIONS)
privacy_app = typer.Typer(help="Keep personal data no longer than was said.", **GROUP_OPTIONS)

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@rater_app.command("delete")
def delete(study: StudyOption, name: RaterArgument, yes: YesOption = False) -> None:
    """Delete a rater with all her answers; it cannot be undone. That it was done is recorded.

    Example: dermvtt rater delete --study 1 ED2
    """
    from backend.studies import privacy

    if not yes:
        typer.confirm(f"Delete {name} with all her answers?", abort=True)
    with changing() as session:
        privacy.delete(session, study, name)
    print(f"{name} and her answers are deleted.")


@rater_app.command("anonymise")
def anonymise(study: StudyOption, name: RaterArgument, yes: YesOption = False) -> None:
    """Keep a rater's answers under a fresh pseudonym, and delete what says who she is.

    Example: dermvtt rater anonymise --study 1 ED2
    """
    from backend.studies import privacy

    if not yes:
        typer.confirm(f"Delete who {name} is, and end her links?", abort=True)
    with changing() as session:
        fresh = privacy.anonymise(session, study, name)
    print(f"Her answers are now those of {fresh}.")


@privacy_app.command("apply")
def apply() -> None:
    """Delete the personal data of studies closed for longer than their retention_days; made for cron, daily.

    Example: dermvtt privacy apply
    """
    from backend.studies import privacy

    with changing() as session:
        done = privacy.apply_retention(session, datetime.now(UTC))
    for study, count in done.items():
        print(f"study {study}: personal data of {count} rater{'s' * (count != 1)} deleted")
    if not done:
        print("Nothing was due.")
