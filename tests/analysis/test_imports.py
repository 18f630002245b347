"""What the analysis may lean on: no web, no database, no torch; and the table alone stays light."""

import subprocess
import sys


def loaded_by(module):
    code = f"import sys, {module}; print(*(name for name in sys.modules if '.' not in name))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_analysis_knows_neither_web_nor_database():
    loaded = loaded_by("backend.analysis.report.folder, backend.analysis.report.text")
    assert {"scipy", "matplotlib"} <= loaded
    assert not loaded & {"fastapi", "starlette", "sqlalchemy", "torch", "webapp"}


def test_the_command_line_starts_without_the_heavy_libraries():
    assert not loaded_by("backend.cli.analyze, backend.analysis.ratings") & {"scipy", "matplotlib"}
