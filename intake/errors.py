"""What intake refuses, and what it could not do."""


class IntakeError(Exception):
    """Base of every intake error. The message is one line for people.

    code: a stable word for programs, or empty. about: what the message names, by a word for each, for the same one in another language.
    """

    def __init__(self, message: str = "", code: str = "", **about: str) -> None:
        super().__init__(message)
        self.code, self.about = code, about


class Rejected(IntakeError):
    """The file cannot be taken in; nothing has been stored.

    code: a stable word for programs (empty, unsupported, unsupported_here, too_slow, truncated, encrypted, no_pages,
    too_large, too_many_pages, too_many_pixels, bad_name, unreadable, digest, parts_lost, malware,
    malware_unchecked). The message is one line for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code)


class EngineUnavailable(IntakeError):
    """The chosen OCR engine is not installed or does not start."""


class DeliveryFailed(IntakeError):
    """The file could not be handed in for a cause that passes: a service is down, a disk is full, the file is locked.

    one_file: whether the cause lies in this file alone, so that the next one may fare better.
    """

    def __init__(self, message: str, *, one_file: bool = False, code: str = "", **about: str) -> None:
        super().__init__(message, code, **about)
        self.one_file = one_file


class ScannerUnavailable(IntakeError):
    """The scanner, or the program that speaks with it, is not there or does not answer. about: detail, what its own driver said."""


class NotOffered(IntakeError):
    """The scanner cannot do what was asked of it; the message says what it can."""


class PagesMissing(IntakeError):
    """The pages scanned are not the pages counted on paper; all that were scanned are kept."""


class PagesBelow(IntakeError):
    """Pages of a scan are too poor to be kept; all that were scanned lie where they were, for the paper to be scanned again."""


class NoSuchScan(IntakeError):
    """There is no such scan in the spool."""


class MailboxUnavailable(IntakeError):
    """The mailbox cannot be reached or read."""


class LetterUnavailable(MailboxUnavailable):
    """The mailbox answers, but does not give this letter out, move it, or take the notice about it: the others may fare better."""
