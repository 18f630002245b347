"""The hardest and the easiest images as pictures."""

import io
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from backend.analysis.figures.labels import label
from backend.analysis.figures.plotting import DOUBLE, DPI, GREY, SMALL, styled
from backend.analysis.images.difficulty import ImageResult, easiest, hardest
from backend.analysis.ratings.rows import EVERYONE, FAKE, REAL

Picture = Callable[[str], bytes | None]
"""From an image's name to its PNG file, or ``None`` where the picture is not at hand."""
ROWS = (
    ("Reals most often taken for fakes", REAL, hardest),
    ("Fakes most often taken for real", FAKE, hardest),
    ("Reals most often recognised", REAL, easiest),
    ("Fakes most often recognised", FAKE, easiest),
)
ACROSS, GAP, TITLE, NAME = 6, 3.0, 6.0, 7.5  # pictures in a row; mm between them, of a heading, of a name
SIDE = (DOUBLE - 4 - (ACROSS - 1) * GAP) / ACROSS  # mm
PIXELS = round(SIDE / 25.4 * DPI)


def sheet(rows: Sequence[ImageResult], picture: Picture, *, group: str = EVERYONE) -> Figure:
    """The images that were most and least often judged wrongly, by truth, with their names and counts.

    Parameters
    ----------
    rows : every image of a study.
    picture : gives the picture of an image by its name. A frame stands for one that is not at hand.
    group : whose answers count.

    Notes
    -----
    Six of each kind, and fewer where there are not twice as many: no image is both hard and easy.

    Raises
    ------
    ValueError
        Where no image has an answer of the group.
    """
    parts = [(title, _chosen(rows, group, truth, choose)) for title, truth, choose in ROWS]
    parts = [(title, images) for title, images in parts if images]
    if not parts:
        raise ValueError("no image has an answer: there is no sheet to draw")
    height = len(parts) * (TITLE + SIDE + NAME)
    with styled():
        figure = Figure(figsize=(DOUBLE / 25.4, height / 25.4), dpi=DPI)
        for number, (title, images) in enumerate(parts):
            top = height - number * (TITLE + SIDE + NAME)
            figure.text(2 / DOUBLE, (top - TITLE + 1.5) / height, title, va="bottom", fontweight="bold")
            for column, image in enumerate(images):
                left, bottom = 2 + column * (SIDE + GAP), top - TITLE - SIDE
                box = (left / DOUBLE, bottom / height, SIDE / DOUBLE, SIDE / height)
                _picture(figure.add_axes(box), image, picture(image.image))
        return figure


def _chosen(rows: Sequence[ImageResult], group: str, truth: str, choose: Callable) -> Sequence[ImageResult]:
    known = sum(row.group == group and row.truth == truth and row.rank is not None for row in rows)
    half = (known + (choose is hardest)) // 2
    return choose(rows, min(ACROSS, half), group=group, truth=truth)


def _picture(axes: Axes, image: ImageResult, data: bytes | None) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    pixels = None if data is None else _decoded(data)
    if pixels is None:
        axes.text(0.5, 0.5, "no picture", ha="center", va="center", color=GREY, fontsize=SMALL)
        axes.spines[:].set(visible=True, color=GREY)
    else:
        axes.imshow(pixels)
        axes.spines[:].set_visible(False)
    text = f"{label(image.image, 20)}\n{image.called_real} of {image.n} called it real"
    place = {"textcoords": "offset points", "xycoords": "axes fraction", "annotation_clip": False}
    axes.annotate(text, (0.5, 0), xytext=(0, -3), ha="center", va="top", fontsize=SMALL, **place)


def _decoded(data: bytes) -> NDArray[np.uint8] | None:
    """The picture's pixels, no more of them than are seen; ``None`` where it cannot be read."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            shown = opened.convert("RGB")
    except OSError:
        return None
    shown.thumbnail((PIXELS, PIXELS))
    return np.asarray(shown)
