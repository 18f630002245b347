"""A mix of images that were made elsewhere: alike in all but the picture."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from backend.storage import ImageStore
from backend.studies.mixes import import_mix
from backend.studies.refusals import Invalid
from tests.backend.mixes.conftest import picture, zipped
from training.manifest import read_images, read_manifest
from training.prepare.decode import decode_photograph

POLYGLOT = picture(9) + zipped({"page.html": b"<script>alert(1)</script>"})


@pytest.fixture
def build(dermvtt, tmp_path, pictures):
    """Build a mix of reals in a zip and fakes in a folder."""

    def run(*options, fakes=None):
        (tmp_path / "reals.zip").write_bytes(zipped(pictures | {"__MACOSX/._a.png": b"junk"}))
        (tmp_path / "fakes").mkdir(exist_ok=True)
        for name, data in (fakes or {"f.png": picture(5), "g.png": picture(6, "JPEG")}).items():
            (tmp_path / "fakes" / name).write_bytes(data)
        out = tmp_path / "mix"
        told = dermvtt("build-mix", tmp_path / "reals.zip", tmp_path / "fakes", "--out", out, *options)
        return out, told

    return run


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_all_of_both_are_encoded_alike_and_can_be_imported(build, pictures, database, settings):
    out, (code, said, _) = build("--resolution", 16, "--family", "stylegan3", "--seed", 4)
    assert (code, "3 reals and 2 fakes" in said) == (0, True)
    manifest = read_manifest(out)
    assert [image.id for image in manifest.images] == sorted(image.id for image in manifest.images)
    files = list(read_images(out, manifest))
    assert len({len(data) for _, data in files}) == 1
    assert len({path.stat().st_mtime for path in out.rglob("*")}) == 1
    expected = {decode_photograph(data, 16).pixels.tobytes() for data in pictures.values()}
    shown = {np.asarray(Image.open(io.BytesIO(data))).tobytes() for one, data in files if one.truth == "real"}
    assert shown == expected
    assert {one.source for one, _ in files} == {"real", "stylegan3"}
    assert not any(b"deep" in path.read_bytes() for path in out.rglob("*.json"))  # names may name patients
    imported = import_mix(database, ImageStore(settings.images_dir), out)
    assert (imported.mix.reals, imported.mix.fakes, imported.mix.resolution) == (3, 2, 16)
    assert imported.mix.configuration["built_from"] == "files"


def test_the_seed_gives_the_ids(build, tmp_path):
    first, _ = build("--resolution", 16, "--seed", 4)
    first.rename(tmp_path / "first")
    second, _ = build("--resolution", 16, "--seed", 4)
    assert (tmp_path / "first" / "manifest.json").read_bytes() == (second / "manifest.json").read_bytes()


def test_one_picture_is_not_built_in_twice_in_whatever_file(build, pictures):
    name, data = next((name, data) for name, data in pictures.items() if data.startswith(b"\x89PNG"))
    out, (code, _, said) = build("--resolution", 16, fakes={"f.png": data + b"more"})
    assert (code, out.exists()) == (1, False)
    assert "f.png shows the same picture as " in said
    assert name in said


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_one_picture_is_not_both_real_and_fake(make_mix, tmp_path, database, settings):
    folder = shutil.copytree(make_mix(reals=2, fakes=1), tmp_path / "both")
    manifest = read_manifest(folder)
    real = next(image for image in manifest.images if image.truth == "real")
    fake = next(image for image in manifest.images if image.truth == "fake")
    shutil.copy(folder / real.file, folder / fake.file)
    told = (folder / "manifest.json").read_text().replace(fake.sha256, real.sha256)
    (folder / "manifest.json").write_text(told)
    with pytest.raises(Invalid, match="as a real and as a fake"):
        import_mix(database, ImageStore(settings.images_dir), folder)


def test_of_a_file_that_is_more_than_a_picture_only_the_picture_stays(build):
    out, (code, _, _) = build("--resolution", 16, fakes={"p.png": POLYGLOT, "really.png": picture(7, "BMP")})
    assert code == 0
    assert not any(
        b"alert" in path.read_bytes() or b"PK" in path.read_bytes()[-60:] for path in out.rglob("*.png")
    )


@pytest.mark.parametrize(
    ("fakes", "said"),
    [
        ({"x.png": b"<svg/>"}, "x.png is no image"),
        ({"x.png": picture(1)}, "x.png is the same file as"),
        ({"x.png": picture(8, size=(8, 8))}, "smaller than 16 x 16"),
        ({".hidden": b""}, "holds no image"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_no_mix_is_made(build, fakes, said):
    out, (code, _, err) = build("--resolution", 16, fakes=fakes)
    assert (code, said in err) == (1, True), err
    assert not out.exists()
