"""The pyramid's filter against SciPy's, and that nothing is lost between its levels."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from training.measure.pyramid import STEPS, Pyramid
from training.networks.lapgan import pyramid
from training.networks.pyramid import expanded, reduced

FILTER = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256


def scipys_filter(plane, gain=1.0):
    return ndimage.convolve(plane, FILTER * gain, mode="mirror")


@pytest.fixture
def images():
    return torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 16, 16)))


def test_reducing_blurs_and_keeps_every_second_pixel(images):
    for image, result in zip(images, reduced(images), strict=True):
        for plane, small in zip(image, result, strict=True):
            np.testing.assert_allclose(small, scipys_filter(plane.numpy())[::2, ::2], atol=1e-12)


def test_expanding_fills_in_what_reducing_left_out(images):
    for image, result in zip(images, expanded(images), strict=True):
        for plane, large in zip(image, result, strict=True):
            spread = np.zeros((32, 32))
            spread[::2, ::2] = plane.numpy()
            np.testing.assert_allclose(large, scipys_filter(spread, gain=4.0), atol=1e-12)


def test_a_plain_image_stays_as_it_is_in_either_direction():
    plain = torch.full((1, 3, 8, 8), 0.3)
    torch.testing.assert_close(reduced(plain), plain[:, :, ::2, ::2])
    torch.testing.assert_close(expanded(plain), torch.full((1, 3, 16, 16), 0.3))


def test_levels_and_residuals_add_up_to_the_image(images):
    levels = pyramid(images, 4)
    assert list(levels) == [4, 8, 16]
    built = levels[4]
    for size in (8, 16):
        built = expanded(built) + (levels[size] - expanded(levels[size // 2]))
    torch.testing.assert_close(built, images)


def test_it_is_the_pyramid_that_distances_are_measured_on():
    image = np.random.default_rng(1).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    found = [level / STEPS for level in Pyramid(64, 1).take_apart(image)]
    fine = torch.from_numpy(image).permute(0, 3, 1, 2).double()
    for level in found[:-1]:
        coarse = reduced(fine)
        np.testing.assert_allclose(level, fine - expanded(coarse), atol=1.01 / STEPS)  # rounded twice
        fine = coarse
    np.testing.assert_allclose(found[-1], fine, atol=1.01 / STEPS)  # rounded twice
