"""Rendering: templates in, HTML responses out, in the reader's language."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from backend.languages import SOURCE, Languages
from backend.routes.previewing import preview_of
from backend.studies import markdown

SURROUND_COOKIE = "surround"
LANGUAGE_COOKIE = "language"
ADDRESS = re.compile(r"(\s(?:href|src|action|formaction|data-stream|data-path)=\")(?=/(?!/))")
"""Where an address of ours begins. No text can look like one: quotes in it are escaped."""


class Pages:
    """The templates, with what all of them may use; one environment a language.

    Templates write addresses as if the application were alone on its host; here ``root_path`` comes in front.
    """

    def __init__(self, folder: Path, languages: Languages, asset_version: str) -> None:
        self.languages = languages
        self.root_path = ""
        self._environments = {
            code: _environment(folder, languages, code, asset_version) for code in languages.names
        }

    def language(self, request: Request, default: str = SOURCE) -> str:
        """The language for whoever asks: chosen, else accepted by the browser, else ``default``."""
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        return self.languages.choose(chosen, request.headers.get("accept-language", ""), default)

    def render(
        self, request: Request, template: str, *, status: int = 200, language: str = SOURCE, **values: Any
    ) -> HTMLResponse:
        """Render ``template``; every page knows the request's id, the surround that was chosen, and in a
        preview the way out of it.
        """
        preview = preview_of(request)
        surround = "light" if request.cookies.get(SURROUND_COOKIE) == "light" else "dark"
        html = self.fragment(
            template,
            request_id=request.state.request_id,
            surround=surround,
            preview=preview.back if preview else "",
            language=language,
            languages=list(self.languages.names.items()),
            **values,
        )
        return HTMLResponse(html, status_code=status)

    def fragment(self, template: str, *, language: str = SOURCE, **values: Any) -> str:
        """A part of a page: only what is given is known to it."""
        html = self._environments[language].get_template(template).render(language=language, **values)
        return ADDRESS.sub(rf"\1{self.root_path}", html) if self.root_path else html


def _environment(folder: Path, languages: Languages, code: str, asset_version: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(languages.catalogue(code), newstyle=True)
    environment.globals["asset_version"] = asset_version
    environment.filters["moment"] = show_moment
    environment.filters["markdown"] = lambda text: Markup(markdown.to_html(text))  # noqa: S704 - it is safe HTML
    environment.filters["one_paragraph"] = _one_paragraph
    return environment


def _one_paragraph(text: str) -> Markup | None:
    html = markdown.one_paragraph(text)
    return None if html is None else Markup(html)  # noqa: S704 - as above


def show_moment(moment: datetime | None) -> str:
    """A time as it is shown: UTC, to the minute."""
    return "–" if moment is None else moment.strftime("%Y-%m-%d %H:%M UTC")
