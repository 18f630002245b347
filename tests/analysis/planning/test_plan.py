"""A plan in every form in which it is handed out."""

import csv
import io
import json
from dataclasses import replace

import pytest

from backend.analysis.planning.design import Design
from backend.analysis.planning.exact import equivalence_power, superiority_power
from backend.analysis.planning.folder import write_figure, write_folder
from backend.analysis.planning.plan import make_plan, to_csv, to_json
from backend.analysis.planning.text import to_text
from training.errors import UserError

DESIGN = Design(raters=(3, 8), images=(40, 80), margin=0.1, width=0.15, simulations=300)


@pytest.fixture(scope="module")
def plan():
    return make_plan(DESIGN)


@pytest.fixture(scope="module")
def least():
    return make_plan(Design(raters=(4,), images=(60,), simulations=300))


def test_one_rater_is_exact(plan):
    assert [one.images for one in plan.one_rater] == [40, 80]
    assert plan.one_rater[1].superiority_power == float(superiority_power(80, 0.6))
    assert plan.one_rater[1].equivalence_power == float(equivalence_power(80, 0.1))
    assert (plan.one_rater_superiority_images, plan.one_rater_equivalence_images) == (210, 227)


def test_one_rater_may_need_more_than_anyone_would_judge():
    found = make_plan(Design(raters=(3,), images=(40,), tpr=0.501, tnr=0.501, simulations=100))
    assert found.one_rater_superiority_images is None
    assert "beyond reach" in to_text(found)


def test_json_holds_everything_and_no_nan(plan, least):
    for of in (plan, least):
        found = json.loads(to_json(of), parse_constant=pytest.fail)
        assert list(found) == [
            "tool_version",
            "design",
            "one_rater",
            "one_rater_superiority_images",
            "one_rater_equivalence_images",
            "studies",
            "needs",
        ]
    assert found["design"]["margin"] is None
    assert found["studies"][0]["equivalence_power"] is None


def test_csv_holds_the_digits_of_json(plan, least):
    for of in (plan, least):
        read = list(csv.DictReader(io.StringIO(to_csv(of), newline="")))
        studies = json.loads(to_json(of))["studies"]
        assert read == [{k: "" if v is None else str(v) for k, v in row.items()} for row in studies]


def test_the_text_says_what_was_assumed_and_found(plan):
    text = to_text(plan)
    assert "true mean accuracy 0.6; standard deviations 0.3 (raters) and 0.5 (images) in logits" in text
    assert "37.5 % of the images are fakes" in text
    assert "300 simulated studies a cell (seed 0)" in text
    study = plan.studies[-1]
    assert f"{study.superiority_power:.3f} \u00b1 {study.superiority_power_se:.3f}" in text
    assert f"{study.equivalence_power:.3f} \u00b1 {study.equivalence_power_se:.3f}" in text
    assert "Share of 95 % intervals that are at most 0.15 wide" in text
    assert "power against 1/2         0.212      0.369  210 images" in text
    assert "With 3 raters, no number of images is enough" in text
    assert "None" not in text


def test_the_text_leaves_out_what_was_not_asked(least):
    text = to_text(least)
    assert "within" not in text
    assert "at most" not in text
    assert "With 60 images, more raters than the grid has would do: give larger --raters." in text


def test_the_text_tells_classes_apart_and_warns_where_nothing_can_be_shown():
    found = make_plan(Design(raters=(3,), images=(40,), tpr=0.6, tnr=1 / 3, simulations=100))
    assert "true mean TPR 0.6 and TNR 0.333333;" in to_text(found)
    assert found.studies[0].truth == pytest.approx(0.5)
    assert "the power is the error rate" in to_text(found)


def test_the_text_warns_where_the_interval_covers_too_little(plan):
    studies = (replace(plan.studies[0], coverage=0.915), *plan.studies[1:])
    few = to_text(replace(plan, studies=studies))
    assert "holds the truth less often than it says: in 91.5 % of" in few
    assert "less often" not in to_text(plan)


def test_the_folder_holds_everything(plan, tmp_path):
    folder = tmp_path / "new" / "plan"
    write_folder(plan, folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        f"plan.{kind}" for kind in ("csv", "json", "pdf", "png", "svg", "txt")
    ]
    assert (folder / "plan.json").read_text(encoding="utf-8") == to_json(plan)
    assert (folder / "plan.csv").read_bytes().decode() == to_csv(plan)
    assert (folder / "plan.txt").read_text(encoding="utf-8") == to_text(plan)
    with pytest.raises(UserError, match="already exists"):
        write_folder(plan, folder)


@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<?xml"), ("b.PDF", b"%PDF"), ("c.png", b"\x89PNG")])
def test_the_figure_alone_is_what_its_name_says(plan, tmp_path, name, begins):
    write_figure(plan, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)
