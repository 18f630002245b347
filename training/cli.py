"""``dermvtt-train``: the training half on the command line. Its commands are in ``commands``."""

import os
import sys
from typing import NoReturn

import typer
from typer.core import TyperGroup

from training.commands import data, measures, memorised, pictures, runs
from training.errors import INTERRUPTED, Interrupted, UserError
from training.launching import attach, report

EXTRA = {"PIL", "safetensors", "tensorboard", "torch"}
"""What the [training] extra brings: a server that only runs studies is installed without."""


class _Commands(TyperGroup):
    def invoke(self, ctx: typer.Context) -> object:
        """Run the command; Ctrl-C where none is awaited says so, which Typer would not."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted("interrupted.") from None


app = typer.Typer(
    name="dermvtt-train",
    cls=_Commands,
    help="From dermoscopic photographs to a generator and a blinded mix of real and generated images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _commands() -> None:
    """From dermoscopic photographs to a generator and a blinded mix of real and generated images."""


for _command in (
    data.fetch,
    data.prepare,
    data.phantom,
    runs.train,
    runs.status,
    runs.export,
    pictures.sample,
    pictures.mix,
    measures.swd,
    measures.compare,
    pictures.walk,
    memorised.neighbours,
):
    app.command()(_command)


def main() -> None:
    """Run the command line; a user's mistake ends in one message on stderr and exit code 1.

    Interrupted, it ends with 130.
    """
    # Before torch is loaded: its threads otherwise spin while they wait, and where another process wants the
    # cores too, training is up to ten times slower for it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    attach()
    try:
        app()
    except UserError as error:
        _end(error)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").split(".")[0] in EXTRA:
            _end(UserError(f"{error.name} is not installed. Install it: pip install 'dermvtt[training]'"))
        if not report(error):
            raise
        sys.exit(1)


def _end(error: UserError) -> NoReturn:
    if not report(error):
        print(f"error: {error}", file=sys.stderr)
    sys.exit(INTERRUPTED if isinstance(error, Interrupted) else 1)


if __name__ == "__main__":
    main()
