"""Who a rater is: what may be known of her beside her answers."""

from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address

from backend.languages import Languages
from backend.studies.refusals import Invalid

EMAIL_LENGTH = 254
NAME_LENGTH = 200


@dataclass(frozen=True)
class Identity:
    """What is known of a person; all of it may be empty."""

    real_name: str = ""
    email: str = ""
    language: str = ""

    def __bool__(self) -> bool:
        return any((self.real_name, self.email, self.language))


NOBODY = Identity()


def identity(real_name: str = "", email: str = "", language: str = "") -> Identity:
    """An identity whose parts can be used; raises ``Invalid``, naming the one that cannot."""
    real_name, email, language = real_name.strip(), email.strip(), language.strip().lower()
    if len(real_name) > NAME_LENGTH or not real_name.isprintable():
        raise Invalid(f"the real name may have at most {NAME_LENGTH} characters, and no control characters.")
    if email:
        _require_address(email)
    if language and language not in Languages().names:
        spoken = ", ".join(Languages().names)
        raise Invalid(
            f"there is no language {language!r}; there are {spoken}. Leave it empty for the study's."
        )
    return Identity(real_name, email, language)


def _require_address(email: str) -> None:
    local, _, domain = email.rpartition("@")
    try:
        usable = email.isascii() and Address(addr_spec=email).addr_spec == email
    except (ValueError, IndexError, MessageError):
        usable = False
    if not usable or not local or "." not in domain or len(email) > EMAIL_LENGTH or set(email) & set(' ",\\'):
        raise Invalid(
            f"the e-mail address {email!r} cannot be used; it looks like name@example.org, in plain letters."
        )
