"""What intake refuses, and what it could not do."""


class IntakeError(Exception):
    """Base of every intake error."""


class Rejected(IntakeError):
    """The file cannot be taken in; nothing has been stored.

    code: a stable word for programs (empty, unsupported, truncated, encrypted, no_pages, too_large, too_many_pages,
    too_many_pixels, bad_name, unreadable). The message is one line for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class EngineUnavailable(IntakeError):
    """The chosen OCR engine is not installed or does not start."""
