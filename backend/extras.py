"""What is installed on demand: which extra brings a package that is missing, in one message."""

from collections.abc import Iterator
from contextlib import contextmanager

from training.errors import UserError

EXTRAS = {
    "analysis": ("numpy", "scipy", "statsmodels", "matplotlib", "pandas"),
    "parquet": ("pyarrow",),
}
"""The packages that each extra brings, by the name by which they are imported."""


class NotInstalled(UserError):  # noqa: N818 - not a fault: the way to what is needed
    """Something works only with an extra that this installation lacks."""


def not_installed(error: ModuleNotFoundError) -> NotInstalled | None:
    """What to tell a user of a package that an extra would bring; ``None`` for any other."""
    package = (error.name or "").partition(".")[0]
    for extra, packages in EXTRAS.items():
        if package in packages:
            return NotInstalled(
                f"this needs {package}, which is not installed: DermVTT is here without its {extra}. "
                f"Install it: pip install 'dermvtt[{extra}]'"
            )
    return None


@contextmanager
def needing() -> Iterator[None]:
    """Around imports that an extra makes possible: where it lacks, ``NotInstalled`` says so."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise (not_installed(error) or error) from error
