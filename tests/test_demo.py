"""``dermvtt demo`` from photographs to a study that is served, twice."""

import os
import re
import subprocess
import sys
import urllib.request

import pytest

from training.phantom import draw_folder

TINY = """
resolution = 8
images = 64
fmap_base = 32
fmap_max = 8
minibatch = 8
hold = 16
fade = 16
threads = 1
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("user") / "My photos"
    draw_folder(folder, 52, size=48, workers=1)
    (folder / "broken.jpg").write_text("no image")
    return folder


def start(arguments, home):
    """Run the demo until it serves; return the process and what it printed."""
    command = [
        sys.executable,
        "-m",
        "backend.cli",
        "demo",
        "--folder",
        str(home / "demo"),
        *map(str, arguments),
    ]
    environment = os.environ | {"DERMVTT_PORT": "18500"}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home
    )
    printed = ""
    for line in process.stdout:
        printed += line
        if "Ctrl-C" in line:
            break
    return process, printed


def stop(process):
    process.terminate()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=30)
    return errors


def links(printed):
    found = dict(re.findall(r"Rater \((\w+)\): +(\S+)", printed))
    assert set(found) == {"ED", "DLE"}
    return found


@pytest.mark.timeout(280)
def test_from_photographs_to_a_study_and_back_again(photos, tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    arguments = ("--data", photos, "--preset", tmp_path / "tiny.toml")
    process, printed = start(arguments, tmp_path)
    first = links(printed)
    with urllib.request.urlopen(first["ED"]) as page:
        assert b"computer-drawn phantoms" in page.read()
    with urllib.request.urlopen(re.search(r"http\S+/admin", printed)[0]) as page:
        assert page.status == 200
    password = re.search(r"One-time password: (\S+)", printed)[1]
    errors = stop(process)
    for stage in (
        "[2 of 4] Preparing",
        "broken.jpg",
        "[3 of 4] Training",
        "[4 of 4] Mixing 30 fakes and 50 reals",
    ):
        assert stage in errors

    process, printed = start(arguments, tmp_path)
    assert links(printed) == first
    assert password in printed
    assert "[" not in stop(process)  # nothing is made again


def test_too_few_photographs_are_said_before_any_training(tmp_path):
    draw_folder(tmp_path / "few", 3, size=48, workers=1)
    process, printed = start(("--data", tmp_path / "few"), tmp_path)
    errors = stop(process)
    assert process.returncode == 1
    assert printed == ""
    assert "needs 50 photographs at least, and there are 3" in errors
    assert "Training" not in errors
