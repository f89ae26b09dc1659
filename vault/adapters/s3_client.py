"""The `minio` client, and the four things it has no public call for."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import urllib3
from minio import Minio
from minio.error import InvalidResponseError

_MARK = "x-amz-meta-write"


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

    def mark_of(self, bucket: str, name: str) -> str | None:
        """Return the mark of the write that made the current object."""
        found: Mapping[str, str] = self.stat_object(bucket, name).metadata or {}
        return {key.lower(): value for key, value in found.items()}.get(_MARK)

    def versions_of(self, bucket: str, name: str) -> list[str]:
        """Return the version ids of everything called `name`, delete markers among them.

        Not through `list_objects`: it refuses the fractions of seconds that Versity gives delete markers.
        """
        found: list[str] = []
        query = {"versions": "", "prefix": name}
        while True:
            answer = ET.fromstring(self._execute("GET", bucket, query_params=dict(query)).data)  # noqa: S314  # our own store's
            if not answer.tag.endswith(
                "ListVersionsResult"
            ):  # an answer not understood must not read as "nothing there"
                raise InvalidResponseError(200, "application/xml", answer.tag)
            entries = (*answer.iterfind("{*}Version"), *answer.iterfind("{*}DeleteMarker"))
            found += [e.findtext("{*}VersionId") or "null" for e in entries if e.findtext("{*}Key") == name]
            if answer.findtext("{*}IsTruncated") != "true":
                return found
            query["key-marker"] = answer.findtext("{*}NextKeyMarker") or ""
            query["version-id-marker"] = answer.findtext("{*}NextVersionIdMarker") or ""

    def uploads_of(self, bucket: str, name: str) -> list[str]:
        """Return the ids of multipart uploads of `name` that were begun and neither completed nor ended."""
        found = self._list_multipart_uploads(bucket, prefix=name)
        return [str(upload.upload_id) for upload in found.uploads if upload.object_name == name]

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
