"""``make train-pgan``: which data set it trains on, and with whose programs."""

import json
import subprocess
import sys
from pathlib import Path

from training.checkpoint import checkpoints
from training.phantom import draw_folder

ROOT = Path(__file__).parents[2]


def test_photographs_of_another_folder_of_the_same_name_are_never_trained_on(tiny, tmp_path):
    for seed, place in enumerate("ab"):
        draw_folder(tmp_path / place / "my photos", 4, seed, workers=1)

    def train(data):
        command = [
            "sh",
            ROOT / "scripts" / "train.sh",
            Path(sys.executable).parent,
            "pgan",
            data,
            tiny,
            "run",
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    def prepared():
        return {path.name for path in (tmp_path / "data").iterdir()}

    assert train("a/my photos")[0] == 0
    (first,) = prepared()
    assert first.startswith("my photos-")
    digest = json.loads((tmp_path / "data" / first / "dataset.json").read_text())["digest"]
    (state,) = {
        json.loads((at / "state.json").read_text())["dataset"] for at in checkpoints(tmp_path / "run")
    }
    assert state == digest

    # The run of a/my photos refuses those of b, which became a data set of their own.
    code, said = train("b/my photos")
    assert code == 1 and "dataset digest: " in said
    assert len(prepared()) == 2 and first in prepared()


def test_make_uses_the_environment_it_is_given():
    make = ["make", "--dry-run", "--always-make", "VENV=/elsewhere/venv", "train-pgan"]
    done = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True)
    scripts = [line for line in done.stdout.splitlines() if line.startswith("sh scripts/")]
    assert len(scripts) >= 3 and not any(".venv" in line for line in scripts)
