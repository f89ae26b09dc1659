"""Sealed bytes in a versioned bucket of any S3 server, through the `minio` client. An object's key is its UUID."""

import io
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.client import HTTPException
from typing import Any, BinaryIO, cast
from uuid import UUID, uuid4

import urllib3
from minio.commonconfig import ENABLED, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error
from minio.retention import Retention
from minio.versioningconfig import VersioningConfig

from vault.adapters.s3_client import Client, Version, write_mark
from vault.adapters.s3_errors import REFUSED, unavailable
from vault.errors import LocksNotOffered, ObjectExists, ObjectMissing, StoreUnavailable
from vault.model import Lock, Trace
from vault.streams import Buffer, fill

# S3 allows 10,000 parts: objects up to 78 GiB. Up to five parts are in memory at a time (two being sent, one read, copies).
_PART_SIZE = 8 * 1024 * 1024
_PARALLEL_PARTS = 2
_ROOM = 4 * 1024 * 1024
_CONNECT_SECONDS, _READ_SECONDS = 2.0, 20.0
_RETRIES = 2
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}
_NO_SUCH_OBJECT = {"NoSuchKey", "NoSuchVersion", "NoSuchObject"}
_BEYOND_THE_END = "InvalidRange"
_NO_LOCKS = {
    "ObjectLockConfigurationNotFoundError",
    "InvalidBucketObjectLockConfiguration",
    "NoSuchObjectLockConfiguration",
    "MissingObjectLockConfiguration",
}


class S3Store:
    """An `ObjectStore` in one bucket, which is made (versioned, with object lock) when it is missing."""

    def __init__(
        self, endpoint: str, bucket: str, access_key: str, secret_key: str, *, secure: bool, region: str | None = None
    ) -> None:
        self._bucket = bucket
        self._place = f"{endpoint}/{bucket}"
        self._ready = False
        self._client = Client(
            endpoint,
            access_key=access_key,
            secret_key=secret_key,
            secure=secure,
            region=region,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            retries=urllib3.Retry(total=_RETRIES, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)),
        )

    def put(self, name: UUID, sealed: BinaryIO) -> None:
        """Send the object, in parts when it is large. Errors of `sealed` pass through and end the upload."""
        write = uuid4().hex
        with self._reached():
            if self._exists(name):  # spares sending it; the server's own check below decides
                raise ObjectExists(f"object {name} is in the store already")
            try:
                self._client.put_object(
                    self._bucket,
                    str(name),
                    cast("BinaryIO", _Parts(sealed)),
                    length=-1,
                    part_size=_PART_SIZE,
                    num_parallel_uploads=_PARALLEL_PARTS,
                    metadata=write_mark(write),
                )
            except S3Error as error:
                if error.code not in _TAKEN:
                    raise
                # A request that was repeated because its answer got lost finds its own object.
                if self._client.mark_of(self._bucket, str(name)) != write:
                    raise ObjectExists(f"object {name} is in the store already") from None

    @contextmanager
    def open(self, name: UUID, start: int = 0, size: int | None = None) -> Iterator[BinaryIO]:
        """Return a reader of the newest version, or of a part of it."""
        if size == 0:
            yield io.BytesIO()
            return
        with self._reached():
            try:
                response = self._client.get_object(self._bucket, str(name), start, size or 0)
            except S3Error as error:
                if error.code in _NO_SUCH_OBJECT:
                    raise ObjectMissing(f"object {name} is not in the store") from None
                if error.code != _BEYOND_THE_END:
                    raise
                response = None
        if response is None:
            yield io.BytesIO()
            return
        try:
            yield cast("BinaryIO", _Body(response, self._reached))
        finally:
            response.close()
            response.release_conn()

    def delete(self, name: UUID) -> None:
        """Remove all versions and markers, lifting governance retention, and end its unfinished uploads.

        Raises StoreUnavailable when a legal hold or compliance retention set on the server keeps some of them.
        """
        with self._reached():
            for upload in self._client.uploads_of(self._bucket, str(name)):
                self._client.end_upload(self._bucket, str(name), upload)
            versions = [
                DeleteObject(str(name), version.id) for version in self._client.versions_of(self._bucket, str(name))
            ]
            if not versions:
                return
            errors = list(self._client.remove_objects(self._bucket, versions, bypass_governance_mode=True))
        if errors:
            raise StoreUnavailable(
                f"the object store {self._place} keeps a version of {name}: {errors[0].code} {errors[0].message}"
            )

    def remains(self, name: UUID) -> int:
        """Return how many versions, delete markers and unfinished uploads of `name` there are."""
        with self._reached():
            versions = self._client.versions_of(self._bucket, str(name))
            return len(versions) + len(self._client.uploads_of(self._bucket, str(name)))

    def names(self) -> Iterator[UUID]:
        """Yield the current objects; what stands behind a delete marker is not one."""
        with self._reached():
            found = iter(self._client.list_objects(self._bucket, recursive=True))
        while True:
            with self._reached():
                entry = next(found, None)
            if entry is None:
                return
            name = _as_name(entry.object_name)
            if name is not None:
                yield name

    def check(self) -> None:
        """Raise StoreUnavailable unless the server answers and the bucket is there."""
        with self._reached():
            if not self._client.bucket_exists(self._bucket):
                self._ready = False
                raise StoreUnavailable(f"the object store {self._place} is not there: its bucket has gone")

    def locks(self) -> str:
        """Return why not: the bucket was made without object lock, or its server has none."""
        with self._reached():
            try:
                self._client.demand_object_lock(self._bucket)
            except S3Error as error:
                if error.code in REFUSED:
                    raise
                if error.code in _NO_LOCKS:
                    return f"the bucket {self._place} was made without object lock"
                return f"the server of {self._place} offers no object lock: {error.code}"
        return ""

    def lock(self, name: UUID, lock: Lock) -> None:
        """Set governance retention and legal hold on every version."""
        with self._reached():
            versions = self._kept(name)
            try:
                for version in versions:
                    self._lock(str(name), version.id, lock)
            except S3Error as error:
                if not _lacks_lock(error):
                    raise
                raise LocksNotOffered(f"object {name} cannot be locked: {error.code} {error.message}") from None

    def _lock(self, key: str, version: str, lock: Lock) -> None:
        if lock.until is not None:
            before = self._client.get_object_retention(self._bucket, key, version)
            if before is None or before.retain_until_date < lock.until:
                self._client.set_object_retention(self._bucket, key, Retention(GOVERNANCE, lock.until), version)
        if lock.held:
            self._client.enable_object_legal_hold(self._bucket, key, version)
        elif self._client.is_object_legal_hold_enabled(self._bucket, key, version):
            self._client.disable_object_legal_hold(self._bucket, key, version)

    def lock_of(self, name: UUID) -> Lock:
        """Return retention and legal hold of the newest version."""
        with self._reached():
            newest = max(self._kept(name), key=lambda version: version.at).id
            try:
                retention = self._client.get_object_retention(self._bucket, str(name), newest)
                held = self._client.is_object_legal_hold_enabled(self._bucket, str(name), newest)
            except S3Error as error:
                if not _lacks_lock(error):
                    raise
                return Lock()
        return Lock(retention.retain_until_date if retention else None, held)

    def _kept(self, name: UUID) -> list[Version]:
        """Return the versions that have bytes, at least one. Raises ObjectMissing."""
        found = [v for v in self._client.versions_of(self._bucket, str(name)) if not v.marker]
        if not found:
            raise ObjectMissing(f"object {name} is not in the store")
        return found

    def survey(self) -> Iterator[Trace]:
        """Yield each name that has versions or delete markers, and each unfinished upload."""
        with self._reached():
            newest: dict[UUID, datetime] = {}
            for version in self._client.versions(self._bucket):
                name = _as_name(version.key)
                if name is not None:
                    newest[name] = max(version.at, newest.get(name, version.at))
            uploads = [(_as_name(upload.key), upload) for upload in self._client.uploads(self._bucket)]
        yield from (Trace(name, at) for name, at in newest.items())
        yield from (Trace(name, upload.at, upload.id) for name, upload in uploads if name is not None)

    def drop(self, trace: Trace) -> None:
        """Remove all versions, or end the upload."""
        if not trace.unfinished:
            self.delete(trace.name)
            return
        with self._reached():
            try:
                self._client.end_upload(self._bucket, str(trace.name), trace.unfinished)
            except S3Error as error:
                if error.code != "NoSuchUpload":
                    raise

    def _exists(self, name: UUID) -> bool:
        try:
            self._client.stat_object(self._bucket, str(name))
        except S3Error as error:
            if error.code in _NO_SUCH_OBJECT:
                return False
            raise
        return True

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Make sure of the bucket, and turn what the server or the network refuses into StoreUnavailable."""
        try:
            if not self._ready:
                self._make_bucket()
                self._ready = True
            yield
        except S3Error as error:
            said = unavailable(self._place, error)
            raise said from said.__cause__ or error
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            reason = getattr(error, "reason", None) or error
            raise StoreUnavailable(f"the object store {self._place} cannot be reached: {reason}") from error

    def _make_bucket(self) -> None:
        if not self._client.bucket_exists(self._bucket):
            try:
                self._client.make_bucket(self._bucket, object_lock=True)
            except S3Error as error:
                if error.code == "NotImplemented":  # `locks` says so
                    self._client.make_bucket(self._bucket)
                elif error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                    raise  # two processes may make it at the same moment
        if self._client.get_bucket_versioning(self._bucket).status != ENABLED:
            self._client.set_bucket_versioning(self._bucket, VersioningConfig(ENABLED))


class _Parts:
    """Gives each part in one piece: the client joins short reads by copying all it has, again and again."""

    def __init__(self, sealed: BinaryIO) -> None:
        self._sealed = sealed

    def read(self, size: int) -> bytes:
        buffer = bytearray(size)
        got = fill(self._sealed, memoryview(buffer))
        return bytes(memoryview(buffer)[:got])


class _Body(io.RawIOBase):
    """The bytes of a response; a connection that breaks is the store's failure, and never looks like an end.

    They go from the connection straight into the reader's buffer: what urllib3 gives out is a copy in new memory, which costs a fast
    server's client a third of its time. An answer without a length is read through urllib3 all the same.
    """

    def __init__(self, response: Any, reached: Callable[[], Any]) -> None:
        super().__init__()
        self._response, self._reached = response, reached
        self._straight: Any = getattr(
            response, "_original_response", None
        )  # http.client's; urllib3 gives it no public name
        self._left: Any = getattr(self._straight, "length", None)
        if self._left is not None and self._left > _ROOM:
            _make_room(self._straight)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # any writable buffer
        """Read once into `buffer`; 0 at the end. Raises StoreUnavailable."""
        view = memoryview(buffer).cast("B")
        with self._reached():
            if self._left is not None:
                return self._read_straight(view[: self._left])
            block = self._response.read(len(view))
        view[: len(block)] = block
        return len(block)

    def _read_straight(self, view: memoryview) -> int:
        if not len(view):
            return 0
        try:
            got: int = self._straight.readinto(view)
        except (OSError, HTTPException) as error:
            raise urllib3.exceptions.ProtocolError(f"the connection broke off: {error}", error) from error
        if not got:
            raise urllib3.exceptions.ProtocolError(f"the connection broke off {self._left} bytes before the end")
        self._left -= got
        if not self._left:
            self._response.release_conn()  # whole: the next request may have it
        return got


def _make_room(answer: Any) -> None:
    """Let the kernel take in so much of a large answer while what came before is being opened.

    To ask for so many bytes at once widens the connection's buffer (tcp(7), SO_RCVLOWAT), as far as the system lets it grow, and needs no
    more privilege than that; then any number wakes us up again.
    """
    with suppress(AttributeError, OSError):
        connection = answer.fp.raw._sock  # noqa: SLF001  # http.client gives it no public name
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, _ROOM)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)


def _lacks_lock(error: S3Error) -> bool:
    """Whether a request about locks was refused because the bucket has none; MinIO and Versity have no code for it."""
    return error.code in _NO_LOCKS or (error.code == "InvalidRequest" and "missing Object" in (error.message or ""))


def _as_name(text: str | None) -> UUID | None:
    try:
        name = UUID(text or "")
    except ValueError:
        return None
    return name if str(name) == text else None
