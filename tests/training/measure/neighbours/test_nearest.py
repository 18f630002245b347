"""Distances to every image of a dataset, and the nearest of them."""

import numpy as np
import pytest

from training.dataset import at_resolution
from training.errors import UserError
from training.measure.neighbours import nearest as module
from training.measure.neighbours.nearest import Distances, Pool, measure, nearest

NONE = np.array([-1])


def noise(count, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), np.uint8)


def whole(images, lesions=None):
    """All of the images as a pool, each of a lesion of its own if nothing else is said."""
    rows = np.arange(len(images))
    return Pool(images, rows, rows if lesions is None else np.array(lesions))


def pool_of(lesions):
    """A pool for distances that are given: its images are not looked at."""
    return whole(np.zeros((len(lesions), 4, 4, 3), np.uint8), lesions)


FLIPS = {
    (False, False): lambda images: images,
    (True, False): lambda images: images[:, :, ::-1],
    (False, True): lambda images: images[:, ::-1],
    (True, True): lambda images: np.rot90(images, 2, (1, 2)),
}


@pytest.mark.parametrize("vertical", [False, True])
def test_pixel_distances_are_those_of_the_definition(vertical):
    images, pool = noise(6, 16), noise(9, 32, seed=1)
    found = measure(images, whole(pool), flip_vertical=vertical)["pixels"]
    reduced = at_resolution(pool, 16).astype(float)
    for (mirrored, flipped), flip in FLIPS.items():
        chosen = (found.mirrored == mirrored) & (found.flipped == flipped)
        assert chosen.any() == (vertical or not flipped)
        if not flipped or vertical:
            expected = np.sqrt(np.square(flip(images)[:, None].astype(float) - reduced).mean((2, 3, 4)))
            assert (found.values <= expected).all()
            np.testing.assert_allclose(found.values[chosen], expected[chosen], rtol=1e-14)


def test_pixel_distances_are_exact_however_large_the_images():
    black, white = np.zeros((1, 128, 128, 3), np.uint8), np.full((1, 128, 128, 3), 255, np.uint8)
    touched = white.copy()
    touched[0, 64, 64, 1] = 254
    found = measure(np.concatenate([white, black]), whole(np.concatenate([white, touched, black])))["pixels"]
    assert found.values[0].tolist() == [0, np.sqrt(1 / white.size), 255] and found.values[1, 2] == 0
    assert found.values[1, 1] == np.sqrt((255**2 * (white.size - 1) + 254**2) / white.size)


def test_copies_and_mirrored_copies_are_at_no_distance():
    pool = noise(6, 16)
    found = measure(np.stack([pool[4], pool[2, :, ::-1]]), whole(pool))
    for each in found.values():
        assert (each.values == 0).tolist() == [
            [place == 4 for place in range(6)],
            [place == 2 for place in range(6)],
        ]
        assert not each.mirrored[0, 4] and each.mirrored[1, 2]
    assert found["perceptual"].values.max() <= 2


def test_copies_upside_down_and_turned_are_found_where_training_flipped_top_to_bottom():
    pool = noise(6, 16)
    copies = np.concatenate([flip(pool[place : place + 1]) for place, flip in enumerate(FLIPS.values())])
    unseen, seen = (measure(copies, whole(pool), flip_vertical=vertical) for vertical in (False, True))
    for name in ("pixels", "perceptual"):
        assert (seen[name].values == 0).tolist() == np.eye(4, 6, dtype=bool).tolist()
        flips = [(bool(seen[name].mirrored[at, at]), bool(seen[name].flipped[at, at])) for at in range(4)]
        assert flips == list(FLIPS)
        assert (unseen[name].values[:2] == seen[name].values[:2]).diagonal().all()
        assert unseen[name].values[2:].min() > 0.05 and not unseen[name].flipped.any()


def test_a_part_of_the_images_is_compared_with_and_keeps_its_row_numbers():
    images, rows = noise(12, 32), np.array([1, 4, 5, 10])
    pool = Pool(images, rows, np.array([7, 8, 8, 9]))
    queries = at_resolution(images[[5, 6]], 16)
    found, everything = measure(queries, pool), measure(queries, whole(images))
    copy, stranger = nearest(found["pixels"], pool, np.array([-1, -1]))
    np.testing.assert_array_equal(found["pixels"].values, everything["pixels"].values[:, rows])
    assert copy.rows[0] == 5 and copy.distance == 0
    assert set(copy.rows) == set(stranger.rows) == set(rows.tolist()) and stranger.distance > 0
    (left_out,) = nearest(measure(queries[:1], pool)["pixels"], pool, np.array([8]))
    assert set(left_out.rows) == {1, 10}


def test_the_chunks_that_the_pool_is_read_in_do_not_matter(monkeypatch):
    images, pool = noise(3, 16), noise(10, 32, seed=1)
    at_once, told = measure(images, whole(pool)), []
    monkeypatch.setattr(module, "CHUNK_BYTES", 3 * pool[0].nbytes)
    parts = measure(images, whole(pool), advance=told.append)
    assert told == [3, 3, 3, 1]
    np.testing.assert_array_equal(parts["pixels"].values, at_once["pixels"].values)
    np.testing.assert_allclose(parts["perceptual"].values, at_once["perceptual"].values, atol=1e-5)


def distances(*rows):
    values = np.array(rows, float)
    return Distances(values, values > 3, values > 7)


def test_the_nearest_come_first_and_the_ratio_is_to_the_next_of_other_lesions():
    (near,) = nearest(distances([4, 1, 2, 3, 8]), pool_of([0, 1, 1, 2, 3]), NONE)
    assert near.rows == (1, 2, 3, 0, 4) and near.distances == (1, 2, 3, 4, 8) and near.distance == 1
    assert near.mirrored == (False, False, False, True, True)
    assert near.flipped == (False, False, False, False, True)
    assert near.ratio == 1 / ((3 + 4 + 8) / 3)


def test_ten_are_kept_and_nine_make_the_ratio():
    values = np.random.default_rng(0).permutation(np.arange(1, 31))
    (near,) = nearest(distances(values), pool_of(range(30)), NONE)
    assert near.distances == tuple(range(1, 11)) and near.ratio == pytest.approx(1 / np.mean(range(2, 11)))


def test_an_images_own_lesion_is_left_out():
    (near,) = nearest(distances([0, 1, 2, 3]), pool_of([5, 5, 6, 7]), np.array([5]))
    assert near.rows == (2, 3) and near.ratio == 2 / 3


def test_ratios_of_no_distance_are_defined():
    copy, plain = nearest(distances([0, 5, 5], [0, 0, 0]), pool_of(range(3)), np.array([-1, -1]))
    assert copy.ratio == 0 and plain.ratio == 1


def test_too_few_lesions_are_refused():
    for own in (-1, 0):
        with pytest.raises(UserError, match="at least three lesions"):
            nearest(distances([1, 2]), pool_of([0, 0]), np.array([own]))
