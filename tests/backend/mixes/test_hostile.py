"""Uploads that are made to do harm, or merely broken: refused by the file's name, and nothing is kept."""

import hashlib
import io
import json
import shutil
import stat
import struct
import zipfile
import zlib

import pytest

from backend.intake import archives
from backend.intake.archives import Archive
from backend.intake.pictures import picture as read_picture
from backend.intake.unpacking import unpacked_mix
from backend.storage import ImageStore
from backend.studies.mixes import import_mix
from backend.studies.refusals import Invalid
from tests.backend.mixes.conftest import picture, zip_of_folder, zipped


def refusal(data):
    """What is said when all of a zip is read."""
    with pytest.raises(Invalid) as refused:
        for _ in Archive(io.BytesIO(data), "up.zip").files():
            pass
    return str(refused.value)


def info(name, mode=0):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


def test_a_zip_bomb_is_refused_by_its_total(monkeypatch):
    monkeypatch.setattr(archives, "MOST_UNPACKED", 10_000_000)
    names = [f"{number}.png" for number in range(11)]
    assert "would unpack to" in refusal(zipped({name: bytes(1_000_000) for name in names}))


def test_a_zip_bomb_is_refused_by_its_ratio(monkeypatch):
    monkeypatch.setattr(archives, "HARMLESS", 1_000_000)
    assert "times its size" in refusal(zipped({"a.png": bytes(2_000_000)}))
    assert len(Archive(io.BytesIO(zipped({"a.png": bytes(900_000)})), "up.zip").read("a.png")) == 900_000


def test_a_zip_bomb_is_refused_by_one_file(monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 1000)
    assert "a.png would unpack to" in refusal(zipped({"a.png": bytes(1001)}))


def test_a_file_that_says_that_it_is_small_is_read_no_further(monkeypatch):
    data = zipped({"a.png": bytes(100_000)})
    lying = data.replace(struct.pack("<I", 100_000), struct.pack("<I", 10))
    assert "a.png cannot be unpacked" in refusal(lying)  # its checksum is of more


def test_a_nested_zip_is_no_picture_and_is_not_opened():
    with pytest.raises(Invalid, match=r"inner\.zip is no image"):
        read_picture("inner.zip", zipped({"a.png": bytes(100_000_000)}), 16)


@pytest.mark.parametrize(
    "name",
    ["../a.png", "x/../../a.png", "/etc/a.png", "..\\a.png", "C:\\a.png", "\\\\host\\a.png", "a\x00.png"],
)
def test_names_that_lead_out_are_refused(name):
    entry = info("x" * len(name))
    entry.orig_filename = entry.filename = name
    said = refusal(zipped([(entry, b"x")]))
    assert "leads out of the archive" in said
    assert "\x00" not in said


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o600, stat.S_IFCHR | 0o600])
def test_links_and_devices_are_refused(mode):
    said = refusal(zipped([(info("images/a.png", mode), b"/etc/passwd")]))
    assert "images/a.png is a link or no regular file" in said


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_stand_twice_are_refused():
    assert "a.png is in it twice" in refusal(zipped([("a.png", b"x"), ("a.png", b"y")]))


def test_too_many_files_are_refused_before_they_are_listed():
    many = zipped({f"{number}": b"" for number in range(archives.MOST_ENTRIES + 1)}, zipfile.ZIP_STORED)
    assert "5,000 files at most" in refusal(many)


def test_a_table_of_contents_that_lies_about_its_length_is_refused():
    data = bytearray(zipped({"a" * 60_000 + str(number): b"" for number in range(40)}))
    at = data.rfind(b"PK\x05\x06")
    data[at + 8 : at + 12] = struct.pack("<HH", 1, 1)
    assert "holds too much" in refusal(bytes(data))
    assert "holds too much" in refusal(bytes(data[:at]) + b"PK\x06\x07" + bytes(16) + bytes(data[at:]))


def test_an_encrypted_file_is_refused():
    data = bytearray(zipped({"a.png": b"x"}))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(sign) + offset] |= 1
    assert "a.png is encrypted" in refusal(bytes(data))


def test_a_file_with_a_wrong_checksum_is_refused():
    data = zipped({"a.png": b"spoiled"}, zipfile.ZIP_STORED).replace(b"spoiled", b"Spoiled")
    assert "a.png cannot be unpacked (Bad CRC-32" in refusal(data)


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all" * 100, b"<html>" + zipped({"a.png": b"x"})])
def test_what_is_no_zip_is_refused(data):
    assert "up.zip is no zip" in refusal(data)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.99])
def test_a_zip_that_was_cut_off_is_refused(kept):
    data = zipped({"a.png": picture(1), "b.png": picture(2)})
    assert "up.zip is no zip, or was cut off" in refusal(data[: int(len(data) * kept)])


def test_an_empty_zip_and_one_of_mere_junk_are_refused():
    assert "is empty" in refusal(zipped({}))
    assert "is empty" in refusal(zipped({"__MACOSX/._a.png": b"x", ".DS_Store": b"x", "Thumbs.db": b"x"}))


def test_names_in_another_alphabet_and_encoding_are_shown_and_harmless():
    data = zipped({"L\xe4sion.png": b"x", "\u76ae.png": b"y"})
    names = [name for name, _ in Archive(io.BytesIO(data), "up.zip").files()]
    assert names == ["L\xe4sion.png", "\u76ae.png"]
    latin = zipped({"Lxsion.png": b"x"}).replace(b"Lxsion", b"L\xe4sion")  # no UTF-8, and not said to be
    ((name, _),) = Archive(io.BytesIO(latin), "up.zip").files()
    assert name.endswith("sion.png")
    assert name.isprintable()
    broken = bytearray(latin)
    for sign, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        broken[broken.find(sign) + offset] |= 8  # says that it is UTF-8, and is not
    assert "up.zip is a damaged zip" in refusal(bytes(broken))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def png_of(width, height):
    """A small file that says it is large."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(bytes(1000))
    chunks = [
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in (header, body)
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + b"\0\0\0\0IEND\xaeB`\x82"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("bomb.png", png_of(30_000, 30_000), "of a size that no camera takes"),
        ("large.png", png_of(9_000, 5_000), "more than 40 million pixels"),
        ("drawing.svg", SVG, "is no image"),
        ("drawing.png", SVG, "is no image"),
        ("page.jpg", b"<html><script>alert(1)</script>", "is no image"),
        ("cut.png", picture(1)[:900], "broken or truncated"),
        ("cut.jpg", picture(1, "JPEG", (200, 200))[:5000], "broken or truncated"),
        ("empty.png", b"", "is no image"),
        ("moving.gif", picture(1, "GIF"), "is no image"),
        ("small.png", picture(1, size=(15, 200)), "smaller than 16 x 16"),
        ("script.ps", b"%!PS-Adobe-3.0 EPSF-3.0\n", "is no image"),
    ],
)
def test_pictures_that_cannot_be_used_are_named(name, data, said):
    with pytest.raises(Invalid, match=said) as refused:
        read_picture(name, data, 16)
    assert name in str(refused.value)


def test_a_picture_of_several_is_refused():
    from PIL import Image

    stream = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    with pytest.raises(Invalid, match="holds 2 pictures"):
        read_picture("two.png", stream.getvalue(), 16)


@pytest.mark.parametrize(
    "more",
    [{"images/extra.svg": SVG}, {"notes.txt": b"x"}, {"images/../x.png": b"x"}, {"x/manifest.json": b"{}"}],
)
def test_a_mix_with_anything_else_in_it_is_refused(make_mix, more):
    data = zip_of_folder(make_mix(), "mix/", **more)
    with pytest.raises(Invalid), unpacked_mix(io.BytesIO(data), "up.zip"):
        pass


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "more",
    [zipped({"page.html": b"<script>alert(1)</script>"}), SVG, b"%PDF-1.4", png_of(16, 16)],
    ids=["zip", "svg", "pdf", "png"],
)
def test_an_image_that_is_something_else_too_is_refused(database, settings, make_mix, more):
    """Of a mix that fits its manifest: its images must be encoded in the one way, to the last byte."""
    folder = shutil.copytree(make_mix(), settings.data_dir / "mix")
    manifest = json.loads((folder / "manifest.json").read_text())
    for image in manifest["images"]:  # of all, so that none has another size
        path = folder / image["file"]
        path.write_bytes(path.read_bytes() + more)
        image["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Invalid, match=r"\.png"):
        import_mix(database, store := ImageStore(settings.images_dir), folder)
    assert list(store.iterate()) == []
