"""The `minio` client, and the four things it has no public call for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import urllib3
from minio import Minio
from minio.error import InvalidResponseError

_MARK = "x-amz-meta-write"
_LONG_AGO = "1970-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class Version:
    """A version of an object, a delete marker, or an upload that was not finished."""

    key: str
    id: str
    at: datetime
    marker: bool


def write_mark(write: str) -> dict[str, str | list[str] | tuple[str]]:
    """Return the metadata that makes an upload write-once, and known again as the write called `write`."""
    return {_MARK: write}


class Client(Minio):
    """A `minio.Minio` that writes marked objects once, and sees and removes every trace of an object."""

    def __init__(
        self,
        endpoint: str,
        *,
        access_key: str,
        secret_key: str,
        secure: bool,
        region: str | None,
        timeout: urllib3.Timeout,
        retries: urllib3.Retry,
    ) -> None:
        pool = _WriteOnce(timeout=timeout, retries=retries, maxsize=8)
        super().__init__(
            endpoint, access_key=access_key, secret_key=secret_key, secure=secure, region=region, http_client=pool
        )

    def demand_object_lock(self, bucket: str) -> None:
        """Raise S3Error unless the bucket has object lock.

        Not through `get_object_lock_config`: it refuses Versity's answer for a bucket without a default retention.
        """
        self._execute("GET", bucket, query_params={"object-lock": ""})

    def mark_of(self, bucket: str, name: str) -> str | None:
        """Return the mark of the write that made the current object."""
        found: Mapping[str, str] = self.stat_object(bucket, name).metadata or {}
        return {key.lower(): value for key, value in found.items()}.get(_MARK)

    def versions_of(self, bucket: str, name: str) -> list["Version"]:
        """Return everything called `name`, delete markers among them."""
        return [version for version in self.versions(bucket, name) if version.key == name]

    def versions(self, bucket: str, prefix: str = "") -> Iterator["Version"]:
        """Yield every version and delete marker of the bucket, those of one name one after the other.

        Not through `list_objects`: it refuses the fractions of seconds that Versity gives delete markers.
        """
        query = {"versions": "", "prefix": prefix}
        while True:
            answer = ET.fromstring(self._execute("GET", bucket, query_params=dict(query)).data)  # noqa: S314  # our own store's
            if not answer.tag.endswith(
                "ListVersionsResult"
            ):  # an answer not understood must not read as "nothing there"
                raise InvalidResponseError(200, "application/xml", answer.tag)
            for kind in ("Version", "DeleteMarker"):
                for entry in answer.iterfind(f"{{*}}{kind}"):
                    yield Version(
                        entry.findtext("{*}Key") or "",
                        entry.findtext("{*}VersionId") or "null",
                        datetime.fromisoformat(entry.findtext("{*}LastModified") or _LONG_AGO),
                        marker=kind == "DeleteMarker",
                    )
            if answer.findtext("{*}IsTruncated") != "true":
                return
            query["key-marker"] = answer.findtext("{*}NextKeyMarker") or ""
            query["version-id-marker"] = answer.findtext("{*}NextVersionIdMarker") or ""

    def uploads_of(self, bucket: str, name: str) -> list[str]:
        """Return the ids of multipart uploads of `name` that were begun and neither completed nor ended."""
        return [upload.id for upload in self.uploads(bucket, name) if upload.key == name]

    def uploads(self, bucket: str, prefix: str = "") -> Iterator["Version"]:
        """Yield every multipart upload of the bucket that was begun and neither completed nor ended."""
        key_marker = id_marker = None
        while True:
            found = self._list_multipart_uploads(
                bucket, prefix=prefix, key_marker=key_marker, upload_id_marker=id_marker
            )
            for upload in found.uploads:
                begun = upload.initiated_time or datetime.fromisoformat(_LONG_AGO)
                yield Version(upload.object_name, str(upload.upload_id), begun, marker=False)
            if not found.is_truncated:
                return
            key_marker, id_marker = found.next_key_marker, found.next_upload_id_marker

    def end_upload(self, bucket: str, name: str, upload: str) -> None:
        """Remove the parts of an upload that was never completed."""
        self._abort_multipart_upload(bucket, name, upload)


class _WriteOnce(urllib3.PoolManager):
    """Asks the server to refuse what would overwrite: `If-None-Match: *` on each request that makes an object.

    Those are the PUT that carries the mark of a write, and the POST that completes an upload.
    """

    def urlopen(self, method: str, url: str, redirect: bool = True, **kw: Any) -> Any:  # type: ignore[override]  # noqa: FBT001, FBT002  # as urllib3 declares it
        """Send the request."""
        headers = kw.get("headers") or {}
        single = method == "PUT" and _MARK in {key.lower() for key in headers}
        completes = method == "POST" and "uploadId=" in url
        if single or completes:
            kw["headers"] = {**headers, "If-None-Match": "*"}
        return super().urlopen(method, url, redirect, **kw)
