"""Did it memorise? Copies of every kind are caught, honest images are not, and the report says which."""

import csv
import json
from itertools import combinations

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from typer.testing import CliRunner

from training.cli import app
from training.dataset import Dataset, open_dataset
from training.errors import UserError
from training.export import load_generator
from training.measure.neighbours import neighbours, told
from training.measure.neighbours.examine import examine
from training.measure.neighbours.heldout import from_another, hold_out, lesion_numbers
from training.measure.neighbours.nearest import Pool
from training.measure.neighbours.statistics import compare
from training.phantom import draw, draw_folder
from training.prepare import Options, prepare
from training.sample import latent_seeds

POOL, HELD_OUT, HONEST = 120, 80, 24


@pytest.fixture(scope="module")
def drawn():
    """Training images, held-outs and honest samples: independent phantoms at 32 x 32."""
    images = np.stack([draw(3, index, 32) for index in range(POOL + HELD_OUT + HONEST)])
    return np.split(images, [POOL, POOL + HELD_OUT])


def examined(drawn, samples, *, flip_vertical=False):
    images, held_outs, _ = drawn
    pool = Pool(images, np.arange(POOL), np.arange(POOL))
    return examine(samples, held_outs, pool, np.full(HELD_OUT, -1), flip_vertical=flip_vertical)


def noisy(images):
    return images + np.random.default_rng(0).normal(0, 4, images.shape)


COPIES = {
    "exact": lambda images: images,
    "mirrored": lambda images: images[:, :, ::-1],
    "noisy": noisy,
    "shifted": lambda images: np.roll(images, 1, 2),
    "darker": lambda images: images * 0.8,
    "in other light": lambda images: images * [1.1, 0.9, 0.8] + 10,
    "blurred": lambda images: ndimage.gaussian_filter(images.astype(float), (0, 1, 1, 0)),
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_generator_that_copies_is_caught(drawn, kind):
    """Five copies among 24 samples, whatever was done to them."""
    pool, _, honest = drawn
    copied = [7, 20, 33, 90, 101]
    copies = np.clip(COPIES[kind](pool[copied]), 0, 255).round().astype(np.uint8)
    found = examined(drawn, np.concatenate([honest[5:], copies]))
    assert found.verdict.signs
    assert [each.nears["perceptual"].rows[0] for each in found.samples[-5:]] == copied
    suspects = sorted(range(HONEST), key=lambda place: found.samples[place].suspicion)[:5]
    assert len(set(suspects) & set(range(HONEST - 5, HONEST))) >= 4
    exact = kind in {"exact", "mirrored"}
    assert found.verdict.copies == (5 if exact else 0)
    assert ("5 of 24 samples are training images" in found.verdict.text) == exact
    assert ("exact copy" in found.samples[-1].stands_out) == exact


@pytest.mark.parametrize(
    "turned",
    [lambda images: images[:, ::-1], lambda images: images[:, ::-1, ::-1]],
    ids=["flipped", "turned"],
)
def test_copies_upside_down_are_caught_where_training_flipped_top_to_bottom(drawn, turned):
    pool, _, honest = drawn
    samples = np.concatenate([honest[2:], turned(pool[[7, 33]])])
    found = examined(drawn, samples, flip_vertical=True)
    assert found.verdict.signs and found.verdict.copies == 2
    assert [each.nears["pixels"].rows[0] for each in found.samples[-2:]] == [7, 33]
    assert all(each.nears["pixels"].flipped[0] for each in found.samples[-2:])
    assert "top to bottom or both ways" in found.verdict.limits
    assert "other angles than 180 degrees" in found.verdict.limits
    without = examined(drawn, samples)
    assert without.verdict.copies == 0 and "nor copies upside down" in without.verdict.limits


def test_one_exact_copy_is_enough(drawn):
    pool, _, honest = drawn
    found = examined(drawn, np.concatenate([honest[1:], pool[:1]]))
    assert found.verdict.signs and found.verdict.copies == 1


def test_honest_images_are_not_accused(drawn):
    found = examined(drawn, drawn[2])
    assert not found.verdict.signs and found.verdict.copies == 0
    assert "No sign of memorised training images in these 24 samples." in found.verdict.text
    assert all(each.p > 0.01 and each.p_below > 0.01 for each in found.comparisons)
    assert 0.3 < np.mean([each.probability for each in found.comparisons]) < 0.7


@pytest.mark.parametrize(("width", "share"), [(6, 0.3), (6, 1), (3, 1)])
def test_blurred_and_typical_images_are_near_to_everything_and_yet_not_accused(drawn, width, share):
    pool, _, honest = drawn
    blurred = ndimage.gaussian_filter(honest.astype(float), (0, width, width, 0))
    typical = blurred * share + pool.mean(0) * (1 - share)
    found = examined(drawn, typical.round().astype(np.uint8))
    by_pixels = next(each for each in found.comparisons if each.measure == "pixels")
    assert by_pixels.quantity == "distance" and by_pixels.p < 0.01
    assert not found.verdict.signs and "So do blurred images" in found.verdict.text


def test_a_tendency_to_one_image_is_a_sign_where_both_measures_see_it(drawn):
    """Every sample is a training image half-way to another: none stands out, all are nearer."""
    pool, _, honest = drawn
    mixed = 0.7 * pool[:HONEST] + 0.3 * honest
    found = examined(drawn, mixed.round().astype(np.uint8))
    assert found.verdict.signs and found.verdict.copies == 0


def test_limits_are_said(drawn):
    limits = examined(drawn, drawn[2]).verdict.limits
    assert "one sample in 9," in limits and "Nothing here can prove" in limits
    chance_to_miss = (1 - 1 / 8.5) ** 24
    assert abs(chance_to_miss - 0.05) < 0.002


def test_the_statistic_counts_pairs():
    ours, theirs = [1, 2, 2, 9], [2, 3, 4]
    test = compare("pixels", "distance", ours, theirs)
    u = sum((a < b) + (a == b) / 2 for a in ours for b in theirs)
    assert test.u == u and test.probability == u / 12
    assert (test.rank, test.threshold, test.below) == (1, 2, 1)


def test_the_test_of_the_few_nearest_is_exact():
    """Against all ways in which 3 of 8 numbers can be the samples."""
    held_outs, ways = 5, list(combinations(range(8), 3))
    counts = []
    for way in ways:
        rest = sorted(set(range(8)) - set(way))
        counts.append(compare("pixels", "ratio", way, rest).below)
    assert compare("pixels", "ratio", ways[0], range(3, 8)).expected == pytest.approx(np.mean(counts))
    for below in range(4):
        ours = [*range(below), *range(20, 23 - below)]
        test = compare("pixels", "ratio", ours, range(10, 10 + held_outs))
        assert test.below == below
        assert test.p_below == pytest.approx(np.mean(np.array(counts) >= below))


def test_a_near_duplicate_among_many_held_outs_does_not_hide_copies():
    held_outs = np.concatenate([[0.001], np.linspace(0.5, 1, 255)])
    test = compare("pixels", "ratio", [0.01] * 4 + [0.9] * 60, held_outs)
    assert test.rank == 2 and test.below == 4 and test.p_below < 0.01


def with_lesions(dataset, lesions, shas=None):
    index = [
        row | {"lesion_id": lesion, "sha256": sha}
        for row, lesion, sha in zip(dataset.index, lesions, shas or range(dataset.count), strict=True)
    ]
    index = [row | {"sha256": str(row["sha256"])} for row in index]
    return Dataset(dataset.folder, dataset.images, index, dataset.description)


def test_held_outs_are_one_a_lesion_and_leave_theirs_out(dataset):
    known = with_lesions(dataset, ["a", "a", "a", "b", "b", "", "", "c", "d", "e", "f", "f"])
    lesions = lesion_numbers(known)
    assert lesions[0] == lesions[2] != lesions[3] and lesions[5] != lesions[6]
    for seed in range(5):
        held_out = hold_out(known, np.arange(12), 100, np.random.default_rng(seed))
        assert len(held_out.rows) == 8 and len(set(held_out.own.tolist())) == 8
        np.testing.assert_array_equal(held_out.own, lesions[held_out.rows])
        np.testing.assert_array_equal(held_out.images(32), dataset.images[held_out.rows])
    assert len(hold_out(known, np.arange(12), 3, np.random.default_rng(0)).rows) == 3
    part = hold_out(known, np.array([1, 3, 4, 10]), 100, np.random.default_rng(0))
    assert len(part.rows) == 3 and {1, 10} < set(part.rows) < {1, 3, 4, 10}


def test_one_file_twice_is_one_lesion(dataset):
    lesions = lesion_numbers(with_lesions(dataset, [""] * 12, [0, 0, *range(2, 12)]))
    assert lesions[0] == lesions[1] and len(set(lesions.tolist())) == 11


def test_held_outs_from_another_dataset_share_no_lesion_and_no_file(dataset):
    ours = with_lesions(dataset, ["a", "b", *[""] * 10])
    theirs = with_lesions(dataset, ["a", "x", "x", *[""] * 9], [90, 91, 92, 3, *range(20, 28)])
    held_out = from_another(ours, np.arange(12), theirs, 100, np.random.default_rng(0))
    assert len(held_out.rows) == 9 and not {0, 3} & set(held_out.rows)
    assert len({1, 2} & set(held_out.rows)) == 1 and (held_out.own == -1).all()
    with pytest.raises(UserError, match=r"every image of .* is of a lesion, or a file"):
        from_another(ours, np.arange(12), ours, 5, np.random.default_rng(0))


def test_what_the_selection_left_out_may_be_held_out(dataset):
    ours = with_lesions(dataset, ["a", "a", "b", "c", *[""] * 8])
    held_out = from_another(ours, np.array([0, 3, 4, 5]), ours, 100, np.random.default_rng(0))
    assert sorted(held_out.rows) == [2, 6, 7, 8, 9, 10, 11]  # nor 1, of a lesion that was trained on


@pytest.fixture(scope="module")
def report(finished_run, dataset, tmp_path_factory):
    """A report's folder, and what its command printed."""
    out = tmp_path_factory.mktemp("neighbours") / "report"
    command = ["neighbours", "--checkpoint", finished_run, "--data", dataset.folder, "--out", out]
    done = CliRunner().invoke(app, [*map(str, command), "--count", "5", "--seed", "3"])
    assert done.exit_code == 0, done.output
    return out, done.stdout


def test_the_report_leads_every_number_back(report, finished_run, dataset):
    out, printed = report
    said = json.loads((out / "neighbours.json").read_text())
    generator = load_generator(finished_run, torch.device("cpu"))
    assert said["generator"]["digest"] == generator.digest and said["trained_on_this_dataset"]
    assert said["dataset"] == {"digest": dataset.digest, "count": 12, "where": {}, "selected": 12}
    assert said["held_out"]["count"] == len(said["held_outs"]) == 12
    assert [row["latent_seed"] for row in said["samples"]] == latent_seeds(5, np.random.default_rng(3))
    for row in said["samples"]:
        first = row["pixels"]["nearest"][0]
        image = generator.draw(row["latent_seed"]).astype(float)
        image = image[:, ::-1] if first["mirrored"] else image
        blocks = dataset.images[first["index"]].reshape(16, 2, 16, 2, 3).mean((1, 3))
        assert first["distance"] == pytest.approx(np.sqrt(np.square(image - blocks).mean()), abs=0.3)
        assert first["file"] == dataset.index[first["index"]]["file"]
    for row in said["held_outs"]:
        assert row["index"] not in [near["index"] for near in row["pixels"]["nearest"]]
    assert said["verdict"]["text"] in printed and said["verdict"]["limits"] in printed


def test_the_table_has_a_row_for_each_sample(report):
    out, _ = report
    samples = json.loads((out / "neighbours.json").read_text())["samples"]
    with (out / "neighbours.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    for row, sample in zip(rows, samples, strict=True):
        assert int(row["latent_seed"]) == sample["latent_seed"]
        for measure in ("pixels", "perceptual"):
            assert float(row[f"{measure}_distance"]) == sample[measure]["nearest"][0]["distance"]
            assert float(row[f"{measure}_ratio"]) == sample[measure]["ratio"]
            assert row[f"{measure}_flipped"] == "false"
            assert row[f"{measure}_file"] == sample[measure]["nearest"][0]["file"]


def test_the_sheet_shows_images_and_the_figure_none(report, finished_run, dataset):
    out, _ = report
    said = json.loads((out / "neighbours.json").read_text())
    worst = min(said["samples"], key=lambda row: row["suspicion"])
    image = load_generator(finished_run, torch.device("cpu")).draw(worst["latent_seed"])
    with Image.open(out / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    large = image.repeat(8, 0).repeat(8, 1)
    windows = np.lib.stride_tricks.sliding_window_view(pixels[:120, :, 0], (1, 128))[:, :, 0]
    places = np.argwhere((windows == large[0, :, 0]).all(2))
    assert any(np.array_equal(pixels[y : y + 128, x : x + 128], large) for y, x in places)
    figure = (out / "distances.svg").read_text()
    assert "<image" not in figure and figure.rstrip().endswith("</svg>")
    with Image.open(out / "distances.png") as picture:
        assert picture.width > 1000


def test_the_same_question_has_the_same_answer_and_json_is_printed(report, finished_run, dataset, tmp_path):
    command = ["neighbours", "--checkpoint", finished_run, "--data", dataset.folder, "--out", tmp_path / "r"]
    done = CliRunner().invoke(app, [*map(str, command), "--count", "5", "--seed", "3", "--json"])
    assert json.loads(done.stdout) == json.loads((report[0] / "neighbours.json").read_text())
    for file in report[0].iterdir():
        assert file.read_bytes() == (tmp_path / "r" / file.name).read_bytes(), file.name


def test_another_dataset_is_warned_of_and_may_be_held_out(finished_run, dataset, tmp_path, capsys):
    draw_folder(tmp_path / "photos", count=6, seed=8, size=32, workers=1)
    prepare(tmp_path / "photos", tmp_path / "other", Options(resolution=32), workers=1)
    other, generator = open_dataset(tmp_path / "other"), load_generator(finished_run, torch.device("cpu"))
    said = neighbours(generator, dataset, other, count=3, reals=50, seed=0, out=tmp_path / "a")
    assert said["held_out"]["dataset"] == other.digest and said["held_out"]["count"] == 6
    assert "Warning" not in told(said) + capsys.readouterr().err
    assert "Only 6 held-out reals" in told(said)
    said = neighbours(generator, other, None, count=3, reals=6, seed=0, out=tmp_path / "b")
    assert not said["trained_on_this_dataset"]
    assert "Warning: this dataset is not the one" in capsys.readouterr().err
    assert told(said).startswith("Warning: this dataset is not the one that the generator was trained on")


def test_what_cannot_be_compared_is_refused_and_leaves_nothing(finished_run, dataset, tmp_path):
    generator = load_generator(finished_run, torch.device("cpu"))
    damaged = Dataset(dataset.folder, dataset.images[::-1], dataset.index, dataset.description)
    with pytest.raises(UserError, match=r"the pixels of images\.npy are not those"):
        neighbours(generator, damaged, None, count=2, reals=5, seed=0, out=tmp_path / "r")
    with pytest.raises(UserError, match="at least one sample"):
        neighbours(generator, dataset, None, count=0, reals=5, seed=0, out=tmp_path / "r")
    assert not list(tmp_path.iterdir())
    (tmp_path / "r").mkdir()
    with pytest.raises(UserError, match="already exists"):
        neighbours(generator, dataset, None, count=2, reals=5, seed=0, out=tmp_path / "r")


def test_help_shows_an_example():
    done = CliRunner().invoke(app, ["neighbours", "--help"])
    assert done.exit_code == 0 and "Example: dermvtt-train neighbours" in done.output
