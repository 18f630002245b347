"""What is written to raters, in their language; plain text."""

from email.message import EmailMessage
from email.utils import formatdate

from backend.languages import Translate, translatable

SUBJECTS = {
    "invitation": translatable("Invitation: {title}"),
    "reminder": translatable("Reminder: {title}"),
}
OPENINGS = {
    "invitation": translatable(
        "you are invited to take part in a study: {title}\n\n"
        "You see images, one at a time, and say of each whether you take it for real or for fake."
    ),
    "reminder": translatable(
        "you were invited to take part in a study, and have not finished yet: {title}\n\n"
        "You go on where you were; what you answered is kept."
    ),
}
BODY = translatable(
    "Good day,\n\n{opening}\n\n"
    "This is your own link; please do not pass it on:\n{link}\n\n"
    "How your data are protected:\n{link}/privacy\n\n"
    "If you want no more mail about this study:\n{link}/mail\n"
)


def compose(
    kind: str, sender: str, recipient: str, title: str, link: str, translate: Translate
) -> EmailMessage:
    """A mail to one rater; raises ``ValueError`` where an address would begin another header."""
    # One line, whatever a title holds: a line break in it would begin a header of its own.
    title = "".join(letter for letter in " ".join(title.split()) if letter.isprintable())
    mail = EmailMessage()
    mail["Subject"] = translate(SUBJECTS[kind]).format(title=title)
    mail["From"] = sender
    mail["To"] = recipient
    mail["Date"] = formatdate()
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{link}/mail>"
    opening = translate(OPENINGS[kind]).format(title=title)
    mail.set_content(translate(BODY).format(opening=opening, link=link))
    return mail
