"""The encoder of a mix: lossless, and of one length whatever the picture."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from training.encode import encode_png

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))


def decode(data):
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return np.asarray(image), dict(image.info)


def chunks(data):
    place, names = 8, []
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        names.append(data[place + 4 : place + 8])
        place += 12 + length
    return names


@given(arrays(np.uint8, SHAPES))
def test_pillow_reads_back_every_pixel_and_nothing_else(pixels):
    data = encode_png(pixels)
    read, info = decode(data)
    np.testing.assert_array_equal(read, pixels)
    assert info == {} and chunks(data) == [b"IHDR", b"IDAT", b"IEND"]


@given(arrays(np.uint8, SHAPES))
def test_the_length_depends_on_the_size_alone(pixels):
    lengths = {len(encode_png(other)) for other in (pixels, np.zeros_like(pixels), ~pixels, pixels[::-1])}
    assert len(lengths) == 1


@pytest.mark.parametrize("side", [147, 148, 256])
def test_pictures_longer_than_one_stored_block(side):
    # A stored block holds 65,535 bytes: 147 rows of 442 fit into one, 148 rows of 445 do not.
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    flat = np.zeros_like(noise)
    np.testing.assert_array_equal(decode(encode_png(noise))[0], noise)
    np.testing.assert_array_equal(decode(encode_png(flat))[0], flat)
    assert len(encode_png(noise)) == len(encode_png(flat))


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)]
)
def test_anything_but_8_bit_rgb_is_refused(wrong):
    with pytest.raises(ValueError, match="expected uint8"):
        encode_png(wrong)
