"""Baur, Albarqouni & Navab (2018): every cell of Tables 2 and 3, to the last printed digit."""

import re

import pytest

from backend.analysis.report.results import analyze
from backend.analysis.report.text import to_text
from backend.analysis.report.view import style_of

TABLE_2 = {
    "DLE1": "50 26 0 4 0.675 1.000 0.133",
    "DLE2": "30 10 20 20 0.625 0.600 0.666",
    "DLE3": "36 9 14 21 0.712 0.720 0.700",
    "DLE4": "26 16 24 14 0.500 0.520 0.466",
    "DLE5": "26 20 24 10 0.450 0.520 0.333",
    "ED1": "27 11 23 19 0.575 0.540 0.633",
    "ED2": "35 18 15 12 0.587 0.700 0.400",
    "ED3": "29 17 21 13 0.525 0.580 0.433",
}
TABLE_3 = {
    ("real", "DLE"): "-0.0071",
    ("real", "ED"): "0.1676",
    ("real", "all"): "0.0338",
    ("fake", "DLE"): "0.0338",
    ("fake", "ED"): "0.0758",
    ("fake", "all"): "0.0586",
    ("all", "DLE"): "0.0265",
    ("all", "ED"): "0.1423",
    ("all", "all"): "0.0579",
}
CORRECT = {"real": "0.236", "fake": "0.111", "all": "0.199"}


@pytest.fixture(scope="module")
def printed(paper):
    return analyze(paper, convention="paper")


def test_table_2(printed):
    show = style_of(printed).number
    found = {
        one.rater: " ".join(
            [*map(str, (one.tp, one.fp, one.fn, one.tn)), *map(show, (one.accuracy, one.tpr, one.tnr))]
        )
        for one in printed.raters
    }
    assert found == TABLE_2


def test_table_3(printed):
    show = style_of(printed).number
    found = {
        (one.subset, one.group): show(one.value, 4)
        for one in printed.agreement
        if one.statistic == "fleiss_kappa"
    }
    assert found == TABLE_3


def test_the_printed_digits_stand_in_the_text(printed):
    text = to_text(printed)
    for rater, cells in TABLE_2.items():
        line = next(line for line in text.splitlines() if line.startswith(rater))
        assert set(cells.split()) <= set(line.split())
    for (subset, group), kappa in TABLE_3.items():
        assert re.search(rf"Fleiss' kappa +{subset} +{group} +{kappa} ", text)


def test_blanks_left_out_raise_the_experts_agreement(paper_results):
    show = style_of(paper_results).number
    found = {
        one.subset: show(one.value)
        for one in paper_results.agreement
        if (one.statistic, one.group) == ("fleiss_kappa", "ED")
    }
    assert found == CORRECT


def test_what_the_page_on_the_paper_says(paper_csv):
    page = (paper_csv.parents[1] / "paper.md").read_text()
    rows = [re.findall(r"-?[0-9.]+", line) for line in page.splitlines() if line.startswith("| ")]
    for row, name in enumerate(("TP", "FP", "FN", "TN", "ACC", "TPR", "TNR")):
        cells = [cells.split()[row] for cells in TABLE_2.values()]
        assert f"| {name} | {' | '.join(cells)} |" in page
    for subset in ("real", "fake", "all"):
        assert [TABLE_3[subset, group] for group in ("DLE", "ED", "all")] in rows
        assert CORRECT[subset] in page
