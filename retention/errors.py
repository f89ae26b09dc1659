"""What the archive rules refuse. Nothing has been changed when one of these is raised."""


class RetentionError(Exception):
    """Base of every refusal by an archive rule."""


class BadNumber(RetentionError):
    """A number or a number template is not of the prescribed form."""


class BadSchedule(RetentionError):
    """The retention schedule has a hole, a cycle or a negative period."""


class FileIncomplete(RetentionError):
    """The file lacks documents that the rules demand."""


class TransitionRefused(RetentionError):
    """The step is not allowed from this state or not by this person."""


class DestructionBlocked(RetentionError):
    """Something stands against destroying the file: a hold, a loan, a running contract, a date not reached."""


class BadPeriod(RetentionError):
    """A reporting period is not of the prescribed form."""
