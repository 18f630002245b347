"""One store, wherever the bytes lie: by their SHA-256, verified, whole or not at all."""

import hashlib
import resource
import subprocess
import sys

import pytest

from backend.settings import Settings
from backend.storage import ImageLost, ImageStore, StorageUnavailable, open_store

PICTURE = bytes(range(256)) * 40


@pytest.fixture(params=["folder", "bucket"])
def kept(request, tmp_path):
    """A store, and what overwrites an image in it behind its back."""
    if request.param == "folder":
        settings = Settings(data_dir=tmp_path)

        def spoil(sha256, data):
            (settings.images_dir / sha256[:2] / f"{sha256}.png").write_bytes(data)

        return open_store(settings), spoil
    settings, s3 = request.getfixturevalue("bucket_settings"), request.getfixturevalue("s3")

    def spoil(sha256, data):
        key = f"{settings.images_url.removeprefix('s3://images/')}/{sha256[:2]}/{sha256}.png"
        s3.client.put_object(Bucket="images", Key=key, Body=data)

    return open_store(settings), spoil


def test_what_is_put_comes_back_and_can_be_listed_and_removed(kept):
    store, _ = kept
    sha256 = store.put(PICTURE)
    assert sha256 == hashlib.sha256(PICTURE).hexdigest()
    other = store.put(b"other")
    assert (store.get(sha256), store.get(other), store.exists(sha256)) == (PICTURE, b"other", True)
    assert set(store.iterate()) == {sha256, other}
    store.check()
    store.remove(sha256)
    store.remove(sha256)
    assert set(store.iterate()) == {other}
    assert not store.exists(sha256)
    with pytest.raises(ImageLost, match="is missing"):
        store.get(sha256)


def test_other_bytes_are_never_handed_out_and_are_mended_by_keeping_the_image_again(kept):
    store, spoil = kept
    sha256 = store.put(PICTURE)
    spoil(sha256, PICTURE[:-1])
    for read in (store.get, store.for_rater):
        with pytest.raises(ImageLost, match="altered"):
            read(sha256)
    store.put(PICTURE)
    assert store.for_rater(sha256) == PICTURE


def test_what_an_admin_looks_at_does_not_reach_raters_sooner(kept):
    store, spoil = kept
    sha256 = store.put(PICTURE)
    store.get(sha256)
    spoil(sha256, b"")
    with pytest.raises(ImageLost):  # it was read anew: nothing is in memory
        store.for_rater(sha256)
    store.put(PICTURE)
    store.for_rater(sha256)
    spoil(sha256, b"")
    assert store.for_rater(sha256) == PICTURE
    with pytest.raises(ImageLost):
        store.get(sha256)


def test_memory_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("backend.storage.store.REMEMBERED", 3 * len(PICTURE))
    store = ImageStore(tmp_path)
    images = [store.put(bytes([number]) + PICTURE[1:]) for number in range(5)]
    for sha256 in images:
        store.for_rater(sha256)
        store.remove(sha256)
    assert store.for_rater(images[-1])
    with pytest.raises(ImageLost):
        store.for_rater(images[0])


def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    """A limit on the size of files, in a process of its own: the system's own error, at the same place."""
    program = f"""
import resource, signal, sys
from pathlib import Path
from backend.storage import ImageStore, StorageUnavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
store = ImageStore(Path({str(tmp_path)!r}))
store.put(b"fits")
try:
    store.put(bytes(9000))
except StorageUnavailable as error:
    print(error.strerror)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert f"images cannot be written in {tmp_path}" in ended.stdout
    assert "Make room there" in ended.stdout
    assert [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()] == [b"fits"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "images").write_text("a file where a folder should be")
    store = ImageStore(tmp_path / "images")
    for attempt in (store.check, lambda: store.put(b"x")):
        with pytest.raises(StorageUnavailable, match=str(tmp_path / "images")):
            attempt()
