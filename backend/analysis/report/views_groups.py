"""Tables of groups of raters: rates, comparisons, models, agreement."""

from backend.analysis.report.results import Results
from backend.analysis.report.rounding import UNDEFINED, Style
from backend.analysis.report.view import Maker, View, level_of, view

MEASURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "tpr": "TPR",
    "tnr": "TNR",
    "fpr": "FPR",
}
STATISTICS = {
    "fleiss_kappa": "Fleiss' kappa",
    "percent_agreement": "Percent agreement",
    "gwet_ac1": "Gwet's AC1",
    "krippendorff_alpha": "Krippendorff's alpha",
    "conger_kappa": "Conger's kappa",
    "light_kappa": "Light's kappa",
}
METHODS = {"gallas": "Gallas", "obuchowski_rockette": "Obuchowski-Rockette"}
LARGE = 12
"""Groups from which on leave-one-out and category kappas are left to the files."""


def spread(results: Results, style: Style) -> View | None:
    """How raters' rates spread in each group."""
    heads = ("group", "rate", "raters", "mean", "median", "lower quartile", "upper quartile", "min", "max")
    rows = []
    for group in results.groups:
        for measure, name in MEASURES.items():
            of = getattr(group, measure)
            shown = (of.mean, of.median, of.q1, of.q3, of.min, of.max)
            rows.append((group.group, name, group.raters, *(style.number(value) for value in shown)))
    return view("groups", "Groups", heads, rows, names=2, note="Each rater counts once.")


def random_effects(results: Results, style: Style) -> View | None:
    """Mean rates with raters and images both random, and differences between groups."""
    heads = ("group", "rate", "estimate", level_of(results), "SE", "df", "raters", "images")
    rows = [
        (
            one.group if one.other_group is None else f"{one.group} minus {one.other_group}",
            MEASURES[one.measure],
            style.number(one.estimate),
            style.interval(one.ci_low, one.ci_high),
            style.number(one.se, 4),
            style.number(one.df, 1),
            *(one.raters, one.images),
        )
        for one in results.random_effects
        if one.measure != "fpr"
    ]
    note = "Two-way random effects: for other raters of the kind, and other images of the kind."
    return view("random_effects", "Mean rates for other raters and images", heads, rows, names=2, note=note)


def comparisons(results: Results, style: Style) -> View | None:
    """Permutation tests between groups."""
    heads = ("groups", "rate", "difference", level_of(results), "p", "Holm", "smallest p", "relabellings")
    rows = [
        (
            f"{one.group_a} minus {one.group_b}",
            MEASURES[one.measure],
            style.number(one.difference),
            style.interval(one.ci_low, one.ci_high),
            *(style.p(p) for p in (one.p_value, one.p_holm, one.smallest_p)),
            f"{one.relabellings:,}{'' if one.exact else ' drawn'}",
        )
        for one in results.comparisons
    ]
    note = (
        "Permutation test of raters' rates, on these images; the smallest p is what groups of these sizes "
        "allow however much they differ. Welch's interval."
    )
    return view("comparisons", "Groups compared", heads, rows, names=2, note=note)


def equivalence(results: Results, style: Style) -> View | None:
    """Tests of equivalence, where a margin was given."""
    heads = ("of", "rate", "estimate", "interval", "p", "Holm", "equivalent")
    verdict = {True: "yes", False: "not shown", None: UNDEFINED}
    rows = [
        (
            one.rater or (one.group if one.other_group is None else f"{one.group} minus {one.other_group}"),
            MEASURES[one.measure],
            style.number(one.estimate),
            style.interval(one.ci_low, one.ci_high),
            *(style.p(one.p_value), style.p(one.p_holm), verdict[one.equivalent]),
        )
        for one in results.equivalence
    ]
    margin = results.configuration.margin
    note = (
        f"Two one-sided tests (TOST) against a margin of {margin:g}, and the interval that fits them; "
        "raters by exact binomial tests, groups by two-way random effects. That a difference was not shown "
        "is not equivalence."
        if margin is not None
        else ""
    )
    return view("equivalence", "Equivalence", heads, rows, names=2, note=note)


def mrmc(results: Results, style: Style) -> View | None:
    """Mean areas under the ROC curve, where there are grades."""
    heads = ("method", "group", "mean AUC", level_of(results), "SE", "df", "p", "raters")
    rows = [
        (
            METHODS.get(one.method, one.method),
            one.group if one.other_group is None else f"{one.group} minus {one.other_group}",
            style.number(one.estimate),
            style.interval(one.ci_low, one.ci_high),
            *(style.number(one.se, 4), style.number(one.df, 1), style.p(one.p_value), one.raters),
        )
        for one in results.mrmc
    ]
    graded = any(one.estimate is not None for one in results.mrmc)
    note = "Of graded answers; for other raters and other images. p against 1/2, of a difference against 0."
    return view("mrmc", "Mean area under the ROC curve", heads, rows if graded else (), names=2, note=note)


def mixed(results: Results, style: Style) -> View | None:
    """The logistic mixed models."""
    heads = ("model", "group", "n", "SD of raters", level_of(results), "SD of images", level_of(results))
    rows = [
        (
            *(one.formula, one.group, one.n, style.number(one.rater_sd)),
            style.interval(one.rater_sd_ci_low, one.rater_sd_ci_high),
            style.number(one.image_sd),
            style.interval(one.image_sd_ci_low, one.image_sd_ci_high),
            style.number(one.marginal_accuracy),
            style.interval(one.marginal_accuracy_ci_low, one.marginal_accuracy_ci_high),
        )
        for one in results.mixed_models
    ]
    note = (
        "Crossed random intercepts of raters and images, maximum likelihood by Laplace's approximation; "
        "standard deviations in log-odds, with profile intervals. A variance of 0 means that the ratings "
        "show none."
    )
    heads = (*heads, "marginal accuracy", level_of(results))
    return view("mixed_models", "Logistic mixed models", heads, rows, names=2, note=note)


def mixed_terms(results: Results, style: Style) -> View | None:
    """The models' coefficients."""
    heads = ("model", "group", "term", "log-odds", "SE", level_of(results), "p")
    rows = [
        (
            *(one.model, one.group, one.term, style.number(one.estimate), style.number(one.se)),
            *(style.interval(one.ci_low, one.ci_high), style.p(one.p_value)),
        )
        for one in results.mixed_terms
    ]
    note = (
        "Profile likelihood intervals and tests, calibrated by the number of raters. Discrimination: log "
        "odds ratio of the answer real for a real against a fake; bias: above 0 towards real."
    )
    return view("mixed_terms", "Coefficients of the mixed models", heads, rows, names=3, note=note)


def gee(results: Results, style: Style) -> View | None:
    """The same by estimating equations."""
    heads = ("model", "group", "cluster", "term", "log-odds", "SE", level_of(results), "p")
    rows = [
        (
            *(one.model, one.group, one.cluster, one.term, style.number(one.estimate), style.number(one.se)),
            *(style.interval(one.ci_low, one.ci_high), style.p(one.p_value)),
        )
        for one in results.gee
    ]
    note = (
        "Logistic, exchangeable working correlation, Mancl and DeRouen's covariance: a check of the models "
        "above. These coefficients are averages over a population, and so nearer to 0."
    )
    return view("gee", "Generalised estimating equations", heads, rows, names=4, note=note)


def agreement(results: Results, style: Style) -> View | None:
    """How far raters agree."""
    digits = 4 if results.configuration.convention == "paper" else 3
    heads = ("statistic", "images", "group", "value", level_of(results), "SE", "items", "raters", "missing")
    rows = [
        (
            *(STATISTICS[one.statistic], one.subset, one.group, style.number(one.value, digits)),
            style.interval(one.ci_low, one.ci_high),
            style.number(one.se),
            *(one.items, one.raters, one.missing),
        )
        for one in results.agreement
    ]
    note = (
        "0 is agreement as by chance, 1 is complete. Fleiss' kappa has the profile likelihood interval of a "
        "beta-binomial, the others t intervals with Gwet's standard errors; missing answers as in Gwet "
        "(2014)."
    )
    return view("agreement", "Agreement between raters", heads, rows, names=3, note=note)


def leave_one_out(results: Results, style: Style) -> View | None:
    """Kappa without each rater, within her group and among all, over all images."""
    heads = ("without", "images", "group", "Fleiss' kappa", "change", "SE")
    rows = [
        (
            *(one.rater, one.subset, one.group, style.number(one.value)),
            *(style.number(one.change), style.number(one.se)),
        )
        for one in results.leave_one_out
        if one.subset == "all"
    ]
    few = len(results.raters) <= LARGE * 2
    return view("leave_one_out", "Agreement without each rater", heads, rows if few else (), names=3)


MAKERS: tuple[Maker, ...] = (
    *(spread, random_effects, comparisons, equivalence, mrmc),
    *(agreement, leave_one_out, mixed, mixed_terms, gee),
)
