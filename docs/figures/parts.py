"""What the figure of the growing network is drawn with: boxes, arrows, and the fork of a fade-in.

Lengths are in inches on a canvas of the figure's size. Colours are Okabe & Ito's.
"""

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch

BLUE, ORANGE, GREEN, INK, GREY = "#0072B2", "#D55E00", "#009E73", "#1A1A1A", "#595959"
TALL = 0.3
"""The height of a box."""
STEP, SIDE, ROUND = 0.5, 1.3, 0.13
"""Of a fork: from a row to the next, a box's width, and the radius of the sum's circle."""
Ways = tuple[tuple[str, str], tuple[str, str]]
"""Two rows of a fork, from above: the old way's step and the new one's."""


def square(side: int) -> str:
    """A resolution as text."""
    return f"{side} × {side}"


def heading(canvas: Axes, y: float, letter: str, text: str) -> None:
    """Name a panel."""
    canvas.text(0.3, y, letter, weight="bold", fontsize=11, va="center")
    canvas.text(0.55, y, text, fontsize=10, va="center")


def box(canvas: Axes, x: float, y: float, width: float, text: str, colour: str) -> None:
    """Draw a box around (x, y), tinted in its colour."""
    round_off = "round,pad=0,rounding_size=0.06"
    canvas.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - TALL / 2),
            width,
            TALL,
            boxstyle=round_off,
            facecolor=mpl.colors.to_rgba(colour, 0.14),
            edgecolor=colour,
            linewidth=1.1,
        )
    )
    plain(canvas, x, y, text)


def plain(canvas: Axes, x: float, y: float, text: str) -> None:
    """Write text around (x, y)."""
    canvas.text(x, y, text, ha="center", va="center_baseline", fontsize=8.5)


def arrow(canvas: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow."""
    look = {"arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "mutation_scale": 7}
    look |= {"shrinkA": 0, "shrinkB": 0}
    canvas.annotate("", xy=end, xytext=start, arrowprops=look)


def fork(
    canvas: Axes, top: float, centre: float, colour: str, old: str, ways: Ways, image: str, *, down: bool
) -> None:
    """Draw the ways between the ``old`` network's last box and the image, weighted and added up.

    The sum is below the boxes of the ways where data flows ``down``, and above them elsewhere.
    """
    rows = [top - STEP * row for row in range(5)]
    joint, upper, lower = (rows[3], rows[1], rows[2]) if down else (rows[1], rows[2], rows[3])
    above_image = rows[4] + 0.11
    box(canvas, centre, rows[0], SIDE, old, colour)
    plain(canvas, centre, rows[4], image)
    canvas.add_patch(Circle((centre, joint), ROUND, facecolor="white", edgecolor=INK, linewidth=0.9))
    canvas.text(centre, joint - 0.005, "+", ha="center", va="center", fontsize=11)
    stem = (joint - ROUND, above_image) if down else (rows[0] - TALL / 2, joint + ROUND)
    edges = [((centre, stem[0]), (centre, stem[1]))]
    for way, (sign, weight) in enumerate(((-1, "× (1 − α)"), (1, "× α"))):
        place, beside = centre + 0.95 * sign, centre + 0.19 * sign
        for y, texts in zip((upper, lower), ways, strict=True):
            box(canvas, place, y, SIDE, texts[way], colour if "×" in texts[way] else GREY)
        canvas.text(
            centre + 0.7 * sign, joint, weight, ha="left" if way else "right", va="center", fontsize=8.5
        )
        at_sum = (centre + ROUND * sign, joint)
        edges += [
            ((beside, rows[0] - TALL / 2) if down else at_sum, (place, upper + TALL / 2)),
            ((place, upper - TALL / 2), (place, lower + TALL / 2)),
            ((place, lower - TALL / 2), at_sum if down else (beside, above_image)),
        ]
    for high, low in edges:
        arrow(canvas, *((high, low) if down else (low, high)))
