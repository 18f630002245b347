"""All figures of a report: drawn where there is something to draw, in print quality, the same each time."""

import io
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from matplotlib.text import Text
from PIL import Image

from backend.analysis.figures.formats import FORMATS, pdf, png, svg
from backend.analysis.figures.labels import label
from backend.analysis.figures.registry import FIGURES
from tests.analysis.figures.studies import TABLES, study

ROOT = Path(__file__).parents[3]
MISSING = {
    "paper": {"learning_curve", "revision_flow"},
    "one rater": {"kappa_forest"},
    "only reals": {"roc_plane", "revision_flow"},
    "equal raters": {"learning_curve"},
    "nobody answered": set(FIGURES),
}
TELLING = {
    "small": set(),
    "nobody answered": set(),
    "sixty raters": {"figure5a", "figure5b", "roc_plane"},
    "thousand images": {"item_difficulty"},
}
"""Figures that studies put to the test, where not all of them."""
CASES = [
    (name, kind)
    for name in TABLES
    for kind in FIGURES
    if kind in TELLING.get(name, FIGURES) and kind not in MISSING.get(name, ())
]


@pytest.mark.parametrize("name", TABLES)
def test_what_was_not_recorded_is_not_drawn(name):
    available = {kind for kind, figure in FIGURES.items() if figure.available(study(name))}
    assert available == set(FIGURES) - MISSING.get(name, set())


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_every_text_can_be_read_and_lies_inside_a_journals_column(name, kind, monkeypatch):
    figure = FIGURES[kind].draw(study(name))
    width = round(figure.get_figwidth() * 25.4)
    assert width in ((180 if FIGURES[kind].wide else 88,) if name == "full" else (88, 180))
    boxes = [(text, text.get_window_extent()) for text in written(figure, monkeypatch)]
    assert boxes
    for text, box in boxes:
        assert text.get_fontsize() >= 6
        assert box.x0 > -1, text
        assert box.x1 < figure.bbox.x1 + 1, text
        assert box.y0 > -1, text
        assert box.y1 < figure.bbox.y1 + 1, text
    for (one, first), (other, second) in combinations(boxes, 2):
        upright = one.get_rotation() == other.get_rotation() == 90
        assert upright or apart(first, second, figure.dpi / 72), (one, other)


def written(figure, monkeypatch):
    """Every text that is drawn, which a tick beyond the end of its axis is not."""
    texts = []
    draw = Text.draw

    def recorded(self, renderer):
        if self.get_visible() and self.get_text().strip():
            texts.append(self)
        draw(self, renderer)

    monkeypatch.setattr(Text, "draw", recorded)
    figure.draw_without_rendering()
    monkeypatch.undo()
    return list(dict.fromkeys(texts))


def apart(one, other, point):
    """Whether two boxes overlap by a point at most; letters seldom fill theirs."""
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    down = min(one.y1, other.y1) - max(one.y0, other.y0)
    return across < point or down < point


@pytest.mark.parametrize("kind", FIGURES)
def test_the_same_results_give_the_same_bytes(kind):
    first, second = (FIGURES[kind].draw(study("small")) for _ in range(2))
    for save in (svg, partial(png, dpi=60)):
        assert save(first) == save(second)


def test_another_process_gives_the_same_bytes(paper_rows):
    figure = FIGURES["kappa_forest"].draw(paper_rows)
    program = (
        "from hashlib import sha256\n"
        "from backend.analysis.figures.formats import FORMATS\n"
        "from backend.analysis.figures.registry import FIGURES\n"
        "from tests.analysis.figures.studies import study\n"
        "figure = FIGURES['kappa_forest'].draw(study('paper'))\n"
        "print(*(sha256(save(figure)).hexdigest() for save in FORMATS.values()))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "0"}
    command = [sys.executable, "-c", program]
    other = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    assert other.stdout.split() == [sha256(save(figure)).hexdigest() for save in FORMATS.values()]


def test_threads_draw_the_same_and_leave_the_style_alone(paper_rows):
    before = dict(mpl.rcParams)
    draw = FIGURES["figure5a"].draw
    alone = svg(draw(paper_rows))
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda _: svg(draw(paper_rows)), range(3)))
    assert together == [alone] * 3
    assert dict(mpl.rcParams) == before


def test_the_formats_are_what_they_say(paper_rows):
    figure = FIGURES["figure5a"].draw(paper_rows)
    assert ElementTree.fromstring(svg(figure)).tag.endswith("svg")
    with Image.open(io.BytesIO(png(figure))) as image:
        assert image.format == "PNG"
        assert image.width == pytest.approx(88 / 25.4 * 300, abs=1)
    with Image.open(io.BytesIO(png(figure, dpi=100))) as image:
        assert image.width == pytest.approx(88 / 25.4 * 100, abs=1)


def test_pdfs_embed_their_fonts_and_have_no_date(paper_rows):
    data = pdf(FIGURES["kappa_forest"].draw(paper_rows))
    assert data.startswith(b"%PDF")
    assert re.search(rb"/FontFile2\b", data)
    assert not re.search(rb"/Type3\b|/CreationDate\b", data)


def test_every_figure_has_a_title_and_a_caption():
    for figure in FIGURES.values():
        assert figure.title
        assert figure.caption.endswith(".")
        assert "{" not in figure.caption


def test_labels_are_short_and_drawable():
    assert label("ED1") == "ED1"
    assert label("  a\n b ") == "a b"
    assert label("$x$") == r"\$x\$"
    assert label("皮1") == "\u25a11"
    assert len(label("rater " * 20)) <= 30
    assert label("x" * 40 + "7").endswith("7")
    assert label("Wolfeschlegelsteinhausen 7", 12) == "Wolfes\u2026sen 7"
