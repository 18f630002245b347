"""Reals by diagnosis."""

import numpy as np
import pytest

from backend.analysis.images.diagnoses import diagnosis_results

DIAGNOSES = ["nevus", "melanoma", "nevus", "", "nevus", "melanoma"]
ANSWERS = ["RFRRR.", "FFRRRR", "RRRFFF"]


def test_shares_are_means_over_raters_of_reals_with_the_diagnosis(table_of):
    # The last image is a fake: its diagnosis counts for nothing.
    results = diagnosis_results(table_of(ANSWERS, "RRRRRF", diagnoses=DIAGNOSES))
    assert [(r.group, r.diagnosis) for r in results] == [
        ("ED", "melanoma"),
        ("ED", "nevus"),
        ("all", "melanoma"),
        ("all", "nevus"),
    ]
    melanoma, nevus = results[2:]
    assert (melanoma.images, melanoma.raters, melanoma.n, melanoma.called_real) == (1, 3, 3, 1)
    assert melanoma.tpr == pytest.approx(1 / 3)
    assert "only one image" in melanoma.degenerate
    assert (nevus.images, nevus.n, nevus.called_real) == (3, 9, 7)
    assert nevus.tpr == pytest.approx(np.mean([1, 2 / 3, 2 / 3]))
    assert nevus.tpr_ci_low < nevus.tpr < nevus.tpr_ci_high
    assert nevus.degenerate is None


def test_missing_answers_are_counted_and_left_out(table_of):
    (found, _) = diagnosis_results(table_of(["R.", ".."], "RR", diagnoses=["nevus", "nevus"]))
    assert (found.n, found.missing, found.raters, found.images, found.tpr) == (1, 3, 1, 1, 1)
    (nobody, _) = diagnosis_results(table_of(["..", ".."], "RR", diagnoses=["nevus", "nevus"]))
    assert (nobody.n, nobody.missing, nobody.tpr) == (0, 4, None)
    assert nobody.degenerate


def test_without_diagnoses_there_is_no_row(paper):
    assert diagnosis_results(paper) == ()
