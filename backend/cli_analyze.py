"""The command ``dermvtt analyze``: a ratings CSV in, tables, JSON or a folder of results out."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def analyze(
    ratings: Annotated[
        Path, typer.Argument(metavar="RATINGS.csv", help="Ratings table, as `dermvtt export` writes it.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the results as JSON at full precision, and nothing else.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write a new folder: results.json, CSV tables, Figure 5 as SVG and PNG."),
    ] = None,
    blank_as_error: Annotated[
        bool, typer.Option("--blank-as-error", help="Count a missing answer as a wrong one for the rater.")
    ] = False,
    level: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Confidence level of the intervals.")
    ] = 0.95,
) -> None:
    """Analyse a study's ratings: every rater's confusion table and rates, groups, and agreement.

    The table needs the columns rater, group, image, truth and answer; an empty answer is a missing rating.
    Missing answers are left out; --blank-as-error counts them as wrong, as Baur et al. (2018, Table 2) do.

    Examples:

        dermvtt analyze ratings.csv

        dermvtt analyze ratings.csv --json > results.json

        dermvtt analyze ratings.csv --out report/
    """
    # Imported here because scipy and matplotlib would slow down the start of every other command.
    from backend.analysis.ratings import read_ratings  # noqa: PLC0415
    from backend.analysis.report import results as report  # noqa: PLC0415
    from backend.analysis.report.text import to_text  # noqa: PLC0415

    console = Console(stderr=True)
    with console.status("Analysing the ratings"):
        results = report.analyze(read_ratings(ratings), blank_as_error=blank_as_error, level=level)
    if out is not None:
        with console.status("Drawing the figures"):
            from backend.analysis.report.folder import write_folder  # noqa: PLC0415

            write_folder(results, out)
        typer.echo(f"Results written to {out}", err=True)
    typer.echo(report.to_json(results) if as_json else to_text(results), nl=False)
