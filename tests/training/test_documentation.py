"""``docs/training.md`` and its figure say what the code does."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from typer.main import get_command

from docs.figures.costs import Operations, cost, family_of, on_meta, parameters
from docs.figures.growing import OUT, levels, save, schedule
from training.cli import app
from training.networks import FAMILIES
from training.networks.lapgan import levels_of
from training.settings import MAY_CHANGE, at, presets

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMES = sorted({name for family in FAMILIES.values() for name in family.Settings.model_fields})


def section(heading):
    """The page's text under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#+ |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def table(heading, first):
    """The rows, as lists of cells, of the section's table whose first column has this heading."""
    lines = section(heading).splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    assert rows
    return rows


def whole(cell):
    return int(cell.replace(",", ""))


def shown(field):
    """A setting's default as the page writes it."""
    if field.is_required():
        return "required"
    value = field.default
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ", ".join(map(str, value.values()))
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "all"
    return (
        f"{value:g}"
        if isinstance(value, float) and value < 1e6
        else f"{value:.0f}"
        if value == 1e6
        else str(value)
    )


@cache
def of(name, preset):
    return family_of(name, preset)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_stands_in_the_page_with_its_defaults(name):
    rows = [row for row in table("Settings", "setting") if row[0] == f"`{name}`"]
    assert len(rows) == 1, f"docs/training.md must have one row for the setting `{name}`"
    fields = [family.Settings.model_fields.get(name) for family in FAMILIES.values()]
    assert rows[0][1:4] == [shown(field) if field else "-" for field in fields]
    assert rows[0][4]


def test_the_page_has_no_setting_that_is_none():
    assert {row[0].strip("`") for row in table("Settings", "setting")} == set(NAMES)


def test_the_page_says_what_a_resumed_run_may_change():
    passage = re.search(r"These may be given anew.*?Any other", section("Stopping and resuming"), re.DOTALL)
    assert set(re.findall(r"`(\w+)`", passage[0])) == MAY_CHANGE


def test_every_preset_stands_in_the_page():
    named = {
        tuple(re.findall(r"`([\w-]+)`", row[0])) for row in table("Presets and what they cost", "preset")
    }
    assert named == {(family, preset) for family in FAMILIES for preset in presets(family)}


@pytest.mark.parametrize(
    ("family", "preset"), [(name, preset) for name in FAMILIES for preset in presets(name)]
)
def test_a_preset_costs_what_the_page_says(family, preset):
    row = next(
        row for row in table("Presets and what they cost", "preset") if row[0] == f"`{family}` `{preset}`"
    )
    built = of(family, preset)
    found = cost(built)
    assert [whole(cell) for cell in row[1:6]] == [
        built.settings.resolution,
        built.settings.images,
        found.steps,
        found.generator,
        found.discriminator,
    ]
    assert whole(row[6]) == round(found.checkpoint / 1e6)
    assert float(row[7].replace(",", "")) == pytest.approx(found.flop / 1e15, rel=0.02)
    if preset == "gpu-hour":
        assert f"{found.flop / 3600 / 1e12:.0f} Tflop/s" in section("Presets and what they cost")


def test_a_checkpoint_is_as_large_as_its_cost_says(finished_run, tiny):
    newest = max((finished_run / "checkpoints").glob("0*"))
    files = [path for path in newest.glob("*.safetensors") if path.stem != "random"]
    stored = sum(tensor.nbytes for path in files for tensor in load_file(path).values())
    # In the last phase the layers to and from RGB of lower resolutions have no moments.
    assert stored == pytest.approx(cost(family_of("pgan", tiny)).checkpoint, rel=0.05)


def test_the_flop_of_a_plain_convolution_are_counted_as_two_a_multiplication():
    layer = torch.nn.Conv2d(3, 5, 3, padding=1, device="meta")
    with Operations() as counted:
        layer(torch.empty(2, 3, 8, 8, device="meta"))
    assert counted.flop == 2 * 2 * (3 * 3 * 3) * 5 * 8 * 8


def test_the_schedules_steps_are_those_of_walking_through_it(tiny):
    family = family_of("pgan", tiny)
    seen = steps = 0
    phases = []
    while seen < family.settings.images:
        stage = family.stage(seen)
        if stage.phase not in phases:
            phases.append(stage.phase)
        seen, steps = seen + stage.minibatch, steps + 1
    assert cost(family).steps == steps
    assert cost(family).images == seen
    assert len(schedule(family)) == len(phases)


def test_pgans_table_is_its_networks():
    *rows, total = table("PGAN", "resolution")
    family = of("pgan", "paper")
    found = levels(family)
    assert rows == [
        [f"{each.resolution} x {each.resolution}", str(each.maps), f"{each.generator:,}", f"{each.critic:,}"]
        for each in found
    ]
    generator, critic = on_meta(family)
    assert (whole(total[2]), whole(total[3])) == (parameters(generator), parameters(critic))
    assert sum(each.generator for each in found) == parameters(generator)
    assert sum(each.critic for each in found) == parameters(critic)


def layers_by_side(module, given):
    """Feature maps and parameters of a chain of layers, by the side of what comes out (1: a score)."""
    found = {}

    def note(layer, _given, out):
        side, maps = (out.shape[-1], out.shape[1]) if out.dim() == 4 else (1, 1)
        found[side] = (maps, found.get(side, (0, 0))[1] + parameters(layer))

    for layer in module:
        if parameters(layer):
            layer.register_forward_hook(note)
    module(given)
    return found


def test_dcgans_table_is_its_networks():
    family = of("dcgan", "paper")
    generator, discriminator = on_meta(family)
    side = family.settings.resolution
    made = layers_by_side(generator, torch.empty(2, family.latent_length, device="meta"))
    judged = layers_by_side(discriminator, torch.empty(2, 3, side, side, device="meta"))
    *rows, total = table("DCGAN", "resolution")
    read = [
        {
            (1 if row[0] == "score" else int(row[0].split()[0])): (whole(row[at]), whole(row[at + 1]))
            for row in rows
            if row[at]
        }
        for at in (1, 3)
    ]
    assert read == [made, judged]
    assert (whole(total[2]), whole(total[4])) == (parameters(generator), parameters(discriminator))


def test_lapgans_table_is_its_networks():
    family = of("lapgan", "paper")
    settings = family.settings
    generator, discriminator = on_meta(family)
    *rows, total = table("LAPGAN", "level")
    for row, level in zip(rows, levels_of(settings), strict=True):
        maps = settings.units if level == settings.coarsest else at(settings.maps, level)
        parts = parameters(generator[str(level)]), parameters(discriminator[str(level)])
        assert row[0] == f"{level} x {level}"
        assert [whole(cell) for cell in row[1:]] == [maps, *parts]
    assert (whole(total[2]), whole(total[3])) == (parameters(generator), parameters(discriminator))
    assert f"{family.latent_length:,} random numbers" in section("LAPGAN")


def test_everything_in_a_run_folder_stands_in_the_page(finished_run):
    said = section("The run folder")
    for path in finished_run.iterdir():
        assert f"`{path.name}{'/' if path.is_dir() else ''}`" in said, path.name
    for field in json.loads((finished_run / "run.json").read_text()):
        assert f"`{field}`" in said, field


def test_every_field_of_the_metrics_stands_in_the_page(dataset, tiny, tmp_path):
    from training.runs import started

    trainer = started(tmp_path / "run", "pgan", dataset, tiny, ["swd_every=50", "swd_images=12"], 0)
    trainer.train(lambda tick: None)
    lines = [json.loads(line) for line in (trainer.run / "metrics.jsonl").read_text().splitlines()]
    said = {name for row in table("The run folder", "field") for name in re.findall(r"`(\w+)`", row[0])}
    assert {name for line in lines for name in line} == said


def essence(svg):
    """The words of a figure, and its lines and shapes without what depends on fonts."""
    text = svg.read_text(encoding="utf-8")
    shapes = re.findall(r'<g id="(?:patch|line2d)_\d+">\s*<path d="([^"]*)"', text)
    points = [round(float(number)) for shape in shapes for number in re.findall(r"-?\d+\.?\d*", shape)]
    return sorted(re.findall(r"<!-- (.*?) -->", text)), points


def test_the_figure_is_what_the_code_draws_today(tmp_path):
    save(tmp_path / "again.svg")
    words, points = essence(tmp_path / "again.svg")
    assert len(words) > 40
    assert len(points) > 200
    assert essence(OUT) == (words, points), "docs/images/pgan-growing.svg is stale: run `make figures`"


def test_the_same_bytes_are_drawn_every_time(tmp_path):
    for name in ("a.svg", "b.svg"):
        save(tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_commands_and_options_that_the_page_shows_exist():
    known = {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in get_command(app).commands.items()
    }
    shown = re.findall(r"(?:dermvtt-train|-m training\.cli)\s+([a-z]+)([^\n`]*)", TEXT)
    assert len(shown) > 10
    for command, rest in shown:
        assert command in known, command
        assert set(re.findall(r"--[a-z-]+", rest)) <= known[command], (command, rest)


def test_pictures_and_places_that_the_page_links_to_are_there():
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    }
    for target in re.findall(r"\]\((?!http)([^)]+)\)", TEXT):
        assert target[1:] in anchors if target.startswith("#") else (PAGE.parent / target).is_file(), target
