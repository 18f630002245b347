"""The generators that come with the product: small, whole, described, and at hand by their names."""

import fnmatch
import tomllib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training.errors import UserError
from training.export import export, load_generator
from training.manifest import digest
from training.measure.images import open_images
from training.shipped import GENERATORS, located, model_card, shipped, shipped_names

ROOT = Path(__file__).parents[2]
NAMES = ["phantoms", "photographs"]
LARGEST = 12_000_000
HEADINGS = ["Data", "Licence", "Training", "Measured", "Limits", "Not for"]


def test_there_are_two():
    assert shipped_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small_and_draws(name):
    path = shipped(name)
    assert path.stat().st_size <= LARGEST
    assert {tensor.dtype for tensor in load_file(path).values()} == {torch.float16}
    generator = load_generator(Path(f"shipped:{name}"), torch.device("cpu"))
    assert generator.digest == digest(path.read_bytes())
    assert (generator.family.name, generator.resolution, generator.stage.alpha) == ("pgan", 64, 1.0)
    assert generator.drawn == (name == "phantoms")
    assert {weight.dtype for weight in generator.module.parameters()} == {torch.float32}
    assert generator.draw(0).std() > 1


@pytest.mark.parametrize("name", NAMES)
def test_its_card_says_what_it_is(name):
    card = model_card(name).read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in card.splitlines() if line.startswith("## ")]
    assert headings == HEADINGS
    assert "MIT" in card and "CC0 1.0" in card and "diagnosis" in card
    assert f"{load_generator(shipped(name), torch.device('cpu')).images_seen:,} images seen" in card
    assert digest(shipped(name).read_bytes()) in card
    assert "TODO" not in card


def test_the_installed_package_holds_them():
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = document["tool"]["setuptools"]["package-data"]["training"]
    for name in NAMES:
        for path in (shipped(name), model_card(name)):
            inside = path.relative_to(GENERATORS.parent).as_posix()
            assert any(fnmatch.fnmatch(inside, pattern) for pattern in patterns)


def test_a_name_that_none_has_is_refused_with_the_nearest():
    with pytest.raises(
        UserError, match=r"no generator 'photograph' comes with DermVTT. Did you mean 'photogr"
    ):
        load_generator(Path("shipped:photograph"), torch.device("cpu"))
    for name in ("", "x", "../shipped"):
        with pytest.raises(UserError, match="There are: phantoms, photographs"):
            shipped(name)


def test_any_other_name_is_a_path(tmp_path):
    assert located(tmp_path / "run") == tmp_path / "run"


def test_it_is_taken_wherever_a_generator_is(tmp_path):
    export([Path("shipped:phantoms")], tmp_path / "copy.safetensors")
    assert (tmp_path / "copy.safetensors").read_bytes() == shipped("phantoms").read_bytes()
    images = open_images(Path("shipped:phantoms"), "cpu")
    assert (images.name, images.resolution) == ("shipped:phantoms", 64)
    assert images.digest == digest(shipped("phantoms").read_bytes())
