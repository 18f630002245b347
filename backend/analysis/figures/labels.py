"""Names as labels in a figure: short enough to print, and made of what the font can draw."""

from functools import lru_cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextPath

FAMILY = "DejaVu Sans"
LONGEST = 30
BOX = "\u25a1"


def label(name: str, longest: int = LONGEST) -> str:
    """``name`` on one line, shortened in its middle, with a box for each character that the font lacks.

    A dollar sign is escaped, so that matplotlib does not read a formula.
    """
    line = " ".join(name.split())
    if len(line) > longest:
        half = longest // 2
        line = f"{line[:half].rstrip()}\u2026{line[half + 1 - longest :].lstrip()}"
    return "".join(c if _drawable(c) else BOX for c in line).replace("$", r"\$")


@lru_cache(maxsize=4096)
def breadth(text: str, size: float) -> float:
    """Width of a ``label`` in points at a font ``size`` in points."""
    return float(TextPath((0, 0), text, prop=FontProperties(family=FAMILY, size=size)).get_extents().width)


@lru_cache(maxsize=4096)
def _drawable(character: str) -> bool:
    font = get_font(findfont(FontProperties(family=FAMILY)))
    return character.isprintable() and bool(font.get_char_index(ord(character)))
