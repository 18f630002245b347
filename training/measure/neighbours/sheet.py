"""A sheet to look at: images beside the training images nearest to them, the most suspicious first."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.dataset import Dataset, at_resolution
from training.measure.neighbours.examine import Found
from training.measure.neighbours.nearest import MEASURES

CELL = 128
"""Smaller images are enlarged to about so many pixels."""
SHOWN = 3
"""So many nearest images are shown by each measure."""
GAP, BREAK, LINE, MARGIN = 6, 22, 18, 16
FONT, HEADING = 12, 15
HEADINGS = ("nearest by pixels: distance in levels (ratio)", "nearest by perceptual distance (ratio)")
FLIPS = {
    (False, False): "",
    (True, False): " mirrored",
    (False, True): " flipped",
    (True, True): " turned 180\N{DEGREE SIGN}",
}
"""What is said of a neighbour that is shown mirrored left to right, flipped top to bottom, or both."""
INK, ALARM = "#222222", "#B00020"


@dataclass(frozen=True)
class Shown:
    """A row of the sheet: the image, uint8 (R, R, 3), what to call it, and what is nearest to it."""

    image: NDArray[np.uint8]
    name: str
    found: Found


def save_sheet(path: Path, parts: list[tuple[str, list[Shown]]], dataset: Dataset) -> None:
    """Write a PNG of titled parts; neighbours are of ``dataset``, shown flipped where that is nearer."""
    resolution = parts[0][1][0].image.shape[0]
    cell = resolution * max(1, CELL // resolution)
    width = 2 * MARGIN + (1 + 2 * SHOWN) * (cell + GAP) + 2 * BREAK
    row = cell + LINE + GAP
    height = 2 * MARGIN + sum(3 * LINE + len(rows) * row for _, rows in parts)
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    top = MARGIN
    for title, rows in parts:
        draw.text((MARGIN, top), title, INK, ImageFont.load_default(HEADING))
        for lefts, text in zip(_lefts(cell)[1:], HEADINGS, strict=True):
            draw.text((lefts[0], top + 1.5 * LINE), text, INK, ImageFont.load_default(FONT))
        top += int(2.75 * LINE)
        for each in rows:
            _draw_row(sheet, top, cell, each, dataset)
            top += row
        top += LINE // 4
    sheet.save(path, format="PNG")


def _lefts(cell: int) -> list[list[int]]:
    """Where columns begin: the image's, then each measure's."""
    step = cell + GAP
    begins = [MARGIN, MARGIN + step + BREAK, MARGIN + step * (1 + SHOWN) + 2 * BREAK]
    return [[begin + place * step for place in range(SHOWN if begin > MARGIN else 1)] for begin in begins]


def _draw_row(sheet: Image.Image, top: int, cell: int, shown: Shown, dataset: Dataset) -> None:
    own, *columns = _lefts(cell)
    _put(sheet, (own[0], top), cell, shown.image, shown.name, bool(shown.found.stands_out))
    for measure, lefts in zip(MEASURES, columns, strict=True):
        near = shown.found.nears[measure]
        marked = any(measure in reason for reason in shown.found.stands_out)
        nearest = zip(lefts, near.rows, near.distances, near.mirrored, near.flipped, strict=False)
        for place, (left, row, distance, mirrored, flipped) in enumerate(nearest):
            pixels = at_resolution(dataset.images[row : row + 1], len(shown.image))[0]
            text = f"{distance:.1f}" if measure == "pixels" else f"{distance:.3f}"
            if place == 0:
                text += f" ({near.ratio:.2f})"
            text += FLIPS[mirrored, flipped]
            pixels = pixels[:: -1 if flipped else 1, :: -1 if mirrored else 1]
            _put(sheet, (left, top), cell, pixels, text, marked and place == 0)


def _put(
    sheet: Image.Image, at: tuple[int, int], cell: int, pixels: NDArray[np.uint8], text: str, marked: bool
) -> None:
    image = Image.fromarray(np.ascontiguousarray(pixels)).resize((cell, cell), Image.Resampling.NEAREST)
    sheet.paste(image, at)
    draw = ImageDraw.Draw(sheet)
    draw.text((at[0], at[1] + cell + 2), text, ALARM if marked else INK, ImageFont.load_default(FONT))
    if marked:
        draw.rectangle((at[0] - 3, at[1] - 3, at[0] + cell + 2, at[1] + cell + 2), outline=ALARM, width=3)


def most_suspicious(rows: Iterable[Shown], count: int) -> list[Shown]:
    """The ``count`` most suspicious of the rows, the most suspicious first."""
    return sorted(rows, key=lambda each: each.found.suspicion)[:count]
