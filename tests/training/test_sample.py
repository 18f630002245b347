"""Drawing images: each from its own latent seed, the same whoever asks."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from training.errors import UserError
from training.export import load_generator
from training.grid import save_grid, tile
from training.sample import draw_all, latent_seeds, sample


@pytest.fixture(scope="module")
def generator(finished_run):
    return load_generator(finished_run, torch.device("cpu"))


def read(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_an_image_is_the_same_alone_and_among_others(generator):
    seeds = [5, 1, 3]
    together = dict(zip(seeds, draw_all(generator, seeds), strict=True))
    for seed in (3, 5, 1):
        np.testing.assert_array_equal(generator.draw(seed), together[seed])
    assert together[5].dtype == np.uint8 and together[5].shape == (16, 16, 3)
    assert not np.array_equal(together[5], together[1])


def test_latent_seeds_are_distinct_and_the_same_again():
    seeds = latent_seeds(500, np.random.default_rng(1))
    assert len(set(seeds)) == 500 and min(seeds) >= 0 and max(seeds) < 2**53
    assert seeds == latent_seeds(500, np.random.default_rng(1)) != latent_seeds(500, np.random.default_rng(2))


def test_a_folder_lists_what_draws_its_images_again(generator, tmp_path):
    sample(generator, 3, seed=4, out=tmp_path / "a", grid=None)
    sample(generator, 3, seed=4, out=tmp_path / "b", grid=None)
    listed = json.loads((tmp_path / "a" / "samples.json").read_text())
    assert (listed["generator"], listed["family"], listed["drawn"]) == (generator.digest, "pgan", True)
    assert len(listed["latent_seeds"]) == 3
    for name, seed in listed["latent_seeds"].items():
        np.testing.assert_array_equal(read(tmp_path / "a" / name), generator.draw(seed))
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"samples.json", *listed["latent_seeds"]}
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)


def test_a_grid_shows_the_folders_images(generator, tmp_path):
    sample(generator, 5, seed=4, out=tmp_path / "a", grid=tmp_path / "with.png")
    sample(generator, 5, seed=4, out=None, grid=tmp_path / "alone.png")
    images = np.stack([read(path) for path in sorted((tmp_path / "a").glob("*.png"))])
    np.testing.assert_array_equal(read(tmp_path / "alone.png"), tile(images))
    np.testing.assert_array_equal(read(tmp_path / "with.png"), tile(images))


def test_nothing_to_draw_or_nowhere_to_put_it_is_refused(generator, tmp_path):
    with pytest.raises(UserError, match="--out FOLDER or --grid"):
        sample(generator, 3, seed=0, out=None, grid=None)
    with pytest.raises(UserError, match="at least one image"):
        sample(generator, 0, seed=0, out=tmp_path / "a", grid=None)
    (tmp_path / "there").mkdir()
    with pytest.raises(UserError, match="already exists"):
        sample(generator, 1, seed=0, out=tmp_path / "there", grid=None)


def test_a_grid_is_laid_out_row_by_row():
    images = np.arange(1, 6, dtype=np.uint8).reshape(5, 1, 1, 1).repeat(3, axis=3).repeat(2, 1).repeat(2, 2)
    sheet = tile(images, side=4)
    assert sheet.shape == (2 * 4 + 2, 3 * 4 + 2 * 2, 3)
    assert [sheet[0, x, 0] for x in (0, 3, 4, 6, 12)] == [1, 1, 255, 2, 3]
    assert [sheet[6, x, 0] for x in (0, 6, 12)] == [4, 5, 255]


def test_a_grid_replaces_an_older_one_whole(tmp_path):
    for level in (1, 2):
        save_grid(tmp_path / "grid.png", np.full((1, 2, 2, 3), level, np.uint8))
    assert read(tmp_path / "grid.png").max() == 2 and len(list(tmp_path.iterdir())) == 1
