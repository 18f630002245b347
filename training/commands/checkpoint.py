"""The option that many commands share: which generator."""

from pathlib import Path
from typing import Annotated

import typer

from training.shipped import PREFIX, shipped_names

KINDS = "run folder, checkpoint folder, exported file, or " + " or ".join(
    f"{PREFIX}{name}" for name in shipped_names()
)
Checkpoint = Annotated[Path, typer.Option(help=f"{KINDS[0].upper()}{KINDS[1:]}.")]
