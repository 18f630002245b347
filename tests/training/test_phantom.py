"""Drawn phantoms: the same for the same seed, another for every index, and a lesion on skin in each."""

import csv
import hashlib
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from training.cli import app
from training.errors import Interrupted, UserError
from training.phantom import PATTERNS, SIGNATURE, describe, draw, draw_folder, is_phantom
from training.phantom.noise import cells, field, grid

MANY = range(1500)


@pytest.fixture(scope="module")
def pictures():
    return [draw(1, index, 128) for index in range(40)]


@pytest.fixture(scope="module")
def descriptions():
    return [describe(3, index) for index in MANY]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    out = tmp_path_factory.mktemp("drawn") / "phantoms"
    draw_folder(out, 10, seed=4, size=64, workers=2)
    return out


def test_an_image_is_rgb_bytes_of_the_size_asked_for():
    for size in (32, 100, 256):
        image = draw(0, 0, size)
        assert image.dtype == np.uint8
        assert image.shape == (size, size, 3)


def test_the_same_seed_and_index_give_the_same_bytes_in_another_process():
    code = "import hashlib; from training.phantom import draw; print(hashlib.sha256(draw(5, 7)).hexdigest())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = hashlib.sha256(draw(5, 7)).hexdigest()
    assert here == hashlib.sha256(draw(5, 7)).hexdigest() == other.stdout.strip()


def test_an_image_does_not_depend_on_those_drawn_before():
    alone = draw(2, 9)
    for index in range(3):
        draw(2, index)
    assert np.array_equal(draw(2, 9), alone)


def test_every_seed_and_index_gives_another_image(pictures):
    images = [*pictures, *(draw(2, index, 128) for index in range(4))]
    assert len({image.tobytes() for image in images}) == len(images)
    small = np.stack([image[::8, ::8].astype(float) for image in images])
    apart = np.abs(small[:, None] - small[None]).mean(axis=(2, 3, 4))
    assert apart[~np.eye(len(images), dtype=bool)].min() > 4.0


def test_a_large_picture_shows_the_same_composition_as_a_small_one():
    for index in range(4):
        large = Image.fromarray(draw(1, index, 256)).resize((64, 64), Image.Resampling.BOX)
        small = draw(1, index, 64).astype(float)
        assert np.abs(np.asarray(large, float) - small).mean() < 8.0


def test_pictures_use_the_range_of_a_photograph_and_skin_is_redder_than_blue(pictures):
    for image in pictures:
        assert 35 < image.mean() < 245
        assert image.std() > 3
    red, _, blue = np.mean([image.mean(axis=(0, 1)) for image in pictures], axis=0)
    assert red > blue + 10


def test_the_lesion_is_darker_than_the_skin_around_it(pictures):
    x, y = grid(128)
    lighter = compared = 0
    for index, image in enumerate(pictures):
        lesion = describe(1, index).lesion
        luminance = image.mean(axis=2)
        distance = np.hypot(x - lesion.x, y - lesion.y)
        ring = (distance > 1.5 * lesion.radius) & (np.hypot(x - 0.5, y - 0.5) < 0.45)
        if ring.sum() > 200:
            compared += 1
            lighter += luminance[distance < 0.5 * lesion.radius].mean() >= np.median(luminance[ring])
    assert compared > len(pictures) / 2
    assert lighter == 0


def test_every_pattern_is_drawn_about_as_often_as_stated(descriptions):
    patterns = [phantom.lesion.pattern for phantom in descriptions]
    for pattern, share in PATTERNS.items():
        assert patterns.count(pattern) / len(patterns) == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize(
    ("extra", "low", "high"),
    [
        ("hairs", 0.3, 0.5),
        ("ruler", 0.08, 0.2),
        ("bubbles", 0.1, 0.25),
        ("field", 0.05, 0.16),
        ("ink", 0.01, 0.1),
        ("glints", 0.1, 0.3),
    ],
)
def test_extras_occur_now_and_then(descriptions, extra, low, high):
    share = np.mean([getattr(phantom.extras, extra) > 0 for phantom in descriptions])
    assert low < share < high


def test_palms_and_soles_have_no_hair(descriptions):
    parallel = [phantom for phantom in descriptions if phantom.lesion.pattern == "parallel"]
    assert parallel
    assert all(phantom.extras.hairs == 0 for phantom in parallel)


def test_lesions_vary_in_place_size_and_tone_and_keep_their_centre_in_the_picture(descriptions):
    lesions = [phantom.lesion for phantom in descriptions]
    assert all(0.05 < lesion.x < 0.95 and 0.05 < lesion.y < 0.95 for lesion in lesions)
    assert np.std([lesion.x for lesion in lesions]) > 0.05
    radii = np.array([lesion.radius for lesion in lesions])
    assert np.quantile(radii, 0.95) > 2.5 * np.quantile(radii, 0.05)
    tones = np.array([phantom.skin.tone for phantom in descriptions])
    assert tones.min() > 0.1
    assert tones.max() < 1.0
    assert tones.mean(axis=1).std() > 0.08


def test_a_black_field_stop_leaves_the_corners_dark(descriptions):
    index = next(p.index for p in descriptions if 0 < p.extras.field < 0.6)
    image = draw(3, index).astype(float)
    assert image[:6, :6].mean() < 15
    assert image[96:160, 96:160].mean() > 30


def test_a_field_is_standard_and_has_no_more_detail_than_asked_for():
    values = field(np.random.default_rng(0), 128, slope=1.0, low=2, high=16)
    assert values.shape == (128, 128)
    assert values.mean() == pytest.approx(0, abs=1e-4)
    assert values.std() == pytest.approx(1, abs=1e-3)
    power = np.abs(np.fft.rfft2(values)) ** 2
    assert power[25:103, 25:].sum() < 1e-3 * power.sum()


def test_cell_distances_are_distances():
    rng = np.random.default_rng(1)
    x, y = (axis * 6 + 20 for axis in grid(64))
    step = 6 / 64
    nearest, second, label = cells(rng, x, y, jitter=0.6)
    assert (nearest <= second).all()
    # No distance grows faster than one walks; a neighbour that the search missed would make it jump.
    for distance in (nearest, second):
        assert max(np.abs(np.diff(distance, axis=axis)).max() for axis in (0, 1)) <= step * 1.001
    assert nearest.min() < 0.1
    assert nearest.max() < 1.2
    # One cell, one label, and its size is about that of a cell of area 1.
    assert 30 < len(np.unique(label)) < 80


def test_a_folder_holds_signed_pictures_and_their_table(drawn):
    with (drawn / "metadata.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sorted(path.name for path in drawn.iterdir()) == ["metadata.csv", *(row["file"] for row in rows)]
    assert [row["file"] for row in rows] == [f"phantom_{index:06d}.png" for index in range(10)]
    for index, row in enumerate(rows):
        assert row["diagnosis"] == describe(4, index).lesion.pattern
        assert (row["licence"], row["seed"], row["index"]) == ("CC0-1.0", "4", str(index))
        with Image.open(drawn / row["file"]) as image:
            assert image.info["Software"] == SIGNATURE
            assert is_phantom(image)
            assert np.array_equal(np.asarray(image), draw(4, index, 64))


def test_another_image_is_no_phantom(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    with Image.open(tmp_path / "plain.png") as image:
        assert not is_phantom(image)


def test_an_existing_folder_is_refused_and_left_alone(drawn):
    before = sorted(drawn.iterdir())
    with pytest.raises(UserError, match="already exists"):
        draw_folder(drawn, 2)
    assert sorted(drawn.iterdir()) == before


@pytest.mark.parametrize(("count", "seed", "size"), [(0, 0, 64), (1, -1, 64), (1, 0, 16)])
def test_numbers_out_of_range_are_refused_before_anything_is_written(tmp_path, count, seed, size):
    with pytest.raises(UserError, match="at least"):
        draw_folder(tmp_path / "out", count, seed, size)
    assert not list(tmp_path.iterdir())


def test_interrupted_it_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("training.phantom.folder.draw", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Interrupted, match="interrupted: nothing was written to"):
        draw_folder(tmp_path / "out", 3, workers=1)
    assert not list(tmp_path.iterdir())


def test_the_command_draws_a_folder_and_shows_an_example(tmp_path):
    runner = CliRunner()
    assert "dermvtt-train phantom --out" in runner.invoke(app, ["phantom", "--help"]).output
    out = tmp_path / "phantoms"
    result = runner.invoke(
        app, ["phantom", "--out", str(out), "--count", "2", "--size", "64", "--workers", "1"]
    )
    assert result.exit_code == 0, result.output
    assert len(list(out.glob("*.png"))) == 2
