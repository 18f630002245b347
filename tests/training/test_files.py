"""Folders and files: whole under their name, or not there."""

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
