"""Webhooks: a signed POST to an address of the settings. It follows no redirect and waits for nobody longer than a moment.

The signature is ``Juanzong-Signature: t=SECONDS,v1=HEX``: HMAC-SHA256 under the secret of JUANZONG_WEBHOOK_SECRET_FILE over the time, a
full stop and the body's bytes. ``Idempotency-Key`` is the delivery's id, the same for every attempt.
"""

import contextlib
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import threading
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from service.errors import BadSetting
from service.flow.credit.deliveries import Answer
from service.house import House
from service.records.tables import Delivery

SILENCE = 5.0  # seconds without a byte
WHOLE = 15.0  # seconds an attempt may take, whatever dribbles in
LEAST_SECRET = 16  # bytes


def secret_of(house: House) -> bytes:
    """Return the secret that webhooks are signed with. Raises BadSetting."""
    path = house.settings.webhook_secret_file
    try:
        secret = Path(path or "").read_bytes().strip()
    except OSError as error:
        raise BadSetting(
            "JUANZONG_WEBHOOK_SECRET_FILE", f"names {path}, which cannot be read: {error.strerror}"
        ) from error
    if len(secret) < LEAST_SECRET:
        raise BadSetting("JUANZONG_WEBHOOK_SECRET_FILE", f"holds less than {LEAST_SECRET} bytes")
    return secret


def body_of(delivery: Delivery) -> bytes:
    """Return what is sent; the same bytes for every attempt."""
    content = delivery.content
    value = {
        "id": delivery.id,
        "event": delivery.event,
        "event_id": delivery.event_id,
        "created_at": delivery.created_at.isoformat(),
        "customer": content["customer"],
        "text": {"zh": content["zh"], "en": content["en"]},
        **content["data"],
    }
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def signature(secret: bytes, seconds: int, body: bytes) -> str:
    """Return the value of Juanzong-Signature."""
    return f"t={seconds},v1={hmac.new(secret, b'%d.' % seconds + body, hashlib.sha256).hexdigest()}"


def allowed_address(host: str, port: int) -> str:
    """Return the address to connect to. Raises OSError for a name that is none, and one that leads where no receiver can be.

    The settings decide whom we call, but a name may lead anywhere: link-local addresses, where clouds keep credentials, multicast
    and reserved ones are never called.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, where in found:
        address = ip_address(str(where[0]).partition("%")[0])
        plain = getattr(address, "ipv4_mapped", None) or address
        if (
            plain.is_link_local
            or plain.is_multicast
            or plain.is_unspecified
            or (plain.version == 4 and plain.is_reserved)
        ):
            raise OSError(f"{host} leads to {plain}, which is never called")
    return str(found[0][4][0])


def send(house: House, delivery: Delivery) -> Answer:
    """Send a delivery once. What the other side is or does is an answer, never an error; a wrong secret file is one: BadSetting."""
    secret, body = secret_of(house), body_of(delivery)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "juanzong",
        "Idempotency-Key": delivery.id,
        "Juanzong-Event": delivery.event,
        "Juanzong-Signature": signature(secret, int(house.clock.now().timestamp()), body),
    }
    try:
        status = _post(delivery.target, body, headers, house.settings.webhook_ca)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(ok=False, text=f"{type(error).__name__}: {error}"[:300])
    return Answer(ok=200 <= status < 300, text=f"HTTP {status}", final=status == 410)


def _post(url: str, body: bytes, headers: dict[str, str], ca: Path | None) -> int:
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    connection = socket.create_connection((allowed_address(host, port), port), timeout=SILENCE)
    # Whoever sends a byte now and then keeps every timeout away: an attempt as a whole has its end, too.
    ended = threading.Event()

    def end() -> None:
        ended.set()
        with contextlib.suppress(OSError):  # it may be closed at this very moment
            connection.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(WHOLE, end)
    watch.daemon = True
    watch.start()
    try:
        if secure:
            context = ssl.create_default_context(cafile=str(ca) if ca else None)
            connection = context.wrap_socket(connection, server_hostname=host)
        speaker = http.client.HTTPConnection(host, port, timeout=SILENCE)
        speaker.sock = connection
        speaker.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        status = speaker.getresponse().status
        if ended.is_set():  # what was cut off is no answer
            raise TimeoutError(f"no answer within {WHOLE:.0f} s")
        return status
    finally:
        watch.cancel()
        connection.close()
