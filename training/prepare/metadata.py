"""The user's table of the images (a CSV file), joined to the images by their names."""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.dataset import INDEX_COLUMNS
from training.errors import UserError

FILE_COLUMNS = ("file", "filename", "image", "image_id", "isic_id")


@dataclass
class Metadata:
    """Rows by the file name they give, and which image has taken which.

    ``columns`` are the joined ones: all but ``file`` and those without a name. One with the name of a column
    of ``index.csv``'s own is joined as ``metadata_<name>``.
    """

    path: Path | None = None
    columns: list[str] = field(default_factory=list)
    rows: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    missed: int = 0

    def join(self, file: str, key: str | None) -> list[str]:
        """Return the cells of the row ``key`` for the image ``file``; empty ones where it has none.

        Raises ``UserError`` where another image has taken the same row.
        """
        if key is None:
            self.missed += 1
            return [""] * len(self.columns)
        other = self.taken.setdefault(key, file)
        if other != file:
            raise UserError(
                f"{self.path}, line {self.lines[key]}: {key!r} fits two images, {other} and {file}. "
                "Give each its own row, by its path in the folder."
            )
        return self.rows[key]

    @property
    def unused(self) -> int:
        """How many rows no image has taken."""
        return len(self.rows) - len(self.taken)


def keys_for(metadata: Metadata, files: list[str]) -> dict[str, str]:
    """Map each file to the row that names it: by its path, else its name, else the name without suffix."""
    exact = metadata.rows.keys() & set(files)
    keys = {}
    for file in files:
        path = Path(file)
        for key in (file, path.name, path.stem):
            if key in metadata.rows and (key == file or key not in exact):
                keys[file] = key
                break
    return keys


def read_metadata(path: Path) -> Metadata:
    """Read a CSV file (UTF-8, comma, a header); raise ``UserError`` naming the line that is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _parse(path, csv.reader(file, strict=True))
    except OSError as error:
        raise UserError(f"the metadata {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8 CSV.") from error


def _parse(path: Path, reader: Any) -> Metadata:
    metadata = Metadata(path=path)
    try:
        header = [name.strip() for name in next(reader, [])]
        name_at = _file_column(path, header)
        kept = [at for at, name in enumerate(header) if name and name != "file"]
        metadata.columns = _column_names(path, [header[at] for at in kept])
        for row in reader:
            if row:
                if len(row) != len(header):
                    cells = f"{len(row)} cells, where the header has {len(header)}"
                    raise UserError(f"{path}, line {reader.line_num}: {cells}.")
                _add(metadata, reader.line_num, row[name_at], [row[at] for at in kept])
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: not valid CSV: {error}.") from error
    return metadata


def _add(metadata: Metadata, line: int, name: str, cells: list[str]) -> None:
    where = f"{metadata.path}, line {line}"
    key = name.strip().replace("\\", "/").removeprefix("./")
    if not key:
        raise UserError(f"{where}: the cell that names the image file is empty.")
    if key in metadata.rows:
        raise UserError(f"{where}: {key!r} has a row already, in line {metadata.lines[key]}.")
    metadata.rows[key] = cells
    metadata.lines[key] = line


def _file_column(path: Path, header: list[str]) -> int:
    lower = [name.lower() for name in header]
    for name in FILE_COLUMNS:
        if name in lower:
            return lower.index(name)
    given = ", ".join(header) or "none at all"
    raise UserError(
        f"{path}, line 1: no column names the image file. Call it one of {', '.join(FILE_COLUMNS)}; "
        f"the columns (separated by commas) are: {given}."
    )


def _column_names(path: Path, names: list[str]) -> list[str]:
    joined = [f"metadata_{name}" if name in INDEX_COLUMNS else name for name in names]
    for name in joined:
        if joined.count(name) > 1:
            raise UserError(f"{path}, line 1: the column {name!r} stands there twice. Rename one.")
    return joined
