"""Raters' pages speak their reader's language, and every language says everything."""

import re
import string

import pytest
from babel.messages.pofile import read_po

from backend.database.tables import Study
from backend.languages import Languages
from backend.studies import lifecycle
from scripts.translations import FOLDER, extract
from tests.support import consent

CODES = sorted(path.stem for path in FOLDER.glob("*.po"))


def catalogue(code):
    with (FOLDER / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def forms(text):
    return text if isinstance(text, tuple | list) else (text,)


def placeholders(text):
    braced = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    return braced | set(re.findall(r"%\((\w+)\)s", text))


def test_german_is_among_the_languages():
    assert "de" in CODES
    assert Languages().names == {"en": "English", "de": "Deutsch"}


@pytest.mark.parametrize("code", CODES)
def test_every_text_is_translated_and_no_other(code):
    """Renew the catalogues with: python scripts/translations.py"""
    wanted = {message.id for message in extract() if message.id}
    held = {message.id: message for message in catalogue(code) if message.id}
    assert {forms(one)[0] for one in wanted} == {forms(one)[0] for one in held}
    for message in held.values():
        assert all(forms(message.string)), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("code", CODES)
def test_a_translation_keeps_the_places_of_the_values(code):
    for message in catalogue(code):
        if message.id:
            for text in forms(message.string):
                assert placeholders(text) == placeholders(forms(message.id)[0]), message.id


@pytest.mark.parametrize(
    ("wanted", "accepted", "default", "chosen"),
    [
        ("", "", "en", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "en", "de"),
        ("", "fr, en;q=0.3, de;q=0.7", "en", "de"),
        ("", "en-GB,de;q=0.9", "de", "en"),
        ("", "fr,ja", "de", "de"),
        ("", "de;q=0, en", "de", "en"),
        ("en", "de", "de", "en"),
        ("xx", "de", "en", "de"),
        ("../../etc", ";;;q=,,q", "nonsense", "en"),
        ("", "de;q=nan", "en", "en"),
        ("", "x" * 100_000, "en", "en"),
    ],
)
def test_the_language_is_chosen_then_accepted_then_the_studys(wanted, accepted, default, chosen):
    assert Languages().choose(wanted, accepted, default) == chosen


def test_a_page_follows_the_browser_and_the_switch(browser, world):
    base = f"/r/{world.link['ED1']}"
    german = {"Accept-Language": "de"}
    assert '<html lang="de">' in browser.get(base, headers=german).text
    reply = browser.post(f"{base}/language", data={"language": "en"}, headers=german)
    assert reply.headers["location"] == base
    assert '<html lang="en">' in browser.get(base, headers=german).text
    consent(world)
    reply = browser.post(f"{base}/language", data={"language": "de", "return_to": "rate/3"})
    assert reply.headers["location"] == f"{base}/rate/3"
    assert "Bild {position} von {total}" in browser.get(f"{base}/rate/3").text
    outside = browser.post(f"{base}/language", data={"language": "de", "return_to": "//example.org"})
    assert outside.headers["location"] == base


def test_refusals_and_errors_are_told_in_the_readers_language(browser, world):
    base = f"/r/{world.link['ED1']}"
    browser.headers["Accept-Language"] = "de"
    assert "kreuzen Sie Ihr Einverständnis an" in browser.post(f"{base}/start").text
    assert "Dieser Link führt zu keiner Studie" in browser.get("/r/nobody").text
    assert "Diese Seite gibt es nicht" in browser.get(f"{base}/nowhere").text
    consent(world)
    reply = browser.post(f"{base}/answers", json={"answers": [{"id": "a-wrong-one", "image": "x"}]})
    assert "gibt es in Ihrer Studie nicht" in reply.json()["refused"][0]["error"]
    assert "8 Ihrer Bilder haben noch keine Antwort" in browser.post(f"{base}/submit").text


def test_errors_are_told_in_the_studys_language_where_the_readers_is_not_spoken(browser, world):
    base = f"/r/{world.link['ED1']}"
    with world.database.write() as session:
        session.get(Study, world.study.id).language = "de"
        lifecycle.set_state(session, world.study.id, "closed")
    for path, words in (("", "Diese Studie ist geschlossen"), ("/nowhere", "Diese Seite gibt es nicht")):
        assert words in browser.get(base + path, headers={"Accept-Language": "fr-FR"}).text
        assert words not in browser.get(base + path, headers={"Accept-Language": "en"}).text


def test_admins_pages_stay_in_one_language(browser):
    assert '<html lang="en">' in browser.get("/admin/login", headers={"Accept-Language": "de"}).text
