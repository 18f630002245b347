"""What the server has stored, read from its database file."""

import sqlite3
from contextlib import closing

from tests.browser.serving import Server

ANSWERS = """SELECT p.position, r.answer, r.confidence, r.response_ms, r.hidden_ms
             FROM ratings r JOIN presentations p ON p.id = r.presentation_id
             JOIN raters ON raters.id = p.rater_id
             WHERE raters.name = ? AND raters.study_id = coalesce(?, raters.study_id) ORDER BY r.id"""
VIEWINGS = """SELECT p.position, v.visible_ms, v.hidden_ms
              FROM viewings v JOIN presentations p ON p.id = v.presentation_id
              JOIN raters ON raters.id = p.rater_id
              WHERE raters.name = ? AND raters.study_id = coalesce(?, raters.study_id) ORDER BY v.began_at"""
CURRENT = """SELECT p.position, (SELECT answer FROM ratings r WHERE r.presentation_id = p.id
                                 ORDER BY answered_at DESC, id DESC LIMIT 1)
             FROM presentations p JOIN raters ON raters.id = p.rater_id
             WHERE raters.name = ? AND raters.study_id = coalesce(?, raters.study_id)"""
STORED = """SELECT r.answer FROM ratings r JOIN presentations p ON p.id = r.presentation_id
            JOIN raters ON raters.id = p.rater_id WHERE raters.study_id = ? ORDER BY r.id"""


def rows(server: Server, query: str, *values: object) -> list[tuple]:
    path = server.settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query, values).fetchall()


def stored(server: Server) -> list[str | None]:
    """All answers in its study, in the order in which they were stored."""
    return [row[0] for row in rows(server, STORED, server.study_id)]


def ratings(server: Server, name: str = "ED1") -> list[tuple]:
    """Position, answer, confidence, response time and hidden time of each of a rater's ratings."""
    return rows(server, ANSWERS, name, server.study_id)


def answers(server: Server, name: str = "ED1") -> list[tuple[int, str, int | None]]:
    """Position, answer and confidence of each of a rater's ratings."""
    return [row[:3] for row in ratings(server, name)]


def current(server: Server, name: str = "ED1") -> dict[int, str]:
    """The answers that hold, by position."""
    return {position: answer for position, answer in rows(server, CURRENT, name, server.study_id) if answer}


def viewings(server: Server, name: str = "ED1") -> list[tuple]:
    """Position, visible and hidden time of each time that an image was on the screen."""
    return rows(server, VIEWINGS, name, server.study_id)
