"""Figure 5: the results' numbers, the groups' names, and further rows for whoever has no room in a column."""

import pytest

from backend.analysis.figures.accuracy import accuracy_figure
from backend.analysis.figures.rates import rates_figure
from tests.analysis.figures.studies import everything_recorded, rows_of, study

MEASURES = ("tpr", "accuracy", "fpr")


def points(figure):
    lines = [
        line for axes in figure.axes for line in axes.get_lines() if line.get_marker() in ("o", "^", "v")
    ]
    return sorted((line.get_marker(), float(y)) for line in lines for y in line.get_ydata())


def texts(axes):
    return [text.get_text() for text in axes.texts]


def width(figure):
    return figure.get_figwidth() * 25.4


def test_the_points_are_the_results(paper_rows):
    marks = (("o", "accuracy"), ("^", "tpr"), ("v", "fpr"))
    expected = sorted((marker, getattr(r, rate)) for r in paper_rows.raters for marker, rate in marks)
    assert points(rates_figure(paper_rows.raters)) == expected
    assert points(accuracy_figure(paper_rows.raters)) == [pair for pair in expected if pair[0] == "o"]


def test_the_lines_are_the_intervals(paper_rows):
    (axes,) = rates_figure(paper_rows.raters).axes
    drawn = sorted((low, high) for lines in axes.collections for (_, low), (_, high) in lines.get_segments())
    ends = [
        (getattr(r, f"{m}_ci_low"), getattr(r, f"{m}_ci_high")) for r in paper_rows.raters for m in MEASURES
    ]
    assert drawn == sorted(ends)


def test_the_legend_tells_the_level(paper_rows):
    figure = rates_figure(paper_rows.raters, level=0.9)
    assert "90\u00a0% interval" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_groups_are_named_above_their_raters_or_in_the_legend():
    assert texts(rates_figure(study("paper").raters).axes[0]) == ["DLE", "ED"]
    figure = rates_figure(study("eight groups").raters)
    assert not texts(figure.axes[0])
    entries = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {rf"Clinic {i} of \$x_{i}\$ & <b>" for i in range(8)} <= set(entries)


def test_an_undefined_rate_is_marked():
    assert texts(rates_figure(study("only reals").raters).axes[0])[:-1] == ["n/a"] * 4
    assert "n/a" not in texts(rates_figure(study("paper").raters).axes[0])
    nobody = study("nobody answered").raters
    assert texts(rates_figure(nobody).axes[0]) == ["n/a", "ED"]
    assert texts(accuracy_figure(nobody).axes[0]) == ["n/a"]


def test_boxes_need_three_raters(paper_rows):
    assert len(accuracy_figure(paper_rows.raters).axes[0].patches) == 2
    assert len(accuracy_figure([r for r in paper_rows.raters if r.rater != "ED3"]).axes[0].patches) == 1


@pytest.mark.parametrize(
    ("name", "columns", "rows"), [("one rater", 88, 1), ("paper", 88, 1), ("sixty raters", 180, 2)]
)
def test_raters_fit_a_journals_columns(name, columns, rows):
    figure = rates_figure(study(name).raters)
    assert width(figure) == pytest.approx(columns)
    assert len(figure.axes) == rows
    names = [label.get_text() for axes in figure.axes for label in axes.get_xticklabels()]
    assert names == [rater.rater for rater in study(name).raters]


def test_many_groups_go_on_in_further_rows():
    raters = rows_of(everything_recorded(30, [f"G{i:02}" for i in range(30)], images=8)).raters
    figure = accuracy_figure(raters)
    assert width(figure) == pytest.approx(180)
    assert len(figure.axes) == 2
    assert len(points(figure)) == 30
