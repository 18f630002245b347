"""Agreement of raters with themselves: by hand, pooled, degenerate, and apart from all other results."""

import io
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from backend.analysis.agreement.jackknife import NO_PAIR, ONE_ANSWER, ONE_RATER, RATERS_ALIKE
from backend.analysis.agreement.repeats import group_repeats, rater_repeats
from backend.analysis.ratings import RatingRow, RatingsTable, read_ratings, write_ratings
from backend.analysis.report.results import analyze
from backend.analysis.report.serial import to_dict
from backend.analysis.report.text import to_text
from tests.analysis.studies import full_rows

ANSWERS = {"r": "real", "f": "fake", "-": ""}


def table(**raters):
    """Each rater's pairs of answers, such as "rr rf -f"; a single letter was shown once."""
    rows = []
    for name, given in raters.items():
        for image, pair in enumerate(given.split()):
            row = RatingRow(name, name[:2], f"i{image}", ("real", "fake")[image % 2], ANSWERS[pair[0]])
            if len(pair) == 2:
                row = replace(row, repeat_position=str(50 + image), repeat_answer=ANSWERS[pair[1]])
            rows.append(row)
    return RatingsTable.from_rows(rows)


def test_a_raters_kappa_is_cohens():
    """The table 20, 5, 10, 15: kappa 0.4 (0.70 agreement, 0.50 by chance)."""
    (found,) = rater_repeats(table(ED1="rr " * 20 + "rf " * 5 + "fr " * 10 + "ff " * 15 + "r f r-"))
    assert (found.repeated, found.n, found.missing, found.same) == (51, 50, 1, 35)
    assert (found.real_to_fake, found.fake_to_real) == (5, 10)
    assert found.agreement == 0.7
    assert found.kappa == pytest.approx(0.4)
    # Fleiss, Cohen & Everitt (1969), their large-sample standard error of kappa.
    joint = np.array([[20, 5], [10, 15]]) / 50
    first, second = joint.sum(axis=1), joint.sum(axis=0)
    on = sum(joint[i, i] * (1 - (first[i] + second[i]) * 0.6) ** 2 for i in range(2))
    off = 0.6**2 * sum(joint[i, 1 - i] * (second[i] + first[1 - i]) ** 2 for i in range(2))
    expected = np.sqrt(on + off - (0.4 - 0.5 * 0.6) ** 2) / (0.5 * np.sqrt(49))
    assert found.kappa_se == pytest.approx(expected, rel=1e-9)
    half = student.ppf(0.975, 49) * found.kappa_se
    assert (found.kappa_ci_low, found.kappa_ci_high) == pytest.approx((0.4 - half, 0.4 + half))
    assert found.agreement_ci_low < 0.7 < found.agreement_ci_high


def test_raters_together_have_each_her_own_agreement_by_chance():
    one, two, three = "rr rr rr rf", "ff ff fr ff", "rr ff rf ff rr"
    found = group_repeats(table(ED1=one, ED2=two, ED3=three))
    assert [row.group for row in found] == ["ED", "all"]
    row = found[-1]
    assert (row.raters, row.n, row.same, row.agreement) == (3, 13, 10, 10 / 13)
    chance = {"ED1": 0.75, "ED2": 0.75, "ED3": 0.6 * 0.4 + 0.4 * 0.6}
    observed = {"ED1": 0.75, "ED2": 0.75, "ED3": 0.8}
    sizes = {"ED1": 4, "ED2": 4, "ED3": 5}

    def kappa(names):
        beyond = sum(sizes[name] * (observed[name] - chance[name]) for name in names)
        return beyond / sum(sizes[name] * (1 - chance[name]) for name in names)

    assert row.kappa == pytest.approx(kappa(sizes))
    left = np.array([kappa([other for other in sizes if other != name]) for name in sizes])
    se = np.sqrt(2 / 3 * ((left - left.mean()) ** 2).sum())
    assert row.kappa_se == pytest.approx(se)
    half = student.ppf(0.975, 2) * se
    low, high = max(-1, row.kappa - half), min(1, row.kappa + half)
    assert (row.kappa_ci_low, row.kappa_ci_high) == pytest.approx((low, high))


def test_what_is_undefined_says_why():
    assert rater_repeats(table(ED1="r f")) == group_repeats(table(ED1="r f")) == ()
    (row,) = rater_repeats(table(ED1="r- -f r"))
    assert (row.repeated, row.n, row.kappa, row.agreement, row.degenerate) == (2, 0, None, None, NO_PAIR)
    assert group_repeats(table(ED1="r- -f r"))[-1].degenerate == NO_PAIR
    alone = group_repeats(table(ED1="rr ff rf"))[-1]
    assert (alone.agreement, alone.kappa_se, alone.degenerate) == (2 / 3, None, ONE_RATER)
    same = group_repeats(table(ED1="rr rr", ED2="ff ff"))[-1]
    assert (same.agreement, same.kappa, same.degenerate) == (1.0, None, ONE_ANSWER)
    alike = group_repeats(table(ED1="rr ff", ED2="rr ff"))[-1]
    assert (alike.kappa, alike.kappa_se, alike.kappa_ci_low, alike.degenerate) == (1, 0, None, RATERS_ALIKE)
    mixed = rater_repeats(table(ED1="rr ff rf", ED2="r f r"))
    assert [row.repeated for row in mixed] == [3, 0]


def test_all_other_results_are_of_the_first_showing():
    rows = [row for row in full_rows() if row.image < "image20"]  # enough of it
    once = [replace(row, repeat_position="", repeat_answer="") for row in rows]
    twice = [
        replace(row, repeat_position="81", repeat_answer="fake") if index % 9 == 0 else row
        for index, row in enumerate(once)
    ]
    plain, repeated = (to_dict(analyze(RatingsTable.from_rows(some))) for some in (once, twice))
    differing = {name for name in plain if plain[name] != repeated[name]}
    assert differing == {"rater_repeats", "group_repeats"}


def test_they_travel_in_the_ratings_file_where_there_are_any():
    given = table(ED1="rr rf ff", ED2="ff fr rr")
    stream = io.StringIO(newline="")
    write_ratings(given, stream)
    assert stream.getvalue().splitlines()[0].endswith(",diagnosis,repeat_position,repeat_answer")
    back = read_ratings(io.StringIO(stream.getvalue()))
    assert group_repeats(back) == group_repeats(given)
    plain = io.StringIO(newline="")
    write_ratings(table(ED1="r f"), plain)
    assert plain.getvalue().splitlines()[0].endswith(",diagnosis")


def test_the_report_shows_them_and_says_what_cannot_be_read():
    text = to_text(analyze(table(ED1="rr ff rf fr", ED2="ff fr rr ff")))
    assert "Raters' agreement with themselves" in text
    assert "first showing" in " ".join(text.split())
    spoilt = replace(next(table(ED1="rr").rows()), repeat_answer="perhaps")
    found = analyze(RatingsTable.from_rows([spoilt]))
    assert any("repeat_answer is left out" in warning for warning in found.warnings)
