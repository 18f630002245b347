"""The sliced Wasserstein distance, against the paper's algorithm written down in loops."""

import json
from contextlib import nullcontext
from functools import partial
from itertools import product
from statistics import fmean, stdev

import numpy as np
import pytest
import torch

from tests.training.measure.test_pyramid import noise, reference
from training.measure import chunks, describe, on_torch, patches, projections
from training.measure.images import ArrayImages
from training.measure.swd import Reference, swd


def by_loops(a, b, seed):
    """Each level's distance for uint8 (n, R, R, 3): patch by patch, direction by direction, sorted."""
    described = []
    for side, images in enumerate((a, b)):
        found = []
        places = patches.draw_places(images.shape[1], len(images), seed, side)
        for level, drawn in zip(reference(images), places, strict=True):
            cut = [
                image[:, row : row + 7, column : column + 7]
                for image, starts in zip(level, drawn, strict=True)
                for row, column in starts
            ]
            cut = np.stack(cut)
            cut -= cut.mean((0, 2, 3), keepdims=True)
            cut /= cut.std((0, 2, 3), keepdims=True)
            found.append(cut.reshape(len(cut), -1))
        described.append(found)
    levels = {}
    for left, right, side in zip(*described, (a.shape[1] >> k for k in range(9)), strict=False):
        apart = [
            np.abs(np.sort(left @ direction) - np.sort(right @ direction)).mean()
            for direction in projections.draw_directions(seed, side)
        ]
        levels[side] = 1000 * fmean(apart)
    return levels


def smooth(count, side, seed):
    """Images of two tints with some detail: two seeds differ, though less than noise."""
    coarse = noise(count, side // 4, seed).repeat(4, 1).repeat(4, 2)
    return (coarse // 2 + noise(count, side, seed + 100) // 4 + np.arange(3, dtype=np.uint8) * 9).astype(
        np.uint8
    )


def measured(a, b, seed=0, **options):
    return swd(ArrayImages(a), ArrayImages(b), len(a), seed, **options)


def test_it_is_the_papers_distance():
    a, b = smooth(6, 32, 0), noise(6, 32, 1)
    found = measured(a, b, repeats=2)
    expected = [by_loops(a, b, seed) for seed in (0, 1)]
    assert list(found.levels) == [32, 16]
    for level, value in found.levels.items():
        assert value == pytest.approx(fmean(each[level] for each in expected), rel=1e-3)
        assert found.level_spread[level] == pytest.approx(stdev(each[level] for each in expected), rel=0.02)
    means = [fmean(each.values()) for each in expected]
    assert found.mean == pytest.approx(fmean(means), rel=1e-3)
    assert found.spread == pytest.approx(stdev(means), rel=0.02)


def test_counting_gives_what_sorting_does():
    random = np.random.default_rng(0)
    left, right = random.standard_t(3, 5000), random.standard_normal(5000) * 1.1
    counts = []
    for values in (left, right):
        scaled = ((values / (1 + np.abs(values)) + 1) * projections.BINS / 2).astype(int)
        counts.append(np.bincount(scaled, minlength=projections.BINS)[None])
    exact = np.abs(np.sort(left) - np.sort(right)).mean()
    assert projections.distances(*counts)[0] == pytest.approx(exact, rel=1e-3)


def test_directions_are_of_unit_length_and_without_preference():
    directions = projections.draw_directions(3, 64)
    assert directions.shape == (256, 147)
    np.testing.assert_allclose((directions**2).sum(1), 1)
    assert abs(directions.mean()) < 0.002
    assert not np.array_equal(directions, projections.draw_directions(3, 32))


def test_patches_lie_everywhere_and_nowhere_outside():
    first = patches.draw_places(32, 200, 0, 0)
    for places, last in zip(first, (25, 9), strict=True):
        counts = np.bincount(places.ravel(), minlength=last + 1)
        assert places.shape == (200, 128, 2) and len(counts) == last + 1
        np.testing.assert_allclose(counts / counts.mean(), 1, atol=0.2)
    assert not np.array_equal(first[0], patches.draw_places(32, 200, 0, 1)[0])


def test_a_set_is_at_no_distance_from_itself_under_equal_patches():
    images = smooth(5, 32, 0)
    found = measured(images, images, equal_patches=True)
    assert found.mean == 0 and set(found.levels.values()) == {0} and found.spread == 0
    assert measured(images, images).mean > 0


def test_a_growing_shift_grows_it():
    images = smooth(8, 32, 0)
    mixed = images.astype(float)
    # More of the neighbouring rows: detail, whose scale and mean are normalised away, changes its shape.
    blurred = [mixed * (1 - part) + np.roll(mixed, 1, 1) * part for part in (0, 0.1, 0.2, 0.4)]
    found = [measured(images, each.astype(np.uint8), equal_patches=True).mean for each in blurred]
    assert found[0] == 0 and found == sorted(found) and found[3] > 2 * found[1]


def test_brightness_and_contrast_are_normalised_away():
    images = smooth(6, 32, 0) // 2
    other = images * 2 + np.array([3, 0, 1], np.uint8)
    assert measured(images, other, equal_patches=True).mean < 0.02 * measured(images, noise(6, 32)).mean


def test_flat_images_have_a_distance():
    flat = np.full((3, 16, 16, 3), 90, np.uint8)
    assert measured(flat, flat).mean == 0 and measured(flat, noise(3, 16)).mean > 0


def test_processes_and_passes_change_nothing(monkeypatch):
    a, b = smooth(21, 32, 0), smooth(21, 32, 1)
    here, other = measured(a, b), measured(a, b, seed=1)
    monkeypatch.setattr(describe, "WORTH_PROCESSES", 1)
    monkeypatch.setattr(describe, "cores", lambda: 2)
    two = measured(a, b)
    monkeypatch.setattr(describe, "cores", lambda: 3)  # one of them has nothing to do: there are two chunks
    monkeypatch.setattr("training.measure.swd.HELD", 1)
    assert measured(a, b) == two
    assert here.levels != other.levels
    # Matrix products on several threads, as they may be here, round otherwise.
    assert two.levels == pytest.approx(here.levels, rel=1e-5)


def test_the_gpus_way_gives_the_same():
    a, b = smooth(5, 64, 0), noise(5, 64, 1)
    directions = projections.draw_directions(0, 64)
    for images in (a, b):
        places = [patches.draw_places(64, 5, seed, 0) for seed in (0, 1)]
        ours = patches.Taker()
        for some in (slice(2), slice(2, 5)):
            ours.take(images[some], [[level[some] for level in draw] for draw in places])
        whole = iter([partial(chunks.held, images)])
        theirs = on_torch.take(whole, places, lambda done: None, torch.device("cpu"))
        for draw, level in product(range(2), range(3)):
            mine, other = ours.patches(draw, level), theirs[draw][level]
            apart = np.abs(np.concatenate(mine) - other.numpy())
            assert apart.max() <= 2 and apart.mean() < 0.5  # 1/128 of a grey level, rounded here and there
            mean_and_std = [ours.moments()[draw][level], on_torch.moments(other)]
            np.testing.assert_allclose(*(each.mean for each in mean_and_std), atol=0.5)
            np.testing.assert_allclose(*(each.std for each in mean_and_std), rtol=1e-4)
            weights = projections.weights_of(mean_and_std[0], directions)
            counts = [projections.Counter().count(mine, weights), on_torch.count(other, weights)]
            assert counts[1].sum() == counts[0].sum() == 256 * 5 * 128
            assert projections.distances(*counts).max() < 2e-3


def test_both_ways_describe_alike():
    a, b = (ArrayImages(images) for images in (smooth(20, 32, 0), noise(20, 32, 1)))
    found = []
    for way in (describe.describing(None, 1), nullcontext(on_torch.on_device(torch.device("cpu")))):
        with way as each:
            found.append(Reference(a, 20, 0, 2, each).distances(b, 20, each))
    for mine, other in zip(*found, strict=True):
        assert mine == pytest.approx(other, rel=1e-3)


def test_a_reference_is_described_once():
    a, b, c = smooth(6, 32, 0), smooth(6, 32, 1), noise(9, 32)
    with describe.describing(None, 1) as way:
        reference = Reference(ArrayImages(a), 6, 0, 2, way)
        assert reference.distance(b, way) == measured(a, b).levels
        assert reference.distance(b, way) == measured(a, b).levels
        assert fmean(reference.distance(a, way).values()) < fmean(reference.distance(c, way).values())
        with pytest.raises(ValueError, match="side 16"):
            reference.distance(noise(6, 16), way)


@pytest.fixture
def run_swd(run_command, monkeypatch):
    """Run ``dermvtt-train swd`` and return its exit code, standard output and standard error."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    return lambda *arguments: run_command("swd", *arguments)


def test_the_command_prints_json(run_swd, dataset, finished_run):
    code, out, said = run_swd(dataset.folder, finished_run, "--json", "--device", "cpu")
    found = json.loads(out)
    assert code == 0 and list(found["levels"]) == ["16"]
    assert (found["images"], found["seed"], found["repeats"]) == (12, 0, 2)
    assert found["mean"] == found["levels"]["16"] > 0 and found["spread"] > 0
    assert found["a"]["digest"] == dataset.digest and found["b"]["kind"] == "generator"
    assert "12 images of each are compared, not 10,000" in said
    assert "reduced from 32 x 32 to 16 x 16" in said
    assert run_swd(dataset.folder, finished_run, "--json", "--device", "cpu")[1] == out


def test_the_command_prints_a_table(run_swd, dataset):
    code, out, _ = run_swd(dataset.folder, dataset.folder, "--images", 8, "--repeats", 1, "--seed", 3)
    lines = [line.split() for line in out.splitlines()]
    assert code == 0 and lines[0] == ["level", "SWD"]
    assert [line[0] for line in lines[1:4]] == ["32", "16", "mean"]
    assert out.endswith("8 images of each, seed 3, x 1000\n")


def test_the_command_says_what_is_wrong(run_swd, dataset, tmp_path):
    code, _, said = run_swd(dataset.folder, tmp_path / "nowhere")
    assert code == 1 and said.startswith("error: ") and "does not exist" in said
    assert run_swd(dataset.folder, dataset.folder, "--images", 0)[0] == 2
    assert run_swd(dataset.folder, dataset.folder, "--device", "quantum")[0] == 1
