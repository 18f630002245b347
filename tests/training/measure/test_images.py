"""What can be measured: arrays, datasets, folders of files and generators."""

import shutil

import numpy as np
import pytest
from PIL import Image

from training.checkpoint import checkpoints
from training.errors import UserError
from training.measure.images import ArrayImages, of_one_size, open_images


def noise(count, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), np.uint8)


def read(images, count, seed=0):
    return images.take(count, np.random.default_rng(seed))


@pytest.fixture
def folder(tmp_path):
    """Twenty PNG files of 16 x 16, and a note beside them."""
    images = noise(20, 16)
    (tmp_path / "pictures").mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "pictures" / f"{number:02d}.png")
    (tmp_path / "pictures" / "samples.json").write_text("{}")
    return tmp_path / "pictures", images


def test_an_array_comes_whole_and_in_order_or_as_the_seed_picks():
    array = noise(40, 8)
    images = ArrayImages(array)
    assert (images.count, images.resolution) == (40, 8)
    np.testing.assert_array_equal(read(images, 40, seed=5), array)
    some = read(images, 30)
    assert len(np.unique(some, axis=0)) == 30
    np.testing.assert_array_equal(some, read(images, 30))
    assert not np.array_equal(some, read(images, 30, seed=1))
    with pytest.raises(ValueError, match="41 of 40"):
        read(images, 41)


def test_an_array_must_be_of_images():
    for shape in ((4, 8, 9, 3), (4, 8, 8), (4, 8, 8, 4)):
        with pytest.raises(ValueError, match="shape"):
            ArrayImages(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="float64"):
        ArrayImages(np.zeros((4, 8, 8, 3)))


def test_a_dataset_is_known_by_its_digest(dataset):
    images = open_images(dataset.folder)
    assert (images.kind, images.count, images.resolution) == ("dataset", 12, 32)
    assert images.digest == dataset.digest
    np.testing.assert_array_equal(read(images, 12), dataset.images)


def test_a_dataset_is_read_by_rows(dataset, monkeypatch, tmp_path):
    monkeypatch.setattr("training.measure.images.CHUNK", 2)
    picked = np.sort(np.random.default_rng(2).permutation(12)[:11])
    found = read(open_images(dataset.folder), 11, seed=2)
    np.testing.assert_array_equal(found, dataset.images[picked])
    copied = shutil.copytree(dataset.folder, tmp_path / "copied")
    images, file = open_images(copied), copied / "images.npy"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"images\.npy ends before its images do"):
        read(images, 12)


def test_a_folder_of_files(folder):
    path, expected = folder
    images = open_images(path)
    assert (images.kind, images.count, images.resolution, images.digest) == ("folder", 20, 16, None)
    np.testing.assert_array_equal(read(images, 20), expected)


def test_files_that_do_not_belong_are_named(folder):
    path, _ = folder
    Image.fromarray(noise(1, 18)[0]).save(path / "99.png")
    with pytest.raises(UserError, match=r"99\.png is 18 x 18 and .*00\.png 16 x 16"):
        read(open_images(path), 21)
    (path / "99.png").write_bytes((path / "00.png").read_bytes()[:300])
    with pytest.raises(UserError, match=r"99\.png: broken or truncated"):
        read(open_images(path), 21)
    Image.fromarray(noise(1, 18)[0][:9]).save(path / "00.png")
    with pytest.raises(UserError, match=r"00\.png is 18 x 9; the images must be square"):
        open_images(path)


def test_what_is_none_of_them_is_refused(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        open_images(tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds no image"):
        open_images(tmp_path)
    (tmp_path / "a.txt").write_text("no generator")
    with pytest.raises(UserError, match="not a generator"):
        open_images(tmp_path / "a.txt")


def test_a_generator_draws_as_many_as_are_wanted(finished_run):
    images = open_images(finished_run, "cpu")
    assert (images.kind, images.count, images.resolution) == ("generator", None, 16)
    drawn = read(images, 20)
    assert drawn.shape == (20, 16, 16, 3) and drawn.dtype == np.uint8
    assert len(np.unique(drawn, axis=0)) > 10
    np.testing.assert_array_equal(drawn, read(open_images(checkpoints(finished_run)[0], "cpu"), 20))
    assert not np.array_equal(drawn, read(images, 20, seed=1))


def test_larger_images_are_reduced_to_the_others_size():
    large, small = ArrayImages(noise(3, 16), "large"), ArrayImages(noise(3, 8), "small")
    for first, second in (of_one_size(large, small), of_one_size(small, large)[::-1]):
        assert second is small and (first.resolution, first.reduced_from) == (8, 16)
        blocks = read(large, 3).reshape(3, 8, 2, 8, 2, 3).mean((2, 4))
        assert np.abs(read(first, 3) - blocks).max() <= 0.5
    with pytest.raises(UserError, match="large is 16 x 16 and odd 12 x 12"):
        of_one_size(large, ArrayImages(noise(3, 12), "odd"))
