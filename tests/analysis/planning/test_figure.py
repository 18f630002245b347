"""The plan's figure: its numbers, a journal's column, labels that keep clear, the same bytes each time."""

from itertools import pairwise

import pytest

from backend.analysis.figures.formats import FORMATS
from backend.analysis.planning.design import Design
from backend.analysis.planning.figure import plan_figure
from backend.analysis.planning.plan import make_plan

DESIGNS = {
    "plain": Design(simulations=100),
    "everything": Design(simulations=100, margin=0.1, width=0.1),
    "one cell": Design(simulations=100, raters=(5,), images=(40,)),
    "many": Design(simulations=100, raters=tuple(range(2, 60)), images=tuple(range(10, 130, 10))),
}


@pytest.fixture(scope="module")
def plans():
    return {name: make_plan(design) for name, design in DESIGNS.items()}


@pytest.mark.parametrize("name", DESIGNS)
def test_labels_keep_clear_of_each_other_inside_a_single_column(plans, name):
    figure = plan_figure(plans[name])
    figure.draw_without_rendering()
    assert figure.get_figwidth() * 25.4 == pytest.approx(88)
    ticks = [text.get_window_extent() for text in figure.axes[-1].get_xticklabels()]
    assert all(before.x1 < after.x0 for before, after in pairwise(ticks))
    boxes = [*ticks, figure.legends[0].get_window_extent()]
    boxes += [axes.yaxis.label.get_window_extent() for axes in figure.axes]
    for box in boxes:
        assert box.x0 >= -1
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y0 >= -1
        assert box.y1 <= figure.bbox.y1 + 1
    for axes in figure.axes:
        assert axes.get_window_extent().height > 30 / 25.4 * figure.dpi
        assert axes.yaxis.label.get_window_extent().height <= axes.get_window_extent().height


def test_the_lines_are_the_plan(plans):
    plan = plans["everything"]
    measures = ("superiority_power", "equivalence_power", "width")
    figure = plan_figure(plan)
    assert len(figure.axes) == 3
    for axes, measure in zip(figure.axes, measures, strict=True):
        for images, bars in zip(plan.design.images, axes.containers, strict=True):
            expected = [getattr(study, measure) for study in plan.studies if study.images == images]
            assert bars.lines[0].get_ydata().tolist() == expected
            assert bars.lines[0].get_xdata().tolist() == list(plan.design.raters)


def test_lines_differ_in_colour_or_marker(plans):
    lines = [bars.lines[0] for bars in plan_figure(plans["many"]).axes[0].containers]
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == len(lines) == 12


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_plan_gives_the_same_bytes(plans, kind):
    assert FORMATS[kind](plan_figure(plans["plain"])) == FORMATS[kind](plan_figure(plans["plain"]))
