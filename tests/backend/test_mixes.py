"""Importing a mix: whole and blind, or not at all."""

import json
import shutil
import struct
import zlib

import pytest
import sqlalchemy as sa
from PIL import Image as Picture

from backend.database.tables import Image, Mix
from backend.storage import ImageStore
from backend.studies.mixes import import_mix
from backend.studies.refusals import Invalid
from training.manifest import digest


@pytest.fixture
def folder(make_mix, tmp_path):
    return shutil.copytree(make_mix(), tmp_path / "mix")


@pytest.fixture
def store(settings):
    return ImageStore(settings.images_dir)


def first_image(folder):
    return sorted((folder / "images").iterdir())[0]


def relist(folder, path, **changes):
    """Make the manifest agree with a changed file, as a careless author would."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for image in manifest["images"]:
        if image["file"] == f"images/{path.name}":
            image.update({"sha256": digest(path.read_bytes())} | changes)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def with_pixels(data, compressed):
    """The same PNG with another stream of pixels, its checksum right."""
    chunk = b"IDAT" + compressed
    body = struct.pack(">I", len(compressed)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return data[:33] + body + data[-12:]


def refusal(database, store, folder):
    with pytest.raises(Invalid) as refused:
        import_mix(database, store, folder)
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count(Mix.id))) == 0
        assert session.scalar(sa.select(sa.func.count(Image.id))) == 0
    return str(refused.value)


def test_a_mix_is_taken_with_truth_and_provenance(database, store, folder):
    imported = import_mix(database, store, folder, "PGAN")
    assert (imported.new, imported.mix.name) == (True, "PGAN")
    assert (imported.mix.reals, imported.mix.fakes, imported.mix.drawn) == (5, 3, False)
    with database.read() as session:
        images = session.scalars(sa.select(Image)).all()
    for image in images:
        assert store.get(image.sha256) == (folder / "images" / f"{image.public_id}.png").read_bytes()
    assert {image.source for image in images} == {"real", "pgan"}
    assert {image.provenance["latent_seed"] for image in images if image.truth == "fake"} == {5, 6, 7}


def test_the_same_mix_is_imported_once(database, store, folder):
    first, second = (import_mix(database, store, folder) for _ in range(2))
    assert (first.new, second.new) == (True, False)
    assert first.mix.id == second.mix.id


def test_a_missing_image_is_named(database, store, folder):
    path = first_image(folder)
    path.unlink()
    assert path.name in refusal(database, store, folder)


def test_an_altered_image_is_named(database, store, folder):
    path = first_image(folder)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert path.name in refusal(database, store, folder)


@pytest.mark.parametrize("name", ["images/extra.png", "images/deep/extra.png", "notes.txt"])
def test_an_extra_file_is_named(database, store, folder, name):
    (folder / name).parent.mkdir(exist_ok=True)
    shutil.copy(first_image(folder), folder / name)
    assert name in refusal(database, store, folder)


def test_sizes_that_could_tell_real_from_fake_are_refused(database, store, folder):
    path = first_image(folder)
    Picture.new("RGB", (16, 16), "brown").save(path)  # smooth, from an encoder that compresses
    relist(folder, path)
    assert "could tell real from fake" in refusal(database, store, folder)


def test_metadata_that_could_tell_real_from_fake_is_refused(database, store, folder):
    path = first_image(folder)
    data = path.read_bytes()
    text = b"tEXta\0bc"
    chunk = struct.pack(">I", 4) + text + struct.pack(">I", zlib.crc32(text))
    path.write_bytes(data[:-12] + chunk + data[-12:])
    relist(folder, path)
    assert "tEXt" in refusal(database, store, folder)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"GIF89a" + data,
        lambda data: data[:-1],
        lambda data: data + b"more",
        lambda data: data[:19] + b"\x20" + data[20:],  # says 32 wide
        lambda data: data[:8],
        lambda data: data[:60] + b"\x00" * 40 + data[100:],  # a chunk that is not what its checksum says
        lambda data: with_pixels(data, b"no deflate stream"),
        lambda data: with_pixels(data, zlib.compress(bytes(16 * 49 - 1))),  # a row too short
        lambda data: with_pixels(data, zlib.compress(bytes(10**7))),  # far more than a picture
        lambda data: with_pixels(data, zlib.compress(b"\1" + bytes(16 * 49 - 1))),  # a filtered row
        lambda data: with_pixels(data, zlib.compress(bytes(16 * 49))),  # compressed, as no mix is
        lambda data: b"",
    ],
)
def test_what_is_no_picture_of_the_mix_is_refused(database, store, folder, spoil):
    path = first_image(folder)
    path.write_bytes(spoil(path.read_bytes()))
    relist(folder, path)
    assert path.name in refusal(database, store, folder)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"truth": "perhaps"}, "truth"),
        ({"truth": "fake", "provenance": {"dataset": "0" * 64, "index": 0}}, "provenance"),
        ({"file": "../../etc/passwd"}, "file"),
        ({"id": "short"}, "id"),
        ({"sha256": "0"}, "sha256"),
        ({"label": "x"}, "label"),
    ],
)
def test_a_manifest_that_breaks_the_contract_is_refused(database, store, folder, change, named):
    relist(folder, first_image(folder), **change)
    assert named in refusal(database, store, folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "other"}'])
def test_a_manifest_that_is_none_is_refused(database, store, folder, text):
    (folder / "manifest.json").write_text(text)
    assert "manifest.json" in refusal(database, store, folder)


def test_a_folder_that_is_no_mix_is_refused(database, store, tmp_path):
    assert "mix folder" in refusal(database, store, tmp_path)
