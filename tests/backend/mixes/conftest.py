"""Zips of pictures, good ones and such as are made to do harm."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image


def picture(seed, kind="PNG", size=(40, 32), **options):
    """A picture's file."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*reversed(size), 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    """A zip of files by name, or of pairs of a name (or ``ZipInfo``) and bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, data)
    return stream.getvalue()


def zip_of_folder(folder, prefix="", **more):
    """A mix folder's zip."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = {prefix + path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return zipped(files | {prefix + name: data for name, data in more.items()})


@pytest.fixture(scope="session")
def pictures():
    """Three files of pictures, each of another kind."""
    return {
        "a.png": picture(1),
        "deep/b.jpg": picture(2, "JPEG"),
        "c.webp": picture(3, "WEBP", lossless=True),
    }
