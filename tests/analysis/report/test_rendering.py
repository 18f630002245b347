"""The report as text, LaTeX and HTML: the same tables, rounded once, and nothing that could run."""

import re
from dataclasses import replace

import pytest

from backend.analysis.ratings import RatingRow, RatingsTable
from backend.analysis.report import html
from backend.analysis.report.latex import to_latex
from backend.analysis.report.methods import methods
from backend.analysis.report.references import REFERENCES
from backend.analysis.report.results import analyze
from backend.analysis.report.text import to_text
from backend.analysis.report.views import views

ONE_BLANK = RatingsTable.from_rows([RatingRow("A", "ED", "x", "real", "")])
ATTACK = "<script>alert(1)</script>"


def test_the_text_rounds_for_reading(paper_results):
    text = to_text(paper_results)
    assert text.startswith("8 raters in 2 groups, 80 images (50 real, 30 fake), 640 ratings.")
    assert "* 4 of 640 answers are missing. They are left out" in text
    assert "DLE2   DLE    80        0  30  10  20  20     0.625  0.515 to 0.723  0.600  0.667  0.333" in text


def test_the_text_explains_what_is_undefined():
    text = to_text(analyze(ONE_BLANK))
    assert "1 rater in 1 group, 1 image (1 real, 0 fake), 1 rating." in text
    assert "raters (A ED): no image answered: accuracy, tpr, tnr, fpr and balanced_accuracy" in text
    assert "no image was answered" in text
    assert "None" not in text


def test_what_was_not_recorded_has_no_table(paper_results, full_results):
    paper, full = ({one.name for one in views(results)} for results in (paper_results, full_results))
    assert full - paper == {
        *("auc", "response_times", "mrmc", "equivalence", "generators", "generator_pairs"),
        *("diagnoses", "revisions", "rater_revisions", "trends", "repeats"),
    }
    assert paper <= full


def test_every_rendering_has_the_same_cells(full_results):
    page, text = html.page(full_results, []), to_text(full_results)
    for one in views(full_results):
        table = page.split(f'id="table-{one.name}"')[1].split("</table>")[0]
        body = table.split("<tbody>")[1]
        cells = [re.sub(r"&[#a-z0-9]+;", "", cell) for cell in re.findall(r"<t[hd][^>]*>([^<]*)<", body)]
        shown = [re.sub("[<>&'\"]", "", cell) for row in one.rows for cell in row]
        assert cells == shown
        assert len(to_latex(one).split("\\midrule")[1].split("\\bottomrule")[0].strip().splitlines()) == len(
            one.rows
        )
        for row in one.rows[:2]:
            assert re.search(r"\s+".join(re.escape(cell) for cell in row if cell), text), one.name


def test_the_page_needs_nothing_else(full_results):
    page = html.page(full_results, [html.Shown("x", "A figure", "It shows.", html.inlined(b"<svg/>"))])
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert "<script" not in page
    assert "url(" not in page


def test_names_are_text_and_never_code():
    names = {"rater": ATTACK, "group": "A&B_$", "image": ATTACK}
    table = RatingsTable.from_rows(
        [
            RatingRow(truth="real", answer="real", **names),
            RatingRow(truth="fake", answer="real", **(names | {"image": "\\input{x}"})),
        ]
    )
    results = analyze(table)
    page = html.page(results, [])
    assert ATTACK not in page
    assert "&lt;script&gt;" in page
    latex = to_latex(views(results)[0])
    assert r"A\&B\_\$" in latex
    assert r"\input" not in "".join(to_latex(one) for one in views(results))


def test_latex_has_a_cell_for_every_column(full_results):
    for one in views(full_results):
        lines = to_latex(one).split("\\toprule")[1].split("\\bottomrule")[0]
        rows = [line for line in lines.splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(one.header) - 1}


def test_the_methods_cite_in_order_and_only_what_was_done(paper_results, full_results):
    for results in (paper_results, full_results):
        text = " ".join(methods(results).paragraphs)
        cited = [int(n) for marks in re.findall(r"\[([0-9, ]+)\]", text) for n in marks.split(", ")]
        firsts = list(dict.fromkeys(cited))
        assert firsts == list(range(1, len(methods(results).references) + 1))
        assert set(methods(results).references) <= set(REFERENCES.values())
    paper, full = (" ".join(methods(one).paragraphs) for one in (paper_results, full_results))
    assert "8 raters (DLE: 5, ED: 3) judged 80 images" in paper
    for only_full in ("two one-sided tests", "DeLong", "McNemar", "presentation order", "Generators"):
        assert only_full in full
        assert only_full not in paper


def test_every_reference_is_used_somewhere(full_results):
    drawn = replace(
        full_results, comparisons=tuple(replace(c, exact=False) for c in full_results.comparisons)
    )
    used = {*methods(full_results).references, *methods(drawn).references}
    assert set(REFERENCES.values()) - used == set()


@pytest.mark.parametrize("convention", ["missing", "blank_as_error", "paper"])
def test_each_convention_is_told(paper, convention):
    told = {"missing": "left out", "blank_as_error": "counted as errors", "paper": "held fixed"}[convention]
    text = " ".join(methods(analyze(paper, convention=convention)).paragraphs)
    assert "Of 640 answers 4 were missing; they were " in text
    assert told in text
