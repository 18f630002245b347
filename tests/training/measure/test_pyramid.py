"""Images taken apart into levels of detail."""

import numpy as np
import pytest
from scipy.ndimage import convolve

from training.errors import UserError
from training.measure.pyramid import STEPS, Pyramid, levels_of

FILTER = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])[None, None] / 256


def reference(images):
    """The levels of uint8 (n, R, R, 3), written down as the paper's filter says, in float64."""
    image, levels = images.transpose(0, 3, 1, 2).astype(float), []
    while image.shape[-1] > 16:
        coarser = convolve(image, FILTER, mode="mirror")[..., ::2, ::2]
        zeros = np.zeros_like(image)
        zeros[..., ::2, ::2] = coarser
        levels.append(image - convolve(zeros, 4 * FILTER, mode="mirror"))
        image = coarser
    return [*levels, image]


def noise(count, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), np.uint8)


@pytest.mark.parametrize("side", [8, 12, 16, 32, 128])
def test_levels_are_the_papers(side):
    images = noise(3, side)
    pyramid = Pyramid(side, 4)
    found = [level.copy() for level in pyramid.take_apart(images)]
    assert [level.shape[-1] for level in found] == pyramid.levels == levels_of(side)
    for level, expected in zip(found, reference(images), strict=True):
        np.testing.assert_allclose(level / STEPS, expected, atol=1.01 / STEPS)  # rounded twice


def test_images_do_not_touch_each_other():
    images, pyramid = noise(5, 64), Pyramid(64, 5)
    together = [level.copy() for level in pyramid.take_apart(images)]
    for number, image in enumerate(images):
        for level, whole in zip(pyramid.take_apart(image[None]), together, strict=True):
            np.testing.assert_array_equal(level[0], whole[number])


def test_a_flat_image_has_no_detail():
    *details, last = Pyramid(64, 1).take_apart(np.full((1, 64, 64, 3), 77, np.uint8))
    assert all(np.abs(level).max() == 0 for level in details)
    np.testing.assert_array_equal(last, 77 * STEPS)


def test_halving_leads_to_16():
    assert levels_of(256) == [256, 128, 64, 32, 16]
    assert levels_of(8) == [8] and levels_of(15) == [15]
    for side, what in ((7, "too small"), (24, "halving must lead to 16"), (48, "halving"), (20, "halving")):
        with pytest.raises(UserError, match=what):
            levels_of(side)
