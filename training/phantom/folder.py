"""A folder of phantoms: PNG files that say what they are, and a table of what they show."""

import csv
from contextlib import closing
from functools import partial
from pathlib import Path

from PIL import Image, PngImagePlugin

from training.errors import UserError
from training.files import new_folder
from training.parallel import cores, interruptible, ordered_map
from training.phantom.recipe import describe
from training.phantom.render import draw
from training.progress import progress

SIGNATURE = "DermVTT phantom"
"""What the PNG text chunk "Software" of every drawn image says."""

LICENCE = "CC0-1.0"
COLUMNS = ("file", "diagnosis", "licence", "seed", "index")


def is_phantom(image: Image.Image) -> bool:
    """Tell whether an opened image was drawn by this module, by its "Software" text."""
    return image.info.get("Software") == SIGNATURE


def draw_folder(out: Path, count: int, seed: int = 0, size: int = 256, workers: int | None = None) -> None:
    """Draw images 0 to ``count`` - 1 of the set ``seed`` into the new folder ``out``, with ``metadata.csv``.

    ``workers`` processes (one a core without it) draw; what is drawn does not depend on them. Raises
    ``UserError`` where ``out`` exists, ``count`` or ``workers`` is below 1, ``seed`` below 0 or ``size``
    below 32.
    """
    for name, value, least in (
        ("count", count, 1),
        ("seed", seed, 0),
        ("size", size, 32),
        ("workers", workers, 1),
    ):
        if value is not None and value < least:
            raise UserError(f"--{name} is {value}; give at least {least}.")
    with interruptible(f"nothing was written to {out}"), new_folder(out) as folder:
        task = partial(_draw_file, folder, seed, size)
        drawn = ordered_map(task, range(count), min(workers or cores(), count))
        with progress("Drawing phantoms", count) as advance, closing(drawn):
            for _ in drawn:
                advance(1)
        _write_table(folder, count, seed)


def _draw_file(folder: Path, seed: int, size: int, index: int) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", SIGNATURE)
    Image.fromarray(draw(seed, index, size)).save(folder / _name(index), pnginfo=text, compress_level=1)


def _write_table(folder: Path, count: int, seed: int) -> None:
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for index in range(count):
            writer.writerow([_name(index), describe(seed, index).lesion.pattern, LICENCE, seed, index])


def _name(index: int) -> str:
    return f"phantom_{index:06d}.png"
