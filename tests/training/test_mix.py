"""The mix: true to its manifest, the same again from its seed, and silent about the truth."""

import csv
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from training.dataset import at_resolution, open_dataset
from training.errors import Interrupted, UserError
from training.export import load_generator
from training.manifest import read_images, read_manifest
from training.mix import choose_reals, mix
from training.prepare import Options, prepare


@pytest.fixture(scope="module")
def generator(finished_run):
    return load_generator(finished_run, torch.device("cpu"))


@pytest.fixture(scope="module")
def folder(dataset, generator, tmp_path_factory):
    out = tmp_path_factory.mktemp("mixes") / "mix"
    mix(dataset, generator, fakes=4, reals=6, seed=1, out=out)
    return out


def with_lesions(photos, tmp_path, lesions):
    """The dataset of ``photos`` with a lesion for each image; None: no such column."""
    table = tmp_path / "lesions.csv"
    files = sorted(path.name for path in photos.glob("*.png"))
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "lesion_id" if lesions else "age"])
        writer.writerows(zip(files, lesions or range(len(files)), strict=True))
    prepare(photos, tmp_path / "data", Options(resolution=32), metadata=table, workers=1)
    return open_dataset(tmp_path / "data")


def pixels(folder, image):
    with Image.open(folder / image.file) as picture:
        assert (picture.mode, picture.info) == ("RGB", {})
        return np.asarray(picture)


def test_a_mix_is_what_its_manifest_says(folder, dataset, generator):
    manifest = read_manifest(folder)
    assert len(list(read_images(folder, manifest))) == 10
    assert (manifest.count("real"), manifest.count("fake")) == (6, 4)
    assert (manifest.resolution, manifest.seed, manifest.drawn) == (16, 1, True)
    asked = {"fakes": 4, "reals": 6, "where": {}, "resampling": "box", "generator_images_seen": 104}
    assert asked.items() <= manifest.configuration.items()


def test_provenance_leads_back_to_every_picture(folder, dataset, generator):
    rows = set()
    for image in read_manifest(folder).images:
        if image.truth == "real":
            assert image.provenance.dataset == dataset.digest
            row = image.provenance.index
            assert image.provenance.diagnosis == dataset.index[row]["diagnosis"]
            expected = at_resolution(dataset.images[row : row + 1], 16)[0]
            rows.add(row)
        else:
            assert (image.provenance.generator, image.source) == (generator.digest, "pgan")
            expected = generator.draw(image.provenance.latent_seed)
        np.testing.assert_array_equal(pixels(folder, image), expected)
    assert len(rows) == 6


def test_no_file_tells_real_from_fake_but_by_its_picture(folder):
    manifest = read_manifest(folder)
    stats = [(folder / image.file).stat() for image in manifest.images]
    assert len({stat.st_size for stat in stats}) == 1
    assert len({stat.st_mtime_ns for stat in stats}) == 1
    assert len({stat.st_mode for stat in stats}) == 1
    ids = [image.id for image in manifest.images]
    assert ids == sorted(ids)
    heads = {(folder / image.file).read_bytes()[:48] for image in manifest.images}
    assert len(heads) == 1


def test_the_truths_are_in_random_order(dataset, generator, tmp_path):
    orders = set()
    for seed in range(5):
        manifest = mix(dataset, generator, fakes=4, reals=4, seed=seed, out=tmp_path / str(seed))
        orders.add("".join(image.truth[0] for image in manifest.images))
    assert len(orders) > 1


def test_the_seed_decides_the_whole_folder(folder, dataset, generator, tmp_path):
    mix(dataset, generator, fakes=4, reals=6, seed=1, out=tmp_path / "again")
    mix(dataset, generator, fakes=4, reals=6, seed=2, out=tmp_path / "other")

    def contents(where):
        return {
            os.path.relpath(path, where): path.read_bytes() for path in where.rglob("*") if path.is_file()
        }

    assert contents(tmp_path / "again") == contents(folder)
    assert contents(tmp_path / "other").keys() != contents(folder).keys()


def test_under_one_seed_mixes_of_several_generators_share_their_reals_and_no_id(
    folder, dataset, generator, tmp_path
):
    other = replace(generator, digest="ab" * 32)
    second = mix(dataset, other, fakes=4, reals=6, seed=1, out=tmp_path / "other").images
    first = read_manifest(folder).images
    reals = [{image.sha256 for image in images if image.truth == "real"} for images in (first, second)]
    assert reals[0] == reals[1]
    assert not {image.id for image in first} & {image.id for image in second}


def test_one_real_of_a_lesion_at_most_where_there_are_enough(photos, generator, tmp_path):
    data = with_lesions(photos, tmp_path, [f"L{number // 3}" for number in range(12)])
    for seed in range(10):
        rows, per_lesion = choose_reals(data, 4, np.random.default_rng(seed))
        assert per_lesion and len({row // 3 for row in rows}) == 4
    rows, per_lesion = choose_reals(data, 5, np.random.default_rng(0))
    assert not per_lesion and len(set(rows)) == 5
    manifest = mix(data, generator, fakes=1, reals=4, seed=0, out=tmp_path / "mix")
    assert manifest.configuration["one_real_per_lesion"] is True


def test_images_of_unknown_lesions_count_each(photos, tmp_path):
    data = with_lesions(photos, tmp_path, ["A"] * 6 + [""] * 6)
    rows, per_lesion = choose_reals(data, 7, np.random.default_rng(0))
    assert per_lesion and len([row for row in rows if row < 6]) == 1


def test_without_lesions_every_image_may_be_drawn(photos, tmp_path):
    data = with_lesions(photos, tmp_path, None)
    rows, per_lesion = choose_reals(data, 12, np.random.default_rng(0))
    assert sorted(rows) == list(range(12)) and not per_lesion


def test_the_reals_may_be_a_selection(dataset, generator, tmp_path):
    kinds = [row["diagnosis"] for row in dataset.index]
    chosen = max(kinds, key=kinds.count)
    count, where = kinds.count(chosen), {"diagnosis": [chosen]}
    manifest = mix(dataset, generator, 2, count, 0, tmp_path / "mix", where)
    rows = {image.provenance.index for image in manifest.images if image.truth == "real"}
    assert rows == {row for row, kind in enumerate(kinds) if kind == chosen}
    assert read_manifest(tmp_path / "mix").configuration["where"] == where
    with pytest.raises(UserError, match=f"{count} images that fit --where; {count + 1} reals cannot be"):
        mix(dataset, generator, 2, count + 1, 0, tmp_path / "more", where)
    with pytest.raises(UserError, match="no column 'diagnose'"):
        mix(dataset, generator, 2, 1, 0, tmp_path / "none", {"diagnose": [chosen]})


def test_only_reals_and_only_fakes(dataset, generator, tmp_path):
    assert mix(dataset, generator, fakes=0, reals=12, seed=0, out=tmp_path / "reals").count("real") == 12
    assert mix(dataset, generator, fakes=2, reals=0, seed=0, out=tmp_path / "fakes").count("fake") == 2


@pytest.mark.parametrize(
    ("fakes", "reals", "message"),
    [
        (0, 0, "at least one image"),
        (-1, 3, "at least one"),
        (1, 13, "has 12 images; 13 reals cannot be drawn"),
    ],
)
def test_a_mix_that_cannot_be_is_refused(dataset, generator, tmp_path, fakes, reals, message):
    with pytest.raises(UserError, match=message):
        mix(dataset, generator, fakes, reals, 0, tmp_path / "mix")
    assert not list(tmp_path.iterdir())


def test_photographs_smaller_than_the_fakes_are_refused(photos, generator, tmp_path):
    prepare(photos, tmp_path / "small", Options(resolution=8), workers=1)
    with pytest.raises(UserError, match="8x8 images, which cannot be reduced to 16x16"):
        mix(open_dataset(tmp_path / "small"), generator, 1, 1, 0, tmp_path / "mix")


def test_pixels_that_are_not_the_datasets_are_refused(photos, generator, tmp_path):
    prepare(photos, tmp_path / "data", Options(resolution=32), workers=1)
    images = np.load(tmp_path / "data" / "images.npy", mmap_mode="r+")
    images[3, 1, 1, 0] ^= 1
    images.flush()
    with pytest.raises(UserError, match=r"not those whose digest dataset.json has.* Prepare it again"):
        mix(open_dataset(tmp_path / "data"), generator, 1, 1, 0, tmp_path / "mix")
    assert not list(tmp_path.glob("mix*"))


def test_an_existing_folder_is_left_alone(folder, dataset, generator):
    with pytest.raises(UserError, match="already exists"):
        mix(dataset, generator, 1, 1, 0, folder)
    assert len(list((folder / "images").iterdir())) == 10


def test_an_interrupted_mix_leaves_nothing(dataset, generator, tmp_path, monkeypatch):
    def interrupted(*_):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("training.mix.encode_png", interrupted)
    with pytest.raises(Interrupted, match="interrupted: nothing was written to"):
        mix(dataset, generator, 1, 1, 0, tmp_path / "mix")
    assert not list(tmp_path.iterdir())
