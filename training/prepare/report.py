"""What became of a folder of photographs, in lines of text."""

from pathlib import Path

from training.dataset import DESCRIPTION, Description
from training.prepare.sources import on_one_line


def report(done: Description, out: Path, names: int = 10) -> list[str]:
    """Name every bad file that was skipped and the first ``names`` of each other kind, then what was made."""
    found, joined = done.findings, done.metadata
    kept = done.configuration
    lines = [f"skipped {on_one_line(file)}: {reason}" for file, reason in found.bad.items()]
    lines += _listing("segmentation mask(s)", found.masks, kept["keep_masks"], names)
    doubles = [f"{file} (= {first})" for file, first in found.duplicates.items()]
    lines += _listing("duplicate(s), the same bytes", doubles, kept["keep_duplicates"], names)
    lines += _listing("file(s) that are no images by their names", found.ignored, False, names)
    if joined:
        lines.append(
            f"joined {joined.file} ({', '.join(joined.columns)}): {joined.images_without_row} images without "
            f"a row, {joined.rows_without_image} rows without an image"
        )
    drawn = f", {done.drawn} of them drawn phantoms" if done.drawn else ""
    size = f"{done.resolution} x {done.resolution}"
    lines.append(f"{out}: {done.count} images of {size}{drawn}, digest {done.digest[:16]}")
    return lines


def _listing(what: str, files: list[str], kept: bool, names: int) -> list[str]:
    if not files:
        return []
    more = f" and {len(files) - names} more, all in {DESCRIPTION}" if len(files) > names else ""
    verb = "kept" if kept else "left out"
    return [f"{verb}: {len(files)} {what}: {', '.join(map(on_one_line, files[:names]))}{more}"]
