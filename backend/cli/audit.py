"""The command ``dermvtt audit-mix``: a mix in, what tells its fakes from its reals out."""

from pathlib import Path
from typing import Annotated

import typer


def audit_mix(
    mix: Annotated[Path, typer.Argument(help="A mix folder, made by whatever, or a .zip of one.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the results as JSON at full precision, and nothing else.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the permutations.")] = 0,
    permutations: Annotated[int, typer.Option(min=99, help="How often truth is permuted.")] = 9_999,
    alpha: Annotated[
        float,
        typer.Option(min=0.0001, max=0.5, help="A channel tells below this p, adjusted for all channels."),
    ] = 0.05,
) -> None:
    """Look for what tells a mix's fakes from its reals, as an adversary would.

    Names, sizes, encodings and metadata of the files must not tell: else the audit fails, with exit code 1.
    Traces in the pixels (colour, noise, spectrum, compression, borders) are warnings.

    Examples:

        dermvtt audit-mix mixes/x

        dermvtt audit-mix mixes/x.zip --json > audit.json
    """
    # Imported here because scipy and Pillow would slow down the start of every other command.
    from rich.console import Console
    from rich.progress import Progress

    from backend.audit.measure import measure
    from backend.audit.reading import read_mix
    from backend.audit.report import Configuration, audit, to_json
    from backend.audit.text import to_text

    console = Console(stderr=True)
    read = read_mix(mix)
    with Progress(console=console) as display:
        task = display.add_task("Measuring", total=len(read.images))
        features = measure(read.images, lambda: display.advance(task))
    with console.status("Judging"):
        found = audit(read, features, Configuration(seed, permutations, alpha))
    typer.echo(to_json(found) if as_json else to_text(found), nl=False)
    if found.outcome == "fail":
        raise typer.Exit(1)
