"""Folders of photographs to dataset folders, by the command line and by the function."""

import contextlib
import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from training.cli import app
from training.dataset import open_dataset, verify
from training.errors import UserError
from training.phantom import draw_folder
from training.prepare import Options, prepare
from training.prepare.report import report

SMALL = Options(resolution=16)
COMMAND = [sys.executable, "-c", "from training.cli import main; main()", "prepare"]


def photo(path, seed, size=(24, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for seed, name in enumerate(["b.png", "a/z.tif", "a/y.bmp", "C.PNG", "a-1.png", "a/deep/er/x.webp"]):
        photo(folder / name, seed)
    return folder


def rows(dataset):
    with (dataset / "index.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files(dataset):
    return [row["file"] for row in rows(dataset)]


def leftovers(out):
    return [path.name for path in out.parent.iterdir() if path.name.startswith(out.name)]


def test_the_folder_keeps_its_contract(photos, tmp_path):
    out = tmp_path / "made" / "x"
    prepare(photos, out, SMALL)
    assert sorted(path.name for path in out.iterdir()) == ["dataset.json", "images.npy", "index.csv"]
    images = np.load(out / "images.npy")
    assert images.dtype == np.uint8 and images.shape == (6, 16, 16, 3)
    assert files(out) == ["C.PNG", "a-1.png", "a/deep/er/x.webp", "a/y.bmp", "a/z.tif", "b.png"]
    assert list(rows(out)[0]) == ["index", "file", "sha256", "width", "height", "drawn"]
    for number, row in enumerate(rows(out)):
        data = (photos / row["file"]).read_bytes()
        assert row["index"] == str(number)
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        assert (row["width"], row["height"], row["drawn"]) == ("24", "20", "false")
        with Image.open(photos / row["file"]) as image:
            square = image.crop((2, 0, 22, 20)).resize((16, 16), Image.Resampling.LANCZOS)
        assert np.array_equal(images[number], np.asarray(square))
    described = json.loads((out / "dataset.json").read_text())
    assert described["resolution"] == 16 and described["count"] == 6 and described["drawn"] == 0
    assert described["crop"] == "centre square" and described["resampling"] == "lanczos"
    pixels = b"".join(hashlib.sha256(image.tobytes()).digest() for image in images)
    assert described["digest"] == hashlib.sha256(b"16x16x3 uint8\n" + pixels).hexdigest()


def test_workers_change_nothing(tmp_path):
    """Forty images, of which some are left out, so that gaps are closed while others still work."""
    folder = tmp_path / "photos"
    for seed in range(40):
        photo(
            folder / f"{seed:02d}.png", seed // 2 if seed % 7 == 0 else 100 + seed, (24 + seed, 20 + seed % 5)
        )
    (folder / "07.png").write_bytes((folder / "03.png").read_bytes())
    (folder / "11.png").write_text("no image")
    (folder / "metadata.csv").write_text("file,age\n" + "".join(f"{n:02d}.png,{n}\n" for n in range(40)))
    for workers in (1, 3):
        prepare(folder, tmp_path / f"w{workers}", Options(resolution=16, skip_bad=True), workers=workers)
    for name in ("images.npy", "index.csv", "dataset.json"):
        assert (tmp_path / "w1" / name).read_bytes() == (tmp_path / "w3" / name).read_bytes()
    dataset = open_dataset(tmp_path / "w3")
    verify(dataset)
    assert dataset.count == 38
    for image, row in zip(dataset.images, dataset.index, strict=True):
        number = int(row["age"])
        with Image.open(folder / f"{number:02d}.png") as source:
            left, top, side = (source.width - min(source.size)) // 2, 0, min(source.size)
            square = source.crop((left, top, left + side, top + side))
        assert np.array_equal(image, np.asarray(square.resize((16, 16), Image.Resampling.LANCZOS)))


def spoil(photos):
    whole = (photos / "b.png").read_bytes()
    (photos / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photos / "empty.jpg").touch()
    (photos / "text.JPG").write_text("no image\n")
    (photos / "a" / "notes.txt").write_text("remember the milk\n")
    (photos / "slides.pdf").write_bytes(b"%PDF-1.4\n")
    (photos / "link.png").symlink_to("nowhere.png")
    photo(photos / "tiny.png", 9, (15, 40))
    return {"cut.png", "empty.jpg", "text.JPG", "a/notes.txt", "slides.pdf", "link.png", "tiny.png"}


def test_bad_files_stop_it_with_all_their_names(photos, tmp_path):
    bad = spoil(photos)
    out = tmp_path / "x"
    with pytest.raises(UserError) as caught:
        prepare(photos, out, SMALL)
    listed = [line.strip() for line in str(caught.value).splitlines() if line.startswith("  ")]
    assert {line.split(": ")[0] for line in listed} == bad
    assert all(line.split(": ", 1)[1] for line in listed)
    assert "tiny.png: 15 x 40 is smaller than 16 x 16" in str(caught.value)
    assert "--skip-bad" in str(caught.value)
    assert leftovers(out) == []


def test_skip_bad_leaves_them_out_and_lists_them(photos, tmp_path):
    bad = spoil(photos)
    out = tmp_path / "x"
    done = prepare(photos, out, Options(resolution=16, skip_bad=True))
    assert set(done.findings.bad) == bad and done.count == 6
    assert set(json.loads((out / "dataset.json").read_text())["findings"]["bad"]) == bad
    lines = report(done, out)
    assert sum(line.startswith("skipped ") for line in lines) == len(bad)
    assert "skipped empty.jpg: empty file" in lines
    verify(open_dataset(out))


def test_tables_notes_and_hidden_files_are_passed_over(photos, tmp_path):
    for name in (
        ".DS_Store",
        "Thumbs.db",
        "README.md",
        "LICENSE",
        "ATTRIBUTION.txt",
        "a/._y.bmp",
        "labels.csv",
    ):
        (photos / name).write_text("not an image")
    photo(photos / ".thumbnails" / "t.png", 50)
    (photos / "licenses").mkdir()
    (photos / "licenses" / "CC-BY-NC.txt").write_text("not an image")
    done = prepare(photos, tmp_path / "x", SMALL)
    assert done.count == 6
    assert done.findings.ignored == sorted(
        [
            ".DS_Store",
            ".thumbnails",
            "ATTRIBUTION.txt",
            "LICENSE",
            "README.md",
            "Thumbs.db",
            "a/._y.bmp",
            "labels.csv",
            "licenses",
        ]
    )
    assert any("README.md" in line for line in report(done, tmp_path / "x"))


def test_masks_and_duplicates_are_reported_and_left_out(photos, tmp_path):
    lesion = np.zeros((40, 40), np.uint8)
    lesion[10:30, 12:28] = 255
    Image.fromarray(lesion).save(photos / "one.png")
    photo(photos / "b_segmentation.png", 60)
    (photos / "z_copy.png").write_bytes((photos / "b.png").read_bytes())
    out = tmp_path / "x"
    done = prepare(photos, out, SMALL)
    assert done.findings.masks == ["b_segmentation.png", "one.png"]
    assert done.findings.duplicates == {"z_copy.png": "b.png"}
    assert done.count == 6 and not {"one.png", "b_segmentation.png", "z_copy.png"} & set(files(out))
    text = "\n".join(report(done, out))
    assert "one.png" in text and "z_copy.png (= b.png)" in text
    kept = prepare(photos, tmp_path / "y", Options(16, keep_masks=True, keep_duplicates=True))
    assert kept.count == 9 and kept.findings.masks and kept.findings.duplicates


def test_phantoms_are_marked(tmp_path):
    draw_folder(tmp_path / "photos", 2, size=32, workers=1)
    photo(tmp_path / "photos" / "z.png", 1)
    done = prepare(tmp_path / "photos", tmp_path / "x", SMALL, find_metadata=False)
    assert done.drawn == 2
    assert [row["drawn"] for row in rows(tmp_path / "x")] == ["true", "true", "false"]
    assert open_dataset(tmp_path / "x").drawn
    assert "2 of them drawn phantoms" in report(done, tmp_path / "x")[-1]


def test_a_metadata_file_beside_the_images_is_joined(photos, tmp_path):
    (photos / "metadata.csv").write_text("image_id,age,width\nb,45,7\nnobody,1,1\nx,30,8\n")
    done = prepare(photos, tmp_path / "x", SMALL)
    table = {row["file"]: row for row in rows(tmp_path / "x")}
    assert list(table["b.png"])[6:] == ["image_id", "age", "metadata_width"]
    assert table["b.png"]["age"] == "45" and table["b.png"]["metadata_width"] == "7"
    assert table["b.png"]["width"] == "24"
    assert table["a/deep/er/x.webp"]["age"] == "30" and table["C.PNG"]["age"] == ""
    assert (done.metadata.images_without_row, done.metadata.rows_without_image) == (4, 1)
    assert any("joined metadata.csv" in line for line in report(done, tmp_path / "x"))
    without = prepare(photos, tmp_path / "y", SMALL, find_metadata=False)
    assert without.metadata is None and without.findings.ignored == ["metadata.csv"]
    assert list(rows(tmp_path / "y")[0])[-1] == "drawn"


def test_given_metadata_come_before_those_found(photos, tmp_path):
    (photos / "metadata.csv").write_text("nothing of use\n")
    (photos / "table.txt").write_text("file,site\nb.png,arm\n")
    done = prepare(photos, tmp_path / "x", SMALL, metadata=photos / "table.txt")
    assert done.metadata.file == "table.txt" and rows(tmp_path / "x")[-1]["site"] == "arm"
    with pytest.raises(UserError, match=r"line 1: no column names the image file.*--no-metadata"):
        prepare(photos, tmp_path / "y", SMALL)


def test_a_row_that_fits_two_images_is_refused(photos, tmp_path):
    photo(photos / "other" / "b.png", 70)
    (photos / "metadata.csv").write_text("file,age\nC.PNG,3\nb,45\n")
    with pytest.raises(UserError, match=r"line 3: 'b' fits two images, b\.png and other/b\.png"):
        prepare(photos, tmp_path / "x", SMALL)
    assert leftovers(tmp_path / "x") == []


def test_links_are_followed_and_loops_are_not(photos, tmp_path):
    photo(tmp_path / "elsewhere" / "e.png", 80)
    (photos / "linked").symlink_to(tmp_path / "elsewhere")
    (photos / "a" / "up").symlink_to(photos)
    prepare(photos, tmp_path / "x", SMALL)
    assert "linked/e.png" in files(tmp_path / "x") and len(files(tmp_path / "x")) == 7


def test_a_name_that_is_not_utf8_is_bad(photos, tmp_path):
    (photos / os.fsdecode(b"caf\xe9.png")).write_bytes((photos / "b.png").read_bytes())
    with pytest.raises(UserError, match="its name is not UTF-8"):
        prepare(photos, tmp_path / "x", SMALL)


@pytest.mark.parametrize(
    ("source", "message"),
    [("missing", "does not exist"), ("file", "is not a folder"), ("empty", "holds no image")],
)
def test_a_source_without_images_is_refused(tmp_path, source, message):
    (tmp_path / "file").touch()
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    (tmp_path / "empty" / "README.md").touch()
    with pytest.raises(UserError, match=message):
        prepare(tmp_path / source, tmp_path / "x", SMALL)
    assert not (tmp_path / "x").exists()


def test_an_out_that_exists_or_lies_among_the_photographs_is_refused(photos, tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(UserError, match="already exists"):
        prepare(photos, tmp_path / "x", SMALL)
    with pytest.raises(UserError, match="lies inside"):
        prepare(photos, photos / "data" / "x", SMALL)
    (tmp_path / "blocked").touch()
    with pytest.raises(UserError, match="could not be written"):
        prepare(photos, tmp_path / "blocked" / "x", SMALL)


def test_a_full_disk_is_a_clear_error(photos, tmp_path):
    """A limit on the size of files stands in for the disk: the system refuses the space in the same way."""
    limit = ["bash", "-c", 'ulimit -f 2; exec "$@"', "bash"]
    out = tmp_path / "x"
    command = [*limit, *COMMAND, photos, "--out", out, "--resolution", "16"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"error: {out} could not be written: ")
    assert leftovers(out) == []


def test_the_command_line(photos, tmp_path):
    run = CliRunner()
    done = run.invoke(app, ["prepare", str(photos), "--out", str(tmp_path / "x"), "--resolution", "16"])
    assert done.exit_code == 0
    assert "6/6 images" in done.stderr and "6 images of 16 x 16" in done.stderr
    assert run.invoke(app, ["prepare", str(photos)]).exit_code == 2
    assert "Example: dermvtt-train prepare" in run.invoke(app, ["prepare", "--help"]).stdout


@pytest.fixture
def start(tmp_path):
    """Start a preparation that takes seconds, and wait until it is ``ready(process, folder)``."""
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), dtype=np.uint8)
    folder, out, started = tmp_path / "photos", tmp_path / "x", []
    data = photo_bytes(noise)
    folder.mkdir()
    for number in range(60):  # a byte after the picture's end: other bytes, the same picture
        (folder / f"{number}.jpg").write_bytes(data + bytes([number]))

    def run(ready):
        command = [*COMMAND, folder, "--out", out, "--resolution", "64", "--workers", "2"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        started.append(process)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            if ready(process, tmp_path):
                return process, out
            time.sleep(0.01)
        raise AssertionError("it did not get to work")

    yield run
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()


def photo_bytes(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "JPEG")
    return file.getvalue()


def at_work(process, folder):
    return any(np.fromfile(store, np.uint8)[128:].any() for store in folder.glob("x.partial-*/images.npy"))


def starting(process, folder):
    """Its first worker runs, and is likely in the middle of its imports."""
    time.sleep(0.1)
    return bool(spawned(process))


def spawned(process):
    return [pid for pid in children(process) if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]


def children(process):
    listed = [path.read_text() for path in Path(f"/proc/{process.pid}/task").glob("*/children")]
    return [int(pid) for pid in " ".join(listed).split()]


def gone(pids, seconds=10.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(_runs(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _runs(pid):
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


@linux
def test_killed_it_leaves_nothing_that_looks_whole_and_no_worker(start, tmp_path):
    process, out = start(at_work)
    workers = children(process)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=20)
    assert workers and gone(workers)
    assert not out.exists()
    with pytest.raises(UserError, match="is no dataset"):
        open_dataset(next(tmp_path.glob("x.partial-*")))


@linux
@pytest.mark.parametrize("ready", [starting, at_work])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_so_in_one_line_and_tidies_up(start, number, ready):
    process, out = start(ready)
    workers = children(process)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does: to every process of the group
    else:
        process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert [line for line in said.splitlines() if not line.startswith("Preparing")] == [
        f"error: interrupted: nothing was written to {out}."
    ]
    assert gone(workers) and leftovers(out) == []


@linux
def test_a_worker_that_is_killed_ends_it_with_a_message(start):
    process, out = start(at_work)
    os.kill(spawned(process)[0], signal.SIGKILL)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "error: a worker process died" in said and "Traceback" not in said
    assert leftovers(out) == []


PEAK = """
import resource, sys
from pathlib import Path
from training.prepare import prepare, Options
prepare(Path(sys.argv[1]), Path(sys.argv[2]), Options(256, keep_duplicates=True), workers=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    """Four hundred images are 79 MB of pixels; the peak over that of forty stays far below."""
    peaks = []
    for count in (40, 400):
        folder = tmp_path / f"photos{count}"
        first = photo(folder / "000.jpg", 1, (256, 256))
        for number in range(1, count):
            os.link(first, folder / f"{number:03d}.jpg")
        command = [sys.executable, "-c", PEAK, folder, tmp_path / f"x{count}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout) * (1 if sys.platform == "darwin" else 1024))
    assert peaks[1] - peaks[0] < 8e6


def test_a_link_to_itself_is_listed_and_a_name_stays_on_its_line(photos, tmp_path):
    (photos / "loop.jpg").symlink_to("loop.jpg")
    (photos / "two\nlines.png").touch()
    with pytest.raises(UserError) as caught:
        prepare(photos, tmp_path / "x", SMALL)
    assert "\n  loop.jpg: cannot be read: Too many levels" in str(caught.value)
    assert "\n  two\\nlines.png: empty file\n" in str(caught.value)
    done = prepare(photos, tmp_path / "x", Options(resolution=16, skip_bad=True))
    assert "skipped two\\nlines.png: empty file" in report(done, tmp_path / "x")
