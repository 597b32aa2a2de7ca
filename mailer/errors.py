"""The errors that people see.

Every error that a person can cause or mend is a `MailerError`: one sentence that says what
happened, where, and what to do. A door (command, page, API) shows that sentence and nothing
else; anything that is not a `MailerError` is a bug and keeps its traceback for the log.
"""


class MailerError(Exception):
    """Something a person can understand and mend; `str(error)` is the sentence to show."""

    exit_status = 1

    @property
    def said(self) -> str:
        """The sentence; where it is a `Sentence`, with its template and values."""
        first = self.args[0] if self.args else ""
        return first if isinstance(first, str) else str(self)


class Failed(MailerError):
    """The input was right, and yet the work did not succeed (relay down, disk full)."""


class WrongInput(MailerError):
    """What was typed, configured or uploaded cannot be taken; nothing was changed."""

    exit_status = 2


class NotFound(WrongInput):
    """What was named does not exist."""


class Refused(WrongInput):
    """The thing exists, but its present state does not allow what was asked."""
