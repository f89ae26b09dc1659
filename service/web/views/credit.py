"""A customer's credit on the customer's page: the grade in force, what waits, and the way to the assessments."""

from typing import Any


def shown() -> dict[str, Any]:
    """Return what the panel of assessments needs beside the customer."""
    return {}
