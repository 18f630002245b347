"""The ROC plane: raters at their rates, crosses of their intervals, and names that keep clear."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from backend.analysis.figures.roc_plane import roc_plane
from tests.analysis.figures.studies import study


def spots(axes):
    return [line for line in axes.get_lines() if line.get_marker() != "None"]


def test_raters_stand_at_their_rates_in_their_groups_looks(paper_rows):
    (axes,) = roc_plane(paper_rows.raters).axes
    places = [(*line.get_xdata(), *line.get_ydata()) for line in spots(axes)]
    assert places == [(rater.fpr, rater.tpr) for rater in paper_rows.raters]
    looks = [(line.get_marker(), line.get_markerfacecolor()) for line in spots(axes)]
    assert looks == [("o", "#0072B2")] * 5 + [("s", "#D55E00")] * 3


def test_crosses_are_the_intervals(paper_rows):
    (axes,) = roc_plane(paper_rows.raters).axes
    crosses = [part for part in axes.collections if isinstance(part, LineCollection)]
    arms = np.concatenate([np.array(part.get_segments()) for part in crosses])
    first = paper_rows.raters[0]
    assert arms[0].tolist() == [[first.fpr_ci_low, first.tpr], [first.fpr_ci_high, first.tpr]]
    assert arms[1].tolist() == [[first.fpr, first.tpr_ci_low], [first.fpr, first.tpr_ci_high]]
    assert len(arms) == 2 * len(paper_rows.raters)


def test_curves_of_graded_answers_pass_through_their_raters(full):
    (axes,) = roc_plane(full.raters, full.roc).axes
    curves = [line.get_xydata() for line in axes.get_lines() if len(line.get_xydata()) > 2]
    assert len(curves) == len(full.raters)
    for curve, rater in zip(curves, full.raters, strict=True):
        assert curve[0].tolist() == [0, 0]
        assert curve[-1].tolist() == [1, 1]
        assert np.abs(curve - (rater.fpr, rater.tpr)).max(axis=1).min() < 1e-12


def test_raters_at_one_place_stand_apart():
    figure = roc_plane(study("equal raters").raters)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    shown = [line.get_transform().transform(line.get_xydata())[0] for line in spots(axes)]
    near = min(np.hypot(*(one - other)) for one, other in combinations(shown, 2))
    assert near > 4 / 72 * figure.dpi
    assert {tuple(line.get_xydata()[0]) for line in spots(axes)} == {(2 / 3, 0.6)}


@pytest.mark.parametrize("name", ["paper", "full", "long names", "eight groups"])
def test_names_keep_clear_of_each_other_and_of_the_frame(name):
    raters = study(name).raters[:12]
    names = {rater.rater for rater in raters}
    figure = roc_plane(raters, [point for point in study(name).roc if point.rater in names])
    figure.draw_without_rendering()
    (axes,) = figure.axes
    frame = axes.get_window_extent()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) > 5
    for box in boxes:
        assert frame.x0 < box.x0 + 1
        assert box.x1 < frame.x1 + 1
        assert frame.y0 < box.y0
        assert box.y1 < frame.y1
    for one, other in combinations(boxes, 2):
        assert (
            one.x1 < other.x0 + 4 or other.x1 < one.x0 + 4 or one.y1 < other.y0 + 4 or other.y1 < one.y0 + 4
        )


def test_what_is_measured_for_names_is_what_is_drawn():
    raters = study("long names").raters
    figure = roc_plane(raters, study("long names").roc)
    before = figure.axes[0].get_window_extent().bounds
    figure.draw_without_rendering()
    assert figure.axes[0].get_window_extent().bounds == pytest.approx(before)


def test_names_would_cover_the_plane_of_many():
    assert not roc_plane(study("sixty raters").raters).axes[0].texts


def test_raters_without_a_place_are_counted():
    raters = study("only reals").raters
    assert [text.get_text() for text in roc_plane(raters).axes[0].texts] == [
        "4 raters without a place: a rate is undefined"
    ]
    assert "1 rater without" in roc_plane(raters[:1]).axes[0].texts[0].get_text()
