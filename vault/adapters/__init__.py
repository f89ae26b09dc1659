"""The parts behind the vault's ports: object stores and master keys."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vault.ports import ObjectStore

_FORMS = "file:///absolute/path or s3+http(s)://KEY:SECRET@host[:port]/bucket (three letters or more, lower case)"
_BUCKET = re.compile(r"/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?")
_REGION = re.compile(r"(?:region=([a-z0-9-]+))?")


def open_store(url: str) -> ObjectStore:
    """Return the store that `url` names; an S3 store is not contacted yet.

    `?region=NAME` may follow the bucket. Key and secret are percent-decoded. Raises ValueError for a wrong URL, without
    repeating it: it may hold a secret. Raises StoreUnavailable when a directory cannot be used.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"the object store's address cannot be read; it should be {_FORMS}") from None
    if parts.scheme == "file":
        if host or not parts.path.startswith("/") or parts.query or parts.fragment:
            raise ValueError(f"the object store's address should be {_FORMS}")
        from vault.adapters.filesystem import FilesystemStore

        return FilesystemStore(Path(unquote(parts.path)))
    bucket, region = _BUCKET.fullmatch(parts.path), _REGION.fullmatch(parts.query)
    login = parts.username and parts.password
    if parts.scheme not in ("s3+http", "s3+https") or not (host and login and bucket and region) or parts.fragment:
        raise ValueError(f"the object store's address should be {_FORMS}")
    from vault.adapters.s3 import S3Store

    host = f"[{host}]" if ":" in str(host) else host
    return S3Store(
        f"{host}:{port}" if port else str(host),
        bucket[1],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        secure=parts.scheme == "s3+https",
        region=region[1],
    )
