"""The walls between the rooms."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from backend.analysis.ratings import COLUMNS
from backend.settings import Settings, describe_settings, environment_name

ROOT = Path(__file__).parents[1]
SHARED = {"training.manifest", "training.errors", "training.files"}
# What makes a mix of images that were generated elsewhere: pixels and files as the training half makes them.
SHARED |= {"training.encode", "training.prepare.colour", "training.prepare.decode"}


def imports(folder: str) -> dict[str, set[str]]:
    """The modules that each file below a folder imports."""
    found = {}
    for path in (ROOT / folder).rglob("*.py"):
        names = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
        found[path.relative_to(ROOT).as_posix()] = names
    assert found
    return found


def below(names: set[str], *packages: str) -> set[str]:
    return {name for name in names for package in packages if f"{name}.".startswith(f"{package}.")}


@pytest.mark.parametrize(
    "module",
    [
        "backend.cli",
        "backend.app",
        "backend.demo",
        "backend.extras",
        "backend.analysis.report.folder",
        "backend.audit.measure",
        "backend.intake.pictures",
        "training.manifest",
    ],
)
def test_the_web_half_loads_no_torch(module):
    program = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_training_imports_nothing_of_the_web_half():
    for path, names in imports("training").items():
        assert not below(names, "backend", "webapp", "migrations"), path


def test_the_web_half_takes_only_the_manifest_from_training():
    for path, names in imports("backend").items():
        assert below(names, "training") <= SHARED, path


@pytest.mark.parametrize("room", ["analysis", "audit"])
def test_analysis_and_audit_know_neither_web_nor_database(room):
    rooms = ("backend.database", "backend.routes", "backend.studies", "fastapi", "starlette", "sqlalchemy")
    for path, names in imports(f"backend/{room}").items():
        assert not below(names, *rooms), path


def test_rules_know_no_http_and_build_no_sql():
    for path, names in imports("backend/studies").items():
        assert not below(names, "fastapi", "starlette", "backend.routes"), path
        assert not names & {"sqlalchemy"}, path


def test_routes_build_no_sql():
    for path, names in imports("backend/routes").items():
        assert not names & {"sqlalchemy"}, path


def test_every_setting_is_listed():
    described = describe_settings()
    for name, field in Settings.model_fields.items():
        assert environment_name(name) in described
        assert field.description in described


def test_every_column_of_the_ratings_csv_is_in_the_codebook():
    codebook = (ROOT / "docs" / "contracts.md").read_text()
    for column in COLUMNS:
        assert f"| `{column}` |" in codebook


def test_the_codebook_and_the_schema_are_those_of_the_code():
    from docs import codebook

    assert codebook.MARKDOWN.read_text() == codebook.markdown(), "run: make codebook"
    assert codebook.DATA.read_text() == codebook.data(), "run: make codebook"
    assert codebook.SCHEMA.read_text() == codebook.schema_json(), "run: make codebook"
