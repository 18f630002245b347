"""The order of the real images, and pixels on their way in and out."""

import numpy as np
import pytest
import torch

from training import batches
from training.batches import RealImages, require_reducible, to_bytes, to_signed
from training.dataset import at_resolution
from training.draws import Share
from training.errors import UserError


@pytest.fixture
def numbered():
    """Ten 8 x 8 images, each of one grey level of its own, left half only."""
    images = np.zeros((10, 8, 8, 3), np.uint8)
    images[:, :, :4] = 20 * np.arange(1, 11, dtype=np.uint8).reshape(10, 1, 1, 1)
    return images


def levels(batch):
    return [int(image.max()) // 20 - 1 for image in to_bytes(batch)]


def test_every_epoch_shows_every_image_once_in_another_order(numbered):
    reals = RealImages(numbered, seed=3)
    epochs = [levels(reals.batch(10 * epoch, 10, 8)) for epoch in range(5)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 5


def test_the_order_depends_on_the_images_seen_alone(numbered):
    whole = RealImages(numbered, seed=3, flip=(True, False)).batch(0, 40, 8)
    for size in (1, 4, 8, 20):
        again = RealImages(numbered, seed=3, flip=(True, False))
        parts = [again.batch(start, size, 8) for start in range(0, 40, size)]
        assert torch.equal(torch.cat(parts), whole)
    assert torch.equal(RealImages(numbered, seed=3, flip=(True, False)).batch(17, 6, 8), whole[17:23])
    assert not torch.equal(RealImages(numbered, seed=4, flip=(True, False)).batch(0, 40, 8), whole)


def test_about_half_of_the_images_are_mirrored(numbered):
    batch = RealImages(numbered, seed=0, flip=(True, False)).batch(0, 400, 8)
    flipped = int((batch[:, 0, 0, 0] == -1).sum())
    assert 160 < flipped < 240
    plain = RealImages(numbered, seed=0).batch(0, 400, 8)
    assert (plain[:, 0, 0, 0] > -1).all()


@pytest.mark.parametrize("cache", [0, 1 << 30])
def test_reduced_reals_are_the_datasets(dataset, monkeypatch, cache):
    monkeypatch.setattr(batches, "CACHE_BYTES", cache)
    monkeypatch.setattr(batches, "CHUNK", 5)
    batch = to_bytes(RealImages(dataset.images, seed=0).batch(0, 12, 8))
    expected = at_resolution(dataset.images, 8)
    assert sorted(image.tobytes() for image in batch) == sorted(image.tobytes() for image in expected)


def test_flips_are_independent_of_each_other(numbered):
    corners = np.zeros((400, 8, 8, 3), np.uint8)
    corners[:, 0, 0] = 255
    batch = to_bytes(RealImages(corners, seed=0, flip=(True, True)).batch(0, 400, 8))
    found = [int((batch[:, row, column, 0] == 255).sum()) for row in (0, -1) for column in (0, -1)]
    assert sum(found) == 400 and min(found) > 70
    down = to_bytes(RealImages(corners, seed=0, flip=(False, True)).batch(0, 400, 8))
    assert 150 < (down[:, -1, 0, 0] == 255).sum() < 250 and not down[:, :, -1].any()


def test_processes_see_every_image_once_between_them(numbered):
    whole = RealImages(numbered, seed=3).batch(16, 12, 8)
    for rank in range(4):
        part = RealImages(numbered, seed=3, share=Share(rank, 4)).batch(16, 12, 8)
        assert torch.equal(part, whole[rank::4])


def test_the_dataset_itself_is_never_mirrored(dataset):
    before = np.array(dataset.images)
    for resolution in (8, 32):
        RealImages(dataset.images, seed=0, flip=(True, False)).batch(0, 24, resolution)
    np.testing.assert_array_equal(dataset.images, before)


def test_bytes_survive_the_way_to_signed_and_back():
    images = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    signed = to_signed(torch.from_numpy(images))
    assert (signed.min(), signed.max()) == (-1, 1)
    np.testing.assert_array_equal(to_bytes(signed), images)


def test_values_are_rounded_and_clipped():
    values = torch.tensor([-3.0, -1.0, 0.0019, 0.0059, 1.0, 2.0]) - 0.0
    images = values.view(1, 1, 1, 6).expand(1, 3, 1, 6)
    assert to_bytes(images)[0, 0, :, 0].tolist() == [0, 0, 128, 128, 255, 255]


@pytest.mark.parametrize("resolution", [64, 12])
def test_images_that_cannot_be_reduced_are_refused(dataset, resolution):
    with pytest.raises(
        UserError, match=f"32x32 images, which cannot be reduced to {resolution}x{resolution}"
    ):
        require_reducible(dataset, resolution)
