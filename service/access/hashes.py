"""What is kept of a secret that is random enough not to be guessed."""

import hashlib


def digest(secret: str) -> str:
    """Return what is kept of a secret: its SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()
