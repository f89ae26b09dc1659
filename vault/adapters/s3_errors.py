"""What an S3 server's refusal means, in words that say what to do."""

import errno
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from minio import time as signing_time
from minio.error import S3Error

from vault.errors import StoreUnavailable

#: This key may not do it, or is none.
REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
# MinIO, Versity, Ceph; a bucket's or an account's quota is a disk of its own.
_FULL = {"XMinioStorageFull", "InsufficientStorage", "InsufficientCapacity"} | {
    "QuotaExceeded",
    "XMinioAdminBucketQuotaExceeded",
}
#: So far may the clocks of both sides be apart: every S3 server refuses requests that seem older.
_APART = timedelta(minutes=15)


def unavailable(place: str, error: S3Error) -> StoreUnavailable:
    """Return what is raised for a refusal that is nobody's wish. place: the server and its bucket."""
    if error.code == "RequestTimeTooSkewed" or (error.code in REFUSED and _clocks_differ(error)):
        return StoreUnavailable(
            f"the clocks of the object store {place} and of this machine differ too much: set both by NTP"
        )
    if error.code in REFUSED:
        return StoreUnavailable(f"the object store {place} refuses this key, or what it may do: {error.code}")
    if error.code in _FULL:
        full = StoreUnavailable(f"the object store {place} is full")
        full.__cause__ = OSError(errno.ENOSPC, "No space left on the server")
        return full
    return StoreUnavailable(f"the object store {place} failed: {error.code} {error.message}")


def _clocks_differ(error: S3Error) -> bool:
    """Whether the answer was given at another time than it is here: one to HEAD has no body that could say why it refuses."""
    try:
        there = parsedate_to_datetime(error.response.headers.get("Date", ""))
    except ValueError:
        return False
    return abs(signing_time.utcnow() - there.astimezone(UTC)) > _APART
