"""Every image: how many raters took it for real, which reals were taken for fakes, and which fakes passed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from backend.analysis.figures.labels import label
from backend.analysis.figures.plotting import (
    COLOURS,
    DOUBLE,
    GREY,
    LIGHT,
    MM,
    SMALL,
    add_legend,
    chance_line,
    interval_key,
    key,
    mm,
    new_figure,
    rate_scale,
    settled,
    styled,
)
from backend.analysis.images.difficulty import ImageResult
from backend.analysis.intervals import LEVEL
from backend.analysis.ratings.rows import EVERYONE, FAKE, REAL

PANEL, AXIS = 56.0, 168.0  # mm of the figure's height without names, and of the axis
GAP = 2  # places between kinds
LONGEST, PREFIX = 12, 8
"""Characters of a name that is written whole, and of the beginning of a longer one."""
CROWDED = 0.55  # mm an image, below which intervals flow together
MARKERS = "os^vPX<D"


@dataclass(frozen=True)
class Kind:
    """The images of one truth, or of one generator, from the most to the least often called real."""

    text: str
    truth: str
    colour: str
    marker: str
    images: Sequence[ImageResult]


def item_difficulty(images: Sequence[ImageResult], *, group: str = EVERYONE, level: float = LEVEL) -> Figure:
    """Every image's share of answers "real" among the raters of ``group``, with its interval of ``level``.

    Reals stand at the left and fakes at the right, those of each generator by themselves where there are
    several; in each the images go from the most to the least often called real. Where most raters were wrong
    is shaded: reals below 1/2, fakes above it. Names stand below where they fit; of long ones, such as a mix
    gives, the beginning. Where images are too many for that, their intervals flow together into an area. An
    image without an answer is left out; their number is written above.

    Raises
    ------
    ValueError
        Where no image has an answer of the group.
    """
    own = [image for image in images if image.group == group]
    kinds = _kinds([image for image in own if image.share_real is not None])
    known = [image for kind in kinds for image in kind.images]
    if not known:
        raise ValueError("no image has an answer: there is nothing to draw")
    pitch = AXIS / (len(known) + GAP * len(kinds))
    names = _names(known) if pitch > 0.9 * SMALL * MM else {}
    tall = max((mm(name, SMALL) for name in names.values()), default=0.0)
    with styled():
        figure = new_figure(DOUBLE, PANEL + tall)
        axes = figure.add_subplot()
        for kind, start in zip(kinds, _starts(kinds), strict=True):
            _kind(axes, kind, start, pitch)
        _frame(axes, kinds, names)
        _remark(axes, len(own) - len(known))
        add_legend(
            axes,
            DOUBLE,
            [key(kind.marker, kind.colour, kind.text) for kind in kinds],
            _other_keys(axes, level),
        )
        return settled(figure)


def _kinds(images: Sequence[ImageResult]) -> list[Kind]:
    """Reals, then fakes, by generator where there are several; kinds without an image are left out."""
    by_share = sorted(images, key=lambda image: -(image.share_real or 0))
    reals, fakes = ([image for image in by_share if image.truth == truth] for truth in (REAL, FAKE))
    sources = sorted({image.source or "" for image in fakes})
    parts = [("Real", REAL, reals)]
    for source in sources:
        text = f"Fake, {label(source) or 'unknown'}" if len(sources) > 1 else "Fake"
        parts.append((text, FAKE, [image for image in fakes if (image.source or "") == source]))
    return [
        Kind(f"{text} (n\u00a0=\u00a0{len(part)})", truth, COLOURS[i % 6], MARKERS[i % len(MARKERS)], part)
        for i, (text, truth, part) in enumerate(parts)
        if part
    ]


def _starts(kinds: Sequence[Kind]) -> list[int]:
    """The place of each kind's first image."""
    return [sum(len(before.images) + GAP for before in kinds[:i]) for i in range(len(kinds))]


def _kind(axes: Axes, kind: Kind, start: int, pitch: float) -> None:
    places = [start + i for i in range(len(kind.images))]
    shares, low, high = (
        [getattr(image, name) for image in kind.images] for name in ("share_real", "ci_low", "ci_high")
    )
    wrong = (-0.03, 0.5) if kind.truth == REAL else (0.5, 1.03)
    axes.fill_between([start - 1, places[-1] + 1], *wrong, color=LIGHT, alpha=0.6, linewidth=0, zorder=0.5)
    if pitch < CROWDED:
        axes.fill_between(places, low, high, color=kind.colour, alpha=0.2, linewidth=0, step="mid", zorder=2)
    else:
        axes.vlines(
            places, low, high, color=kind.colour, linewidth=min(0.8, 0.4 * pitch / MM), alpha=0.5, zorder=2
        )
    size = min(max(0.8 * pitch / MM, 1.2), 3.6)
    axes.plot(places, shares, kind.marker, ms=size, mfc=kind.colour, mec="none", zorder=3)


def _frame(axes: Axes, kinds: Sequence[Kind], names: Mapping[str, str]) -> None:
    rate_scale(axes)
    axes.set_ylabel('Share of answers "real"')
    axes.set_xlabel("Images, by share")
    axes.tick_params(axis="x", length=0, labelsize=SMALL, rotation=90, pad=2.5)
    placed = [
        (start + i, names[image.image])
        for kind, start in zip(kinds, _starts(kinds), strict=True)
        for i, image in enumerate(kind.images)
        if names
    ]
    axes.set_xticks([place for place, _ in placed], [name for _, name in placed])
    axes.set_xlim(-1, _starts(kinds)[-1] + len(kinds[-1].images))


def _names(images: Sequence[ImageResult]) -> dict[str, str]:
    """How each image is called in the figure; nothing where their beginnings do not tell them apart."""
    names = [image.image for image in images]
    if all(len(name) <= LONGEST for name in names):
        return {name: label(name) for name in names}
    short = {name: label(name[:PREFIX]) + "\u2026" for name in names}
    return short if len(set(short.values())) == len(names) else {}


def _other_keys(axes: Axes, level: float) -> list[Line2D | Patch]:
    return [
        interval_key(level),
        chance_line(axes),
        Patch(color=LIGHT, alpha=0.6, linewidth=0, label="Most raters wrong"),
    ]


def _remark(axes: Axes, missing: int) -> None:
    if missing:
        text = f"{missing} {'image' if missing == 1 else 'images'} without an answer left out"
        style = {"color": GREY, "fontsize": SMALL, "transform": axes.transAxes}
        axes.text(0.995, 1.01, text, ha="right", va="bottom", **style)
