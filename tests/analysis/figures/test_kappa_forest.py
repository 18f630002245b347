"""The forest plot: the kappas, as drawn and as written."""

from dataclasses import replace

import pytest
from matplotlib.colors import same_color

from backend.analysis.figures.kappa_forest import kappa_forest
from tests.analysis.figures.studies import study


def written(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def names(figure):
    return [label.get_text().strip() for label in figure.axes[0].get_yticklabels()]


def test_values_and_intervals_are_written_beside_the_rows(paper_rows):
    figure = kappa_forest(paper_rows.agreement)
    assert names(figure)[:4] == [
        "Real images",
        "DLE (n\u00a0=\u00a05)",
        "ED (n\u00a0=\u00a03)",
        "All raters (n\u00a0=\u00a08)",
    ]
    assert len(names(figure)) == 12
    values = written(figure)
    assert values[-1] == "\u03ba (95\u00a0% CI)"
    assert [value.split(" ")[0] for value in values[:-1]] == [
        *("\u22120.007", "0.236", "0.041"),
        *("0.034", "0.111", "0.061"),
        *("0.027", "0.199", "0.063"),
    ]
    row = next(row for row in paper_rows.agreement if row.statistic == "fleiss_kappa")
    assert values[0] == f"{row.value:.3f} ({row.ci_low:.3f} to {row.ci_high:.3f})".replace("-", "\u2212")


def test_points_and_lines_are_the_results(full):
    lines = kappa_forest(full.agreement).axes[0].get_lines()
    rows = [row for row in full.agreement if row.statistic == "fleiss_kappa"]
    drawn = [line.get_xdata()[0] for line in lines if line.get_marker() != "None"]
    assert sorted(drawn) == sorted(row.value for row in rows)
    intervals = {tuple(line.get_xdata()) for line in lines if line.get_marker() == "None"} - {(0, 0)}
    assert intervals == {(row.ci_low, row.ci_high) for row in rows}


def test_the_axis_holds_every_interval_and_zero(full):
    low, high = kappa_forest(full.agreement).axes[0].get_xlim()
    rows = [row for row in full.agreement if row.statistic == "fleiss_kappa"]
    assert -1.05 < low < min(0, *(row.ci_low for row in rows))
    assert max(row.ci_high for row in rows) < high < 1.05


def test_undefined_rows_say_so_and_rows_without_interval_have_their_value():
    assert "undefined" in written(kappa_forest(study("only reals").agreement))
    rows = [replace(row, ci_low=None, ci_high=None) for row in study("paper").agreement]
    assert written(kappa_forest(rows))[0] == "\u22120.007"


def test_one_group_is_not_followed_by_everyone():
    assert names(kappa_forest(study("only reals").agreement))[1] == "ED (n\u00a0=\u00a04)"
    assert len(names(kappa_forest(study("only reals").agreement))) == 6


def test_the_level_is_written(paper_rows):
    assert written(kappa_forest(paper_rows.agreement, level=0.9))[-1] == "\u03ba (90\u00a0% CI)"


def test_other_statistics_are_there_for_the_asking(paper_rows):
    figure = kappa_forest(paper_rows.agreement, others=True)
    drawn = {
        float(line.get_xdata()[0])
        for line in figure.axes[0].get_lines()
        if same_color(line.get_color(), "#666666")
    }
    others = {
        row.value
        for row in paper_rows.agreement
        if row.statistic not in ("fleiss_kappa", "percent_agreement")
    }
    assert others <= drawn
    assert figure.legends[0].get_texts()[0].get_text() == "Gwet's AC1"
    assert not kappa_forest(paper_rows.agreement).legends


@pytest.mark.parametrize(("name", "width"), [("paper", 88), ("eight groups", 180), ("long names", 180)])
def test_the_column_is_as_wide_as_names_ask_for(name, width):
    assert kappa_forest(study(name).agreement).get_figwidth() * 25.4 == pytest.approx(width)
