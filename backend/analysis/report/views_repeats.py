"""The table of how far raters agree with themselves."""

from backend.analysis.agreement.repeats import GroupRepeats, RaterRepeats
from backend.analysis.report.results import Results
from backend.analysis.report.rounding import UNDEFINED, Style
from backend.analysis.report.view import View, level_of, view


def repeats(results: Results, style: Style) -> View | None:
    """Every rater's answers to images that she was shown twice, and those of the groups."""
    level = level_of(results)
    heads = (
        "rater",
        "group",
        "twice",
        "pairs",
        "same",
        "to fake",
        "to real",
        "agreement",
        level,
        "kappa",
        level,
    )
    rows = [
        (
            *(one.rater, one.group, one.repeated, one.n, one.same, one.real_to_fake, one.fake_to_real),
            *_shown(one, style),
        )
        for one in results.rater_repeats
    ]
    groups = results.group_repeats
    rows += [
        (
            *("all", one.group, one.repeated, one.n, one.same, UNDEFINED, UNDEFINED),
            *_shown(one, style),
        )
        for one in (groups[-1:] if len(groups) == 2 else groups)  # a single group is everyone
    ]
    note = (
        "Images that were shown to a rater twice: to how many of them she gave two answers, how many pairs "
        "were the same, and how many went to fake or to real. Kappa is Cohen's between the showings; of "
        "groups it has each rater's own agreement by chance. Intervals of a rater are for other images "
        "(Wilson; t), those of groups for other raters (jackknife). All other tables: first showing."
    )
    return view("repeats", "Raters' agreement with themselves", heads, rows, names=2, note=note)


def _shown(one: RaterRepeats | GroupRepeats, style: Style) -> tuple[str, ...]:
    return (
        style.number(one.agreement),
        style.interval(one.agreement_ci_low, one.agreement_ci_high),
        style.number(one.kappa),
        style.interval(one.kappa_ci_low, one.kappa_ci_high),
    )
