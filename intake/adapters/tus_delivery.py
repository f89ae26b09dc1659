"""Hand files in over a bad network: tus 1.0.0 to `/api/v1/uploads` of an archive elsewhere, resumed wherever it broke off.

tuspy speaks the protocol. What it lacks is here: time limits (it waits for ever on a connection that died silently), waits that
grow, what the server answered, and a memory that a power cut does not spoil.
"""

import contextlib
import hashlib
import io
import os
import random
import time
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests.auth import AuthBase
from tusclient.client import TusClient
from tusclient.fingerprint.interface import Fingerprint
from tusclient.storage.interface import Storage
from tusclient.uploader.uploader import Uploader

from intake.errors import DeliveryFailed, Rejected
from intake.model import Receipt

#: Bytes of one request: what is under way when the line breaks is kept by the server as far as it came.
_CHUNK = 4 * 1024 * 1024
_BLOCK = 1 << 20
#: Seconds to connect, and without a single byte going either way.
_TIMEOUT = (15.0, 60.0)
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
#: How often a file is sent from its beginning when what arrived was not what was sent.
_BEGINNINGS = 3
#: What the server says when not the file is to blame, but what became of it on the way.
_BROKEN = ("digest", "parts_lost")


class TusDelivery:
    """The port `Delivery`, to the archive at `address` (https://archive.example).

    token_file: holds nothing but a bearer token; read anew for each request, so it can be renewed while a station runs. memory: a
    folder of the station's own, where it notes which file goes on under which address. patience: seconds without any
    progress after which a delivery is given up for now. more: what else the archive is told of every file, as tus metadata.
    sleep: for tests.
    """

    def __init__(
        self,
        address: str,
        token_file: Path,
        memory: Path,
        *,
        patience: float = 900.0,
        more: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
            raise ValueError(f"{address} is no address of an archive: https://HOST[:PORT]")
        self._endpoint = urljoin(address.rstrip("/") + "/", "api/v1/uploads")
        self._token_file, self._memory = token_file, _Memory(memory)
        self._patience, self._more, self._sleep = patience, dict(more or {}), sleep

    def most(self) -> int:
        """Ask the archive how many bytes a file may have (Tus-Max-Size, tus 1.0.0, section OPTIONS); 0 where nothing answers that."""
        with contextlib.suppress(requests.exceptions.RequestException), requests.Session() as session:
            session.auth = _Bearer(self._token_file)
            told = session.options(self._endpoint, timeout=_TIMEOUT, allow_redirects=False).headers
            text = told.get("tus-max-size", "")
            return int(text) if text.isascii() and text.isdecimal() else 0
        return 0

    def deliver(self, path: Path, filename: str, *, batch: str = "") -> Receipt:
        """Send the file and return its receipt once it is durable there. Raises Rejected, DeliveryFailed."""
        for _ in range(_BEGINNINGS):
            try:
                sha256 = _digest(path)
            except OSError as error:
                why = error.strerror or str(error)
                raise DeliveryFailed(
                    f"{path} cannot be read: {why}", one_file=True, code="unreadable_file", detail=why
                ) from error
            metadata = {"filename": filename, "sha256": sha256} | ({"batch": batch} if batch else {}) | self._more
            with contextlib.suppress(_BeginAgain), requests.Session() as session:
                session.auth = _Bearer(self._token_file)
                return self._send(session, path, metadata)
        raise DeliveryFailed(
            f"{path} arrived changed {_BEGINNINGS} times",
            one_file=True,
            code="changed_underway",
            times=str(_BEGINNINGS),
        )

    def _send(self, session: requests.Session, path: Path, metadata: dict[str, str]) -> Receipt:
        """Go on with the file until it is done, as long as there is progress or patience."""
        key = hashlib.sha256("\0".join((self._endpoint, *chain(*metadata.items()))).encode()).hexdigest()
        last, reached, wait = time.monotonic(), -1, _FIRST_WAIT
        while True:
            sending: _Sending | None = None
            try:
                sending = _Sending(session, self._endpoint, path, metadata, self._memory, key)
                sending.upload()
                receipt = sending.receipt()
            except (_BeginAgain, Rejected):
                self._memory.remove_item(key)
                raise
            except _Passing as error:
                if sending is not None and sending.offset > reached:
                    last, reached, wait = time.monotonic(), sending.offset, _FIRST_WAIT
                if time.monotonic() + wait > last + self._patience:
                    raise error.in_words(self._endpoint) from error
            except OSError as error:
                why = error.strerror or str(error)
                raise DeliveryFailed(
                    f"{path} cannot be sent: {why}", one_file=True, code="not_sent", detail=why
                ) from error
            else:
                self._memory.remove_item(key)
                return receipt
            self._sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311 - so that many stations do not come back as one
            wait = min(2 * wait, _LONGEST_WAIT)


#: What the archive itself cannot do just now, by the status it answers with.
_NOT_NOW = {507: "server_full", 409: "server_busy", 423: "server_busy", 429: "server_busy"}


class _Passing(Exception):
    """Something that may be over at the next try. status: what the archive answered; None: it did not."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status

    def in_words(self, endpoint: str) -> DeliveryFailed:
        """Return why the file was not handed in, when it is not over soon."""
        if self.status is None:
            return DeliveryFailed(f"{endpoint} could not be reached: {self}", code="unreachable")
        return DeliveryFailed(f"{endpoint}: {self}", code=_NOT_NOW.get(self.status, "archive"), detail=str(self))


class _BeginAgain(Exception):
    """What arrived so far is of no use."""


class _Sending(Uploader):
    """One go at an upload: finds out where it stands, and sends from there. Every refusal is one of ours."""

    def __init__(
        self,
        session: requests.Session,
        endpoint: str,
        path: Path,
        metadata: dict[str, str],
        memory: "_Memory",
        key: str,
    ) -> None:
        self._session, self._endpoint, self._path, self._metadata = session, endpoint, path, metadata
        self._answer: requests.Response | None = None
        super().__init__(
            file_path=str(path),
            client=TusClient(endpoint),
            chunk_size=_CHUNK,
            metadata=metadata,
            store_url=True,
            url_storage=memory,
            fingerprinter=_Known(key),
        )

    def get_file_size(self) -> int:
        """Return the size of the file in bytes."""
        return self._path.stat().st_size

    def get_offset(self) -> int:
        """Ask the server how much it has. Of an upload that it no longer knows, nothing is of use."""
        if urlsplit(str(self.url))[:2] != urlsplit(self._endpoint)[:2]:
            raise _BeginAgain  # the token is for this server alone
        return _number(self._ask("HEAD", str(self.url)), "upload-offset")

    def create_url(self) -> str:
        """Open the upload and return its address."""
        metadata = ",".join(self.encode_metadata())  # type: ignore[no-untyped-call]  # tuspy has types only in part
        headers = {"upload-length": str(self.get_file_size()), "upload-metadata": metadata}
        answer = self._ask("POST", self._endpoint, headers)
        if "location" not in answer.headers:
            raise DeliveryFailed(
                f"{self._endpoint} is no archive: it opens an upload and does not say where",
                code="no_archive",
                address=self._endpoint,
            )
        return urljoin(self._endpoint, answer.headers["location"])

    def upload_chunk(self) -> None:
        """Send the next bytes."""
        with self._path.open("rb") as file:
            file.seek(self.offset)
            data = file.read(min(_CHUNK, self.stop_at - self.offset))
        if not data:
            raise _BeginAgain  # the file became shorter
        headers = {"upload-offset": str(self.offset), "content-type": "application/offset+octet-stream"}
        # As a stream: the time limit then counts for each block that goes out, not for all of them together.
        self.offset = _number(self._ask("PATCH", str(self.url), headers, io.BytesIO(data)), "upload-offset")

    def receipt(self) -> Receipt:
        """Return what the server says of the finished file."""
        headers = self._answer.headers if self._answer is not None else {}
        if not {"juanzong-document", "juanzong-batch"} & {name.lower() for name in headers}:
            raise _Passing("the file arrived, but the server does not say as what", 200)
        # Asked late, the server says what became of it meanwhile; for a receipt it was received all the same.
        status = "duplicate" if headers.get("juanzong-status") == "duplicate" else "received"
        document_id, batch = headers.get("juanzong-document", ""), unquote(headers.get("juanzong-batch", ""))
        return Receipt(document_id, status, self._metadata["sha256"], batch)

    def _ask(
        self, method: str, url: str, headers: dict[str, str] | None = None, data: IO[bytes] | None = None
    ) -> requests.Response:
        """Return a good answer. Raises Rejected, DeliveryFailed, _Passing, _BeginAgain."""
        self._answer = None
        try:
            answer = self._session.request(
                method,
                url,
                headers={**self.DEFAULT_HEADERS, **(headers or {})},
                data=data,
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise DeliveryFailed(f"the certificate of {url} is not trusted: {error}", code="certificate") from error
        except requests.exceptions.RequestException as error:
            raise _Passing(str(error)) from error
        if answer.status_code in (410, 422) and method == "HEAD":  # refused, before or just now: HEAD cannot say why
            shown = _told(self._ask("GET", url))
            _refuse(shown.get("code"), shown.get("problem"))
            raise _BeginAgain
        _judge(answer, url, opening=method == "POST")
        self._answer = answer
        return answer


def _judge(answer: requests.Response, url: str, *, opening: bool) -> None:
    """Raise what an answer means for the file; return when it is a good one."""
    status = answer.status_code
    if status < 300:
        return
    told = _told(answer)
    why = told.get("title") or f"{url} answered {status}"
    if status in (410, 413, 422):
        _refuse(told.get("code") or ("too_large" if status == 413 else None), why)
    if (status in (404, 410) and not opening) or told.get("code") in _BROKEN:
        raise _BeginAgain
    if status in (409, 423, 429, 460) or status >= 500:
        raise _Passing(why, status)
    if status in (401, 403):
        raise DeliveryFailed(f"the archive does not accept this station's token: {why}", code="token")
    raise DeliveryFailed(f"{url} does not take files: {why}", code="takes_none", address=url, detail=why)


def _refuse(code: str | None, why: str | None) -> None:
    """Raise Rejected when `code` says that the file is refused for good."""
    if code and code not in _BROKEN:
        raise Rejected(code, why or code)


def _told(answer: requests.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _number(answer: requests.Response, name: str) -> int:
    text = answer.headers.get(name, "")
    if not text.isdecimal():
        raise _Passing(f"{answer.url} does not say {name}")
    return int(text)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


class _Bearer(AuthBase):
    """Signs requests with the token in a file; so no other credentials of the machine are ever sent."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        try:
            token = self._file.read_text().strip()
        except (OSError, ValueError) as error:
            raise DeliveryFailed(
                f"the token cannot be read from {self._file}: {error}", code="token_file", file=str(self._file)
            ) from error
        if not token or not token.isascii() or not token.isprintable():
            raise DeliveryFailed(
                f"{self._file} holds no token: put there what `juanzong token create` printed",
                code="no_token",
                file=str(self._file),
            )
        request.headers["Authorization"] = f"Bearer {token}"
        return request


class _Known(Fingerprint):
    """The name under which an upload is remembered: it is made of the whole file, not of its beginning."""

    def __init__(self, key: str) -> None:
        self._key = key

    def get_fingerprint(self, fs: IO[bytes]) -> str:  # noqa: ARG002 - tuspy's signature
        """Return the name."""
        return self._key


class _Memory(Storage):
    """Addresses of unfinished uploads, a small file each: written whole or not at all, and one spoiled file spoils no other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_item(self, key: str) -> str | None:
        """Return the address, None when there is none."""
        try:
            return (self._folder / key).read_text() or None
        except (OSError, ValueError):
            return None

    def set_item(self, key: str, value: str | None) -> None:
        """Remember an address; without one, nothing is done."""
        if value is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = self._folder / f"{key}.part"
            with part.open("w") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._folder / key)
        except OSError as error:
            why = error.strerror or str(error)
            raise DeliveryFailed(
                f"{self._folder} cannot be written: {why}", code="unwritable", folder=str(self._folder), detail=why
            ) from error

    def remove_item(self, key: str) -> None:
        """Forget an address."""
        with contextlib.suppress(OSError):
            (self._folder / key).unlink()
