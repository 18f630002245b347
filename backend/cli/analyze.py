"""The command ``dermvtt analyze``: a ratings CSV in, tables, JSON or a folder of results out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from backend.analysis.report.conventions import Convention
from training.errors import UserError
from training.manifest import MixError, read_manifest


def _pictures(mix: Path) -> Callable[[str], bytes | None]:
    """What gives an image of a mix by its name, and ``None`` for another's."""
    try:
        files = {image.id: mix / image.file for image in read_manifest(mix).images}
    except MixError as error:
        raise UserError(f"{error} Give --mix the folder that the study's images are from.") from error
    return lambda name: files[name].read_bytes() if name in files and files[name].is_file() else None


def _print_schema(wanted: bool) -> None:
    if wanted:
        from backend.analysis.report.serial import schema

        typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
        raise typer.Exit


def analyze(
    ratings: Annotated[
        Path, typer.Argument(metavar="RATINGS.csv", help="Ratings table, as `dermvtt export` writes it.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the results as JSON at full precision, and nothing else.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write a new folder: report.html, results.json, CSV tables, figures."),
    ] = None,
    latex: Annotated[bool, typer.Option("--latex", help="With --out: also the tables as LaTeX.")] = False,
    convention: Annotated[
        Convention,
        typer.Option(
            help="How a missing answer counts. missing: left out. blank_as_error: a wrong answer in rates. "
            "paper: likewise, and Fleiss' kappa with raters held fixed, digits cut off, as in Baur et al. "
            "2018."
        ),
    ] = "missing",
    blank_as_error: Annotated[
        bool, typer.Option("--blank-as-error", help="Short for --convention blank_as_error.")
    ] = False,
    margin: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=0.5, help="Margin of equivalence, such as 0.1; without it equivalence is not tested."
        ),
    ] = None,
    level: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Confidence level of the intervals.")
    ] = 0.95,
    mix: Annotated[
        Path | None,
        typer.Option(help="With --out: the mix folder, for a sheet of the hardest and the easiest images."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of permutations, where there are too many to try all.")
    ] = 0,
    _schema: Annotated[
        bool,
        typer.Option(
            "--schema", callback=_print_schema, is_eager=True, help="Print the JSON schema, and end."
        ),
    ] = False,
) -> None:
    """Analyse a study's ratings: raters, groups, agreement, images, and what changed over time.

    The table needs the columns rater, group, image, truth and answer; an empty answer is a missing rating.
    What else there is (confidence, response_ms, position, first_answer, revisions, source, diagnosis) is
    used.

    Examples:

        dermvtt analyze ratings.csv

        dermvtt analyze ratings.csv --json > results.json

        dermvtt analyze ratings.csv --out report/ --latex --mix mixes/x

        dermvtt analyze ratings.csv --convention paper

        dermvtt analyze ratings.csv --margin 0.1
    """
    # Imported here because scipy and matplotlib would slow down the start of every other command.
    from rich.console import Console

    from backend.analysis.ratings import read_ratings
    from backend.analysis.report import serial
    from backend.analysis.report.results import analyze as analyse
    from backend.analysis.report.text import to_text

    if blank_as_error and convention != "missing":
        raise typer.BadParameter("--blank-as-error and --convention are two ways to say it; give one.")
    if latex and out is None:
        raise typer.BadParameter("--latex needs --out: the folder that the tables are written to.")
    if mix is not None and out is None:
        raise typer.BadParameter("--mix needs --out: the folder that the sheet is written to.")
    if margin is not None and not 0 < margin < 0.5:
        raise typer.BadParameter("--margin must lie between 0 and 0.5.")
    picture = None if mix is None else _pictures(mix)
    console = Console(stderr=True)
    with console.status("Analysing the ratings"):
        chosen = "blank_as_error" if blank_as_error else convention
        results = analyse(read_ratings(ratings), convention=chosen, margin=margin, level=level, seed=seed)
    if out is not None:
        with console.status("Drawing the figures"):
            from backend.analysis.report.folder import write_folder

            write_folder(results, out, latex=latex, picture=picture)
        typer.echo(f"Results written to {out}", err=True)
    typer.echo(serial.to_json(results) if as_json else to_text(results), nl=False)
