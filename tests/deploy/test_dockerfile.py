"""The Dockerfile keeps the rules, and each rule can be broken."""

import re
from pathlib import Path

import pytest

from tests.deploy.dockerfile import lineage, problems, stages

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text()
TARGETS = ("web", "training")


def test_ours_keeps_the_rules():
    assert problems(TEXT, TARGETS) == set()


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ("python:3.11.13-slim-bookworm\n", "python\n", "a base without a version"),
        ("python:3.11.13-slim-bookworm\n", "python:latest\n", "a base without a version"),
        ("COPY pyproject.toml", "ADD pyproject.toml", "ADD"),
        ("COPY backend ./backend", "COPY . ./", "COPY of everything"),
        ("USER 10001:10001", "USER root", "no numbered user other than root"),
        ("USER 10001:10001\n", "", "no numbered user other than root"),
        ("RUN useradd", "RUN apt-get update && useradd", "build tools in what is handed out"),
        ("FROM base AS web", "FROM build AS web", "build tools in what is handed out"),
        ('CMD ["serve"]', "CMD serve", "a command through a shell"),
        ("DERMVTT_PORT=8000", "DERMVTT_SECRET_KEY=8000", "a secret in the image"),
        (
            "pip install --constraint constraints.txt '.[analysis",
            "pip install '.[analysis",
            "pip without constraints",
        ),
        ("RUN python -m venv", "RUN curl http://x && python -m venv", "RUN fetches by hand"),
    ],
)
def test_each_rule_can_be_broken(old, new, broken):
    assert old in TEXT
    assert broken in problems(TEXT.replace(old, new), TARGETS)


def test_a_server_without_a_health_check_is_found():
    text = re.sub(r"HEALTHCHECK(?:.*\\\n)*.*\n", "", TEXT)
    assert problems(text, TARGETS) == {"a server without a health check"}


def test_the_web_image_has_no_torch_and_the_training_image_has():
    found = stages(TEXT)
    installed = {}
    for target in TARGETS:
        (copied,) = (one for one in lineage(found, target)[-1].all("COPY") if one.startswith("--from="))
        source = copied.split()[0].removeprefix("--from=")
        runs = [run for stage in lineage(found, source) for run in stage.all("RUN")]
        installed[target] = any("[training]" in run for run in runs)
    assert installed == {"web": False, "training": True}
    # What the web's pages offer: results, Parquet files, images in a bucket.
    assert "'.[analysis,parquet,s3]'" in TEXT


def test_everything_that_is_copied_exists_and_is_let_through():
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignore[1] == "*"
    allowed = {line[1:] for line in ignore if line.startswith("!")}
    copied = {
        part.removeprefix("./")
        for stage in stages(TEXT)
        for one in stage.all("COPY")
        if not one.startswith("--from=")
        for part in one.split()[:-1]
    }
    assert copied == allowed
    assert [path for path in copied if not (ROOT / path).exists()] == []
