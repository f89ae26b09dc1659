"""Errors of the service, and what every error of every room means outside: an HTTP status and an exit code."""

from dataclasses import dataclass

from credit.errors import BadScorecard, CreditError
from intake.errors import (
    DeliveryFailed,
    EngineUnavailable,
    IntakeError,
    LetterUnavailable,
    MailboxUnavailable,
    NoSuchScan,
    NotOffered,
    PagesBelow,
    PagesMissing,
    Rejected,
    ScannerUnavailable,
)
from retention.errors import (
    BadNumber,
    BadPeriod,
    BadSchedule,
    DestructionBlocked,
    FileIncomplete,
    RetentionError,
    TransitionRefused,
)
from search.errors import BadQuery, IndexUnavailable, SearchError
from vault.errors import (
    KeysUnavailable,
    KeyUnusable,
    LocksNotOffered,
    ObjectDamaged,
    ObjectExists,
    ObjectMissing,
    StoreUnavailable,
    SuiteNotOffered,
    VaultError,
)


class ServiceError(Exception):
    """Base of the service's own errors."""


class BadSetting(ServiceError):
    """A setting is wrong; the program does not start."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} {why}")
        self.name = name


class BadInput(ServiceError):
    """What was sent cannot be used. `fields` says it per field, for forms."""

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class BadCursor(BadInput):
    """A place in a list that was not handed out for this list; the list can be begun again."""


class NotFound(ServiceError):
    """There is no such thing, or this person may not know that there is."""


class NotSignedIn(ServiceError):
    """The caller did not say who they are, or the session ended."""


class TooManyRequests(ServiceError):
    """The caller asked, or guessed, too often. retry_after: seconds until it makes sense to come back."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CompanySignInUnavailable(ServiceError):
    """The company's sign-in does not answer, or not as the standard says."""


class NotAllowed(ServiceError):
    """This person may not do this; the message says why."""


class RuleRefused(ServiceError):
    """An archive rule refused the step; nothing has been changed."""


class Unconfirmed(ServiceError):
    """The step has a consequence that the caller must name to confirm it; nothing has been changed.

    field: the name under which to send it; value: what to send.
    """

    def __init__(self, message: str, field: str, value: str) -> None:
        super().__init__(message)
        self.field, self.value = field, value


class DatabaseUnavailable(ServiceError):
    """The database cannot be reached."""


class UploadConflict(ServiceError):
    """The upload stands at another offset, or another request continues it. offset: how much of it is durable."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class UploadBusy(ServiceError):
    """The upload is complete and being made a document at this moment; ask again."""


class AttachmentBusy(ServiceError):
    """What is attached to a message is being received by another process at this moment; the message is read a little later."""


class UploadGone(ServiceError):
    """The upload expired, or what it brought was refused: begin again. code: why it was refused, or empty."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class UploadTooLong(ServiceError):
    """More bytes than are allowed, or than were announced."""


class ChecksumMismatch(ServiceError):
    """The bytes of a request are not those that were sent; none of them was kept."""


class TooManyUploads(ServiceError):
    """This person has more unfinished uploads than allowed."""


class NoSpace(ServiceError):
    """The disk is full; nothing is lost, try again when there is room."""


class NotInitialised(ServiceError):
    """There is no archive at JUANZONG_HOME yet."""


@dataclass(frozen=True)
class Outcome:
    """What an error means outside. exit_code: 2 usage, 3 bad input, 4 rule, 5 service down, 6 damage."""

    http_status: int
    exit_code: int


OUTCOMES: dict[type[Exception], Outcome] = {
    BadSetting: Outcome(500, 2),
    BadInput: Outcome(422, 3),
    BadCursor: Outcome(400, 3),
    NotFound: Outcome(404, 3),
    NotSignedIn: Outcome(401, 4),
    TooManyRequests: Outcome(429, 4),
    CompanySignInUnavailable: Outcome(503, 5),
    NotAllowed: Outcome(403, 4),
    RuleRefused: Outcome(409, 4),
    Unconfirmed: Outcome(409, 4),
    DatabaseUnavailable: Outcome(503, 5),
    UploadConflict: Outcome(409, 4),
    UploadBusy: Outcome(423, 4),
    AttachmentBusy: Outcome(503, 5),
    UploadGone: Outcome(410, 3),
    UploadTooLong: Outcome(413, 3),
    ChecksumMismatch: Outcome(460, 3),
    TooManyUploads: Outcome(429, 4),
    NoSpace: Outcome(507, 5),
    NotInitialised: Outcome(503, 2),
    ServiceError: Outcome(500, 1),
    Rejected: Outcome(422, 3),
    EngineUnavailable: Outcome(503, 5),
    DeliveryFailed: Outcome(503, 5),
    ScannerUnavailable: Outcome(503, 5),
    NotOffered: Outcome(422, 3),
    PagesMissing: Outcome(409, 4),
    PagesBelow: Outcome(409, 4),
    NoSuchScan: Outcome(404, 3),
    MailboxUnavailable: Outcome(503, 5),
    LetterUnavailable: Outcome(503, 5),
    IntakeError: Outcome(422, 3),
    BadQuery: Outcome(400, 3),
    IndexUnavailable: Outcome(503, 5),
    SearchError: Outcome(500, 1),
    ObjectExists: Outcome(409, 6),
    ObjectMissing: Outcome(500, 6),
    ObjectDamaged: Outcome(500, 6),
    KeysUnavailable: Outcome(503, 5),
    SuiteNotOffered: Outcome(503, 5),
    StoreUnavailable: Outcome(503, 5),
    LocksNotOffered: Outcome(409, 4),
    KeyUnusable: Outcome(503, 2),
    VaultError: Outcome(500, 1),
    BadNumber: Outcome(422, 3),
    BadPeriod: Outcome(422, 3),
    BadSchedule: Outcome(422, 3),
    FileIncomplete: Outcome(409, 4),
    TransitionRefused: Outcome(409, 4),
    DestructionBlocked: Outcome(409, 4),
    RetentionError: Outcome(409, 4),
    BadScorecard: Outcome(422, 3),
    CreditError: Outcome(409, 4),
}

KNOWN_ERRORS = (ServiceError, IntakeError, SearchError, VaultError, RetentionError, CreditError)


def outcome(error: Exception) -> Outcome:
    """Return what `error` means outside: the row of its nearest ancestor."""
    for cls in type(error).__mro__:
        if cls in OUTCOMES:
            return OUTCOMES[cls]
    return Outcome(500, 1)
