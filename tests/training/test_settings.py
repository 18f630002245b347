"""Presets, changes on the command line, and what is refused."""

import tomllib

import pytest
import torch

from training.device import enough_memory
from training.errors import UserError
from training.networks import FAMILIES, family_named
from training.networks.pgan import PganSettings
from training.settings import (
    PRESETS,
    as_configuration,
    at,
    check,
    differences,
    load,
    presets,
)


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_preset_is_valid_and_belongs_to_a_family(path):
    family, _, name = path.stem.partition("-")
    assert load(FAMILIES[family].Settings, family, name).images > 0


def test_quick_gpu_hour_and_paper_come_with_every_family():
    for family in FAMILIES:
        assert {"quick", "gpu-hour", "paper"} <= set(presets(family))


def test_the_papers_preset_has_its_numbers():
    settings = load(PganSettings, "pgan", "paper")
    assert (settings.resolution, settings.latent_size, settings.fmap_base, settings.fmap_max) == (
        256,
        128,
        8192,
        512,
    )
    assert (settings.adam_betas, settings.adam_epsilon) == ((0.0, 0.99), 1e-8)
    assert (settings.penalty_weight, settings.drift_weight) == (10.0, 0.001)
    assert (settings.generator_rate, settings.discriminator_rate, settings.ema_decay) == (1e-3, 1e-3, 0.999)
    assert (settings.minibatch, settings.hold, settings.fade) == (
        {4: 16, 256: 14},
        {4: 800_000},
        {4: 800_000},
    )
    assert not (settings.flip_horizontal or settings.flip_vertical)


def test_the_papers_length_is_three_million_iterations():
    settings = load(PganSettings, "pgan", "paper")
    family = FAMILIES["pgan"](settings)
    iterations = seen = 0
    while seen < settings.images:
        stage = family.stage(seen)
        # The first step of the next phase, by halving: there are three million.
        within, beyond = 0, -(-(settings.images - seen) // stage.minibatch)
        while beyond - within > 1:
            middle = (within + beyond) // 2
            same = family.stage(seen + middle * stage.minibatch).phase == stage.phase
            within, beyond = (middle, beyond) if same else (within, middle)
        iterations, seen = iterations + beyond, seen + beyond * stage.minibatch
    assert iterations == 3_000_000


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("images=20000", {"images": 20000}),
        ("precision=bfloat16", {"precision": "bfloat16"}),
        ("generator_rate = 2e-3", {"generator_rate": 0.002}),
        ("adam_betas=[0.5, 0.9]", {"adam_betas": (0.5, 0.9)}),
        ("flip_horizontal=false", {"flip_horizontal": False}),
        ("minibatch=12", {"minibatch": {4: 12}}),
        ("hold.8=21", {"hold": {4: 20, 8: 21}}),
    ],
)
def test_a_setting_is_changed_on_the_command_line(tiny, change, expected):
    before = load(PganSettings, "pgan", tiny).model_dump()
    assert load(PganSettings, "pgan", tiny, [change]).model_dump() == before | expected


def test_the_last_change_counts(tiny):
    assert load(PganSettings, "pgan", tiny, ["images=300", "images=400"]).images == 400


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("minibach=8", "unknown setting 'minibach'. Did you mean 'minibatch'"),
        ("zzz=8", "unknown setting 'zzz'. There are: resolution, images"),
        ("images=many", "setting images = 'many': .*integer"),
        ("images=1.5", "setting images = 1.5"),
        ("threads=99999999999", "setting threads = .*less than or equal to 1024"),
        ("latent_size=99999999999", "setting latent_size = .*less than or equal to 8192"),
        ("fmap_max=8193", "setting fmap_max"),
        ("images=0", "setting images = 0: .*greater than 0"),
        ("generator_rate=-1", "setting generator_rate = -1"),
        ("precision=float16", "setting precision = 'float16': .*'auto', 'float32' or 'bfloat16'"),
        ("minibatch.8=0", "at least one image"),
        ("hold.x=1", "setting hold.x"),
        ("adam_betas=[0.0, 1.0]", "adam_betas must be"),
        ("resolution=48", "48 is not a power of two"),
        ("images=50", "images = 50 ends before 16x16 is faded in, at 80 images"),
        ("images", "'images' is not of the form key=value"),
        ("=3", "not of the form"),
        ("a b=3", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tiny, change, message):
    with pytest.raises(UserError, match=message):
        load(PganSettings, "pgan", tiny, [change])


def test_an_unknown_preset_is_refused_with_those_there_are():
    with pytest.raises(UserError, match=r"no preset 'quik' for pgan. Did you mean .quick"):
        load(PganSettings, "pgan", "quik")


def test_a_preset_that_is_not_toml_is_refused(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("images = ")
    with pytest.raises(UserError, match=r"bad.toml is not valid TOML"):
        load(PganSettings, "pgan", str(path))


def test_an_unknown_family_is_refused_with_the_nearest():
    with pytest.raises(UserError, match=r"unknown family 'pgam'. Did you mean 'pgan'"):
        family_named("pgam")
    with pytest.raises(UserError, match="There are: pgan"):
        family_named("x")


def test_an_entry_holds_from_its_resolution_upwards():
    table = {8: 1, 32: 2}
    assert [at(table, size) for size in (4, 8, 16, 32, 64)] == [1, 1, 1, 2, 2]


def test_a_configuration_turns_back_into_the_same_settings(tiny):
    settings = load(PganSettings, "pgan", tiny)
    assert check(PganSettings, as_configuration(settings)) == settings


def test_differences_leave_out_what_changes_no_step(tiny):
    old = as_configuration(load(PganSettings, "pgan", tiny))
    new = as_configuration(
        load(PganSettings, "pgan", tiny, ["images=500", "device=cuda", "flip_horizontal=false"])
    )
    assert differences(old, new) == ["flip_horizontal: True -> False"]


def test_presets_are_plain_toml():
    for path in PRESETS.glob("*.toml"):
        assert tomllib.loads(path.read_text())


def test_a_preset_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "own.toml"
    path.write_bytes(b"images = 5 # caf\xe9\n")
    with pytest.raises(UserError, match=r"own\.toml is not valid TOML"):
        load(PganSettings, "pgan", str(path))


@pytest.mark.parametrize("expected", [True, False])
def test_only_a_lack_of_memory_becomes_a_message(expected):
    kind, words = (UserError, "fit into memory") if expected else (RuntimeError, "shape")
    with pytest.raises(kind, match=words), enough_memory():
        torch.empty(2**50) if expected else torch.empty(2).view(3)
