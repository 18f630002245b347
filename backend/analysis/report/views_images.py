"""Tables of images, generators and diagnoses, and of what changed over time."""

from backend.analysis.images.difficulty import easiest, hardest
from backend.analysis.report.results import Results
from backend.analysis.report.rounding import UNDEFINED, Style
from backend.analysis.report.view import Maker, View, level_of, view

SHOWN = 8
"""Images at either end that the report shows; the others are in the files."""
TRENDS = {"accuracy": "accuracy", "called_real": "answers real", "response_ms": "response time"}


def extremes(results: Results, style: Style) -> View | None:
    """The hardest and the easiest images."""
    heads = ("", "image", "truth", "source", "answers", "called real", "share real", level_of(results))
    ends = (
        ("hardest", hardest(results.images, SHOWN)),
        ("easiest", easiest(results.images, SHOWN)),
    )
    rows = [
        (
            *(end, one.image, one.truth, one.source or UNDEFINED, one.n, one.called_real),
            *(style.number(one.share_real), style.interval(one.ci_low, one.ci_high)),
            style.number(one.error_rate),
        )
        for end, images in ends
        for one in images
    ]
    note = "By all raters. Of many images some are hard by luck; Wilson's intervals, over raters."
    return view("images", "Hardest and easiest images", (*heads, "wrong"), rows, names=4, note=note)


def generators(results: Results, style: Style) -> View | None:
    """How often each generator's images were taken for real."""
    heads = ("source", "group", "images", "raters", "taken for real", level_of(results), "balanced", "d'")
    rows = [
        (
            *(one.source, one.group, one.images, one.raters, style.number(one.fpr)),
            style.interval(one.fpr_ci_low, one.fpr_ci_high),
            style.number(one.balanced_accuracy),
            style.number(one.d_prime),
        )
        for one in results.generators
        if one.source is not None
    ]
    note = "Each generator's fakes against the reals that all share; for other raters and images."
    return view("generators", "Generators", heads, rows, names=2, note=note)


def generator_pairs(results: Results, style: Style) -> View | None:
    """Generators against each other."""
    heads = (
        "generators",
        "group",
        "difference",
        level_of(results),
        "p",
        "Holm",
        "p by images",
        "p by raters",
    )
    rows = [
        (
            *(f"{one.source_a} minus {one.source_b}", one.group, style.number(one.difference)),
            style.interval(one.difference_ci_low, one.difference_ci_high),
            *(style.p(p) for p in (one.p_value, one.p_holm, one.p_images, one.p_raters)),
        )
        for one in results.generator_pairs
    ]
    note = (
        "Difference in how often their fakes were taken for real. p is for other raters and images; by "
        "images and by raters are permutation tests for these raters, and for these images."
    )
    return view("generator_pairs", "Generators compared", heads, rows, names=2, note=note)


def diagnoses(results: Results, style: Style) -> View | None:
    """Reals called real by diagnosis."""
    heads = ("diagnosis", "group", "images", "raters", "answers", "TPR", level_of(results))
    rows = [
        (
            *(one.diagnosis, one.group, one.images, one.raters, one.n, style.number(one.tpr)),
            style.interval(one.tpr_ci_low, one.tpr_ci_high),
        )
        for one in results.diagnoses
    ]
    return view("diagnoses", "Reals by diagnosis", heads, rows, names=2)


def revisions(results: Results, style: Style) -> View | None:
    """First against final answers of each group."""
    heads = (
        "group",
        "answers",
        "changed",
        "to right",
        "to wrong",
        "first",
        "final",
        "change",
        level_of(results),
    )
    rows = [
        (
            *(one.group, one.n, one.changed, one.wrong_to_right, one.right_to_wrong),
            *(style.number(x) for x in (one.accuracy_first, one.accuracy_final, one.accuracy_change)),
            style.interval(one.accuracy_change_ci_low, one.accuracy_change_ci_high),
            *(style.p(one.p_value), style.p(one.p_raters), style.p(one.p_raters_smallest)),
        )
        for one in results.group_revisions
    ]
    known = any(one.n for one in results.group_revisions)
    note = "Accuracy of first and of final answers; permutation test of raters' changes."
    heads = (*heads, "p", "p by raters", "smallest")
    return view("revisions", "Revisions", heads, rows if known else (), names=1, note=note)


def rater_revisions(results: Results, style: Style) -> View | None:
    """First against final answers of each rater who changed any."""
    heads = (
        "rater",
        "group",
        "answers",
        "changed",
        "to right",
        "to wrong",
        "first",
        "final",
        "McNemar p",
        "Holm",
    )
    rows = [
        (
            *(one.rater, one.group, one.n, one.changed, one.wrong_to_right, one.right_to_wrong),
            *(style.number(x) for x in (one.accuracy_first, one.accuracy_final)),
            *(style.p(one.p_value), style.p(one.p_holm)),
        )
        for one in results.rater_revisions
        if one.changed
    ]
    return view("rater_revisions", "Raters who changed answers", heads, rows, names=2)


def trends(results: Results, style: Style) -> View | None:
    """Change along the presentation order."""
    heads = ("of", "answers", "group", "n", "factor per 10 images", level_of(results), "p", "p by orders")
    rows = [
        (
            TRENDS.get(one.measure, one.measure) + ("" if one.subset == "all" else f", {one.subset}"),
            *(one.answers, one.group, one.n, style.number(one.ratio)),
            style.interval(one.ratio_ci_low, one.ratio_ci_high),
            *(style.p(one.p_value), style.p(one.p_randomization)),
        )
        for one in results.trends
        if one.n
    ]
    known = any(one.ratio is not None for one in results.trends)
    note = (
        "Factor by which ten images further on change the odds of being right or of answering real, or the "
        "response time: of accuracy, below 1 is fatigue and above 1 learning; of response times, below 1 is "
        "speed."
    )
    return view("trends", "Along the presentation order", heads, rows if known else (), names=3, note=note)


MAKERS: tuple[Maker, ...] = (
    *(extremes, generators, generator_pairs, diagnoses),
    *(revisions, rater_revisions, trends),
)
