"""A disk that fills up in the middle of an import: no mix, and no bytes that stay for nothing."""

import subprocess

import pytest
import sqlalchemy as sa

from backend.database.tables import Image, Mix
from backend.storage import ImageStore, StorageUnavailable
from backend.studies.mixes import import_mix


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_mix_that_does_not_fit_leaves_nothing(database, small_disk, make_mix):
    store = ImageStore(small_disk / "images")
    kept = import_mix(database, store, make_mix(2, 1)).mix
    before = set(store.iterate())
    with pytest.raises(StorageUnavailable, match=r"No space left on device.*Make room"):
        import_mix(database, store, make_mix(12, 12, side=48))  # 7 kB each
    assert set(store.iterate()) == before
    assert [path for path in small_disk.rglob("*") if "partial" in path.name] == []
    with database.read() as session:
        assert session.scalars(sa.select(Mix.id)).all() == [kept.id]
        assert session.scalar(sa.select(sa.func.count(Image.id))) == 3
    store.check()
