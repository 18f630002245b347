"""The command ``dermvtt plan``: how many raters and images a study needs."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from training.errors import UserError

Measure = Literal["accuracy", "balanced_accuracy"]
FIGURES = (".svg", ".pdf", ".png")
ACCURACY = 0.6
MOST = 100  # numbers of raters, or of images
COUNTS = "such as 3,5,8, a range such as 3-12, or one with a step such as 40-200:40"


def plan(
    raters: Annotated[
        str, typer.Option(metavar="LIST", help=f"Numbers of raters, {COUNTS}.")
    ] = "3,5,8,12,20",
    images: Annotated[
        str, typer.Option(metavar="LIST", help="Numbers of images, likewise.")
    ] = "40,80,120,200",
    accuracy: Annotated[
        float | None,
        typer.Option(help="True mean accuracy, over all raters and images there might be [default: 0.6]."),
    ] = None,
    tpr: Annotated[float | None, typer.Option(help="True mean accuracy on reals, with --tnr.")] = None,
    tnr: Annotated[float | None, typer.Option(help="True mean accuracy on fakes, with --tpr.")] = None,
    rater_sd: Annotated[float, typer.Option(help="Standard deviation between raters, in logits.")] = 0.3,
    image_sd: Annotated[float, typer.Option(help="Standard deviation between images, in logits.")] = 0.5,
    fakes_share: Annotated[float, typer.Option(help="Share of fakes among the images.")] = 0.375,
    margin: Annotated[
        float | None,
        typer.Option(help="Also plan to show that accuracy is within this of 1/2; there is no default."),
    ] = None,
    equivalence_accuracy: Annotated[
        float, typer.Option(help="True mean accuracy where equivalence is to be shown.")
    ] = 0.5,
    power: Annotated[float, typer.Option(help="The power that is wanted.")] = 0.8,
    width: Annotated[
        float | None, typer.Option(help="Also plan for an interval of mean accuracy as narrow as this.")
    ] = None,
    alpha: Annotated[
        float,
        typer.Option(help="Level of the two-sided test and of each one-sided one; intervals: 1 - alpha."),
    ] = 0.05,
    measure: Annotated[
        Measure,
        typer.Option(help="What is averaged over raters: with balanced_accuracy, a bias has no part in it."),
    ] = "accuracy",
    kappa: Annotated[
        bool, typer.Option("--kappa", help="Also plan the width of the interval of Fleiss' kappa.")
    ] = False,
    simulations: Annotated[int, typer.Option(help="Simulated studies for each cell of the grid.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the plan as JSON at full precision, and nothing else.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Also write a new folder: plan.json, plan.csv, plan.txt, the figure as SVG, PDF, PNG."
        ),
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Also write the figure alone: a name in .svg, .pdf or .png.")
    ] = None,
) -> None:
    """Plan a study: the power, and the width of the interval of mean accuracy, by raters and images.

    Studies are simulated, with raters and images that differ, and analysed as 'dermvtt analyze' does. The
    standard deviations come from a pilot study: see docs/planning.md.

    Examples:

        dermvtt plan

        dermvtt plan --accuracy 0.65 --rater-sd 0.4 --image-sd 0.8 --raters 3-12 --images 60,80,100

        dermvtt plan --margin 0.1 --width 0.12 --out plan/

        dermvtt plan --margin 0.1 --power 0.9 --json > plan.json
    """
    # Imported here because scipy and matplotlib would slow down the start of every other command.
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from backend.analysis.planning.design import Design
    from backend.analysis.planning.plan import make_plan, to_json
    from backend.analysis.planning.text import to_text

    if figure is not None and figure.suffix.lower() not in FIGURES:
        raise typer.BadParameter(f"--figure must end in {', '.join(FIGURES)}, not {figure.name!r}.")
    if out is not None and out.exists():
        raise UserError(f"{out} already exists. Choose another --out, or remove it first.")
    on_reals, on_fakes = _truth(accuracy, tpr, tnr)
    grid = {"raters": _counts("--raters", raters), "images": _counts("--images", images)}
    try:
        design = Design(
            **grid,
            tpr=on_reals,
            tnr=on_fakes,
            rater_sd=rater_sd,
            image_sd=image_sd,
            fakes_share=fakes_share,
            alpha=alpha,
            margin=margin,
            equivalence_accuracy=equivalence_accuracy,
            power=power,
            width=width,
            kappa=kappa,
            measure=measure,
            simulations=simulations,
            seed=seed,
        )
    except ValueError as error:
        field, rest = str(error).split(" ", 1)
        raise typer.BadParameter(f"--{field.replace('_', '-')} {rest}.") from error
    with Progress(console=Console(stderr=True)) as display:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = display.add_task(what, total=total)
            display.update(tasks[what], completed=done)

        found = make_plan(design, show)
    if out is not None or figure is not None:
        from backend.analysis.planning.folder import write_figure, write_folder

        for target, write in ((out, write_folder), (figure, write_figure)):
            if target is not None:
                write(found, target)
                typer.echo(f"Plan written to {target}", err=True)
    typer.echo(to_json(found) if as_json else to_text(found), nl=False)


def _truth(accuracy: float | None, tpr: float | None, tnr: float | None) -> tuple[float, float]:
    """The true mean accuracies on reals and on fakes."""
    if tpr is None and tnr is None:
        accuracy = ACCURACY if accuracy is None else accuracy
        if not 0 < accuracy < 1:
            raise typer.BadParameter(f"--accuracy must lie between 0 and 1, not {accuracy:g}.")
        return accuracy, accuracy
    if tpr is None or tnr is None or accuracy is not None:
        raise typer.BadParameter("give --accuracy, or --tpr and --tnr together.")
    return tpr, tnr


def _counts(option: str, text: str) -> tuple[int, ...]:
    """The numbers that a list such as "3,5,8-12,20-100:20" stands for, in rising order."""
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?\s*", part)
        if match is None:
            raise typer.BadParameter(f"{option} {text!r} is no list of numbers, {COUNTS}.")
        first, last, step = (int(number) if number else None for number in match.groups())
        numbers = range(first, first + 1 if last is None else last + 1, step or 1)
        if not numbers:
            raise typer.BadParameter(f"{option} {text!r}: the range {part.strip()} falls.")
        found.update(numbers[: MOST + 1])
    if len(found) > MOST:
        raise typer.BadParameter(f"{option} {text!r} are more than {MOST} numbers.")
    return tuple(sorted(found))
