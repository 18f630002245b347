"""What raters do, good and bad, and a model of what must come of it that knows nothing of databases."""

import itertools

from hypothesis import strategies

IMAGES, LEVELS = 8, 5
LONG_AGO_MS = 3_600_000  # before she agreed: such an answer counts as given at that moment
# Few ids and fewer images: what happens shall happen to the same ones again and again.
IDS = strategies.integers(1, 30).map("entry-{:012}".format)
POSITIONS = strategies.sampled_from([1, 1, 1, 2, 2, IMAGES])
WHO = strategies.sampled_from("AAB")
CHOICES = strategies.sampled_from(["real", "fake"])
AGES = strategies.sampled_from([0, LONG_AGO_MS])
RUBBISH = strategies.sampled_from(
    ["", " ", "maybe", "x" * 5000, "-1", "99", "1e999", "nan", "\x00", "é😀", "[]", "None", "real "]
)
PAGES = [
    "",
    "/state",
    "/review",
    "/review?show=unsure",
    "/rate/3",
    "/rate/99",
    "/done",
    "/timing.css",
    "/practice/1",
]

LEVEL = strategies.sampled_from([None, None, 1, LEVELS])
BAD_FIELD = strategies.sampled_from(
    [
        *({"answer": bad} for bad in ("maybe", 1, ["real"], {}, True)),
        *({"confidence": bad} for bad in (0, -1, 10**400, "3", True, 2.5)),
        *({"after": bad} for bad in ("", 7, ["entry-000001"], "x" * 37)),
        *({"age_ms": bad} for bad in (-1, 1e15, None, "0", 10**400)),
        *({"response_ms": bad} for bad in (-5, 1e12, "fast", 10**400)),
        *({"image": bad} for bad in (None, "", "f" * 31, ["f" * 32], "F" * 32)),
        *({"id": bad} for bad in (None, "short", "x" * 37, 7, "entry-00\n")),
    ]
)
SPOILT = strategies.sampled_from(
    [
        *({"position": bad} for bad in (0, 9, -1, 2**31, 10**400, "x", "%00", "1.5")),
        *({"answer": bad} for bad in ("", "maybe", "REAL", "real ", "\x00", "x" * 5000)),
        *({"submission": bad} for bad in ("short", "x" * 37, "with blank", "with-\x00-in-it", "ä" * 8)),
        *({"confidence": bad} for bad in ("0", "6", "-1", "high", "9" * 5000, "1e999")),
        *({"response_ms": bad} for bad in ("-5", "1e12", "nan", "inf", "fast")),
        {"shown_ms": "yesterday"},
    ]
)
FORMS = strategies.lists(strategies.tuples(POSITIONS, IDS, CHOICES, LEVEL), min_size=3, max_size=6)
ENTRIES = strategies.lists(
    strategies.tuples(POSITIONS, IDS, strategies.one_of(CHOICES, strategies.none()), LEVEL, AGES),
    min_size=4,
    max_size=8,
)
BAD_ENTRIES = strategies.lists(strategies.tuples(POSITIONS, BAD_FIELD), max_size=2)


class Model:
    """What is known of one rater."""

    def __init__(self):
        self.agreed = self.submitted = False
        self.given = {
            position: [] for position in range(1, IMAGES + 1)
        }  # ((time, order), answer, confidence)
        self.known = {}  # (position, id) -> (answer, confidence)
        self.viewed = set()
        self.clock = itertools.count(1)

    @property
    def open(self):
        return self.agreed and not self.submitted

    def current(self, position):
        return max(self.given[position])[1:] if self.given[position] else (None, None)

    def answer(self, position, identity, answer, confidence, *, old=False):
        """Whether it is taken, whatever comes of it."""
        if (position, identity) in self.known:
            return True
        if not self.open or (confidence is not None and (answer is None or confidence > LEVELS)):
            return False
        order = next(self.clock)
        time = (0 if old else order, order)
        held = max(self.given[position]) if self.given[position] else None
        same = (answer, confidence) == self.current(position)
        if not (same and (held is None or time >= held[0])):
            self.given[position].append((time, answer, confidence))
            self.known[position, identity] = (answer, confidence)
        return True
