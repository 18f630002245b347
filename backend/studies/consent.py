"""What a rater is told and agrees to before she begins."""

import hashlib
import math

SECONDS_PER_IMAGE = 6

RECORDED = (
    "each answer and each change of an answer, with its time and how long you looked",
    "the group you were invited in, and when you agreed, began and submitted",
)
NOT_RECORDED = (
    "Your answers are kept under the pseudonym that whoever invited you has chosen. Your address and your "
    "location are not recorded, and no third party learns that you were here."
)
CONSENT = (
    "I take part of my own free will, I may stop at any time, and I agree that my answers are used "
    "for research under a pseudonym."
)


def expected_minutes(images: int) -> int:
    """How long rating takes most people, in whole minutes."""
    return math.ceil(images * SECONDS_PER_IMAGE / 60)


def consent_version(introduction: str) -> str:
    """The SHA-256 of all that a rater of a study agrees to: it changes when a word of it does."""
    text = "\n".join([introduction, *RECORDED, NOT_RECORDED, CONSENT])
    return hashlib.sha256(text.encode()).hexdigest()
