"""Every figure of a report: what it is called, what it shows, when there is something to draw, and how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from backend.analysis.figures.accuracy import accuracy_figure
from backend.analysis.figures.item_difficulty import item_difficulty
from backend.analysis.figures.kappa_forest import STATISTIC, kappa_forest
from backend.analysis.figures.learning_curve import drawable, learning_curve
from backend.analysis.figures.rates import rates_figure
from backend.analysis.figures.revision_flow import revision_flow
from backend.analysis.figures.roc_plane import roc_plane

if TYPE_CHECKING:
    from backend.analysis.report.results import Results


@dataclass(frozen=True)
class StudyFigure:
    """A figure of a report.

    Attributes
    ----------
    title : str
        A few words.
    caption : str
        What a reader has to know to read it; the level of the intervals stands in the figure.
    wide : bool
        Whether it is made for a double column.
    available : callable
        Whether the results hold something to draw.
    draw : callable
        Draws it from results for which it is ``available``.
    """

    title: str
    caption: str
    wide: bool
    available: "Callable[[Results], bool]"
    draw: "Callable[[Results], Figure]"


FIGURES: Mapping[str, StudyFigure] = {
    "figure5a": StudyFigure(
        "Rates of each rater",
        "TPR (reals called real), accuracy and FPR (fakes called real) of each rater, coloured by group. "
        "Thin lines are Wilson intervals. Whoever cannot tell reals from fakes has TPR and FPR at one "
        "height, whoever tosses a coin has them at the dashed line.",
        False,
        lambda results: any(rater.n for rater in results.raters),
        lambda results: rates_figure(results.raters, level=results.configuration.level),
    ),
    "figure5b": StudyFigure(
        "Accuracy by group",
        "Each rater's accuracy as a point. From three raters on a box spans the quartiles, with a line at "
        "the median; whiskers reach the last rater within 1.5 times the interquartile range.",
        False,
        lambda results: any(rater.n for rater in results.raters),
        lambda results: accuracy_figure(results.raters),
    ),
    "roc_plane": StudyFigure(
        "Raters in the ROC plane",
        "Each rater at her FPR and TPR. The arms of a cross are the Wilson intervals of the two rates, each "
        "by itself. On the dashed diagonal reals and fakes are called real equally often. Thin curves are "
        "the ROC curves of graded answers, where confidence was recorded. Raters at the very same place "
        "stand around it; names without room are left out.",
        False,
        lambda results: any(None not in (rater.fpr, rater.tpr) for rater in results.raters),
        lambda results: roc_plane(results.raters, results.roc, level=results.configuration.level),
    ),
    "kappa_forest": StudyFigure(
        "Agreement between raters",
        "Fleiss' kappa of each group, and of all raters, on real, fake and all images, with its interval. "
        "At 0 raters agree as often as by chance.",
        False,
        lambda results: any(
            row.statistic == STATISTIC and row.value is not None for row in results.agreement
        ),
        lambda results: kappa_forest(results.agreement, level=results.configuration.level),
    ),
    "item_difficulty": StudyFigure(
        "Difficulty of each image",
        "Each image's share of answers \u201creal\u201d among all raters, with its Wilson interval; reals "
        "and fakes each from the most to the least often called real. In the shaded areas most raters were "
        "wrong: reals that were taken for fakes, and fakes that passed.",
        True,
        lambda results: any(image.n for image in results.images),
        lambda results: item_difficulty(results.images, level=results.configuration.level),
    ),
    "learning_curve": StudyFigure(
        "Accuracy and response time along the presentation order",
        "Points are means over raters in successive blocks of the order, with intervals for other raters "
        "and other images; response times are geometric means of the raters' medians, on a logarithmic "
        "axis, with intervals from the spread between raters. Lines are the trends of an average rater, and "
        "bands their intervals, place by place.",
        True,
        lambda results: drawable(results.blocks),
        lambda results: learning_curve(results.blocks, level=results.configuration.level),
    ),
    "revision_flow": StudyFigure(
        "From first to final answers",
        "Answers of all raters from the first to the final one, as wide as they are many; right answers "
        "(\u2713) are at the top. What rises was mended, what falls was spoilt.",
        False,
        lambda results: any(flow.n for flow in results.revision_flows),
        lambda results: revision_flow(results.revision_flows),
    ),
}
"""In the order of a report. A study in which something was not recorded lacks its figure."""
