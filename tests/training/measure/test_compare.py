"""``compare``: the table of several models against the same reals."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from training.errors import UserError
from training.measure.compare import compare
from training.measure.comparison_report import as_markdown
from training.measure.images import ArrayImages
from training.measure.swd import swd
from training.phantom import draw_folder

HOW = {"images": 10_000, "seed": 3, "repeats": 2, "device": "cpu", "reals": True}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Images of two made-up models: other phantoms, and the same ones darkened."""
    home = tmp_path_factory.mktemp("models")
    draw_folder(home / "near", 12, seed=5, size=32, workers=1)
    (home / "far").mkdir()
    for path in sorted((home / "near").glob("*.png")):
        with Image.open(path) as image:
            Image.fromarray(np.asarray(image.convert("RGB")) // 3).save(home / "far" / path.name)
    return home


@pytest.fixture(scope="module")
def report(folders, dataset, finished_run, tmp_path_factory):
    """A comparison of a trained PGAN at 16 x 16 and the two made-up models."""
    out = tmp_path_factory.mktemp("report") / "compare"
    found = compare([finished_run, folders / "near", folders / "far"], dataset.folder, out, **HOW)
    return out, found


def test_the_lower_bound_comes_first_and_all_are_compared_at_the_smallest_size(report, dataset):
    found = report[1]
    assert [(entry.name, entry.model) for entry in found.entries] == [
        ("real", False),
        ("run", True),
        ("near", True),
        ("far", True),
    ]
    assert found.resolution == 16
    assert {tuple(entry.found.levels) for entry in found.entries} == {(16,)}
    assert {entry.found.images for entry in found.entries} == {12}


def test_its_numbers_are_those_of_swd(report, dataset):
    from training.dataset import at_resolution

    reals = ArrayImages(at_resolution(dataset.images, 16))
    expected = swd(reals, reals, 12, 3, 2)
    assert report[1].entries[0].found == expected


def test_a_model_that_is_further_away_is_told(report):
    means = {entry.name: entry.found.mean for entry in report[1].entries}
    assert means["real"] < means["near"] < means["far"]


def test_the_table_is_written_three_ways(report):
    out, found = report
    text = (out / "table.md").read_text()
    assert text == as_markdown(found)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines[0] == "|  | 16 x 16 | mean |" and len(lines) == 6
    far = found.entries[3].found
    assert (
        lines[5]
        == f"| far | {far.levels[16]:.2f} ± {far.level_spread[16]:.2f} | {far.mean:.2f} ± {far.spread:.2f} |"
    )
    with (out / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["name"], row["level"]) for row in rows} >= {("real", "16"), ("far", "mean")}
    assert float(rows[-1]["swd"]) == far.mean and float(rows[-1]["spread"]) == far.spread
    document = json.loads((out / "compare.json").read_text())
    assert document["entries"][3]["levels"] == {"16": far.levels[16]}
    assert document["entries"][2]["reduced_from"] == 32 and document["seed"] == 3


def test_it_shows_samples_and_distances(report):
    out = report[0]
    names = {path.name for path in out.iterdir()}
    assert names == {
        "table.md",
        "table.csv",
        "compare.json",
        "swd.svg",
        "swd.png",
        "samples.png",
        "samples-real.png",
        "samples-run.png",
        "samples-near.png",
        "samples-far.png",
    }
    with Image.open(out / "samples-run.png") as sheet:
        assert sheet.size == (4 * 16 + 3 * 2, 3 * 16 + 2 * 2)


def test_reals_can_be_left_out_of_what_is_shown(folders, dataset, tmp_path):
    out = tmp_path / "out"
    compare([folders / "near"], dataset.folder, out, **HOW | {"repeats": 1, "reals": False})
    assert not (out / "samples-real.png").exists() and (out / "samples-near.png").exists()
    assert "±" not in (out / "table.md").read_text()


def test_one_run_twice_is_refused(folders, dataset, tmp_path):
    with pytest.raises(UserError, match="near is given twice"):
        compare([folders / "near", folders / "near"], dataset.folder, tmp_path / "out", **HOW)
    assert not (tmp_path / "out").exists()
