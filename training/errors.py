"""The errors that the training half shows to a user without a traceback."""


class UserError(Exception):
    """Something that the user can mend: the message says what was wrong, where, and what to do."""


INTERRUPTED = 130
"""The exit code of whatever Ctrl-C, SIGTERM or SIGHUP ended."""


class Interrupted(UserError):  # noqa: N818 - nothing went wrong
    """The user, or the system in their name, ended the work before its time."""


class NotWritten(UserError):  # noqa: N818 - named for what did not happen
    """A file or folder could not be written: the disk is full, say, or may not be written to."""
