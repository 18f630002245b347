"""What the tests of training share: a small dataset of phantoms, and settings small enough for seconds."""

import pytest

from training.cli import main
from training.dataset import open_dataset
from training.phantom import draw_folder
from training.prepare import Options, prepare
from training.runs import started

TINY = """
resolution = 16
images = 104
latent_size = 8
minibatch = 8
hold = 20
fade = 20
fmap_base = 32
fmap_max = 8
flip_horizontal = true
swd_every = 0
tensorboard = false
checkpoint_every = 40
grid_every = 50
device = "cpu"
precision = "float32"
"""


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of 12 phantoms."""
    folder = tmp_path_factory.mktemp("phantoms") / "photos"
    draw_folder(folder, count=12, seed=0, size=32, workers=1)
    return folder


@pytest.fixture(scope="session")
def dataset(photos, tmp_path_factory):
    """12 phantoms at 32 x 32."""
    folder = tmp_path_factory.mktemp("dataset") / "data"
    prepare(photos, folder, Options(resolution=32), workers=1)
    return open_dataset(folder)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A preset that trains from 4 x 4 to 16 x 16 in a second."""
    path = tmp_path_factory.mktemp("preset") / "tiny.toml"
    path.write_text(TINY)
    return str(path)


@pytest.fixture
def begin(dataset, tiny, tmp_path):
    """Start a tiny training in a folder of ``tmp_path``."""

    def start(name="run", *changes, seed=0):
        return started(tmp_path / name, "pgan", dataset, tiny, changes, seed)

    return start


@pytest.fixture(scope="session")
def finished_run(dataset, tiny, tmp_path_factory):
    """The folder of a tiny training that came to its end; not to be changed."""
    run = tmp_path_factory.mktemp("runs") / "run"
    started(run, "pgan", dataset, tiny, (), 0).train(lambda tick: None)
    return run


@pytest.fixture
def run_command(monkeypatch, capsys):
    """Run ``dermvtt-train`` and return its exit code, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["dermvtt-train", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as error:
            code = error.code or 0
        return code, *capsys.readouterr()

    return run
