"""Time stamps (RFC 3161) of checkpoints, where the company has a time-stamping authority: somebody else says when it was signed.

What is stamped is the SHA-256 of the statement. The whole answer is kept, so that `openssl ts -verify` can verify it, too.
"""

import base64
import logging
import urllib.request
from datetime import datetime

from sqlalchemy import select

from service.house import House
from service.records.tables import Checkpoint

log = logging.getLogger("juanzong.timestamps")
_SECONDS, _LONGEST = 20, 1 << 20
_NEWEST = (
    24  # checkpoints without a stamp that are looked after: an authority that was down for a day is caught up with
)


def stamp_missing(house: House) -> None:
    """Get a stamp for the newest checkpoints that have none. An authority that is down, or answers wrongly, is noted and asked again later."""
    if not house.settings.tsa:
        return
    with house.database.read() as session:
        query = select(Checkpoint).order_by(Checkpoint.number.desc()).limit(_NEWEST)
        rows = [row for row in session.scalars(query) if not row.stamp]
    for row in reversed(rows):
        try:
            answer = _ask(house, row)
            _verify(house, row, answer)
        except Exception as error:  # noqa: BLE001 - whatever somebody else's server makes of it: no work of ours waits for it
            log.warning("checkpoint %s has no time stamp yet: %s", row.number, type(error).__name__)
            return
        with house.database.write() as session:
            session.get_one(Checkpoint, row.number).stamp = base64.b64encode(answer).decode()


def _ask(house: House, row: Checkpoint) -> bytes:
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    request = TimestampRequestBuilder().data(row.statement.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
    asked = urllib.request.Request(  # noqa: S310 - the setting takes http and https alone
        house.settings.tsa, request.as_bytes(), {"Content-Type": "application/timestamp-query"}
    )
    with urllib.request.urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310 - as above
        return bytes(answer.read(_LONGEST))


def _verify(house: House, row: Checkpoint, answer: bytes) -> datetime:
    """Return the moment that the authority vouches for. Raises whatever is wrong."""
    from cryptography.x509 import load_pem_x509_certificates
    from rfc3161_client import VerifierBuilder, decode_timestamp_response

    if house.settings.tsa_ca is None:
        raise ValueError("no certificates")
    builder = VerifierBuilder()
    for certificate in load_pem_x509_certificates(house.settings.tsa_ca.read_bytes()):
        root = certificate.issuer == certificate.subject
        add = builder.add_root_certificate if root else builder.add_intermediate_certificate
        builder = add(certificate)
    found = decode_timestamp_response(answer)
    builder.build().verify_message(found, row.statement.encode())
    return found.tst_info.gen_time


def holds(house: House, row: Checkpoint) -> bool:
    """Return whether the stamp of a checkpoint is of this statement and from the company's authority; True when none is set."""
    if house.settings.tsa_ca is None:
        return True
    try:
        _verify(house, row, base64.b64decode(row.stamp, validate=True))
    except Exception:  # noqa: BLE001 - a stamp is either good or not, whatever a forged one runs into
        return False
    return True
