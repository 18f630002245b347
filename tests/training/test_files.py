"""Folders and files: whole under their name, or not there."""

import os
from pathlib import Path

import pytest

from training.errors import UserError
from training.files import new_file, new_folder


def test_a_folder_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "deep" / "report"
    with new_folder(target) as partial:
        (partial / "a").write_text("1")
        assert not target.exists()
    assert [path.name for path in target.parent.iterdir()] == ["report"]
    assert (target / "a").read_text() == "1"


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), new_folder(tmp_path / "report") as partial:
        (partial / "a").write_text("1")
        raise RuntimeError
    with pytest.raises(RuntimeError), new_file(tmp_path / "file") as partial:
        partial.write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_by_a_whole_one(tmp_path):
    target = tmp_path / "file"
    target.write_text("old")
    with new_file(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_written_is_the_users_to_mend(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="already exists"), new_folder(tmp_path / "file"):
        pytest.fail("began to work")
    for make in (new_folder, new_file):
        with pytest.raises(UserError, match="could not be written"), make(tmp_path / "file" / "below"):
            pytest.fail("began to work")


@pytest.mark.parametrize("make", [new_folder, new_file])
def test_a_file_elsewhere_that_cannot_be_read_is_the_one_named(tmp_path, make):
    message = r"source: No such file or directory. .*target was not written."
    with pytest.raises(UserError, match=message), make(tmp_path / "target"):
        (tmp_path / "source").read_bytes()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [new_folder, new_file])
def test_what_is_written_itself_is_named_by_its_final_name(tmp_path, make, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^target could not be written: "), make(Path("target")) as partial:
        (partial.absolute() / "missing" / "file").write_text("x")
    full = pytest.raises(UserError, match=r"target could not be written: No space left on device")
    with full, make(tmp_path / "target"), Path("/dev/full").open("wb", buffering=0) as device:
        device.write(b"x")


def test_modes_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with new_folder(tmp_path / "folder"), new_file(tmp_path / "file"):
            pass
    finally:
        os.umask(before)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("folder", "file")]
    assert modes == [0o750, 0o640]


def test_all_of_a_folder_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    flushed, flush = set(), os.fsync

    def noted(handle):
        flushed.add((os.fstat(handle).st_ino, (tmp_path / "target").exists()))
        flush(handle)

    monkeypatch.setattr(os, "fsync", noted)
    with new_folder(tmp_path / "target") as partial:
        (partial / "below").mkdir()
        (partial / "below" / "file").write_text("x")
    made = [tmp_path / "target", *(tmp_path / "target").rglob("*")]
    assert len(made) == 3
    assert flushed == {*((path.stat().st_ino, False) for path in made), (tmp_path.stat().st_ino, True)}
