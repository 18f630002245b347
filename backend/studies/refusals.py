"""Why a rule refuses: the message is for the person who asked, and nothing has been changed.

A message that raters may read is a template, with its values beside it: so it is in the catalogues and can be
translated before the values go in.
"""

from backend.languages import Translate
from training.errors import UserError


class Refused(UserError):  # noqa: N818 - a refusal is a rule at work, not an error
    """Something that the rules of a study do not allow.

    >>> str(Refused("There is no image {position}.", position=81))
    'There is no image 81.'
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template = template
        self.values = values

    def told(self, translate: Translate) -> str:
        """The message in another language, if its template has been translated."""
        template = translate(self.template)
        return template.format(**self.values) if self.values else template


class Unknown(Refused):
    """What was asked for does not exist, or is none of the asker's business: the two look the same."""


class Conflict(Refused):
    """Right in form, but not in the present state: answers are closed, a name is taken."""


class Invalid(Refused):
    """A value that cannot be used."""


class Busy(Refused):
    """Nothing is wrong, only too much is going on: to be tried again in a moment."""
