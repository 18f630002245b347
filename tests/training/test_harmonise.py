"""The chain that all images of a mix may pass through: it hides an earlier compression, and is on record."""

import io
import struct

import numpy as np
import pytest
import torch
from PIL import Image
from PIL import __version__ as pillow_version

from training.dataset import at_resolution, open_dataset
from training.errors import UserError
from training.export import load_generator
from training.harmonise import CHAIN, harmonise, require_harmonisable
from training.manifest import read_images, read_manifest
from training.mix import mix
from training.phantom import draw_folder
from training.prepare import Options, prepare


@pytest.fixture(scope="module")
def generator(finished_run):
    return load_generator(finished_run, torch.device("cpu"))


def pixels(data):
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture)


def compressed(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return pixels(file.getvalue())


def unrest_at_blocks(image):
    """Mean step across the lines of an 8 x 8 grid over the mean step elsewhere."""
    steps = np.abs(np.diff(image.astype(float).mean(axis=2), axis=1)).mean(axis=0)
    at_lines = np.arange(len(steps)) % 8 == 7
    return steps[at_lines].mean() / steps[~at_lines].mean()


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Six phantoms of 128 x 128."""
    folder = tmp_path_factory.mktemp("harmonise")
    draw_folder(folder / "photos", count=6, seed=3, size=128, workers=1)
    prepare(folder / "photos", folder / "data", Options(resolution=128), workers=1)
    return np.array(open_dataset(folder / "data").images)


def test_the_picture_stays_and_its_size(photographs):
    for image in photographs:
        result = harmonise(image)
        assert (result.shape, result.dtype) == (image.shape, np.uint8)
        edge = image.shape[0] // 32
        inside = Image.fromarray(image[edge:-edge, edge:-edge]).resize(
            image.shape[:2], Image.Resampling.LANCZOS
        )
        assert np.abs(result.astype(int) - np.asarray(inside)).mean() < 5
        np.testing.assert_array_equal(result, harmonise(image))


def test_an_earlier_block_grid_no_longer_stands_out(photographs):
    """Before, every compressed image shows more of the grid than any other; afterwards the two overlap."""
    before = [[unrest_at_blocks(one) for one in (image, compressed(image, 60))] for image in photographs]
    after = [
        [unrest_at_blocks(harmonise(one)) for one in (image, compressed(image, 60))] for image in photographs
    ]
    gap_before, gap_after = (np.mean([past - none for none, past in pairs]) for pairs in (before, after))
    assert gap_before > 0.1
    assert abs(gap_after) < gap_before / 5


def test_images_smaller_than_a_block_are_refused():
    require_harmonisable(8)
    with pytest.raises(UserError, match="4 x 4 are too small for --harmonise, which takes 8 x 8"):
        require_harmonisable(4)


def test_a_harmonised_mix_is_on_record_and_else_like_any_other(dataset, generator, tmp_path):
    plain = mix(dataset, generator, 3, 4, 1, tmp_path / "plain")
    manifest = mix(dataset, generator, 3, 4, 1, tmp_path / "mix", harmonised=True)
    assert manifest.configuration == plain.configuration | {"harmonised": CHAIN}
    assert "harmonised" not in plain.configuration
    assert CHAIN["pillow_version"] == pillow_version
    kept = [(image.id, image.provenance) for image in manifest.images]
    assert kept == [(image.id, image.provenance) for image in plain.images]
    images = list(read_images(tmp_path / "mix", read_manifest(tmp_path / "mix")))
    assert len({len(data) for _, data in images}) == 1
    for image, data in images:
        assert data[16:24] == struct.pack(">II", 16, 16)
        if image.truth == "real":
            row = image.provenance.index
            before = at_resolution(dataset.images[row : row + 1], 16)[0]
        else:
            before = generator.draw(image.provenance.latent_seed)
        np.testing.assert_array_equal(pixels(data), harmonise(before))


def test_the_command_harmonises_when_asked(run_command, dataset, finished_run, tmp_path):
    command = ["mix", "--checkpoint", finished_run, "--data", dataset.folder, "--fakes", 1, "--reals", 1]
    for name, options in (("plain", []), ("harmonised", ["--harmonise"])):
        assert run_command(*command, *options, "--out", tmp_path / name)[0] == 0
        found = read_manifest(tmp_path / name).configuration.get("harmonised")
        assert found == (CHAIN if options else None)
