"""A generator of a selection of images is compared with these alone."""

import csv
import shutil

import numpy as np
import pytest
import torch

from training.dataset import open_dataset
from training.errors import UserError
from training.export import export, load_generator
from training.measure.neighbours import neighbours, told
from training.phantom import draw_folder
from training.prepare import Options, prepare
from training.runs import started

MELANOMAS = [0, 2, 4, 6, 8, 10]


@pytest.fixture(scope="module")
def selected(dataset, tiny, tmp_path_factory):
    """A dataset with six melanomas, and a run on them alone that was shown them upside down, too."""
    folder = tmp_path_factory.mktemp("selected")
    shutil.copytree(dataset.folder, folder / "data")
    with (folder / "data" / "index.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*(dataset.index[0] | {"diagnosis": ""})])
        writer.writeheader()
        for place, row in enumerate(dataset.index):
            writer.writerow(row | {"diagnosis": "mel" if place in MELANOMAS else "nv"})
    labelled, where = open_dataset(folder / "data"), {"diagnosis": ["mel"]}
    run, changes = folder / "run", ("images=64", "resolution=8", "flip_vertical=true")
    started(run, "pgan", labelled, tiny, changes, 0, where).train(lambda tick: None)
    return labelled, run


@pytest.mark.parametrize("exported", [False, True])
def test_a_run_on_a_selection_is_compared_with_it_alone(selected, tmp_path, exported):
    labelled, run = selected
    if exported:
        export([run], tmp_path / "file.safetensors")
    generator = load_generator(tmp_path / "file.safetensors" if exported else run, torch.device("cpu"))
    said = neighbours(generator, labelled, None, count=3, reals=50, seed=0, out=tmp_path / "r")
    assert said["dataset"]["where"] == {"diagnosis": ["mel"]} and said["dataset"]["selected"] == 6
    assert sorted(row["index"] for row in said["held_outs"]) == MELANOMAS
    assert said["held_out"]["compared_with"] == "the selection's images of other lesions"
    for row in said["samples"] + said["held_outs"]:
        for near in row["pixels"]["nearest"] + row["perceptual"]["nearest"]:
            assert near["index"] in MELANOMAS and near["index"] != row.get("index")
            assert near["file"] == labelled.index[near["index"]]["file"]
    first = said["samples"][0]["pixels"]["nearest"][0]
    blocks = labelled.images[first["index"]].reshape(8, 4, 8, 4, 3).mean((1, 3))
    blocks = blocks[:: -1 if first["flipped"] else 1, :: -1 if first["mirrored"] else 1]
    image = generator.draw(said["samples"][0]["latent_seed"])
    assert first["distance"] == pytest.approx(np.sqrt(np.square(image - blocks).mean()), abs=0.6)
    assert "Compared with the 6 of 12 images of the training's --where diagnosis=mel." in told(said)
    assert "top to bottom or both ways" in told(said)
    assert "were not selected so" not in told(said)


def test_a_selection_may_be_compared_with_held_outs_of_other_kinds(selected, dataset, tmp_path):
    labelled, run = selected
    draw_folder(tmp_path / "photos", count=4, seed=8, size=32, workers=1)
    prepare(tmp_path / "photos", tmp_path / "other", Options(resolution=32), workers=1)
    generator, other = load_generator(run, torch.device("cpu")), open_dataset(tmp_path / "other")
    said = neighbours(generator, labelled, other, count=2, reals=50, seed=0, out=tmp_path / "r")
    assert said["held_out"]["count"] == 4 and said["held_out"]["compared_with"] == "the selection's images"
    assert "The held-outs were not selected so" in told(said)
    said = neighbours(generator, labelled, labelled, count=2, reals=50, seed=0, out=tmp_path / "same")
    assert {row["index"] for row in said["held_outs"]} == set(range(12)) - set(MELANOMAS)
    assert "The held-outs were not selected so" in told(said)
    with pytest.raises(
        UserError, match=r"selection of images that .* cannot make: .*no such value.* Give --data"
    ):
        neighbours(generator, dataset, None, count=2, reals=5, seed=0, out=tmp_path / "none")
    assert not (tmp_path / "none").exists()
