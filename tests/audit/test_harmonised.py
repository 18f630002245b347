"""What --harmonise is for: an earlier compression is no longer told, and the mix is as good as any other."""

import torch

from backend.storage import ImageStore
from backend.studies.mixes import import_mix
from tests.audit.conftest import by_pillow, decoded, plain
from training.dataset import open_dataset
from training.export import load_generator
from training.harmonise import harmonise
from training.mix import mix
from training.phantom import draw_folder
from training.prepare import Options, prepare


def test_an_earlier_compression_is_told_no_more(plant, audited):
    def past(pixels, fake):
        return pixels if fake else decoded(by_pillow(pixels, "JPEG", quality=85))

    before = audited(plant(lambda pixels, fake: plain(past(pixels, fake), fake), name="before"))
    after = audited(plant(lambda pixels, fake: plain(harmonise(past(pixels, fake)), fake), name="after"))
    verdicts = [
        {one.channel: one for one in found.channels if one.reads == "pixels"} for found in (before, after)
    ]
    assert verdicts[0]["compression"].verdict == "tells"
    assert verdicts[0]["compression"].auc > 0.95
    assert [one.channel for one in verdicts[1].values() if one.verdict == "tells"] == []
    assert after.outcome == "pass"


def test_a_harmonised_mix_is_imported(database, settings, tmp_path):
    torch.set_num_threads(1)
    draw_folder(tmp_path / "photos", count=4, seed=0, size=64, workers=1)
    prepare(tmp_path / "photos", tmp_path / "data", Options(resolution=64), workers=1)
    generator = load_generator("shipped:phantoms", torch.device("cpu"))
    mix(open_dataset(tmp_path / "data"), generator, 2, 3, 0, tmp_path / "mix", harmonised=True)
    imported = import_mix(database, ImageStore(settings.images_dir), tmp_path / "mix")
    assert (imported.mix.reals, imported.mix.fakes) == (3, 2)
