"""Names beside their points, where they keep clear of points, of each other and of the frame."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from backend.analysis.figures.labels import breadth
from backend.analysis.figures.plotting import GREY

Box = tuple[float, float, float, float]
SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
REACHES = (3.5, 9.0)  # points from a point to its name; from afar a line leads to it


def name_points(
    axes: Axes, points: ArrayLike, names: Sequence[str], size: float, lines: Sequence[ArrayLike] = ()
) -> None:
    """Write each name (a ``label``; none if empty) beside its point, in a figure that is ``settled``.

    Of the places around a point, near ones before far ones, the name takes one that is clear and crosses as
    few ``lines`` (pairs of ends) as can be; without a clear place it is left out.
    """
    axes.apply_aspect()
    places = _in_points(axes, points)
    crossing = [_in_points(axes, ends) for ends in lines]
    taken = [_around(place, 2.6) for place in places]
    frame = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted()).extents * 72
    named = [entry for entry in zip(places, np.asarray(points), names, strict=True) if entry[2]]
    for place, point, name in named:
        choices = [
            (reach, _hits(box, crossing), side, box)
            for reach, side in product(REACHES, SIDES)
            for box in [_box(place, side, reach, breadth(name, size) + 1, size)]
            if _inside(box, frame) and not any(_overlap(box, other) for other in taken)
        ]
        if choices:
            reach, _, side, box = min(choices, key=lambda choice: choice[:2])
            taken.append(box)
            _write(axes, point, name, size, side, reach)


def _write(axes: Axes, point: NDArray, name: str, size: float, side: tuple[int, int], reach: float) -> None:
    axes.annotate(
        name,
        point,
        xytext=(side[0] * reach, side[1] * reach),
        textcoords="offset points",
        ha=("center", "left", "right")[side[0]],
        va=("center", "bottom", "top")[side[1]],
        fontsize=size,
        arrowprops=None if reach == REACHES[0] else {"arrowstyle": "-", "color": GREY, "linewidth": 0.4},
        zorder=5,
    )


def _in_points(axes: Axes, places: ArrayLike) -> NDArray[np.float64]:
    return axes.transData.transform(np.asarray(places, dtype=float)) * 72 / axes.figure.dpi


def _around(place: NDArray[np.float64], reach: float) -> Box:
    return place[0] - reach, place[1] - reach, place[0] + reach, place[1] + reach


def _box(place: NDArray[np.float64], side: tuple[int, int], reach: float, width: float, height: float) -> Box:
    """The rectangle of a name: left, bottom, right, top."""
    x, y = place[0] + side[0] * reach, place[1] + side[1] * reach
    left, bottom = x + (side[0] - 1) * width / 2, y + (side[1] - 1) * height / 2
    return left, bottom, left + width, bottom + height


def _inside(box: Box, frame: Box) -> bool:
    return box[0] > frame[0] and box[1] > frame[1] and box[2] < frame[2] and box[3] < frame[3]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _hits(box: Box, lines: Sequence[NDArray[np.float64]]) -> int:
    """How many lines, upright or lying, cross the box."""
    return sum(_overlap(box, (*line.min(axis=0), *line.max(axis=0))) for line in lines)
