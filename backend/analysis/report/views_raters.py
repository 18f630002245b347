"""Tables of the raters, one at a time."""

from backend.analysis.report.results import Results
from backend.analysis.report.rounding import Style
from backend.analysis.report.view import Maker, View, level_of, view


def confusion(results: Results, style: Style) -> View | None:
    """Every rater's counts and rates."""
    heads = ("rater", "group", "n", "missing", "TP", "FP", "FN", "TN", "accuracy", level_of(results))
    rows = [
        (
            *(one.rater, one.group, one.n, one.missing, one.tp, one.fp, one.fn, one.tn),
            style.number(one.accuracy),
            style.interval(one.accuracy_ci_low, one.accuracy_ci_high),
            *(style.number(rate) for rate in (one.tpr, one.tnr, one.fpr, one.balanced_accuracy)),
        )
        for one in results.raters
    ]
    note = (
        "The positive class is real: TPR is the share of reals called real, TNR the share of fakes called "
        "fake. Intervals are Wilson's."
    )
    heads = (*heads, "TPR", "TNR", "FPR", "balanced")
    return view("raters", "Raters against the truth", heads, rows, names=2, note=note)


def chance(results: Results, style: Style) -> View | None:
    """Every rater against chance."""
    heads = (
        "rater",
        "group",
        "binomial p",
        "Holm",
        "Fisher p",
        "Holm",
        "odds ratio",
        "d'",
        level_of(results),
    )
    rows = [
        (
            *(one.rater, one.group),
            *(style.p(p) for p in (one.binomial_p, one.binomial_p_holm, one.fisher_p, one.fisher_p_holm)),
            style.number(one.odds_ratio, 2),
            style.number(one.d_prime),
            style.interval(one.d_prime_ci_low, one.d_prime_ci_high),
            style.number(one.criterion),
        )
        for one in results.raters
    ]
    note = (
        "Exact two-sided binomial test of accuracy against 1/2; Fisher's exact test of answer against "
        "truth, which respects a rater's bias and the numbers of reals and fakes; both adjusted over raters "
        "by Holm's method. d' and criterion c with the log-linear correction; c > 0 is a bias to fake."
    )
    return view("chance", "Raters against chance", (*heads, "c"), rows, names=2, note=note)


def grades(results: Results, style: Style) -> View | None:
    """Every rater's area under the ROC curve, where there are grades."""
    heads = ("rater", "group", "graded", "AUC", "SE", level_of(results))
    rows = [
        (
            *(one.rater, one.group, one.graded, style.number(one.auc), style.number(one.auc_se)),
            style.interval(one.auc_ci_low, one.auc_ci_high),
        )
        for one in results.raters
    ]
    note = "Answers graded by confidence; DeLong's standard error, interval on the logit scale."
    graded = any(one.graded for one in results.raters)
    return view("auc", "Area under the ROC curve", heads, rows if graded else (), names=2, note=note)


def response_times(results: Results, style: Style) -> View | None:
    """Every rater's response times, where they were recorded."""
    heads = (
        "rater",
        "group",
        "times",
        "median",
        "quartiles",
        "right",
        "wrong",
        "P(wrong slower)",
        "p",
        "Holm",
    )
    rows = [
        (
            *(one.rater, one.group, one.response_n, style.seconds(one.median_response_ms)),
            f"{style.seconds(one.q1_response_ms)} to {style.seconds(one.q3_response_ms)}",
            style.seconds(one.median_response_ms_correct),
            style.seconds(one.median_response_ms_wrong),
            style.number(one.response_wrong_slower),
            style.p(one.response_p),
            style.p(one.response_p_holm),
        )
        for one in results.raters
    ]
    note = (
        "Seconds from the sight of the image to the first answer; right and wrong are of that answer. P is "
        "the probability that a wrong answer took longer than a right one, with Mann and Whitney's test."
    )
    timed = any(one.response_n for one in results.raters)
    return view("response_times", "Response times", heads, rows if timed else (), names=2, note=note)


MAKERS: tuple[Maker, ...] = (confusion, chance, grades, response_times)
