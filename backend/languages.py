"""The languages of raters' pages: one gettext catalogue each, English being the text in the code itself.

Another language is one more file ``webapp/translations/CODE.po``; nothing else names the languages.
"""

from collections.abc import Callable
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

import webapp
from training.errors import UserError

Translate = Callable[[str], str]
"""Gives a text in another language."""

SOURCE = "en"
TRANSLATIONS = Path(webapp.__file__).parent / "translations"


def translatable(text: str) -> str:
    """Mark a text that is translated where it is shown, so that it comes into the catalogues."""
    return text


class Languages:
    """The catalogues of a folder."""

    def __init__(self, folder: Path = TRANSLATIONS) -> None:
        self._catalogues: dict[str, NullTranslations] = {SOURCE: NullTranslations()}
        for path in sorted(folder.glob("*.po")):
            self._catalogues[path.stem] = _load(path)

    @property
    def names(self) -> dict[str, str]:
        """Each language's code, with the name by which its speakers call it."""
        from babel import Locale  # noqa: PLC0415 - as below

        return {
            code: (Locale.parse(code).get_display_name(code) or code).title() for code in self._catalogues
        }

    def catalogue(self, code: str) -> NullTranslations:
        """The texts of a language."""
        return self._catalogues[code]

    def require(self, code: str) -> str:
        """The code itself, if we speak that language; else raises ``UserError``."""
        if code not in self._catalogues:
            raise UserError(f"there is no language {code!r}; there are {', '.join(self._catalogues)}.")
        return code

    def choose(self, wanted: str, accepted: str, default: str = SOURCE) -> str:
        """The language of a page: the one chosen by the reader, else the first that her browser accepts and
        that we speak (``accepted`` is its Accept-Language header), else ``default``.
        """
        for code in [wanted, *_preferences(accepted), default]:
            for known in (code, code.split("-")[0]):
                if known in self._catalogues:
                    return known
        return SOURCE


def _load(path: Path) -> GNUTranslations:
    # Imported here: whoever only marks a text as translatable, as the command line does, needs no catalogue.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=path.stem, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _preferences(accepted: str) -> list[str]:
    """The language codes of an Accept-Language header (RFC 9110, 12.5.4), the most welcome first."""
    weighted = []
    for part in accepted[:1000].split(","):
        code, _, parameter = part.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if code.strip() and 0 < weight <= 1:
            weighted.append((weight, code.strip().lower()))
    return [code for _, code in sorted(weighted, key=lambda one: -one[0])]
