"""The perceptual measure: what it must not mind, and what it must see."""

import numpy as np
import pytest

from training.measure.neighbours.perceptual import LARGEST, describe
from training.phantom import draw

SIDE = 64


@pytest.fixture(scope="module")
def phantoms():
    return np.stack([draw(2, index, SIDE) for index in range(40)])


def distance(a, b):
    """Between pairs of images."""
    return np.linalg.norm(describe(a).astype(float) - describe(b), axis=1)


def between(images):
    """Between all pairs of different images."""
    found = describe(images).astype(float)
    return np.linalg.norm(found[:, None] - found, axis=2)[np.triu_indices(len(images), 1)]


def nearest(changed, originals):
    """Which original is nearest to each changed image, perceptually and by pixels."""
    ours, theirs = describe(changed).astype(float), describe(originals)
    perceptual = np.linalg.norm(ours[:, None] - theirs, axis=2)
    pixels = np.square(changed[:, None].astype(float) - originals).sum((2, 3, 4))
    return perceptual.argmin(1), pixels.argmin(1)


def test_it_is_a_distance(phantoms):
    assert distance(phantoms, phantoms).max() == 0
    np.testing.assert_array_equal(
        distance(phantoms[:20], phantoms[20:]), distance(phantoms[20:], phantoms[:20])
    )
    assert between(phantoms).min() > 0 and between(phantoms).max() < LARGEST


@pytest.mark.parametrize(("shift", "share"), [((0, 1), 0.35), ((2, 1), 0.7)])
def test_a_shift_is_small_beside_another_image(phantoms, shift, share):
    shifted = np.roll(phantoms, shift, (1, 2))
    assert np.median(distance(phantoms, shifted)) < share * np.quantile(between(phantoms), 0.01)
    assert distance(phantoms, shifted).max() < np.median(between(phantoms))


def test_it_finds_shifted_copies(phantoms):
    found, _ = nearest(np.roll(phantoms, (2, 2), (1, 2)), phantoms)
    assert (found == np.arange(40)).mean() > 0.95


@pytest.mark.parametrize(("gain", "offset"), [((1.2, 0.7, 0.6), 20), ((0.75,) * 3, 0), ((0.6, 0.6, 0.7), 40)])
def test_it_finds_copies_in_other_light_that_pixels_miss(phantoms, gain, offset):
    lit = np.clip(phantoms * np.array(gain) + offset, 0, 255).astype(np.uint8)
    found, by_pixels = nearest(lit, phantoms)
    assert (found == np.arange(40)).mean() > 0.95
    assert (by_pixels == np.arange(40)).mean() < 0.8


def test_a_mirror_image_is_as_far_as_its_mirror_images_are(phantoms):
    flipped = phantoms[:, :, ::-1]
    np.testing.assert_allclose(between(phantoms), between(flipped), rtol=1e-4)


def test_it_sees_a_lesion_elsewhere_a_texture_and_a_colour():
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    skin = np.broadcast_to([210.0, 160, 140], (SIDE, SIDE, 3))

    def lesion(cx, cy, colour=(110, 100, 90)):
        return skin - np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.02)[..., None] * colour

    lines = 20 * np.sin(2 * np.pi * 12 * x)[..., None]
    pictures = [lesion(0.5, 0.5), lesion(0.52, 0.5), lesion(0.25, 0.3), lesion(0.5, 0.5) + lines]
    pictures += [lesion(0.5, 0.5) + lines.transpose(1, 0, 2), lesion(0.5, 0.5, (110, 20, 20))]
    a, nudged, elsewhere, across, along, blue = np.stack(pictures).round().astype(np.uint8)[:, None]
    little = distance(a, nudged)[0]
    assert all(distance(a, other)[0] > 2 * little for other in (elsewhere, across, along, blue))
    assert distance(across, along)[0] > 2 * little


def test_plain_skin_is_like_plain_skin_whatever_its_noise():
    random = np.random.default_rng(0)
    plain = np.full((2, SIDE, SIDE, 3), 170, np.uint8)
    noisy = (plain + random.integers(0, 2, plain.shape)).astype(np.uint8)
    assert distance(plain[:1], plain[1:] + np.uint8(20))[0] < 1e-3
    assert distance(noisy[:1], noisy[1:])[0] < 0.2


@pytest.mark.parametrize("side", [4, 8, 16, 32, 128])
def test_images_of_any_size_are_described(side):
    images = np.random.default_rng(side).integers(0, 256, (3, side, side, 3), np.uint8)
    found = describe(images)
    assert found.dtype == np.float32 and found.shape[0] == 3 and np.isfinite(found).all()
    assert between(images).min() > 0.05
    alone = np.concatenate([describe(image[None]) for image in images])
    np.testing.assert_allclose(found, alone, atol=1e-5)
