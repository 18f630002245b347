"""Rendering: templates in, HTML responses out."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

SURROUND_COOKIE = "surround"


class Pages:
    """The templates, with what all of them may use."""

    def __init__(self, folder: Path, asset_version: str) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.globals["asset_version"] = asset_version
        self._templates.filters["rate"] = show_rate
        self._templates.filters["moment"] = show_moment

    def render(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Render ``template``; every page knows the request's id and the surround that was chosen."""
        surround = "light" if request.cookies.get(SURROUND_COOKIE) == "light" else "dark"
        html = self._templates.get_template(template).render(
            request_id=request.state.request_id, surround=surround, **values
        )
        return HTMLResponse(html, status_code=status)


def show_rate(value: float | None) -> str:
    """A proportion or kappa as it is shown: three decimals, an en dash where it is undefined."""
    return "–" if value is None else f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def show_moment(moment: datetime | None) -> str:
    """A time as it is shown: UTC, to the minute."""
    return "–" if moment is None else moment.strftime("%Y-%m-%d %H:%M UTC")
