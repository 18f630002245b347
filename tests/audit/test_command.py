"""``dermvtt audit-mix`` as a user types it, and the reading of mixes made elsewhere."""

import json
import os
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from backend.audit.channels import CHANNELS
from backend.audit.reading import read_mix
from tests.audit.conftest import FAKES, REALS, by_pillow, plain
from tests.support import write_mix
from training.encode import encode_png


def one_file(folder):
    return sorted((folder / "images").iterdir())[0]


def test_a_fair_mix_is_exit_code_0_with_a_table(dermvtt, plant):
    code, out, err = dermvtt("audit-mix", plant(), "--permutations", 199)
    assert code == 0
    assert f"{REALS} reals, {FAKES} fakes." in out
    for channel in CHANNELS:
        assert f"\n{channel.name} " in out
    assert "PASS: nothing was found" in out
    assert "Measuring" in err
    assert "Measuring" not in out


def test_a_leaking_mix_is_exit_code_1_with_what_to_do(dermvtt, plant):
    folder = plant(lambda pixels, fake: by_pillow(pixels, "JPEG" if fake else "PNG"))
    code, out, _ = dermvtt("audit-mix", folder, "--permutations", 999)
    assert code == 1
    assert "format: AUC 1.000; typical of reals PNG, of fakes JPEG" in out
    assert "dermvtt-train mix, which writes all images through one encoder" in out
    assert out.endswith("FAIL: without looking at a picture, files tell fakes from reals.\n")


def test_what_pixels_tell_is_exit_code_0_with_a_warning(dermvtt, plant):
    folder = plant(lambda pixels, fake: plain(pixels // 2 if fake else pixels, fake))
    code, out, _ = dermvtt("audit-mix", folder, "--permutations", 999)
    assert code == 0
    assert "WARN colour: " in out
    assert "simply the generator's quality, which is what a study measures" in out
    assert out.endswith("look at what is said above.\n") or "PASS with warnings" in out


def test_json_has_every_channel_and_feature(dermvtt, plant):
    code, out, _ = dermvtt("audit-mix", plant(), "--json", "--permutations", 199, "--seed", 5)
    found = json.loads(out)
    assert (code, found["outcome"], found["real"], found["fake"]) == (0, "pass", REALS, FAKES)
    assert found["configuration"] == {"seed": 5, "permutations": 199, "alpha": 0.05}
    assert [one["channel"] for one in found["channels"]] == [channel.name for channel in CHANNELS]
    for one in found["channels"]:
        assert one["features"]
        assert 0.5 <= one["auc"] <= 1
        assert one["p"] <= one["p_adjusted"] <= 1
        assert one["strongest"] is None or one["strongest"] in [of["feature"] for of in one["features"]]


def test_alpha_is_an_option(dermvtt, plant):
    folder = plant(lambda pixels, fake: encode_png(pixels) + b"\0" * (3 if fake else 0))
    strict = ("--permutations", 99, "--alpha", 0.001)
    code, out, _ = dermvtt("audit-mix", folder, *strict)
    assert code == 0  # 99 permutations cannot reach 0.001, and the audit says so
    assert "can hardly find a leak" in out
    assert dermvtt("audit-mix", folder, "--permutations", 999)[0] == 1


@pytest.mark.parametrize("nested", [False, True])
def test_a_zip_is_read_as_its_folder_is(plant, tmp_path, nested):
    folder = plant()
    base = {"root_dir": tmp_path, "base_dir": folder.name} if nested else {"root_dir": folder}
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", **base)
    packed, lying = read_mix(tmp_path / archive), read_mix(folder)
    assert [(one.name, one.truth, one.data) for one in packed.images] == [
        (one.name, one.truth, one.data) for one in lying.images
    ]
    assert len({one.modified for one in packed.images}) == 1


def test_a_mix_of_the_contract_is_read_with_its_digests(tmp_path):
    folder = write_mix(tmp_path / "mix", 3, 2)
    assert read_mix(folder).altered == []
    path = one_file(folder)
    path.write_bytes(encode_png(np.zeros((16, 16, 3), np.uint8)))
    assert read_mix(folder).altered == [f"images/{path.name}"]


def test_tiny_grey_and_transparent_images_are_audited(dermvtt, plant):
    def odd(pixels, fake):
        return by_pillow(pixels[: 9 + 4 * fake, :9, 0].copy(), "GIF")

    code, out, _ = dermvtt("audit-mix", plant(odd), "--permutations", 199, "--json")
    found = {one["channel"]: one for one in json.loads(out)["channels"]}
    assert code == 1
    assert found["dimensions"]["verdict"] == "tells"
    assert found["compression"]["features"] == []


def unlinked(path):
    path.unlink()
    return path


def huge(path):
    """Let the header say that there are 60,000 x 60,000 pixels."""
    data = path.read_bytes()
    head = b"IHDR" + struct.pack(">II", 60_000, 60_000) + data[24:29]
    path.write_bytes(data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:])


HARMED_FILES = {
    "gone": unlinked,
    "no image": lambda path: path.write_bytes(b"no picture"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-3000]),
    "huge": huge,
    "pipe": lambda path: os.mkfifo(unlinked(path)),
    "link out": lambda path: unlinked(path).symlink_to("/etc/passwd"),
    "loop": lambda path: unlinked(path).symlink_to(path.name),
}
HARMED_MANIFESTS = {
    "no JSON": lambda images: "{",
    "no list": lambda images: "[]",
    "truth": lambda images: listed([*images, images[3] | {"truth": "perhaps"}]),
    "outside": lambda images: listed([*images, images[3] | {"file": "../../etc/passwd"}]),
    "odd name": lambda images: listed([*images, images[3] | {"file": "images/\ud800.png"}]),
    "twice": lambda images: listed([*images, images[3]]),
    "no fakes": lambda images: listed([one for one in images if one["truth"] == "real"]),
}


def listed(images):
    return json.dumps({"images": images})


def broken(folder, harm):
    path = folder / "manifest.json"
    images = json.loads(path.read_text())["images"]
    if harm in HARMED_FILES:
        HARMED_FILES[harm](folder / images[3]["file"])
    elif harm in HARMED_MANIFESTS:
        path.write_text(HARMED_MANIFESTS[harm](images))
    else:
        path.unlink()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("no manifest", "manifest.json cannot be read (No such file"),
        ("no JSON", "is no JSON document"),
        ("no list", "has no list 'images'"),
        ("truth", f"images.{REALS + FAKES}.truth must be real or fake, not 'perhaps'"),
        ("outside", f"images.{REALS + FAKES}.file must name a file inside the mix"),
        ("odd name", f"images.{REALS + FAKES}.file must name a file inside the mix"),
        ("loop", "Too many levels of symbolic links"),
        ("twice", "is listed twice"),
        ("no fakes", "has no fake image"),
        ("gone", "though manifest.json lists it"),
        ("pipe", "is not a regular file"),
        ("link out", "leads out of the mix"),
        ("no image", "cannot be read as an image (no known format)"),
        ("cut", "cannot be read as an image"),
        ("huge", "cannot be read as an image"),
    ],
)
def test_what_cannot_be_audited_is_one_message(dermvtt, plant, harm, words):
    folder = plant()
    broken(folder, harm)
    code, out, err = dermvtt("audit-mix", folder)
    message = err[err.index("error: ") :]
    assert (code, out) == (1, "")
    assert words in message
    assert message.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("given", ["nowhere", "file", "empty.zip", "damaged.zip"])
def test_what_is_no_mix_is_one_message(dermvtt, plant, tmp_path, given):
    path = tmp_path / given
    if given == "file":
        path.write_bytes(b"text")
    elif given == "empty.zip":
        path.write_bytes(b"PK\5\6" + bytes(18))
    elif given == "damaged.zip":
        whole = bytearray(Path(shutil.make_archive(str(tmp_path / "a"), "zip", plant())).read_bytes())
        whole[5_000:6_000] = bytes(1_000)
        path.write_bytes(whole)
    code, out, err = dermvtt("audit-mix", path)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert "Give a mix folder" in err


@pytest.mark.parametrize(
    "options", [(), ("x", "--permutations", 5), ("x", "--alpha", 2), ("x", "--seed", -1)]
)
def test_wrong_usage_is_exit_code_2(dermvtt, options):
    assert dermvtt("audit-mix", *options)[0] == 2


def test_help_has_an_example(dermvtt):
    assert "dermvtt audit-mix mixes/x" in dermvtt("audit-mix", "--help")[1]
