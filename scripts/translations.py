"""Bring the catalogues of raters' pages up to date with the texts in templates and rules.

    python scripts/translations.py          renews every webapp/translations/*.po
    python scripts/translations.py fr       also begins one for French

New texts are added without a translation; those that no page says any more are dropped.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "webapp" / "translations"
MARKED = {"translatable": None}
REFUSALS = MARKED | {"Conflict": None, "Invalid": None, "Unknown": None, "Busy": None}
TEMPLATES = {"_": None, "gettext": None, "ngettext": (1, 2)}
# Admins' pages are in English: of the modules that refuse them things, only what is marked is extracted.
SOURCES = [
    ("webapp/templates/rater/**.html", "jinja2", TEMPLATES),
    ("webapp/templates/*.html", "jinja2", TEMPLATES),
    ("backend/routes/rater/*.py", "python", REFUSALS),
    *(
        (f"backend/studies/{name}.py", "python", REFUSALS)
        for name in ("answers", "consent", "desk", "recording")
    ),
    ("backend/**.py", "python", MARKED),
]
OPTIONS = {"webapp/templates/**.html": {"newstyle_gettext": "true", "trimmed": "true"}}


def extract() -> Catalog:
    """Every text that a rater may read, in English."""
    catalogue = Catalog(project="DermVTT", copyright_holder="The DermVTT developers", fuzzy=False)
    for pattern, method, keywords in SOURCES:
        found = extract_from_dir(ROOT, [(pattern, method)], OPTIONS, keywords=keywords)
        for file, _line, message, comments, context in sorted(found, key=lambda one: (one[0], one[1])):
            catalogue.add(message, locations=[(file, None)], auto_comments=comments, context=context)
    return catalogue


def renew(path: Path, template: Catalog) -> None:
    """Bring one catalogue up to date, keeping its translations."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.fuzzy = False
    catalogue.project, catalogue.version = "DermVTT", "0.1"
    catalogue.header_comment = f"# {catalogue.locale.english_name} for the pages that raters see."
    # The same moment always: a catalogue changes when a text does, and not by being looked at.
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    with path.open("wb") as file:
        write_po(file, catalogue, width=100, ignore_obsolete=True)


def main() -> None:
    template = extract()
    for code in sys.argv[1:]:
        (FOLDER / f"{code}.po").touch()
    for path in sorted(FOLDER.glob("*.po")):
        renew(path, template)
        print(f"{path.relative_to(ROOT)}: {len(template)} texts")


if __name__ == "__main__":
    main()
