"""Planted leaks are found in their channels, and fair mixes pass."""

import json
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from backend.audit.judging import holm, judge
from backend.audit.measure import PIXELS, measure
from backend.audit.reading import read_mix
from tests.audit.conftest import by_pillow, decoded, plain
from training.encode import encode_png


def texted(pixels, fake):
    info = PngInfo()
    info.add_text("Software", "generator" if fake else "camera")
    return by_pillow(pixels, "PNG", pnginfo=info)


def with_exif(pixels, fake):
    exif = Image.Exif()
    exif[0x0132] = "2026:01:01 00:00:00"
    return by_pillow(pixels, "JPEG", quality=90, **({} if fake else {"exif": exif}))


def padded(pixels, fake):
    """Bytes after the end, which no picture shows."""
    return encode_png(pixels) + b"\0" * (3 if fake else 0)


def at_level(pixels, fake):
    """The same rows, unfiltered, compressed by zlib at a level that depends on truth."""
    rows = np.zeros((len(pixels), 1 + 3 * len(pixels)), np.uint8)
    rows[:, 1:] = pixels.reshape(len(pixels), -1)
    data, body = encode_png(pixels), zlib.compress(rows.tobytes(), 9 if fake else 6)
    chunk = b"IDAT" + body
    return (
        data[:33] + struct.pack(">I", len(body)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[-12:]
    )


FILE_LEAKS = {
    "bytes": padded,
    "metadata": texted,
    "metadata in EXIF": with_exif,
    "container": lambda pixels, fake: by_pillow(pixels, "JPEG" if fake else "PNG"),
    "container by level": at_level,
    "container by tables": lambda pixels, fake: by_pillow(pixels, "JPEG", quality=91 if fake else 90),
    "container by Huffman tables": lambda pixels, fake: by_pillow(pixels, "JPEG", optimize=fake),
    "container by sampling": lambda pixels, fake: by_pillow(pixels, "JPEG", subsampling=2 if fake else 0),
    "container by mode": lambda pixels, fake: (
        by_pillow(np.dstack([pixels, pixels[..., :1] | 255]), "PNG") if fake else by_pillow(pixels, "PNG")
    ),
    "container of another format": lambda pixels, fake: by_pillow(pixels, "WEBP" if fake else "BMP"),
    "dimensions": lambda pixels, fake: encode_png(pixels[: 62 if fake else 64]),
}


@pytest.mark.parametrize("leak", FILE_LEAKS)
def test_what_a_file_tells_fails(plant, audited, leak):
    found = audited(plant(FILE_LEAKS[leak]))
    channel = next(one for one in found.channels if one.channel == leak.split()[0])
    assert (channel.verdict, channel.reads) == ("tells", "file")
    assert found.outcome == "fail"


@pytest.mark.parametrize("leak", ["times", "order", "names"])
def test_names_their_order_and_times_fail(plant, audited, leak):
    folder = plant()
    text = (folder / "manifest.json").read_text()
    for place, path in enumerate(sorted((folder / "images").iterdir())):
        fake = f'{path.name}", "truth": "fake"' in text
        if leak == "times":
            os.utime(path, (1_000 + 5_000 * fake + place, 1_000 + 5_000 * fake + place))
            continue
        name = f"{fake:d}{path.name[1:]}" if leak == "order" else f"{'fake' if fake else 'real'}_{path.name}"
        path.rename(path.with_name(name))
        text = text.replace(path.name, name)
    (folder / "manifest.json").write_text(text)
    found = audited(folder)
    assert found.outcome == "fail"
    assert [one.channel for one in found.channels if one.verdict == "tells"] == ["names"]


def blocky(pixels, fake):
    return plain(pixels if fake else decoded(by_pillow(pixels, "JPEG", quality=80)), fake)


def noisy(pixels, fake):
    noise = np.random.default_rng(pixels.sum()).normal(scale=4, size=pixels.shape)
    return plain(np.clip(pixels + noise * fake, 0, 255).astype(np.uint8), fake)


def checkered(pixels, fake):
    """What a transposed convolution of stride 2 may leave: every second pixel a little brighter."""
    marked = pixels.astype(int)
    marked[::2, ::2] += 6 * fake
    return plain(np.clip(marked, 0, 255).astype(np.uint8), fake)


def enlarged(pixels, fake):
    return plain(pixels[::2, ::2].repeat(2, 0).repeat(2, 1) if fake else pixels, fake)


def framed(pixels, fake):
    marked = pixels.copy()
    marked[[0, -1]] = np.where(fake, marked[[0, -1]] // 2, marked[[0, -1]])
    return plain(marked, fake)


def reddened(pixels, fake):
    return plain(np.clip(pixels + np.array([25 * fake, 0, 0]), 0, 255).astype(np.uint8), fake)


PIXEL_LEAKS = {
    "colour": reddened,
    "noise": noisy,
    "spectrum": enlarged,
    "grid": checkered,
    "compression": blocky,
    "borders": framed,
}


@pytest.mark.parametrize("leak", PIXEL_LEAKS)
def test_what_pixels_tell_warns(plant, audited, leak):
    found = audited(plant(PIXEL_LEAKS[leak]))
    channel = next(one for one in found.channels if one.channel == leak)
    assert (channel.verdict, channel.reads) == ("tells", "pixels")
    assert channel.auc > 0.8
    assert channel.advice
    assert found.outcome == "warn"


def test_nobody_is_advised_to_do_what_was_done(plant, audited):
    folder = plant(blocky)
    advice = {one.channel: one.advice for one in audited(folder).channels}
    assert "mix --harmonise removes" in advice["compression"]
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["configuration"] = {"harmonised": {"cut_off": 0.5}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    advice = {one.channel: one.advice for one in audited(folder).channels}
    assert "have passed through --harmonise already" in advice["compression"]


def test_a_block_grid_is_found_at_any_phase(plant, audited):
    def shifted(pixels, fake):
        around = np.pad(pixels, ((3, 5), (3, 5), (0, 0)), mode="reflect")
        past = around if fake else decoded(by_pillow(around, "JPEG", quality=60))
        return plain(np.ascontiguousarray(past[3:67, 3:67]), fake)

    compression = next(one for one in audited(plant(shifted)).channels if one.channel == "compression")
    by_name = {one.feature: one for one in compression.features}
    assert compression.verdict == "tells"
    assert by_name["blockiness at phase 5"].auc > 0.9  # the line before pixel 8 - 3
    assert by_name["blockiness at phase 5"].real > by_name["blockiness at phase 5"].fake


def test_a_fair_mix_passes(plant, audited):
    found = audited(plant())
    assert (found.outcome, found.notes) == ("pass", [])
    files = {one.channel: one for one in found.channels if one.reads == "file"}
    constant = [files[name] for name in ("bytes", "dimensions", "container", "metadata")]
    assert {(one.verdict, one.auc, one.p_adjusted) for one in constant} == {("constant", 0.5, 1.0)}


def test_files_that_differ_by_chance_are_pointed_out(plant, audited):
    found = audited(plant(lambda pixels, fake: by_pillow(pixels, "PNG")))
    assert found.outcome == "warn"
    assert "Files differ in bytes" in found.notes[0]
    assert "dermvtt import-mix" in found.notes[0]


def test_false_alarms_are_as_rare_as_promised(plant):
    """Of 40 random truths of one source, at alpha 0.05: more than 6 alarms are less likely than 1 %."""
    mix = read_mix(plant())
    features = measure(mix.images, lambda: None)
    varying = [name for name in features if any(not one.constant for one in features[name])]
    assert set(PIXELS) < set(varying)
    random = np.random.default_rng(3)
    alarms = 0
    for seed in range(40):
        fake = random.permutation(len(mix.images)) < 20
        alarms += min(holm([judge(features[name], fake, 499, seed).p for name in varying])) < 0.05
    assert alarms <= 6
