"""The order in which a rater sees a study's images."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Sequence

PARTS = 4
"""Of a balanced order."""
SQUARE = ((0, 1, 3, 2), (1, 2, 0, 3), (2, 3, 1, 0), (3, 0, 2, 1))
"""Each line is the order in which a rater sees the four blocks of images: a Latin square that is balanced for
what comes before, too (Williams 1949, Bradley 1958). Each block stands in each part once, and each comes once
directly after each other one.
"""


def presentation_order(
    seed: str, rater_number: int, image_ids: Iterable[str], row: int | None = None
) -> list[str]:
    """Permute the images for one rater, all permutations being equally likely over seeds.

    Images are sorted by HMAC-SHA256 of the rater's number and the image's id under the study's seed. So the
    order follows from published facts alone (any language can draw it again, no library's generator is
    involved), and the order of the input does not matter.

    With a ``row`` of the balanced design the parts of the order hold the images that ``parts`` deals into
    them; within a part they stand in that same random order.

    >>> presentation_order("seed", 1, ["a", "b", "c"]) == presentation_order("seed", 1, ["c", "b", "a"])
    True
    """
    shuffled = sorted(image_ids, key=lambda image_id: _draw(seed, f"{rater_number}:{image_id}"))
    if row is None:
        return shuffled
    part = parts(seed, row, shuffled)
    return sorted(shuffled, key=part.__getitem__)


def parts(seed: str, row: int, image_ids: Iterable[str]) -> dict[str, int]:
    """The part of the order, 0 to 3, in which each image stands in a row of the balanced design.

    Rows come in cycles of four. For each cycle the images are dealt anew, by HMAC, into four blocks whose
    sizes differ by at most one; each row of the cycle shows the blocks in the order of a line of ``SQUARE``.
    So over the four rows each image stands in each part exactly once, and whom it stands together with
    differs from cycle to cycle.
    """
    cycle, line = divmod(row, PARTS)
    dealt = sorted(image_ids, key=lambda image_id: _draw(seed, f"balanced:{cycle}:{image_id}"))
    return {image: SQUARE[line].index(place % PARTS) for place, image in enumerate(dealt)}


def with_repeats(seed: str, rater_number: int, order: Sequence[str], count: int) -> list[str]:
    """The order with so many of its images in it a second time, at least half of the order after the first.

    The images are drawn for this rater among those of the first half of her order; each comes again at a
    place drawn among those that are far enough behind. Their first showings stand among the others as they
    did.

    >>> len(with_repeats("seed", 1, ["a", "b", "c", "d"], 1))
    5
    """
    half, last = (len(order) + 1) // 2, len(order)
    drawn = sorted(
        range(most_repeats(last)), key=lambda place: _draw(seed, f"repeat:{rater_number}:{order[place]}")
    )
    again: dict[int, list[tuple[bytes, str]]] = {}
    for place in drawn[:count]:
        draw = _draw(seed, f"again:{rater_number}:{order[place]}")
        before = place + half + int.from_bytes(draw) % (last - place - half + 1)
        again.setdefault(before, []).append((draw, order[place]))
    found: list[str] = []
    for place in range(last + 1):
        found += [image for _, image in sorted(again.get(place, []))]
        found += order[place : place + 1]
    return found


def most_repeats(images: int) -> int:
    """How many of so many images can be shown a second time."""
    return images // 2


def next_row(group: Iterable[int], everyone: Iterable[int]) -> int:
    """The row of the balanced design for one more rater, by the rows that her group and all raters have.

    Her group's cycles are filled one after the other, so that in each group, at any time, two images differ
    by at most one in how often they stood in a part. Of the rows that are left she gets the one that is
    rarest over all groups.

    >>> [next_row([], []), next_row([0], [0]), next_row([], [0]), next_row([0, 1, 3, 4], [])]
    [0, 1, 1, 2]
    """
    taken, times, first = set(group), Counter(everyone), 0
    while taken.issuperset(range(first, first + PARTS)):
        first += PARTS
    left = (row for row in range(first, first + PARTS) if row not in taken)
    return min(left, key=lambda row: (times[row], row))


def _draw(seed: str, message: str) -> bytes:
    return hmac.new(seed.encode(), message.encode(), hashlib.sha256).digest()


def first_choice(seed: str, rater_number: int, begun: dict[str, int]) -> str:
    """The answer whose button stands first on a rater's pages: ``real`` or ``fake``.

    ``begun`` counts the raters of her group by their first choice: she gets the rarer one, and by an HMAC
    under the study's seed where they are equal. So the order of the buttons is balanced within each group.
    """
    real, fake = begun.get("real", 0), begun.get("fake", 0)
    if real != fake:
        return "real" if real < fake else "fake"
    return ("real", "fake")[_draw(seed, f"first choice:{rater_number}")[0] % 2]
