"""The revision flow: bars and ribbons as high as their numbers, changes counted."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.patches import PathPatch, Rectangle

from backend.analysis.figures.revision_flow import GAINED, KEPT, LOOKS, LOST, WITHDRAWN, revision_flow
from tests.analysis.figures.studies import study


def counts(flows, truth, group="all"):
    return {(f.first, f.final): f.n for f in flows if f.truth == truth and f.group == group}


def entries(figure):
    return {text.get_text() for text in figure.legends[0].get_texts()} - {" "}


def test_flows_are_as_wide_as_they_are_many(full):
    for axes, truth in zip(revision_flow(full.revision_flows).axes, ("real", "fake"), strict=True):
        paths = [patch.get_path().vertices for patch in axes.patches if isinstance(patch, PathPatch)]
        heights = sorted(float(path[4:8, 1].max() - path[:4, 1].max()) for path in paths)
        expected = sorted(n for n in counts(full.revision_flows, truth).values() if n)
        np.testing.assert_allclose(heights, expected)


def test_flows_fill_their_bars_without_overlap(full):
    for axes in revision_flow(full.revision_flows).axes:
        paths = [patch.get_path().vertices for patch in axes.patches if isinstance(patch, PathPatch)]
        bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
        for corners, side in (((0, 7), 0), ((3, 4), 1)):
            ends = sorted((path[corners[0], 1], path[corners[1], 1]) for path in paths)
            covered = [
                (bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars if round(bar.get_x()) == side
            ]
            for top, bottom in covered:
                inside = [end for end in ends if top <= end[0] < bottom]
                assert inside[0][0] == top
                assert inside[-1][1] == pytest.approx(bottom)
                assert all(one[1] == pytest.approx(other[0]) for one, other in pairwise(inside))


def test_bars_are_the_answers_and_right_ones_are_on_top(full):
    axes = revision_flow(full.revision_flows).axes[1]
    fakes = counts(full.revision_flows, "fake")
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    first = [sum(n for (one, _), n in fakes.items() if one == answer) for answer in ("fake", "real")]
    final = [sum(n for (_, one), n in fakes.items() if one == answer) for answer in ("fake", "real", "")]
    assert [bar.get_height() for bar in bars] == first + final
    assert bars[0].get_y() < bars[1].get_y()
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    written = [text.get_text() for text in axes.texts]
    assert f"fake \u2713\n{first[0]}" in written
    assert f"real \u2717\n{final[1]}" in written
    assert f"taken\nback\n{final[2]}" in written


def test_changes_are_counted_by_their_direction(full):
    figure = revision_flow(full.revision_flows)
    reals, fakes = (counts(full.revision_flows, truth) for truth in ("real", "fake"))
    numbers = {
        GAINED: reals["fake", "real"] + fakes["real", "fake"],
        LOST: reals["real", "fake"] + fakes["fake", "real"],
        KEPT: reals["real", "real"] + reals["fake", "fake"] + fakes["real", "real"] + fakes["fake", "fake"],
        WITHDRAWN: sum(n for part in (reals, fakes) for (_, final), n in part.items() if not final),
    }
    assert entries(figure) == {f"{kind} (n\u00a0=\u00a0{n})" for kind, n in numbers.items()}
    written = {text.get_text(): text.get_color() for text in figure.axes[0].texts}
    assert written[str(reals["fake", "real"])] == LOOKS[GAINED]["edgecolor"]
    assert written[str(reals["real", "fake"])] == LOOKS[LOST]["edgecolor"]


def test_no_change_is_worth_a_figure_and_no_first_answer_is_not():
    figure = revision_flow(study("equal raters").revision_flows)
    none = {f"{kind} (n\u00a0=\u00a00)" for kind in (GAINED, LOST)}
    assert entries(figure) == none | {f"{KEPT} (n\u00a0=\u00a0128)"}
    with pytest.raises(ValueError, match="no first answer"):
        revision_flow(study("paper").revision_flows)


def test_a_truth_without_answers_has_no_panel(full):
    rows = [replace(flow, n=0) if flow.truth == "fake" else flow for flow in full.revision_flows]
    (axes,) = revision_flow(rows).axes
    assert axes.get_title().startswith("Real images")


def test_directions_differ_by_more_than_colour():
    assert len({look.get("hatch") for look in (LOOKS[GAINED], LOOKS[LOST], LOOKS[WITHDRAWN])}) == 3
