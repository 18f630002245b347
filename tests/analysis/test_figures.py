"""The figures: the results' numbers, the same bytes each time, and labels that never overlap."""

import io
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from PIL import Image

from backend.analysis.figures.figure5 import accuracy_figure, png, rates_figure, svg
from backend.analysis.figures.labels import label
from backend.analysis.ratings import RatingRow, RatingsTable
from backend.analysis.report.results import analyze

DRAW = {"rates": rates_figure, "accuracy": accuracy_figure}
LONG = "Prof. Dr. Wolfeschlegelsteinhausen, Klinik {}"


def study(raters, groups=("DLE", "ED"), name="{}{}", blank=()):
    """Ten images, 6 real; the raters in ``blank`` answered no fake."""
    rows = []
    for i in range(raters):
        group = groups[i % len(groups)]
        for image in range(10):
            truth = "real" if image < 6 else "fake"
            right = (i * 7 + image * 3) % 5 < 3
            answer = truth if right else ("fake" if truth == "real" else "real")
            given = "" if i in blank and truth == "fake" else answer
            rows.append(RatingRow(f"{name.format(i, group)}", group, str(image), truth, given))
    return analyze(RatingsTable.from_rows(rows))


NOBODY = analyze(RatingsTable.from_rows([RatingRow("A", "ED", "x", "real", "")]))
STUDIES = {
    "one": study(1, ("ED",)),
    "eight": study(8, name="R{}"),
    "forty": study(40, name="{1}{0}"),
    "many groups": study(14, [f"Clinic {i}" for i in range(12)], name="{}"),
    "long names": study(8, ("Dermatologists in their first year", "$x^$ & <b>_y</b>"), name=LONG),
    "odd names": study(4, ("_ED", "皮肤科"), name="\t\x00 {} \U0001f600 $"),
    "only reals": study(4, blank=(1,)),
    "nobody answered": NOBODY,
}


def drawn(results, kind):
    figure = DRAW[kind](results)
    png(figure, dpi=72)
    return figure


@pytest.mark.parametrize("kind", DRAW)
@pytest.mark.parametrize("study_name", STUDIES)
def test_labels_keep_clear_of_each_other_and_inside_the_figure(study_name, kind):
    figure = drawn(STUDIES[study_name], kind)
    (axes,) = figure.axes
    boxes = [text.get_window_extent() for text in axes.get_xticklabels()]
    assert all(before.x1 < after.x0 for before, after in pairwise(boxes))
    inside = [*boxes, figure.legends[0].get_window_extent(), axes.yaxis.label.get_window_extent()]
    for box in inside:
        assert box.x0 >= -1
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y0 >= -1
        assert box.y1 <= figure.bbox.y1 + 1
    assert axes.get_window_extent().height > 40 / 25.4 * 72


@pytest.mark.parametrize(("study_name", "width"), [("one", 88), ("eight", 88), ("forty", 180)])
def test_the_rates_fit_a_journals_columns(study_name, width):
    assert rates_figure(STUDIES[study_name]).get_figwidth() * 25.4 == pytest.approx(width)
    assert accuracy_figure(STUDIES[study_name]).get_figwidth() * 25.4 == pytest.approx(88)


def points(axes):
    lines = [line for line in axes.get_lines() if line.get_marker() in ("o", "^", "v")]
    return sorted((line.get_marker(), float(y)) for line in lines for y in line.get_ydata())


def test_the_points_are_the_results(paper):
    results = analyze(paper)
    marks = (("o", "accuracy"), ("^", "tpr"), ("v", "fpr"))
    expected = sorted((marker, getattr(r, rate)) for r in results.raters for marker, rate in marks)
    assert points(rates_figure(results).axes[0]) == expected
    assert points(accuracy_figure(results).axes[0]) == [pair for pair in expected if pair[0] == "o"]


def test_an_undefined_rate_is_marked(paper):
    texts = [text.get_text() for text in rates_figure(STUDIES["only reals"]).axes[0].texts]
    assert texts == ["n/a"]
    assert not rates_figure(analyze(paper)).axes[0].texts
    assert [text.get_text() for text in accuracy_figure(NOBODY).axes[0].texts] == ["n/a"]


def test_boxes_need_three_raters(paper):
    assert len(accuracy_figure(analyze(paper)).axes[0].patches) == 2
    assert len(accuracy_figure(study(5)).axes[0].patches) == 1


@pytest.mark.parametrize("draw", DRAW.values())
def test_the_same_results_give_the_same_bytes(paper, draw):
    results = analyze(paper)
    assert svg(draw(results)) == svg(draw(results))
    assert png(draw(results), dpi=50) == png(draw(results), dpi=50)


def test_threads_draw_the_same_and_leave_the_style_alone(paper):
    results, before = analyze(paper), dict(mpl.rcParams)
    alone = svg(rates_figure(results))
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda _: svg(rates_figure(results)), range(3)))
    assert together == [alone] * 3
    assert dict(mpl.rcParams) == before


def test_the_formats_are_what_they_say(paper):
    figure = rates_figure(analyze(paper))
    assert ElementTree.fromstring(svg(figure)).tag.endswith("svg")
    with Image.open(io.BytesIO(png(figure, dpi=300))) as image:
        assert image.format == "PNG"
        assert image.width == pytest.approx(88 / 25.4 * 300, abs=1)


def test_labels_are_short_and_drawable():
    assert label("ED1") == "ED1"
    assert label("  a\n b ") == "a b"
    assert label("$x$") == r"\$x\$"
    assert label("皮1") == "\u25a11"
    assert len(label("rater " * 20)) <= 30
    assert label("x" * 40 + "7").endswith("7")
