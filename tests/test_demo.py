"""``dermvtt demo`` from nothing, or from photographs, to a study that is served, and again."""

import os
import re
import subprocess
import sys
import urllib.request

import pytest

from training.manifest import digest, read_manifest
from training.phantom import draw_folder
from training.prepare import Options, prepare
from training.shipped import shipped


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


def generators(mix):
    """The digests of the generators that drew a mix's fakes."""
    return {image.provenance.generator for image in read_manifest(mix).images if image.truth == "fake"}


def home_of(folder):
    (home,) = (folder / "demo").iterdir()
    return home


def test_from_photographs_to_a_study_and_back_again(photos, tmp_path):
    process, printed = start(("--data", photos), tmp_path)
    first = links(printed)
    with urllib.request.urlopen(first["ED"]) as page:
        said = page.read().decode()
    assert "computer-drawn phantoms" in said
    for told in (said, printed):
        assert "64 x 64 pixels" in told and "trained on another data set of photographs" in told
    with urllib.request.urlopen(re.search(r"http\S+/admin", printed)[0]) as page:
        assert page.status == 200
    password = re.search(r"One-time password: (\S+)", printed)[1]
    errors = stop(process)
    for stage in (
        "[1 of 2] Preparing",
        "broken.jpg",
        "[2 of 2] Mixing 30 fakes by shipped:photographs and 50 reals",
    ):
        assert stage in errors
    assert generators(home_of(tmp_path) / "mix") == {digest(shipped("photographs").read_bytes())}

    process, printed = start(("--data", photos), tmp_path)
    assert links(printed) == first
    assert password in printed
    assert stop(process) == ""  # nothing is made again

    process, printed = start(("--data", photos, "--checkpoint", shipped("phantoms")), tmp_path)
    assert not set(links(printed).values()) & set(first.values())
    assert "trained on another data set of computer-drawn phantoms" in printed
    errors = stop(process)
    assert "Mixing 30 fakes by" in errors and "Preparing" not in errors
    (other,) = home_of(tmp_path).glob("mix-*")
    assert generators(other) == {digest(shipped("phantoms").read_bytes())}


def test_from_nothing_it_draws_what_it_needs(tmp_path):
    process, printed = start((), tmp_path)
    assert "trained on another data set of computer-drawn phantoms" in printed
    errors = stop(process)
    assert "[1 of 3] Drawing 64 phantoms" in errors and "[2 of 3] Preparing" in errors
    assert generators(tmp_path / "demo" / "phantoms" / "mix") == {digest(shipped("phantoms").read_bytes())}


def test_what_an_earlier_run_or_version_made_is_taken_as_it_is(photos, tmp_path):
    home = tmp_path / "demo" / "phantoms"
    prepare(photos, home / "data", Options(skip_bad=True, allow_upsampling=True), workers=1)
    (home / "photos").mkdir()
    (home / "run").mkdir()  # earlier versions trained
    process, _ = start((), tmp_path)
    errors = stop(process)
    assert "[3 of 3] Mixing" in errors and "Drawing 64" not in errors and "Preparing" not in errors

    (home / "mix" / "manifest.json").write_text("{")
    process, printed = start((), tmp_path)
    errors = stop(process)
    assert (process.returncode, printed) == (1, "")
    assert f"Remove {home / 'mix'}, and run the demo again" in errors and "Traceback" not in errors


def test_too_few_photographs_are_said_before_any_mixing(tmp_path):
    draw_folder(tmp_path / "few", 3, size=48, workers=1)
    process, printed = start(("--data", tmp_path / "few"), tmp_path)
    errors = stop(process)
    assert process.returncode == 1
    assert printed == ""
    assert "needs 50 photographs at least, and there are 3" in errors
    assert "Mixing" not in errors


def test_a_generator_that_is_not_there_is_said_before_any_work(tmp_path):
    process, printed = start(("--checkpoint", "runs/nowhere"), tmp_path)
    errors = stop(process)
    assert (process.returncode, printed) == (1, "")
    assert errors.startswith("error: runs/nowhere does not exist.") and "[" not in errors
