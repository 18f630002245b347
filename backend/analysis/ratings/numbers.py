"""Optional columns of the ratings table as numbers and labels; the table itself carries them as text."""

import math

import numpy as np
from numpy.typing import NDArray

from backend.analysis.ratings.rows import refuse
from backend.analysis.ratings.table import CODES, RatingsTable

UNREADABLE = -math.inf
UNKNOWN = -2


def numbers(table: RatingsTable, column: str) -> NDArray[np.float64]:
    """An optional column such as ``confidence`` or ``response_ms`` as numbers.

    Parameters
    ----------
    table : RatingsTable
        The ratings.
    column : str
        One of its optional columns; one that is absent is all empty.

    Returns
    -------
    ndarray
        A number for each row of ``table``, NaN where the column is empty.

    Raises
    ------
    RatingsError
        For a text that is not a number, or a number that is negative or not finite, with rater and image.
    """
    if column not in table.optional:
        return np.full(len(table), np.nan)
    found = np.array([_number(text) for text in table.optional[column]])
    faulty = np.flatnonzero(found < 0).tolist()
    refuse(f"{_place(table, column, i)} {_complaint(table.optional[column][i].strip())}" for i in faulty)
    return found


def labels(table: RatingsTable, column: str) -> NDArray[np.int8]:
    """An optional column of answers such as ``first_answer`` as codes: 1 real, 0 fake, -1 empty.

    Raises
    ------
    RatingsError
        For another text than ``real`` or ``fake`` (in any case), with rater and image.
    """
    texts = table.optional.get(column, ("",) * len(table))
    codes = {text: CODES.get(text.strip().lower(), UNKNOWN) for text in set(texts)}
    found = np.array([codes[text] for text in texts], dtype=np.int8)
    faulty = np.flatnonzero(found == UNKNOWN).tolist()
    rule = "is neither 'real' nor 'fake', nor empty."
    refuse(f"{_place(table, column, i)} {texts[i]!r} {rule}" for i in faulty)
    return found


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return UNREADABLE if text.strip() else math.nan
    return value if 0 <= value < math.inf else UNREADABLE


def _place(table: RatingsTable, column: str, row: int) -> str:
    rater, image = table.raters[table.rater[row]], table.images[table.image[row]]
    return f"Column {column}, rater {rater!r} and image {image!r}:"


def _complaint(text: str) -> str:
    pointed = text.replace(",", ".", 1)
    if "," in text and _number(pointed) >= 0:
        return f"{text!r} is not a number; decimals come after a point, as in {pointed}."
    try:
        kind = "negative; it must be 0 or more" if -math.inf < float(text) < 0 else "not a finite number"
    except ValueError:
        kind = "not a number; leave it empty where there is none"
    return f"{text!r} is {kind}."
