"""The figure: how far samples and held-out reals are from their nearest training images. It shows none."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.measure.neighbours.examine import Examined, Found
from training.measure.neighbours.nearest import MEASURES
from training.measure.neighbours.statistics import QUANTITIES, Comparison, numbers
from training.measure.style import BLUE, GREY, ORANGE, STYLE

AXES = {
    ("pixels", "distance"): "distance to the nearest training image\n(RMS of the pixels, levels of 255)",
    ("pixels", "ratio"): "that distance, relative to the next nearest\n(pixels)",
    ("perceptual", "distance"): "distance to the nearest training image\n(perceptual, 0 to 2)",
    ("perceptual", "ratio"): "that distance, relative to the next nearest\n(perceptual)",
}


def save_figure(folder: Path, examined: Examined) -> None:
    """Write ``distances.svg`` and ``distances.png``: the cumulative shares of both measures' numbers."""
    tests = {(each.measure, each.quantity): each for each in examined.comparisons}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.1, 5.6), layout="constrained")
        panels = figure.subplots(len(MEASURES), len(QUANTITIES), sharey=True)
        for row, measure in enumerate(MEASURES):
            for column, quantity in enumerate(QUANTITIES):
                _draw(panels[row][column], examined, tests[measure, quantity])
            panels[row][0].set_ylabel("share of images at or below")
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3)
        figure.savefig(folder / "distances.svg", metadata={"Date": None})
        figure.savefig(folder / "distances.png", dpi=200)


def _draw(axes: Axes, examined: Examined, test: Comparison) -> None:
    ours, theirs = (_values(found, test) for found in (examined.samples, examined.held_outs))
    axes.ecdf(theirs, color=BLUE, linestyle="--", label=f"{test.held_outs} held-out reals")
    axes.ecdf(ours, color=ORANGE, linewidth=1.8, label=f"{test.samples} samples")
    axes.axvline(test.threshold, color=GREY, linewidth=0.8, linestyle=":", label="below: stands out")
    axes.set_xlim(0, 1.04 * max(ours.max(), theirs.max(), 1e-9))
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(AXES[test.measure, test.quantity])
    axes.spines[["top", "right"]].set_visible(False)


def _values(found: list[Found], test: Comparison) -> np.ndarray:
    return numbers([each.nears[test.measure] for each in found], test.quantity)
