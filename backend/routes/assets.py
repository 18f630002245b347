"""Styles and scripts, under addresses that carry the version of their content.

Scripts import each other by relative addresses, so that all of them are of the version that the page named: a
browser keeps them for good, and asks for none of them twice.
"""

import hashlib
from os import PathLike, stat_result
from pathlib import Path

from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

FOR_GOOD = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """The files of a folder as ``/VERSION/path``; another version than ours gets our files, for the moment.

    That is who opened a page just before an upgrade.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)
        self.version = _version(folder)

    def get_path(self, scope: Scope) -> str:
        """The path below the folder."""
        return "/".join(Path(super().get_path(scope)).parts[1:]) or "."

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, and how long a browser may keep it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        ours = super().get_path(scope).startswith(self.version)
        response.headers["Cache-Control"] = FOR_GOOD if ours else "no-cache"
        return response


def _version(folder: Path) -> str:
    """A short hash of all files."""
    content = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return content.hexdigest()[:12]
