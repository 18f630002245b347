"""Walking through the latent space: where the way leads, and that both pictures of it show that way."""

import json
import math
import os
import signal

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence
from typer.testing import CliRunner

from training.animation import save_animation
from training.cli import app
from training.errors import Interrupted, UserError
from training.export import load_generator
from training.sample import latent_seeds
from training.walk import contact_sheet, path, read_seeds, slerp, walk


@pytest.fixture(scope="module")
def generator(finished_run):
    return load_generator(finished_run, torch.device("cpu"))


def frames_of(file):
    with Image.open(file) as film:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]


def cells(file, side, gap=2):
    with Image.open(file) as image:
        pixels = np.asarray(image)
    step = side + gap
    return [
        [pixels[top : top + side, left : left + side] for left in range(0, pixels.shape[1], step)]
        for top in range(0, pixels.shape[0], step)
    ]


def angle(a, b):
    cosine = torch.nn.functional.cosine_similarity(a.double(), b.double()).item()
    return math.acos(max(-1.0, min(1.0, cosine)))


def test_slerp_turns_at_constant_speed_while_the_length_goes_linearly():
    a, b = torch.tensor([[3.0, 0, 0]]), torch.tensor([[0, 1.0, 0]])
    for t in (0.1, 0.25, 0.5, 0.9):
        turn, length = t * math.pi / 2, 3 - 2 * t
        expected = [length * math.cos(turn), length * math.sin(turn), 0]
        np.testing.assert_allclose(slerp(a, b, t).numpy()[0], expected, rtol=1e-6, atol=1e-7)


def test_slerp_is_whites_formula_where_the_lengths_agree():
    a, b = torch.randn(2, 1, 128, generator=torch.Generator().manual_seed(1)).double()
    b *= a.norm() / b.norm()
    theta = angle(a, b)
    for t in (0.2, 0.7):
        expected = (math.sin((1 - t) * theta) * a + math.sin(t * theta) * b) / math.sin(theta)
        torch.testing.assert_close(slerp(a, b, t), expected)


def test_slerp_has_its_ends_bit_for_bit():
    a, b = torch.randn(2, 1, 64, generator=torch.Generator().manual_seed(2))
    assert torch.equal(slerp(a, b, 0), a) and torch.equal(slerp(a, b, 1), b)
    assert slerp(a, b, 0.5).dtype == torch.float32 and slerp(a, b, 0.5).shape == (1, 64)


@pytest.mark.parametrize("nudge", [0, 1e-8, 1e-6, 1e-3])
def test_slerp_is_defined_for_parallel_and_opposite_latents(nudge):
    a = torch.randn(1, 8, generator=torch.Generator().manual_seed(3))
    near = a + nudge * torch.eye(1, 8)
    for t in (0.25, 0.5, 0.75):
        along = slerp(a, 2 * near, t)
        torch.testing.assert_close(along, (1 + t) * a, rtol=1e-2, atol=1e-2)
        around = slerp(a, -near, t)
        assert around.norm().item() == pytest.approx(a.norm().item(), rel=1e-2)
        assert angle(a, around) == pytest.approx(t * math.pi, abs=2e-3)


def test_slerp_from_or_to_the_origin_is_a_straight_line():
    a, origin = torch.tensor([[2.0, -4.0]]), torch.zeros(1, 2)
    assert slerp(a, origin, 0.25).tolist() == [[1.5, -3.0]]
    assert slerp(origin, a, 0.25).tolist() == [[0.5, -1.0]]
    assert slerp(origin, origin, 0.5).tolist() == [[0, 0]]


def test_a_path_has_every_stop_and_a_loop_comes_back():
    stops = [torch.tensor([[float(x), 1.0]]) for x in (-1, 0, 1)]
    way = list(path(stops, 4))
    assert len(way) == 9 and all(torch.equal(way[4 * at], stop) for at, stop in enumerate(stops))
    assert len(list(path(stops, 4, loop=True))) == 12
    closed = list(path([*stops, stops[0]], 4, loop=True))
    assert len(closed) == 12 and not torch.equal(closed[-1], closed[0])


def test_a_sheet_shows_a_way_in_each_row_with_both_its_ends():
    images = np.arange(5, dtype=np.uint8)[:, None, None, None].repeat(2, 1).repeat(2, 2).repeat(3, 3)
    sheet = contact_sheet(images, 2)
    assert sheet.shape == (2 * 2 + 2, 3 * 2 + 2 * 2, 3)
    assert sheet[0, ::4, 0].tolist() == [0, 1, 2] and sheet[4, ::4, 0].tolist() == [2, 3, 4]
    assert (sheet[2:4] == 255).all()


def test_the_stops_are_the_samples_of_their_seeds_bit_for_bit(generator, tmp_path):
    seeds = [3, 14, 15]
    walk(generator, seeds, out=tmp_path / "w.png", steps=3, animation=tmp_path / "w.webp", frames=4)
    first, second = cells(tmp_path / "w.png", 16)
    assert len(first) == 4
    expected = [generator.draw(seed) for seed in seeds]
    np.testing.assert_array_equal(first[0], expected[0])
    np.testing.assert_array_equal(first[-1], expected[1])
    np.testing.assert_array_equal(second[0], expected[1])
    np.testing.assert_array_equal(second[-1], expected[2])
    film = frames_of(tmp_path / "w.webp")
    assert len(film) == 12
    for place, image in zip((0, 4, 8), expected, strict=True):
        np.testing.assert_array_equal(film[place], image)
    assert not np.array_equal(first[1], first[0]) and not np.array_equal(film[1], film[0])


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_an_animation_plays_for_ever_at_its_speed_and_says_what_it_shows(generator, tmp_path, kind):
    file = tmp_path / f"walk.{kind}"
    walk(generator, [1, 2], animation=file, frames=5, fps=10, loop=False, enlarge=3)
    with Image.open(file) as film:
        note = film.info.get("comment") or film.info.get("Comment") or film.getexif()[0x010E]
        assert film.n_frames == 6 and film.size == (48, 48) and film.info["loop"] == 0
        film.seek(3)  # WebP's durations are known once a frame is read
        film.load()
        assert film.info["duration"] == 100
    about = json.loads(note)
    assert about["latent_seeds"] == [1, 2] and about["generator"] == generator.digest
    expected = np.stack([generator.draw(seed).repeat(3, 0).repeat(3, 1) for seed in (1, 2)])
    shown = np.stack(frames_of(file))[[0, -1]]
    difference = np.abs(shown.astype(int) - expected)
    assert difference.max() == 0 if kind != "gif" else np.sqrt((difference**2).mean()) < 2


def test_a_gif_keeps_smooth_shades_of_skin(tmp_path):
    y, x = np.mgrid[:96, :96] / 95
    skin = np.stack([225 - 40 * x, 175 - 45 * y, 150 - 30 * x * y], 2)
    spot = np.exp(-((x - 0.5) ** 2 + (y - 0.5) ** 2) / 0.03)[..., None] * [110, 100, 90]
    frames = [(skin - spot * share).round().astype(np.uint8) for share in (0.2, 0.6, 1)]
    save_animation(tmp_path / "skin.gif", frames, ".gif", 10, "")
    for shown, frame in zip(frames_of(tmp_path / "skin.gif"), frames, strict=True):
        assert np.sqrt(np.square(shown.astype(float) - frame).mean()) < 1.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": [1], "out": "a.png"}, "at least two seeds"),
        ({"seeds": [1, -1], "out": "a.png"}, "seed -1 is out of range"),
        ({"seeds": [1, 2**53], "out": "a.png"}, "out of range"),
        ({"seeds": [1, 2]}, "nowhere to put the walk"),
        ({"seeds": [1, 2], "out": "a.jpg"}, "ends in .png"),
        ({"seeds": [1, 2], "animation": "a.mp4"}, "ends in .gif, .webp, .png"),
        ({"seeds": [1, 2], "out": "a.png", "animation": "a.png"}, "Give them two names"),
    ],
)
def test_a_walk_that_cannot_be_is_refused(generator, tmp_path, arguments, message):
    files = {key: tmp_path / arguments[key] for key in ("out", "animation") if key in arguments}
    with pytest.raises(UserError, match=message):
        walk(generator, arguments["seeds"], **files)
    assert not list(tmp_path.iterdir())


def test_seeds_are_read_from_a_list():
    assert read_seeds("3, 14,15") == [3, 14, 15]
    for wrong in ("3;4", "3,,4", "a"):
        with pytest.raises(UserError, match="as 3,14,15"):
            read_seeds(wrong)


def test_the_command_walks_between_seeds_or_between_those_of_sample(finished_run, generator, tmp_path):
    command = ["walk", "--checkpoint", str(finished_run), "--out", str(tmp_path / "a.png"), "--steps", "2"]
    done = CliRunner().invoke(app, [*command, "--seeds", "3,14"])
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(cells(tmp_path / "a.png", 16)[0][-1], generator.draw(14))
    done = CliRunner().invoke(app, [*command, "--stops", "3", "--seed", "4"])
    assert done.exit_code == 0, done.output
    seeds = latent_seeds(3, np.random.default_rng(4))
    rows = cells(tmp_path / "a.png", 16)
    np.testing.assert_array_equal([rows[0][0], rows[1][0], rows[1][2]], [generator.draw(s) for s in seeds])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_walk_leaves_no_file(generator, tmp_path, monkeypatch, number):
    monkeypatch.setattr("training.walk.save_animation", lambda *_: os.kill(os.getpid(), number))
    with pytest.raises(Interrupted, match="the walk is not finished"):
        walk(generator, [1, 2], out=tmp_path / "a.png", steps=2)
    assert not list(tmp_path.iterdir())


def test_help_shows_an_example():
    done = CliRunner().invoke(app, ["walk", "--help"])
    assert done.exit_code == 0 and "Example: dermvtt-train walk" in done.output
