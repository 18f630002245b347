"""Distances to every image of a dataset, and the nearest of them."""

import numpy as np
import pytest

from training.dataset import at_resolution
from training.errors import UserError
from training.measure.neighbours import nearest as module
from training.measure.neighbours.nearest import Distances, measure, nearest

NONE = np.array([-1])


def noise(count, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), np.uint8)


def test_pixel_distances_are_those_of_the_definition():
    images, pool = noise(3, 16), noise(5, 32, seed=1)
    found = measure(images, pool)["pixels"]
    reduced = at_resolution(pool, 16).astype(float)
    for mirrored, ours in ((False, images), (True, images[:, :, ::-1])):
        expected = np.sqrt(np.square(ours[:, None].astype(float) - reduced).mean((2, 3, 4)))
        assert (found.values <= expected).all()
        chosen = found.mirrored == mirrored
        np.testing.assert_allclose(found.values[chosen], expected[chosen], rtol=1e-14)


def test_pixel_distances_are_exact_however_large_the_images():
    black, white = np.zeros((1, 128, 128, 3), np.uint8), np.full((1, 128, 128, 3), 255, np.uint8)
    touched = white.copy()
    touched[0, 64, 64, 1] = 254
    found = measure(np.concatenate([white, black]), np.concatenate([white, touched, black]))["pixels"]
    assert found.values[0].tolist() == [0, np.sqrt(1 / white.size), 255] and found.values[1, 2] == 0
    assert found.values[1, 1] == np.sqrt((255**2 * (white.size - 1) + 254**2) / white.size)


def test_copies_and_mirrored_copies_are_at_no_distance():
    pool = noise(6, 16)
    found = measure(np.stack([pool[4], pool[2, :, ::-1]]), pool)
    for each in found.values():
        assert (each.values == 0).tolist() == [
            [place == 4 for place in range(6)],
            [place == 2 for place in range(6)],
        ]
        assert not each.mirrored[0, 4] and each.mirrored[1, 2]
    assert found["perceptual"].values.max() <= 2


def test_the_chunks_that_the_pool_is_read_in_do_not_matter(monkeypatch):
    images, pool = noise(3, 16), noise(10, 32, seed=1)
    whole, told = measure(images, pool), []
    monkeypatch.setattr(module, "CHUNK_BYTES", 3 * pool[0].nbytes)
    parts = measure(images, pool, told.append)
    assert told == [3, 3, 3, 1]
    np.testing.assert_array_equal(parts["pixels"].values, whole["pixels"].values)
    np.testing.assert_allclose(parts["perceptual"].values, whole["perceptual"].values, atol=1e-5)


def distances(*rows):
    values = np.array(rows, float)
    return Distances(values, values > 3)


def test_the_nearest_come_first_and_the_ratio_is_to_the_next_of_other_lesions():
    (near,) = nearest(distances([4, 1, 2, 3, 8]), np.array([0, 1, 1, 2, 3]), NONE)
    assert near.rows == (1, 2, 3, 0, 4) and near.distances == (1, 2, 3, 4, 8) and near.distance == 1
    assert near.mirrored == (False, False, False, True, True)
    assert near.ratio == 1 / ((3 + 4 + 8) / 3)


def test_ten_are_kept_and_nine_make_the_ratio():
    values = np.random.default_rng(0).permutation(np.arange(1, 31))
    (near,) = nearest(distances(values), np.arange(30), NONE)
    assert near.distances == tuple(range(1, 11)) and near.ratio == pytest.approx(1 / np.mean(range(2, 11)))


def test_an_images_own_lesion_is_left_out():
    (near,) = nearest(distances([0, 1, 2, 3]), np.array([5, 5, 6, 7]), np.array([5]))
    assert near.rows == (2, 3) and near.ratio == 2 / 3


def test_ratios_of_no_distance_are_defined():
    copy, plain = nearest(distances([0, 5, 5], [0, 0, 0]), np.arange(3), np.array([-1, -1]))
    assert copy.ratio == 0 and plain.ratio == 1


def test_too_few_lesions_are_refused():
    for own in (-1, 0):
        with pytest.raises(UserError, match="at least three lesions"):
            nearest(distances([1, 2]), np.array([0, 0]), np.array([own]))
