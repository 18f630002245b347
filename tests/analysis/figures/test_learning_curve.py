"""The learning curve: blocks, trends and bands as the results have them, a panel for each group."""

from dataclasses import replace

import numpy as np
import pytest

from backend.analysis.figures.learning_curve import drawable, learning_curve
from tests.analysis.figures.studies import study


def of(rows, measure, group, answers="first", subset="all"):
    wanted = (measure, group, answers, subset)
    return [row for row in rows if (row.measure, row.group, row.answers, row.subset) == wanted]


def test_a_panel_for_each_group_and_measure(full):
    figure = learning_curve(full.blocks)
    titles = [axes.get_title() for axes in figure.axes]
    names = [
        "DLE (n\u00a0=\u00a02)",
        "ED (n\u00a0=\u00a02)",
        "Student (n\u00a0=\u00a02)",
        "All raters (n\u00a0=\u00a06)",
    ]
    assert titles == names + [""] * 4
    assert figure.axes[0].get_ylabel() == "Accuracy\n(first answers)"
    assert figure.axes[4].get_ylabel() == "Response time (s)"


def test_points_trend_and_band_are_the_results(full):
    axes = learning_curve(full.blocks).axes
    for panel, measure, scale in ((axes[3], "accuracy", 1), (axes[7], "response_ms", 1000)):
        rows = of(full.blocks, measure, "all")
        trend, points = (line.get_ydata() for line in panel.get_lines()[:2])
        np.testing.assert_allclose(points, [row.value / scale for row in rows])
        np.testing.assert_allclose(trend, [row.fitted / scale for row in rows])
        bars = [segment[:, 1] for segment in panel.collections[1].get_segments()]
        np.testing.assert_allclose(bars, [(row.ci_low / scale, row.ci_high / scale) for row in rows])
        band = panel.collections[0].get_paths()[0].vertices[:, 1]
        assert band.min() == pytest.approx(min(row.fitted_ci_low for row in rows) / scale)
        assert band.max() == pytest.approx(max(row.fitted_ci_high for row in rows) / scale)


def test_final_answers_stand_in_for_first_ones():
    figure = learning_curve(study("only reals").blocks)
    assert len(figure.axes) == 1
    assert figure.axes[0].get_ylabel() == "Accuracy\n(final answers)"
    assert figure.axes[0].get_title() == "ED (n\u00a0=\u00a04)"


def test_times_alone_are_drawn_alone(full):
    times = [row for row in full.blocks if row.measure == "response_ms"]
    figure = learning_curve(times)
    assert {axes.get_ylabel() for axes in figure.axes} == {"Response time (s)", ""}
    assert "Chance" not in [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("times", [(2100, 2110), (2000, 2000), (900, 1_100_000), (40, 90)])
def test_the_axis_of_times_always_has_ticks(full, times):
    rows = [
        replace(row, value=times[row.block % 2], ci_low=None, ci_high=None, fitted=None)
        for row in of(full.blocks, "response_ms", "all")
    ]
    (axes,) = learning_curve(rows).axes
    low, high = axes.get_ylim()
    assert low < min(times) / 1000
    assert max(times) / 1000 < high
    assert 2 <= sum(low <= tick <= high for tick in axes.get_yticks()) <= 7


def test_an_endless_interval_leaves_the_axis_alone(full):
    rows = [
        replace(row, ci_low=0.0, ci_high=1e300, fitted_ci_high=1e300)
        for row in of(full.blocks, "response_ms", "all")
    ]
    figure = learning_curve(rows)
    figure.draw_without_rendering()
    low, high = figure.axes[0].get_ylim()
    values = [row.value / 1000 for row in rows]
    assert low > min(values) / 4
    assert high < max(values) * 4


def test_undefined_blocks_are_gaps(full):
    rows = of(full.blocks, "accuracy", "all")
    gone = replace(rows[3], value=None, ci_low=None, ci_high=None, fitted=None, fitted_ci_low=None)
    (axes,) = learning_curve([*rows[:3], gone, *rows[4:]]).axes
    assert np.isnan(axes.get_lines()[1].get_ydata()).tolist() == [i == 3 for i in range(len(rows))]


def test_without_an_order_there_is_no_curve(paper_rows):
    assert not drawable(paper_rows.blocks)
    assert not drawable(study("nobody answered").blocks)
    with pytest.raises(ValueError, match="no block has a value"):
        learning_curve(paper_rows.blocks)


def test_many_groups_go_on_below():
    figure = learning_curve(study("eight groups").blocks)
    assert figure.get_figwidth() * 25.4 == pytest.approx(180)
    assert sum(bool(axes.get_title()) for axes in figure.axes) == 9
