"""The figure of the growing network in ``docs/training.md``, drawn from the networks themselves.

    make figures

Resolutions, feature maps and parameters are those of modules that ``training.networks.pgan`` builds for the
paper's settings, and the schedule is what ``PGAN.stage`` answers. The ground is white, so that the
figure reads the same on a dark page.
"""

from dataclasses import dataclass
from math import log2
from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from docs.figures.costs import family_of, on_meta, parameters, steps_left
from docs.figures.parts import BLUE, GREEN, GREY, INK, ORANGE, TALL, arrow, box, fork, heading, plain, square
from training.networks import Family

OUT = Path(__file__).parents[1] / "images" / "pgan-growing.svg"
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "dermvtt",
}
WIDTH, HEIGHT = 9.0, 10.8
LEFT, MIDDLE, RIGHT = 2.3, 4.5, 6.7
"""Where the generator, the resolutions and the critic stand, in inches."""
WIDEST, PITCH = 3.3, 0.44
FADING = 3
"""Which resolution the middle panel fades in: 32 x 32, say."""
FADE_TOP, SCHEDULE_TOP = 5.5, 2.75
MILLION = 1e6


@dataclass(frozen=True)
class Level:
    """What one resolution adds: its ``maps`` and the parameters of its layers, those next to RGB included."""

    resolution: int
    maps: int
    generator: int
    critic: int


@dataclass(frozen=True)
class Phase:
    """A part of the schedule: from when to when in images seen, and alpha after its first and last step."""

    resolution: int
    start: int
    end: int
    alpha: tuple[float, float]


def levels(family: Family) -> list[Level]:
    """Read the levels off a PGAN's networks, from 4 x 4 up."""
    generator, critic = on_meta(family)
    sides: list[int] = []
    for module in (generator.first, *generator.blocks):
        module.register_forward_hook(lambda module, given, out: sides.append(out.shape[-1]))
    generator(torch.empty(1, family.latent_length, device="meta"), family.settings.resolution)
    made = [parameters(generator.first) + parameters(generator.conv), *map(parameters, generator.blocks)]
    ends = (critic.conv, critic.dense, critic.score)
    judged = [sum(map(parameters, ends)), *map(parameters, critic.blocks)]
    return [
        Level(side, to_rgb.weight.shape[1], adds + parameters(to_rgb), judges + parameters(from_rgb))
        for side, adds, judges, to_rgb, from_rgb in zip(
            sides, made, judged, generator.to_rgb, critic.from_rgb, strict=True
        )
    ]


def schedule(family: Family) -> list[Phase]:
    """Ask the family for its stage after so many images, from the first phase to the last."""
    found, seen = [], 0
    while seen < family.settings.images:
        first = family.stage(seen)
        end = seen + steps_left(family, seen, first) * first.minibatch
        alphas = first.alpha, family.stage(end - first.minibatch).alpha
        found.append(Phase(first.resolution, seen, end, alphas))
        seen = end
    return found


def figure(family: Family) -> Figure:
    """Both networks, the fade-in of one resolution, and the schedule."""
    grown, phases = levels(family), schedule(family)
    drawn = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
    canvas = drawn.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT), frameon=False)
    canvas.set_axis_off()
    _networks(canvas, family, grown, phases)
    _fade_in(canvas, grown[FADING - 1].resolution, grown[FADING].resolution)
    _schedule(drawn, phases, family.settings.images)
    return drawn


def save(path: Path) -> None:
    """Write the figure for the paper's preset as SVG: the same bytes on every run."""
    with mpl.rc_context(STYLE):
        figure(family_of("pgan", "paper")).savefig(path, metadata={"Date": None, "Creator": None})


def short(count: int) -> str:
    """A number of parameters as a figure shows it: 4.72 M, 83.2 k."""
    return f"{count / 1e6:.2f} M" if count >= MILLION else f"{count / 1e3:.1f} k"


def _networks(canvas: Axes, family: Family, grown: list[Level], phases: list[Phase]) -> None:
    top = HEIGHT - 0.3
    heading(canvas, top, "a", "Both networks, a row for each resolution that training adds")
    since = {phase.resolution: phase.start for phase in reversed(phases)}
    first, last = top - 1.2, top - 1.2 - PITCH * (len(grown) - 1)
    for place, name, colour in ((LEFT, "Generator", BLUE), (RIGHT, "Critic", ORANGE)):
        canvas.text(place, top - 0.38, name, ha="center", weight="bold", color=colour, fontsize=10.5)
    plain(canvas, LEFT, first + PITCH, f"latent vector, {family.latent_length} numbers")
    plain(canvas, RIGHT, first + PITCH, "score")
    for row, level in enumerate(grown):
        y = first - PITCH * row
        width = WIDEST * log2(level.maps) / log2(max(each.maps for each in grown))
        for place, colour, count in ((LEFT, BLUE, level.generator), (RIGHT, ORANGE, level.critic)):
            text = f"{level.maps} maps · {short(count)}"
            box(canvas, place, y, width, text, colour)
        canvas.text(MIDDLE, y + 0.03, square(level.resolution), ha="center", va="bottom", weight="bold")
        begins = f"from {since[level.resolution] / MILLION:.1f} M" if row else "from the start"
        canvas.text(MIDDLE, y - 0.02, begins, ha="center", va="top", fontsize=7.5, color=GREY)
        arrow(canvas, (LEFT, y + PITCH - (TALL / 2 if row else 0.1)), (LEFT, y + TALL / 2))
        arrow(canvas, (RIGHT, y + TALL / 2), (RIGHT, y + PITCH - (TALL / 2 if row else 0.1)))
    arrow(canvas, (LEFT, last - TALL / 2), (LEFT, last - PITCH + TALL / 2 - 0.02))
    arrow(canvas, (RIGHT, last - PITCH + TALL / 2 - 0.02), (RIGHT, last - TALL / 2))
    plain(canvas, LEFT, last - PITCH, "generated image")
    plain(canvas, RIGHT, last - PITCH, "real or generated image")
    made, judged = sum(level.generator for level in grown), sum(level.critic for level in grown)
    note = (
        f"Feature maps · parameters, of which the generator has {made:,} and the critic {judged:,}. "
        "Widths are log2 of the feature maps."
    )
    canvas.text(MIDDLE, last - PITCH - 0.36, note, ha="center", va="center", fontsize=8, color=GREY)


def _fade_in(canvas: Axes, old: int, new: int) -> None:
    heading(
        canvas,
        FADE_TOP,
        "b",
        f"Fading in {square(new)}, on the right of each network, while α goes from 0 to 1",
    )
    grown, image = square(new), f"image, {square(new)}"
    made = (("to RGB", grown), ("repeat pixels", "to RGB"))
    judged = (("from RGB", grown), ("average pixels", "from RGB"))
    rows = FADE_TOP - 0.42
    fork(canvas, rows, LEFT, BLUE, square(old), made, image, down=True)
    fork(canvas, rows, RIGHT, ORANGE, square(old), judged, image, down=False)


def _schedule(drawn: Figure, phases: list[Phase], images: int) -> None:
    grown = phases[-1].start / MILLION
    sides = sorted({phase.resolution for phase in phases})
    left, width = 0.95 / WIDTH, (WIDTH - 1.25) / WIDTH
    upper = drawn.add_axes((left, 1.38 / HEIGHT, width, 1.12 / HEIGHT))
    lower = drawn.add_axes((left, 0.5 / HEIGHT, width, 0.62 / HEIGHT), sharex=upper)
    heading(drawn.axes[0], SCHEDULE_TOP, "c", "The schedule: resolution and α against the real images shown")
    for phase in phases:
        fading = phase.alpha[0] < 1
        begin, end = phase.start / MILLION, min(phase.end / MILLION, grown * 1.2)
        line = {"color": GREEN, "linewidth": 2.2, "solid_capstyle": "butt"}
        upper.plot([begin, end], [phase.resolution] * 2, linestyle=(0, (1.2, 0.8)) if fading else "-", **line)
        lower.plot([begin, end], phase.alpha, **line)
    upper.set_yscale("log", base=2)
    upper.set_yticks(sides, [str(side) for side in sides])
    upper.set_ylim(3, sides[-1] * 1.6)
    upper.minorticks_off()
    upper.tick_params(axis="x", labelbottom=False)
    upper.set_ylabel("resolution")
    upper.grid(axis="y", color="#E6E6E6", linewidth=0.6)
    upper.set_axisbelow(True)
    note = {"va": "center", "fontsize": 8, "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 2}}
    until = f"{square(sides[-1])} is held until {images / MILLION:.1f} M"
    upper.text(grown * 1.19, sides[2], until, ha="right", **note)
    upper.text(0.1, sides[-2], "dotted: fading in; solid: held", **note)
    lower.set_ylabel("α")
    lower.set_yticks([0, 1], ["0", "1"])
    lower.set_ylim(-0.1, 1.15)
    lower.set_xlim(0, grown * 1.2)
    lower.set_xlabel("real images shown, in millions")


if __name__ == "__main__":
    save(OUT)
