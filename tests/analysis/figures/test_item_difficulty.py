"""Item difficulty: every image's share, reals and fakes by themselves, names where they fit."""

from dataclasses import replace
from hashlib import md5

import pytest

from backend.analysis.figures.item_difficulty import item_difficulty
from tests.analysis.figures.studies import study


def of_everyone(rows):
    return [row for row in rows.images if row.group == "all"]


def points(figure):
    lines = [line for line in figure.axes[0].get_lines() if line.get_marker() != "None"]
    return [line.get_ydata() for line in lines]


def names(figure):
    return [label.get_text() for label in figure.axes[0].get_xticklabels()]


def entries(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_reals_then_fakes_from_the_most_to_the_least_called_real(paper_rows):
    figure = item_difficulty(paper_rows.images)
    for drawn, truth in zip(points(figure), ("real", "fake"), strict=True):
        shares = [row.share_real for row in of_everyone(paper_rows) if row.truth == truth]
        assert list(drawn) == sorted(shares, reverse=True)
    assert entries(figure)[:2] == ["Real (n\u00a0=\u00a050)", "Fake (n\u00a0=\u00a030)"]


def test_lines_are_the_intervals_and_names_stand_below_their_images(paper_rows):
    figure = item_difficulty(paper_rows.images)
    by_name = {row.image: row for row in of_everyone(paper_rows)}
    parts = [part for part in figure.axes[0].collections if hasattr(part, "get_segments")]
    drawn = [segment[:, 1].tolist() for part in parts for segment in part.get_segments()]
    assert drawn == [[by_name[name].ci_low, by_name[name].ci_high] for name in names(figure)]
    assert len(drawn) == 80


def test_a_groups_own_answers(paper_rows):
    drawn = points(item_difficulty(paper_rows.images, group="ED"))
    assert {round(share * 6) for part in drawn for share in part} <= {0, 2, 3, 4, 6}


def test_generators_stand_by_themselves(full):
    sources = ("pgan", "dcgan")
    rows = [
        replace(row, source=sources[int(row.image[-1]) % 2]) if row.truth == "fake" else row
        for row in full.images
    ]
    figure = item_difficulty(rows)
    assert entries(figure)[:3] == [
        "Real (n\u00a0=\u00a050)",
        "Fake, dcgan (n\u00a0=\u00a015)",
        "Fake, pgan (n\u00a0=\u00a015)",
    ]
    looks = {(line.get_marker(), line.get_markerfacecolor()) for line in figure.axes[0].get_lines()}
    assert {look[0] for look in looks} == {"None", "o", "s", "^"}


def test_of_long_names_the_beginning_is_shown(full):
    rows = [replace(row, image=md5(row.image.encode()).hexdigest()) for row in full.images]
    beginnings = {f"{row.image[:8]}\u2026" for row in rows}
    assert set(names(item_difficulty(rows))) == beginnings
    alike = [replace(row, image=f"a very long name, number {row.image}") for row in full.images]
    assert names(item_difficulty(alike)) == []


def test_a_thousand_images_have_no_names_but_areas():
    figure = item_difficulty(study("thousand images").images)
    assert names(figure) == []
    assert sum(map(len, points(figure))) == 1000
    assert figure.get_figwidth() * 25.4 == pytest.approx(180)
    assert not [part for part in figure.axes[0].collections if hasattr(part, "get_segments")]


def test_images_without_an_answer_are_counted(full):
    empty = {"share_real": None, "ci_low": None, "ci_high": None}
    rows = [replace(row, **empty) if row.image.endswith("7") else row for row in full.images]
    figure = item_difficulty(rows)
    assert [text.get_text() for text in figure.axes[0].texts] == ["8 images without an answer left out"]
    assert len(names(figure)) == 72
    with pytest.raises(ValueError, match="no image has an answer"):
        item_difficulty(study("nobody answered").images)
