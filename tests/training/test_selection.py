"""``--where``: which images it selects, and what it says to a column or value that is not there."""

import csv
import json
import shutil

import numpy as np
import pytest

from training.dataset import open_dataset
from training.errors import UserError
from training.runs import read_origin, resumed, started
from training.selection import parse_where, rows_where


@pytest.fixture
def labelled(dataset, tmp_path):
    """The dataset of 12 phantoms with a diagnosis and a sex for each."""
    folder = tmp_path / "labelled"
    shutil.copytree(dataset.folder, folder)
    with (folder / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for place, row in enumerate(rows):
        row["diagnosis"] = ["mel", "nv", "bcc", ""][place % 4]
        row["sex"] = "female" if place < 6 else "male"
    with (folder / "index.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return open_dataset(folder)


@pytest.mark.parametrize(
    ("conditions", "rows"),
    [
        (["diagnosis=mel"], [0, 4, 8]),
        (["diagnosis=mel,bcc"], [0, 2, 4, 6, 8, 10]),
        (["diagnosis=mel", "diagnosis = bcc"], [0, 2, 4, 6, 8, 10]),
        (["diagnosis=mel", "sex=female"], [0, 4]),
        (["diagnosis="], [3, 7, 11]),
    ],
)
def test_columns_narrow_and_values_widen_the_choice(labelled, conditions, rows):
    assert rows_where(labelled, parse_where(conditions)) == rows


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("diagnosis", "not of the form column=value"),
        ("=mel", "not of the form column=value"),
        ("diagnose=mel", "has no column 'diagnose'. Did you mean 'diagnosis'"),
        ("colour=red", "has no column 'colour'. There are: index, file"),
        (
            "diagnosis=melanoma",
            r"no such value. Column diagnosis holds mel \(3\), nv \(3\), bcc \(3\)",
        ),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(labelled, condition, message):
    with pytest.raises(UserError, match=message):
        rows_where(labelled, parse_where([condition]))


def test_conditions_that_no_image_fits_together_are_refused(labelled):
    for row, entry in enumerate(labelled.index):
        entry["sex"] = "male" if row % 4 == 0 else "female"
    with pytest.raises(UserError, match=r"no image .* fits --where diagnosis=mel --where sex=fem"):
        rows_where(labelled, parse_where(["diagnosis=mel", "sex=female"]))


def test_a_training_sees_its_selection_alone(labelled, tiny, tmp_path):
    trainer = started(tmp_path / "run", "pgan", labelled, tiny, (), 0, {"diagnosis": ["mel"]})
    shown = trainer.reals.batch(0, 8, 32)
    flipped = np.concatenate([labelled.images[[0, 4, 8]], labelled.images[[0, 4, 8]][:, :, ::-1]])
    for image in shown:
        levels = ((image.permute(1, 2, 0).numpy() + 1) * 127.5).round().astype(np.uint8)
        assert any((levels == known).all() for known in flipped)


def test_a_run_keeps_its_selection(labelled, tiny, tmp_path):
    run, where = tmp_path / "run", {"diagnosis": ["bcc", "mel"]}
    started(run, "pgan", labelled, tiny, (), 0, where).train(lambda tick: None)
    assert read_origin(run).where == where
    again = resumed(run, "pgan", labelled, None, (), None)
    assert len(again.reals) == 6 and again.state.images_seen == 104
    state = json.loads((run / "checkpoints" / "000000104" / "state.json").read_text())
    assert state["where"] == where
    with pytest.raises(
        UserError, match=r"where: \{'diagnosis': \['bcc', 'mel'\]\} -> \{'diagnosis': \['nv'\]\}"
    ):
        resumed(run, "pgan", labelled, None, (), None, {"diagnosis": ["nv"]})
