"""A study's options in plain words, in the order and the sections of the settings page."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Field:
    """One option: what it is called and what it does.

    ``most`` bounds a number, of milliseconds mostly; ``choices`` are what it can be, each in words.
    """

    name: str
    label: str
    hint: str
    most: int = 0
    unit: str = "ms"
    choices: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """Options that belong together."""

    title: str
    about: str
    fields: tuple[Field, ...]


SECTIONS = (
    Section(
        "Order of the images",
        "Each rater has an order of her own. It is drawn when she is invited, so choose before.",
        (
            Field(
                "order",
                "How the orders are drawn",
                "Balanced: over the raters of a group, each image stands equally often in each quarter of "
                "the order, so that practice and fatigue meet all images alike.",
                choices={"random": "At random for each rater", "balanced": "Balanced over the raters"},
            ),
            Field(
                "repeats",
                "Images shown a second time",
                "So many, drawn for each rater, come again, half of the order later or more: for her "
                "agreement with herself. Turn off that answers can be changed, or she can make the two "
                "agree. 0: none.",
                10_000,
                "images",
            ),
        ),
    ),
    Section(
        "Showing the images",
        "How an image comes, and how long it stays.",
        (
            Field(
                "zoom",
                "Raters can enlarge an image",
                "By wheel, pinch, double tap or keyboard, up to 8 times.",
            ),
            Field(
                "fixation_ms",
                "Pause with a cross before each image",
                "In milliseconds, from 100 on. 0: the next image comes at once.",
                10_000,
            ),
            Field(
                "display_limit_ms",
                "An image disappears after",
                "In milliseconds, from 100 on; it can still be answered afterwards. 0: it stays.",
                600_000,
            ),
            Field(
                "preload_all",
                "Load all images before the first",
                "For raters with a poor connection: they wait once, and can go on without any.",
            ),
        ),
    ),
    Section(
        "Answering",
        "What raters say of an image, and whether they may think again.",
        (
            Field(
                "confidence_levels",
                "Ask how sure they are",
                "A scale beside Real and Fake, from guessing to certain: it gives ROC curves.",
            ),
            Field(
                "revising",
                "Answers can be changed until they are submitted",
                "Every change is kept with its time. Otherwise the first answer stands, and is not undone.",
            ),
        ),
    ),
    Section(
        "Before the first image",
        "What raters are asked on the first page, and how they practise.",
        (
            Field(
                "ask_group",
                "Raters choose their group themselves",
                "Otherwise the invitation says it. Where they choose, invitations go out without one.",
            ),
            Field(
                "practice_feedback",
                "Practice images say what they were",
                "After each practice answer, whether the image was real. For a study with a practice mix.",
            ),
        ),
    ),
    Section(
        "Privacy",
        "How long it is known who a rater is.",
        (
            Field(
                "retention_days",
                "Delete personal data after closing",
                "In days after the study was closed: addresses, names, panel ids, mails, answers in words. "
                "Answers and pseudonyms stay. Carried out by: dermvtt privacy apply. 0: kept.",
                36_500,
                "days",
            ),
        ),
    ),
    Section(
        "Results",
        "What raters see once the study is closed, and whether admins see anything before.",
        (
            Field(
                "seal_results",
                "Results stay sealed until the study is closed",
                "A study that is stopped when its numbers please proves nothing. Sealed, neither this site "
                "nor its exports show results while answers come in; turning it off is on record.",
            ),
            Field(
                "live_accuracy",
                "The overview shows how many answers are right while they come in",
                "Otherwise it shows speed and progress alone until the study is closed. Never where "
                "results are sealed.",
            ),
            Field(
                "show_results",
                "Raters see their own results",
                "Their confusion table, and the images that fooled them. Once the study is closed with this "
                "on, it stays closed: whoever has seen the truth cannot rate again.",
            ),
        ),
    ),
)

LABELS = {one.name: one.label for section in SECTIONS for one in section.fields}
LABELS |= {"questions": "Questions", "title": "Title", "introduction": "Introduction"}
LABELS |= {"consent": "Consent", "thanks": "Thanks"}


def plainly(problem: str) -> str:
    """A refusal with the option's label in place of its name.

    >>> plainly("fixation_ms: must be a whole number.")
    'Pause with a cross before each image: must be a whole number.'
    """
    where, colon, told = problem.partition(": ")
    name = where.split(".")[0]
    return f"{LABELS[name]}: {told}" if colon and name in LABELS else problem
