"""Fetching from a stand-in for the archive with the real client: whole, interrupted, damaged, refused."""

import csv
import fcntl
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from isic_metadata.diagnosis_hierarchical import DiagnosisEnum

from tests.training.archive import LICENCE_TEXT, Archive, environment
from training.cli import main
from training.errors import UserError
from training.fetch.folder import fetch
from training.fetch.table import CODES, add_codes, code_of, image_ids

ROOT = Path(__file__).parents[2]
SIDE_FILES = {"LICENCE.txt", "attribution.txt", "fetched.json", "metadata.csv"}
FIRST, SECOND, THIRD = "ISIC_0024306", "ISIC_0024307", "ISIC_0024308"


@pytest.fixture
def fetching(monkeypatch, capsys, tmp_path):
    """Run ``dermvtt-train fetch`` into ``tmp_path/isic``; return its exit code and what it said."""

    def run(port, *arguments):
        for name in os.environ:
            if name.lower().endswith("_proxy"):
                monkeypatch.delenv(name)
        for name, value in environment(port).items():
            monkeypatch.setenv(name, value)
        command = ["dermvtt-train", "fetch", "--out", tmp_path / "isic", *arguments]
        monkeypatch.setattr("sys.argv", [str(part) for part in command])
        try:
            main()
            code = 0
        except SystemExit as error:
            code = error.code
        return code, capsys.readouterr().err

    return run


@pytest.fixture
def closed_port():
    """A port that nothing listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def contents(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def images(archive):
    return {f"{name}.jpg" for name in archive.files}


def test_a_collection_becomes_a_folder_to_prepare(fetching, closed_port, tmp_path):
    with Archive(count=7, page=3) as archive:
        code, said = fetching(archive.port)
        assert code == 0 and sorted(archive.sent) == sorted(archive.files)
    terms, work = said.split("Collection 66, 'Challenge 2018: Task 3: Training': 7 images")
    for needed in ("CC BY-NC 4.0", "doi:10.1038/sdata.2018.161", "arXiv:1902.03368"):
        assert needed in terms  # before anything is downloaded
    assert "Downloading: 7/7 images" in work and "Checking: 7/7 images" in work
    assert "diagnosis: nv 2, mel 2, vasc 1, akiec 1, bkl 1" in work

    out = tmp_path / "isic"
    assert contents(tmp_path) == {"isic"} | {f"isic/{name}" for name in images(archive) | SIDE_FILES}
    assert all((out / f"{name}.jpg").read_bytes() == data for name, data in archive.files.items())
    licence = (out / "LICENCE.txt").read_text()
    assert licence.startswith(terms.strip()) and LICENCE_TEXT in licence
    with (out / "metadata.csv").open(newline="") as file:
        row = next(csv.DictReader(file))
    assert row["isic_id"] == FIRST and row["lesion_id"] == "IL_0000000"
    assert (row["diagnosis"], row["diagnosis_1"], row["diagnosis_3"]) == ("nv", "Benign", "Nevus")

    # Once whole, it needs no archive.
    code, said = fetching(closed_port)
    assert code == 0 and "is whole already" in said


def test_a_connection_cut_in_the_middle_of_an_image_is_made_good_at_once(fetching, tmp_path):
    with Archive(faults={SECOND: ["cut"]}) as archive:
        assert fetching(archive.port)[0] == 0
        assert archive.asked.count(f"/images/{SECOND}.jpg") == 2
    assert (tmp_path / "isic" / f"{SECOND}.jpg").read_bytes() == archive.files[SECOND]
    assert contents(tmp_path / "isic") == images(archive) | SIDE_FILES


def test_after_a_server_that_died_half_way_only_what_is_missing_is_fetched(fetching, tmp_path):
    with Archive(dies_after=4) as archive:
        code, said = fetching(archive.port, "--patience", 3)
    assert code == 1 and not (tmp_path / "isic").exists()
    assert "4 of 6 images are here: nothing has arrived for 3 seconds. Run the same command again" in said
    partial = tmp_path / "isic.partial"
    assert contents(partial) == {f"{name}.jpg" for name in archive.sent} | {"fetched.json", ".isic-cli.log"}

    (partial / ".isic-partial.1.abc").write_bytes(b"of a client that was killed")
    (partial / "LICENCE.txt.partial-1").write_bytes(b"of a command that was killed")
    with Archive() as again:
        code, said = fetching(again.port)
        assert code == 0 and "6 images, 4 of them here already" in said
        assert sorted(again.sent) == sorted(set(archive.files) - set(archive.sent))
    assert contents(tmp_path / "isic") == images(again) | SIDE_FILES and not partial.exists()


@pytest.mark.parametrize("fault", ["short", "refused"])
def test_an_image_that_is_not_whole_is_not_taken_though_the_client_says_so(fetching, tmp_path, fault):
    with Archive(faults={THIRD: [fault]}) as archive:
        code, said = fetching(archive.port)
        assert code == 1 and "5 of 6 images are here: 1 did not arrive whole." in said
        assert (f"removed {THIRD}.jpg: broken or truncated" in said) == (fault == "short")
        log = (tmp_path / "isic.partial" / ".isic-cli.log").read_text()
        assert "Successfully downloaded 6 images" in log
        archive.sent.clear()
        assert fetching(archive.port)[0] == 0
        assert archive.sent == [THIRD]


def test_what_is_damaged_or_lost_later_is_fetched_again(fetching, tmp_path):
    out = tmp_path / "isic"
    with Archive() as archive:
        assert fetching(archive.port)[0] == 0
        damaged = out / f"{SECOND}.jpg"
        data = damaged.read_bytes()
        damaged.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))  # of the right size
        (out / f"{THIRD}.jpg").unlink()
        archive.sent.clear()
        code, said = fetching(archive.port)
        assert code == 0 and f"removed {SECOND}.jpg" in said and "is not whole any more" in said
        assert sorted(archive.sent) == [SECOND, THIRD]
    assert all((out / f"{name}.jpg").read_bytes() == data for name, data in archive.files.items())


def test_an_archive_that_cannot_be_reached_is_one_message_that_says_what_to_do(
    fetching, closed_port, tmp_path
):
    code, said = fetching(closed_port)
    (error,) = [line for line in said.splitlines() if line.startswith("error: ")]
    assert code == 1 and "Traceback" not in said and said.endswith(f"{error}\n")
    assert "the ISIC Archive (http://127.0.0.1:8000) cannot be reached: no connection." in error
    assert "HTTPS_PROXY" in error and "Run the same command again later" in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("archive", "arguments", "message"),
    [
        (Archive(), ("--collection", 67), "has no public collection 67"),
        (Archive(ill="busy"), (), "answered 503 Service Unavailable. Run the same command again later"),
        (Archive(ill="page"), (), "is not the ISIC Archive. Is there a login page before it?"),
        (Archive(claimed_bytes=10**21), (), r"needs 10+\.0 GB more, and its disk has .* GB left. Make room"),
    ],
)
def test_what_stands_against_it_is_said_before_anything_is_fetched(fetching, archive, arguments, message):
    with archive:
        code, said = fetching(archive.port, *arguments)
    assert code == 1 and re.search(f"error: .*{message}", said) and not archive.sent


def test_a_folder_that_cannot_be_written_is_named(fetching, tmp_path):
    (tmp_path / "file").write_text("")
    with Archive() as archive:
        code, said = fetching(archive.port, "--out", tmp_path / "file" / "isic")
    assert code == 1 and f"error: {tmp_path}/file/isic" in said and "Not a directory" in said


def test_a_disk_that_takes_no_more_is_what_is_said(tmp_path):
    """By a limit on the size of files: images and what else is larger fail as on a full disk."""
    with Archive(size=128) as archive:
        limit = min(map(len, archive.files.values())) - 1
        done = subprocess.run(
            [sys.executable, "-m", "training.cli", "fetch", "--out", "isic"],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
            cwd=tmp_path,
            env=archive.environment,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "isic.partial/.room could not be written: File too large." in done.stderr.splitlines()[-1]


def test_stopped_it_takes_the_client_with_it_and_keeps_what_is_there(fetching, tmp_path):
    with Archive(faults={FIRST: ["hang"]}) as archive:
        command = [sys.executable, "-m", "training.cli", "fetch", "--out", tmp_path / "isic"]
        process = subprocess.Popen(
            command, env=archive.environment, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        while len(list((tmp_path / "isic.partial").glob("*.jpg"))) < 5:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[1]
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)  # nobody of its group is left
    assert process.returncode == 130 and "the same command goes on from there" in said.splitlines()[-1]
    with Archive() as again:
        assert fetching(again.port)[0] == 0
        assert again.sent == [FIRST]


def test_two_commands_do_not_fetch_into_one_folder(fetching, tmp_path):
    with Archive(faults={FIRST: ["refused"]}) as archive:
        assert fetching(archive.port)[0] == 1
        handle = os.open(tmp_path / "isic.partial", os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        code, said = fetching(archive.port)
        os.close(handle)
        assert code == 1 and "another command is fetching into" in said
        assert fetching(archive.port)[0] == 0


def test_a_folder_of_another_choice_or_origin_is_left_alone(fetching, tmp_path):
    with Archive() as archive:
        assert fetching(archive.port, "--limit", 2)[0] == 0
        assert sorted(archive.sent) == [FIRST, SECOND] == image_ids(tmp_path / "isic" / "metadata.csv")
        code, said = fetching(archive.port)
        assert code == 1 and "holds another choice of images: --collection 66 --limit 2." in said
        (tmp_path / "own").mkdir()
        (tmp_path / "own" / "photo.jpg").write_bytes(b"mine")
        code, said = fetching(archive.port, "--out", tmp_path / "own")
        assert code == 1 and "was not made by this command" in said
    assert contents(tmp_path / "own") == {"photo.jpg"}


def test_without_the_client_it_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "isic_cli", None)
    with pytest.raises(UserError, match=r"not installed. Install it: pip install 'dermvtt\[data\]'"):
        fetch(tmp_path / "isic")
    assert not list(tmp_path.iterdir())


def test_every_name_that_has_a_code_is_one_of_the_archives():
    names = {name for value in DiagnosisEnum for name in value.value.split(":")}
    assert set(CODES) <= names
    assert set(CODES.values()) == {"mel", "nv", "bcc", "akiec", "bkl", "df", "vasc"}


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        (["Malignant", "Malignant melanocytic proliferations (Melanoma)", "Melanoma in situ"], "mel"),
        (["Benign", "Benign melanocytic proliferations", "Nevus", "Nevus, Spitz"], "nv"),
        (["Benign", "Benign soft tissue proliferations - Vascular"], "vasc"),
        (["Benign", "Benign melanocytic proliferations", "Lentigo simplex"], ""),
        (["Benign"], ""),
        ([], ""),
    ],
)
def test_a_code_comes_from_whichever_level_has_one(levels, code):
    assert code_of({f"diagnosis_{at}": name for at, name in enumerate(levels, start=1)}) == code


def test_a_diagnosis_that_the_archive_gives_itself_is_left(tmp_path):
    table = tmp_path / "metadata.csv"
    table.write_text("isic_id,diagnosis,diagnosis_3\nISIC_1,naevus,Nevus\n")
    assert add_codes(table) == {"naevus": 1}
    assert table.read_text().endswith("ISIC_1,naevus,Nevus\n")


def test_a_table_without_ids_is_refused(tmp_path):
    (tmp_path / "metadata.csv").write_text("")
    with pytest.raises(UserError, match="no column isic_id"):
        image_ids(tmp_path / "metadata.csv")


def test_make_data_fetches_and_prepares_once(closed_port, tmp_path):
    def make_data(port):
        command = ["sh", ROOT / "scripts" / "data.sh", Path(sys.executable).parent]
        return subprocess.run(
            command, cwd=tmp_path, env=environment(port), stderr=subprocess.PIPE, text=True, check=False
        )

    assert make_data(closed_port).returncode == 1 and not (tmp_path / "data").exists()
    with Archive(count=5, size=256) as archive:
        done = make_data(archive.port)
        assert done.returncode == 0, done.stderr
    with (tmp_path / "data" / "isic2018" / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == sorted(images(archive))
    assert [row["diagnosis"] for row in rows] == ["nv", "mel", "vasc", "akiec", "bkl"]
    assert rows[4]["lesion_id"] == "IL_0000002" and rows[4]["isic_id"] == "ISIC_0024310"
    done = make_data(closed_port)
    assert done.returncode == 0 and "is prepared already" in done.stderr


def test_make_installs_the_client_before_it_fetches():
    make = ["make", "--dry-run", "--always-make", "VENV=/elsewhere/venv", "data"]
    printed = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert 0 < printed.index("'.[data]'") < printed.index("sh scripts/data.sh /elsewhere/venv/bin")
