"""Photographs of every kind, written as real files, and read back as squares of 8-bit RGB."""

import hashlib
import os
import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from training.prepare.colour import BadImage
from training.prepare.decode import centre_square, read_photograph

SIZE = 16
BLOCKS = np.array([[[200, 40, 40], [40, 180, 60]], [[50, 60, 210], [220, 200, 70]]], np.uint8)
PICTURE = BLOCKS.repeat(16, axis=0).repeat(16, axis=1)  # 32 x 32, four flat colours


def pixels(path, size=SIZE, **options):
    return read_photograph(path, size, **options).pixels


def corners(image):
    """The four quadrants' centres, where no resampling reaches across an edge."""
    quarter = image.shape[0] // 4
    return image[[quarter, -quarter - 1]][:, [quarter, -quarter - 1]].astype(int)


def save(path, array_or_image, **options):
    image = array_or_image if isinstance(array_or_image, Image.Image) else Image.fromarray(array_or_image)
    image.save(path, **options)
    return path


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_crop_is_the_largest_square_and_centred(width, height):
    left, top, right, bottom = centre_square(width, height)
    assert right - left == bottom - top == min(width, height)
    assert left >= 0 and top >= 0 and right <= width and bottom <= height
    assert (width - right) - left in (0, 1) and (height - bottom) - top in (0, 1)


@pytest.mark.parametrize("size", [(97, 41), (41, 97), (64, 63), (50, 50)])
def test_resampling_is_lanczos_over_the_cropped_square(tmp_path, size):
    width, height = size
    noise = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    path = save(tmp_path / "a.png", noise)
    side = min(size)
    left, top = (width - side) // 2, (height - side) // 2
    square = Image.fromarray(noise[top : top + side, left : left + side])
    assert np.array_equal(pixels(path), np.asarray(square.resize((SIZE, SIZE), Image.Resampling.LANCZOS)))


def test_downsampling_does_not_alias(tmp_path):
    """Stripes one pixel wide become their mean grey; a filter that is not scaled leaves black or white."""
    stripes = np.zeros((256, 256), np.uint8)
    stripes[:, ::2] = 255
    photo = read_photograph(save(tmp_path / "a.png", stripes), 32)
    assert np.abs(photo.pixels[4:-4, 4:-4].astype(int) - 127).max() <= 4
    assert not photo.mask


def test_a_large_jpeg_is_decoded_in_full(tmp_path):
    """Draft mode, which decodes a JPEG at a fraction of its size, would give other pixels."""
    noise = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = save(tmp_path / "a.jpg", np.kron(noise, np.ones((8, 8, 1), np.uint8)), quality=95)
    with Image.open(path) as image:
        whole = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS))
    assert np.array_equal(pixels(path), whole)


STORED = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: np.rot90(upright, 2).transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_honoured(tmp_path, orientation, suffix):
    upright = BLOCKS.repeat(16, axis=0).repeat(24, axis=1)  # 48 wide, 32 high
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"tif": {}, "png": {}, "jpg": {"quality": 95}, "webp": {"lossless": True}}[suffix]
    path = save(
        tmp_path / f"a.{suffix}", np.ascontiguousarray(STORED[orientation](upright)), **options, exif=exif
    )
    photo = read_photograph(path, SIZE)
    assert np.abs(corners(photo.pixels) - BLOCKS).max() <= 6
    assert (photo.width, photo.height) == (48, 32)


def test_unreadable_exif_leaves_the_picture_as_stored(tmp_path):
    path = save(tmp_path / "a.jpg", PICTURE, quality=95, exif=b"Exif\x00\x00no exif at all, nothing of it")
    assert np.abs(corners(pixels(path)) - BLOCKS).max() <= 6


RGB = Image.fromarray(PICTURE)
COLOUR_FILES = {
    "rgb.png": (RGB, {}),
    "rgb.bmp": (RGB, {}),
    "rgb.tif": (RGB, {}),
    "lzw.tif": (RGB, {"compression": "tiff_lzw"}),
    "rgb.webp": (RGB, {"lossless": True}),
    "rgb.jpg": (RGB, {"quality": 95, "subsampling": 0}),
    "progressive.jpg": (RGB, {"quality": 95, "subsampling": 0, "progressive": True}),
    "palette.png": (RGB.quantize(8), {}),
    "palette.bmp": (RGB.quantize(8), {}),
    "palette.tif": (RGB.quantize(8), {}),
    "cmyk.jpg": (RGB.convert("CMYK"), {"quality": 95}),
    "cmyk.tif": (RGB.convert("CMYK"), {}),
    "ycbcr.tif": (RGB.convert("YCbCr"), {}),
    "opaque.png": (RGB.convert("RGBA"), {}),
    "no_suffix": (RGB, {"format": "PNG"}),
    "wrong.jpg": (RGB, {"format": "PNG"}),
}


@pytest.mark.parametrize("name", COLOUR_FILES)
def test_every_format_and_mode_keeps_its_colours(tmp_path, name):
    image, options = COLOUR_FILES[name]
    result = pixels(save(tmp_path / name, image, **options))
    assert result.dtype == np.uint8 and result.shape == (SIZE, SIZE, 3)
    assert np.abs(corners(result) - BLOCKS).max() <= 6


def test_lab_becomes_rgb(tmp_path):
    lab = ImageCms.profileToProfile(
        RGB, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert np.abs(corners(pixels(save(tmp_path / "lab.tif", lab))) - BLOCKS).max() <= 6


RAMP = np.linspace(0, 1, 32)[None].repeat(32, axis=0)
GREY = np.asarray(
    Image.fromarray(np.rint(RAMP * 255).astype(np.uint8)).resize((SIZE, SIZE), Image.Resampling.LANCZOS)
)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("grey.png", np.rint(RAMP * 255).astype(np.uint8)),
        ("grey.jpg", np.rint(RAMP * 255).astype(np.uint8)),
        ("sixteen.png", np.rint(RAMP * 65535).astype(np.uint16)),
        ("sixteen.tif", np.rint(RAMP * 65535).astype(np.uint16)),
        ("big_endian.tif", np.rint(RAMP * 65535).astype(">u2")),
        ("integer.tif", np.rint(RAMP * 65535).astype(np.int32)),
        ("unit_float.tif", RAMP.astype(np.float32)),
        ("byte_float.tif", (RAMP * 255).astype(np.float32)),
        ("wide_float.tif", (RAMP * 65535).astype(np.float32)),
    ],
)
def test_grey_of_any_depth_is_scaled_not_clipped(tmp_path, name, values):
    result = pixels(save(tmp_path / name, values)).astype(int)
    assert np.ptp(result, axis=2).max() == 0
    assert np.abs(result[..., 0] - GREY).max() <= 2


def test_dim_sixteen_bit_grey_stays_dim(tmp_path):
    """The scale is the type's, not the picture's."""
    dim = np.rint(RAMP * 6553.5).astype(np.uint16)
    assert abs(int(pixels(save(tmp_path / "dim.png", dim)).max()) - 25) <= 1


@pytest.mark.parametrize("values", [RAMP * 1e6, RAMP - 0.5, RAMP * np.nan])
def test_floats_without_a_range_are_refused(tmp_path, values):
    path = save(tmp_path / "a.tif", values.astype(np.float32))
    with pytest.raises(BadImage, match="grey values run from"):
        read_photograph(path, SIZE)


def test_white_is_zero_sixteen_bit_tiff_is_inverted(tmp_path):
    path = save(tmp_path / "a.tif", np.rint(RAMP * 65535).astype(np.uint16), tiffinfo={262: 0})
    with Image.open(path) as written:
        assert written.tag_v2[262] == 0
    assert np.abs(pixels(path)[..., 0].astype(int) - (255 - GREY)).max() <= 2


def sixteen_bit_png(array, colour_type):
    """Pillow writes no 16-bit colour; PNG is simple enough to write by hand (W3C PNG, sections 5 and 11)."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = array.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_sixteen_bit_colour_is_scaled(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(sixteen_bit_png(PICTURE.astype(np.uint16) * 257, 2))
    assert np.abs(corners(pixels(path)) - BLOCKS).max() <= 1


def test_sixteen_bit_alpha_is_laid_on_white(tmp_path):
    alpha = np.full((32, 32, 1), 65535, np.uint16)
    alpha[:16, :16] = 0
    path = tmp_path / "a.png"
    path.write_bytes(sixteen_bit_png(np.concatenate([PICTURE.astype(np.uint16) * 257, alpha], axis=2), 6))
    expected = BLOCKS.astype(int)
    expected[0, 0] = 255
    assert np.abs(corners(pixels(path)) - expected).max() <= 1


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_alpha_is_laid_on_white(tmp_path, name):
    rgba = np.concatenate([PICTURE, np.full((32, 32, 1), 255, np.uint8)], axis=2)
    rgba[:16, :16, 3], rgba[16:, 16:, 3] = 0, 128
    options = {"lossless": True, "exact": True} if name.endswith("webp") else {}
    expected = BLOCKS.astype(float)
    expected[0, 0] = 255
    expected[1, 1] = BLOCKS[1, 1] * (128 / 255) + 255 * (127 / 255)
    assert np.abs(corners(pixels(save(tmp_path / name, rgba, **options))) - expected).max() <= 1


def test_grey_with_alpha_is_laid_on_white(tmp_path):
    grey = np.full((32, 32, 2), [90, 255], np.uint8)
    grey[:16, :16, 1] = 0
    result = corners(pixels(save(tmp_path / "a.png", Image.fromarray(grey))))
    assert result[0, 0].tolist() == [255] * 3 and result[1, 1].tolist() == [90] * 3


@pytest.mark.parametrize("mode", ["P", "RGB", "L", "1"])
def test_a_transparent_colour_is_laid_on_white(tmp_path, mode):
    if mode == "P":
        image = RGB.quantize(8)
        key = image.getpixel((2, 2))
    else:
        image = RGB.convert(mode) if mode != "1" else Image.new("1", (32, 32), 0)
        key = image.getpixel((2, 2))
    result = corners(pixels(save(tmp_path / "a.png", image, transparency=key)))
    assert result[0, 0].tolist() == [255] * 3
    assert mode == "1" or result[1, 1].tolist() != [255] * 3


def test_one_bit_becomes_black_and_white(tmp_path):
    halves = np.zeros((32, 32), bool)
    halves[:, 16:] = True
    for name in ("a.png", "a.tif", "a.bmp"):
        photo = read_photograph(save(tmp_path / name, Image.fromarray(halves)), SIZE)
        assert photo.mask
        assert photo.pixels[8, 2].tolist() == [0] * 3 and photo.pixels[8, -3].tolist() == [255] * 3


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_of_several_frames_the_first_counts(tmp_path, name):
    other = Image.fromarray(255 - PICTURE)
    options = {"lossless": True} if name.endswith("webp") else {}
    path = save(tmp_path / name, RGB, save_all=True, append_images=[other], **options)
    assert np.abs(corners(pixels(path)) - BLOCKS).max() <= 1


def swapped_profile():
    """An RGB profile whose red and green primaries are exchanged: unmistakable when it is followed."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "odd!".encode("utf-16-be"))


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_an_embedded_profile_is_followed(tmp_path, name):
    options = {"quality": 95, "subsampling": 0} if name.endswith("jpg") else {}
    path = save(tmp_path / name, RGB, icc_profile=swapped_profile(), **options)
    assert np.abs(corners(pixels(path)) - BLOCKS[..., [1, 0, 2]]).max() <= 6


@pytest.mark.parametrize("profile", [b"no profile", swapped_profile()[:200]])
def test_a_broken_profile_is_passed_over(tmp_path, profile):
    assert np.abs(corners(pixels(save(tmp_path / "a.png", RGB, icc_profile=profile))) - BLOCKS).max() <= 1


def test_a_profile_for_other_channels_is_passed_over(tmp_path):
    path = save(tmp_path / "a.jpg", np.rint(RAMP * 255).astype(np.uint8), icc_profile=swapped_profile())
    assert np.abs(pixels(path)[..., 0].astype(int) - GREY).max() <= 2


def encoded(suffix):
    file = BytesIO()
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix))
    return file.getvalue()


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "bmp", "webp"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_truncated_file_is_bad(tmp_path, suffix, share):
    path = tmp_path / f"a.{suffix}"
    data = encoded(suffix)
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BadImage):
        read_photograph(path, SIZE)


def test_a_jpeg_padded_with_zeros_is_bad(tmp_path):
    data = encoded("jpg")
    path = tmp_path / "a.jpg"
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) // 2))
    with pytest.raises(BadImage, match="truncated"):
        read_photograph(path, SIZE)


def test_bytes_after_the_end_of_a_jpeg_do_no_harm(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded("jpg") + b"\xff\xda trailer " + bytes(100))
    assert pixels(path).shape == (SIZE, SIZE, 3)


def bomb():
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    whole = sixteen_bit_png(np.zeros((1, 1), np.uint16), 0)
    return whole[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + whole[33:]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"just a few words\n" * 20, "not a JPEG"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "not a JPEG"),
        (b"\xff\xd8\xff", "not a JPEG"),
        (bomb(), "decompression bomb"),
    ],
)
def test_what_is_no_image_says_why(tmp_path, data, reason):
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    with pytest.raises(BadImage, match=reason):
        read_photograph(path, SIZE)


def test_a_missing_a_linked_and_a_special_file_say_why(tmp_path):
    (tmp_path / "link.jpg").symlink_to(tmp_path / "nothing.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    for name, reason in (
        ("nothing.jpg", "No such file"),
        ("link.jpg", "a link to nothing"),
        ("loop.jpg", "symbolic links"),
        ("pipe.jpg", "not a regular file"),
    ):
        with pytest.raises(BadImage, match=reason):
            read_photograph(tmp_path / name, SIZE)


def test_a_small_image_is_bad_unless_upsampling_is_allowed(tmp_path):
    path = save(tmp_path / "a.png", RGB)
    with pytest.raises(BadImage, match=r"32 x 32 is smaller than 64 x 64 \(--allow-upsampling"):
        read_photograph(path, 64)
    assert pixels(path, 64, allow_upsampling=True).shape == (64, 64, 3)


def test_the_record_names_source_and_phantom(tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", "DermVTT phantom")
    path = save(tmp_path / "a.png", PICTURE[:24], pnginfo=text)
    photo = read_photograph(path, SIZE)
    assert photo.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (photo.width, photo.height, photo.drawn, photo.mask) == (32, 24, True, False)
    assert not read_photograph(save(tmp_path / "b.png", PICTURE), SIZE).drawn


@pytest.mark.parametrize(
    ("low", "high", "is_mask"), [(0, 255, True), (0, 1, True), (10, 240, False), (7, 7, False)]
)
def test_two_flat_greys_are_a_mask(tmp_path, low, high, is_mask):
    halves = np.full((32, 32), low, np.uint8)
    halves[8:20, 8:20] = high
    for image in (Image.fromarray(halves), Image.fromarray(halves).convert("RGB")):
        assert read_photograph(save(tmp_path / "a.png", image), SIZE).mask == is_mask


def smooth(**options):
    file = BytesIO()
    noise = np.random.default_rng(4).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((320, 240), Image.Resampling.BICUBIC).save(file, "JPEG", **options)
    return file.getvalue()


JPEGS = [{}, {"progressive": True}, {"optimize": True}, {"restart_marker_rows": 1}, {"keep_rgb": True}]


@pytest.mark.parametrize("options", JPEGS)
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_cut_jpeg_with_an_end_marker_is_bad(tmp_path, options, share):
    path = tmp_path / "a.jpg"
    data = smooth(**options)
    path.write_bytes(data)
    assert pixels(path).shape == (SIZE, SIZE, 3)
    path.write_bytes(data[: int(len(data) * share)] + b"\xff\xd9")
    with pytest.raises(BadImage, match="broken or truncated"):
        read_photograph(path, SIZE)


@pytest.mark.parametrize("data", [encoded("jpg"), smooth(), smooth(progressive=True)])
def test_a_jpeg_with_a_zeroed_end_is_bad(tmp_path, data):
    path = tmp_path / "a.jpg"
    third = len(data) // 3
    path.write_bytes(data[:-third] + bytes(third - 2) + data[-2:])
    with pytest.raises(BadImage, match="broken or truncated"):
        read_photograph(path, SIZE)


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("options", JPEGS[:4])
def test_a_whole_flat_jpeg_is_good(tmp_path, value, mode, options):
    flat = Image.new("L", (64, 48), value)
    image = flat if mode == "L" else Image.merge(mode, [flat] * len(mode))
    assert pixels(save(tmp_path / "a.jpg", image, **options)).shape == (SIZE, SIZE, 3)


def test_a_png_needs_its_end_and_no_more(tmp_path):
    path = tmp_path / "a.png"
    data = encoded("png")
    path.write_bytes(data + b"trailer")
    assert pixels(path).shape == (SIZE, SIZE, 3)
    for cut in (1, 4, 8, 12):
        path.write_bytes(data[:-cut])
        with pytest.raises(BadImage, match="broken or truncated"):
            read_photograph(path, SIZE)
