"""Why a rule refuses: the message is for the person who asked, and nothing has been changed."""

from training.errors import UserError


class Refused(UserError):  # noqa: N818 - a refusal is a rule at work, not an error
    """Something that the rules of a study do not allow."""


class Unknown(Refused):
    """What was asked for does not exist, or is none of the asker's business: the two look the same."""


class Conflict(Refused):
    """Right in form, but not in the present state: answers are closed, a name is taken."""


class Invalid(Refused):
    """A value that cannot be used."""
