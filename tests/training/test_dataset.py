"""Opening a dataset folder, checking its content, and reducing its images."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from training.dataset import at_resolution, content_digest, open_dataset, verify
from training.errors import UserError
from training.prepare import Options, prepare


@pytest.fixture
def folder(tmp_path):
    source = tmp_path / "photos"
    source.mkdir()
    for seed in range(3):
        noise = np.random.default_rng(seed).integers(0, 256, (10, 12, 3), dtype=np.uint8)
        Image.fromarray(noise).save(source / f"{seed}.png")
    (source / "metadata.csv").write_text("file,age\n1.png,45\n")
    prepare(source, tmp_path / "x", Options(resolution=8))
    return tmp_path / "x"


def test_what_was_prepared_opens(folder):
    dataset = open_dataset(folder)
    assert isinstance(dataset.images, np.memmap) and not dataset.images.flags.writeable
    assert dataset.images.shape == (3, 8, 8, 3) and dataset.images.dtype == np.uint8
    assert (dataset.count, dataset.resolution, dataset.drawn) == (3, 8, False)
    assert [row["file"] for row in dataset.index] == ["0.png", "1.png", "2.png"]
    assert [row["age"] for row in dataset.index] == ["", "45", ""]
    assert dataset.digest == json.loads((folder / "dataset.json").read_text())["digest"]
    verify(dataset)


def test_one_altered_pixel_is_found(folder):
    images = np.load(folder / "images.npy", mmap_mode="r+")
    images[1, 3, 4, 2] ^= 1
    images.flush()
    with pytest.raises(UserError, match=r"images.npy are not those whose digest dataset.json has"):
        verify(open_dataset(folder))


def test_the_digest_knows_order_and_shape():
    one, two = b"1" * 32, b"2" * 32
    digests = {content_digest(8, [one, two]), content_digest(8, [two, one]), content_digest(4, [one, two])}
    assert len(digests) == 3 and all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)


@pytest.mark.parametrize("name", ["dataset.json", "images.npy", "index.csv"])
def test_a_missing_or_broken_part_is_named(folder, name):
    part = folder / name
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=rf"{name}.*dermvtt-train prepare"):
        open_dataset(folder)
    part.unlink()
    with pytest.raises(UserError, match=rf"{name}.*dermvtt-train prepare"):
        open_dataset(folder)


def test_a_folder_that_is_none_says_how_to_make_one(tmp_path):
    with pytest.raises(UserError, match=r"is no dataset.*dermvtt-train prepare PHOTOS --out"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("count", 4, "images.npy holds"),
        ("resolution", 16, "images.npy holds"),
        ("digest", "?", "digest"),
        ("odd", 1, "odd"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(folder, field, value, message):
    described = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(described | {field: value}))
    with pytest.raises(UserError, match=message):
        open_dataset(folder)


def test_an_index_of_another_length_or_other_columns_is_refused(folder):
    lines = (folder / "index.csv").read_text().splitlines(keepends=True)
    (folder / "index.csv").write_text("".join(lines[:-1]))
    with pytest.raises(UserError, match="2 rows for 3 images"):
        open_dataset(folder)
    (folder / "index.csv").write_text("".join(["number,path\n", *lines[1:]]))
    with pytest.raises(UserError, match="does not begin with the columns index,file"):
        open_dataset(folder)


@given(arrays(np.uint8, (2, 12, 12, 3)), st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_reduction_is_the_rounded_mean_of_blocks(images, resolution):
    factor = 12 // resolution
    reduced = at_resolution(images, resolution)
    assert reduced.dtype == np.uint8 and reduced.shape == (2, resolution, resolution, 3)
    mean = images.reshape(2, resolution, factor, resolution, factor, 3).mean(axis=(2, 4))
    assert np.array_equal(reduced, np.floor(mean + 0.5))


def test_reduction_rounds_halves_up_and_does_not_overflow():
    assert at_resolution(np.array([[[[0], [1]], [[1], [0]]]], np.uint8), 1).item() == 1
    assert at_resolution(np.full((1, 512, 512, 1), 255, np.uint8), 1).item() == 255


@pytest.mark.parametrize("resolution", [5, 24, 7])
def test_reduction_needs_a_divisor(resolution):
    with pytest.raises(UserError, match=f"12 x 12 cannot be reduced to {resolution} x {resolution}"):
        at_resolution(np.zeros((1, 12, 12, 3), np.uint8), resolution)
