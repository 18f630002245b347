"""``dermvtt invite`` and what follows: the links of a study's raters."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.shared import RaterArgument, StudyOption, changing, opened, read_text
from backend.settings import Settings, load_settings
from training.files import new_file

if TYPE_CHECKING:
    from backend.studies.invitations import Invited


def invite(
    study: StudyOption,
    group: Annotated[
        str, typer.Option(help="The raters' group, such as ED; none where the study asks them for it.")
    ] = "",
    count: Annotated[int, typer.Option(help="How many raters.")] = 1,
    name: Annotated[
        str, typer.Option(help="A pseudonym, for one rater [default: ED1, ED2, ... or R1, R2, ...].")
    ] = "",
    csv: Annotated[
        Path | None,
        typer.Option(
            help="Invite all raters of a CSV file, or none; columns group, name, email, language, real_name."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the links as CSV into this file.")] = None,
) -> None:
    """Invite raters and print their links: this once, for only a hash of them is stored.

    Example: dermvtt invite --study 1 --group ED --count 3

    Example: dermvtt invite --study 1 --csv raters.csv --out links.csv
    """
    from backend.studies import invitation_lists, invitations

    settings = load_settings()
    if csv and (group or name or count != 1):
        raise typer.BadParameter("with --csv the file says whom to invite: leave out the other options.")
    listed = read_text(csv) if csv else ""
    # The file is there before anybody is invited: a link that cannot be written is lost.
    with new_file(out) if out else nullcontext() as file, opened(settings) as database:
        with database.write() as session:
            invited = (
                invitation_lists.invite_list(session, study, listed)
                if csv
                else invitations.invite(session, study, group, count, name)
            )
        if file is not None:
            file.chmod(0o600)
            file.write_bytes(invitation_lists.links_csv(invited, settings.base_url).encode())
    if out:
        print(f"Invited {len(invited)}; their links are in {out}, and nowhere else.")
        return
    for rater in invited:
        _print_link(settings, rater)


def renew(study: StudyOption, name: RaterArgument) -> None:
    """Give a rater a new link; the old one stops working, her answers stay.

    Example: dermvtt renew --study 1 ED2
    """
    from backend.studies import invitations

    settings = load_settings()
    with opened(settings) as database, database.write() as session:
        rater = invitations.renew(session, study, name)
    _print_link(settings, rater)


def revoke(study: StudyOption, name: RaterArgument) -> None:
    """Make a rater's link stop working; her answers stay.

    Example: dermvtt revoke --study 1 ED2
    """
    from backend.studies import invitations

    with changing() as session:
        invitations.revoke(session, study, name)
    print(f"The link of {name} no longer works.")


def reopen(study: StudyOption, name: RaterArgument) -> None:
    """Let a rater who has submitted go on with her answers. It is recorded.

    Example: dermvtt reopen --study 1 ED2
    """
    from backend.studies import rating

    with changing() as session:
        rating.reopen(session, study, name)
    print(f"{name} can change her answers again, until she submits.")


def _print_link(settings: Settings, rater: "Invited") -> None:
    print(f"{rater.name}\t{rater.group or '-'}\t{rater.link(settings.base_url)}")
