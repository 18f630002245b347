"""The report as a folder: whole or not at all."""

import pytest

from backend.analysis.figures.registry import FIGURES
from backend.analysis.ratings import RatingRow, RatingsTable
from backend.analysis.report import serial
from backend.analysis.report.folder import write_folder
from backend.analysis.report.results import analyze
from backend.analysis.report.views import views
from training.errors import UserError


def test_the_folder_holds_everything(full_results, tmp_path):
    folder, asked = tmp_path / "new" / "report", []
    write_folder(full_results, folder, latex=True, picture=asked.append)
    tables = [f"{name}.csv" for name in serial.tables()]
    assert {"raters.csv", "agreement.csv", "images.csv", "groups.csv"} <= set(tables)
    parts = [*tables, "results.json", "report.html", "figures", "tables"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(parts)
    assert (folder / "results.json").read_text(encoding="utf-8") == serial.to_json(full_results)
    for name in serial.tables():
        assert (folder / f"{name}.csv").read_bytes().decode() == serial.to_csv(full_results, name)
    drawn = {f"{name}.{kind}" for name in (*FIGURES, "image_sheet") for kind in ("svg", "pdf", "png")}
    assert {path.name for path in (folder / "figures").iterdir()} == drawn
    assert {path.stem for path in (folder / "tables").iterdir()} == {one.name for one in views(full_results)}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml;base64,") == len(FIGURES) + 1
    assert [path.name for path in folder.parent.iterdir()] == ["report"]
    # Without pictures there is no sheet of images: see below.
    assert (folder / "figures" / "image_sheet.png").stat().st_size > 10_000
    assert set(asked) <= {image.image for image in full_results.images}


def test_figures_of_what_was_not_recorded_are_not_there(paper_results, tmp_path):
    write_folder(paper_results, tmp_path / "report")
    drawn = {path.stem for path in (tmp_path / "report" / "figures").iterdir()}
    assert {"figure5a", "figure5b"} <= drawn < set(FIGURES)
    assert not (tmp_path / "report" / "tables").exists()


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "kept").write_text("mine")
    one = RatingsTable.from_rows([RatingRow("A", "ED", "x", "real", "")])
    with pytest.raises(UserError, match="already exists"):
        write_folder(analyze(one), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    write_folder(analyze(one), tmp_path / "sparse")
    assert (tmp_path / "sparse" / "report.html").exists()
