"""What kind of image each is: a text column of the ratings, such as ``source``, as one text an image."""

import numpy as np
from numpy.typing import NDArray

from backend.analysis.ratings.rows import refuse
from backend.analysis.ratings.table import RatingsTable

Mask = NDArray[np.bool_]


def texts_of_images(table: RatingsTable, column: str) -> tuple[str, ...]:
    """The text of an optional column for each of ``table.images``; ``""`` where no row of the image has one.

    Raises
    ------
    RatingsError
        Where an image has two different texts.
    """
    if column not in table.optional:
        return ("",) * len(table.images)
    texts = np.array([text.strip() for text in table.optional[column]])
    rows = np.flatnonzero(texts != "")
    images, first = np.unique(table.image[rows], return_index=True)
    found = np.full(len(table.images), "", dtype=texts.dtype)
    found[images] = texts[rows[first]]
    refuse(
        f"Column {column}, image {table.images[table.image[row]]!r}: {texts[row]} in one row and "
        f"{found[table.image[row]]} in another; an image has one {column}."
        for row in rows[texts[rows] != found[table.image[rows]]].tolist()
    )
    return tuple(found.tolist())
