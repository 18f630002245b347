"""What the pages on faults and security say is held by a test is so: each test that they name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = {path.relative_to(ROOT).as_posix(): path.read_text() for path in ROOT.glob("tests/**/test_*.py")}
TESTS = set(re.findall(r"^def (test_\w+)\(", "\n".join(CODE.values()), re.MULTILINE))
QUOTED = re.compile(r"`([\w./]*test_\w+(?:\.py)?)`")


@pytest.mark.parametrize("page", ["security.md", "faults.md"])
def test_every_test_that_is_named_is_there(page):
    named = QUOTED.findall((ROOT / "docs" / page).read_text())
    assert named
    files = [one for one in named if one.endswith(".py")]
    assert [one for one in files if not any(f"/{path}".endswith(f"/{one}") for path in CODE)] == []
    assert [one for one in named if one not in files and one not in TESTS] == []
