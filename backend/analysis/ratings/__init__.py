"""The ratings table: its rows and rules, its arrays, and its CSV file.

Rows need nothing beside Python. The table is arrays: numpy is loaded when it is first asked for, so that a
server without the analysis can hand out the rows.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from backend.analysis.ratings.rows import COLUMNS, RatingRow, RatingsError

if TYPE_CHECKING:
    from backend.analysis.ratings.files import read_ratings, write_ratings
    from backend.analysis.ratings.table import RatingsTable

__all__ = ["COLUMNS", "RatingRow", "RatingsError", "RatingsTable", "read_ratings", "write_ratings"]

_LATER = {"RatingsTable": "table", "read_ratings": "files", "write_ratings": "files"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
