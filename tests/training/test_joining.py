"""Levels of a LAPGAN that were trained apart, exported as one."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from training.errors import UserError
from training.export import export, export_bytes, load_generator
from training.exported import read_exported
from training.runs import started

CPU = torch.device("cpu")
PYRAMID = """
resolution = 16
images = 48
latent_size = 8
minibatch = 8
coarsest = 4
units = 16
maps = 4
kernel = 3
swd_every = 0
tensorboard = false
device = "cpu"
precision = "float32"
"""


@pytest.fixture(scope="module")
def trained(dataset, tmp_path_factory):
    """Train a pyramid of 4, 8 and 16 with some settings changed; return the run's folder."""
    home = tmp_path_factory.mktemp("pyramids")
    (home / "pyramid.toml").write_text(PYRAMID)

    def train(name, *changes, seed=0):
        run = home / name
        if not run.exists():
            begun = started(run, "lapgan", dataset, str(home / "pyramid.toml"), changes, seed)
            begun.train(lambda tick: None)
        return run

    return train


@pytest.fixture(scope="module")
def coarse(trained):
    return trained("coarse", "levels=[4]")


@pytest.fixture(scope="module")
def fine(trained):
    return trained("fine", "levels=[16, 8]", "checkpoint_every=40")


def test_joined_levels_are_the_generator_that_trained_all(trained, coarse, fine, tmp_path):
    whole = export_bytes(trained("whole"))
    for place, parts in enumerate(([coarse, fine], [fine, coarse])):
        # The order that they are named in does not matter: the coarsest level's run describes the whole.
        export(parts, tmp_path / f"{place}.safetensors")
        assert (tmp_path / f"{place}.safetensors").read_bytes() == whole
    one, other = (load_generator(path, CPU) for path in (tmp_path / "0.safetensors", trained("whole")))
    np.testing.assert_array_equal(one.draw(3), other.draw(3))


def test_parts_that_were_exported_are_joined_too(trained, coarse, fine, tmp_path):
    parts = [tmp_path / "coarse.safetensors", tmp_path / "fine.safetensors"]
    for run, part in zip((coarse, fine), parts, strict=True):
        export([run], part)
    export(parts, tmp_path / "whole.safetensors")
    assert (tmp_path / "whole.safetensors").read_bytes() == export_bytes(trained("whole"))
    export(parts, tmp_path / "half.safetensors", half=True)
    assert (tmp_path / "half.safetensors").read_bytes() == export_bytes(trained("whole"), half=True)


def test_levels_of_different_lengths_say_the_shortest(trained, coarse, tmp_path):
    export([coarse, trained("long", "levels=[8, 16]", "images=64")], tmp_path / "joined.safetensors")
    about = read_exported(tmp_path, (tmp_path / "joined.safetensors").read_bytes()).about
    assert about["images_seen"] == 48 and about["configuration"]["levels"] == []


def test_a_part_does_not_draw(coarse):
    with pytest.raises(
        UserError, match=r"it did not train level 8, 16\. Join it with the runs that did: derm"
    ):
        load_generator(coarse, CPU)


@pytest.mark.parametrize(
    ("name", "changes", "seed", "message"),
    [
        ("middle", ["levels=[8]"], 0, "no run trained level 16"),
        ("overlap", ["levels=[4, 8, 16]"], 0, "level 4 was trained by both .*coarse and .*overlap"),
        ("wider", ["levels=[8, 16]", "maps=5"], 0, r"not levels of one generator:\n  maps: .*4.* -> .*5"),
        ("other", ["levels=[8, 16]"], 1, r"not levels of one generator:\n  seed: 0 -> 1"),
    ],
)
def test_gaps_overlaps_and_differences_are_named(trained, coarse, tmp_path, name, changes, seed, message):
    with pytest.raises(UserError, match=message):
        export([coarse, trained(name, *changes, seed=seed)], tmp_path / "joined.safetensors")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [({"dataset": "0" * 64}, "dataset digest: "), ({"where": {"sex": ["female"]}}, r"where: {} -> {'sex'")],
)
def test_other_images_are_named(coarse, fine, tmp_path, change, message):
    export([fine], tmp_path / "fine.safetensors")
    about = read_exported(fine, (tmp_path / "fine.safetensors").read_bytes()).about | change
    other = tmp_path / "other.safetensors"
    save_file(load_file(tmp_path / "fine.safetensors"), other, {"dermvtt": json.dumps(about)})
    with pytest.raises(UserError, match=message):
        export([coarse, other], tmp_path / "joined.safetensors")


def test_only_levels_are_joined(finished_run, coarse, tmp_path):
    with pytest.raises(UserError, match="a generator of pgan, and only the levels of a LAPGAN can be joined"):
        export([coarse, finished_run], tmp_path / "joined.safetensors")
