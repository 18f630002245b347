"""The sheet of the hardest and easiest images, with pictures where they are at hand."""

import io
from functools import cache, partial

import numpy as np
import pytest
from PIL import Image

from backend.analysis.figures.formats import png, svg
from backend.analysis.figures.image_sheet import sheet
from backend.analysis.images.difficulty import easiest, hardest
from tests.analysis.figures.studies import study


@cache
def picture(name):
    shade = 50 + sum(map(ord, name)) % 200
    stream = io.BytesIO()
    Image.new("RGB", (64, 48), (shade, 90, 90)).save(stream, "PNG")
    return stream.getvalue()


def names(figure):
    return [axes.texts[-1].get_text().split("\n")[0] for axes in figure.axes]


def test_hardest_and_easiest_of_each_truth_with_their_pictures(full):
    figure = sheet(full.images, picture)
    expected = [
        image
        for choose in (hardest, easiest)
        for truth in ("real", "fake")
        for image in choose(full.images, 6, truth=truth)
    ]
    assert names(figure) == [image.image for image in expected]
    first = expected[0]
    assert figure.axes[0].texts[-1].get_text().endswith(f"{first.called_real} of {first.n} called it real")
    shown = figure.axes[0].get_images()[0].get_array()
    with Image.open(io.BytesIO(picture(first.image))) as image:
        assert np.array_equal(shown, np.asarray(image))


def test_a_picture_that_is_not_at_hand_or_broken_leaves_a_frame(full):
    figure = sheet(full.images, lambda name: b"no picture" if name.startswith("real") else None)
    assert {axes.texts[0].get_text() for axes in figure.axes} == {"no picture"}
    assert not any(axes.get_images() for axes in figure.axes)


def test_large_pictures_are_made_small(full):
    stream = io.BytesIO()
    Image.new("L", (1000, 500)).save(stream, "PNG")
    shown = sheet(full.images, lambda _: stream.getvalue()).axes[0].get_images()[0].get_array()
    assert shown.shape[1] < 400
    assert shown.shape[2] == 3


def test_of_few_images_none_is_both_hard_and_easy(full):
    few = [row for row in full.images if row.image[-2:] in ("01", "02", "03", "41")]
    found = names(sheet(few, picture))
    assert len(found) == len(set(found)) == 4


def test_without_answers_there_is_no_sheet():
    with pytest.raises(ValueError, match="no image has an answer"):
        sheet(study("nobody answered").images, picture)


def test_the_same_pictures_give_the_same_bytes(full):
    few = [row for row in full.images if row.image[-2:] in ("01", "02", "41", "42")]
    first, second = sheet(few, picture), sheet(few, picture)
    for save in (svg, partial(png, dpi=60)):
        assert save(first) == save(second)
