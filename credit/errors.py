"""What the credit rules refuse."""


class CreditError(Exception):
    """Base of every refusal by a credit rule."""


class BadScorecard(CreditError):
    """The scorecard is not consistent: weights do not sum to 100 %, bands overlap or leave a gap."""
