"""Whether the certificate of a signature leads to an authority the company trusts, from what the file itself brings along: nothing is fetched."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

NOTE = "certificate"
#: trusted: it leads to one of them, and what the file brings along says that it was not revoked. unchecked: it leads to one of
#: them; whether it was revoked the file does not say. revoked, expired: so it is. unknown: it leads to none of them.
STATES = ("trusted", "unchecked", "revoked", "expired", "unknown")
_LARGEST = 1 << 20  # bytes of a file of certificates
_SIGNS = {"digital_signature", "non_repudiation"}


def roots(folder: str) -> list[Any] | None:
    """Return the certificates in a folder; None for "": nothing is to be judged. What is no certificate in it is passed over."""
    from pyhanko.keys import load_certs_from_pemder_data

    if not folder:
        return None
    found = list[Any]()
    for path in sorted(Path(folder).iterdir()) if Path(folder).is_dir() else ():
        try:
            data = path.read_bytes() if path.is_file() and path.stat().st_size <= _LARGEST else b""
            certificates = list(load_certs_from_pemder_data(data))
            found += [c for c in certificates if c.subject.native and c.public_key]  # the library reads when asked
        except (OSError, ValueError, TypeError):
            continue
    return found


def parted(note: str) -> str | None:
    """Return the state in a note `certificate:STATE`; None for any other note."""
    kind, _, state = note.partition(":")
    return state if kind == NOTE and state in STATES else None


def state_of(signature: Any, trusted: Sequence[Any], now: datetime) -> str:
    """Return the state of the certificate of a PDF's signature (pyHanko's) at `now`. trusted: what `roots` returned."""
    from pyhanko_certvalidator.errors import ExpiredError, InsufficientRevinfoError, RevokedError

    certificate = signature.signer_cert
    if not _may_sign(certificate):
        return "unknown"
    brought, proofs = _brought(signature)
    others = [*signature.other_embedded_certs, *brought]
    try:
        _validate(certificate, others, trusted, proofs, now, demanding=True)
    except RevokedError:
        return "revoked"
    except ExpiredError:
        ended = certificate.not_valid_after - timedelta(seconds=1)
        return "expired" if _leads_to(certificate, others, trusted, proofs, ended) else "unknown"
    except InsufficientRevinfoError:
        return "unchecked" if _leads_to(certificate, others, trusted, proofs, now) else "unknown"
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - the certificates of a foreign file can be wrong in any way; one that cannot be followed is not known
        return "unknown"
    return "trusted"


def _may_sign(certificate: Any) -> bool:
    """Tell whether the certificate is meant for signatures, or does not say what it is for (RFC 5280, 4.2.1.3)."""
    usage = certificate.key_usage_value
    return usage is None or bool(_SIGNS & set(usage.native))


def _leads_to(certificate: Any, others: Iterable[Any], trusted: Sequence[Any], proofs: Any, at: datetime) -> bool:
    try:
        _validate(certificate, others, trusted, proofs, at, demanding=False)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as above
        return False
    return True


def _validate(
    certificate: Any, others: Iterable[Any], trusted: Sequence[Any], proofs: Any, at: datetime, *, demanding: bool
) -> None:
    """Raise what hinders the certificate from being trusted at this time. demanding: also that nothing says it was not revoked."""
    from pyhanko_certvalidator import CertificateValidator, ValidationContext

    crls, ocsps = proofs
    context = ValidationContext(
        trust_roots=list(trusted),
        other_certs=list(others),
        crls=crls,
        ocsps=ocsps,
        moment=at,
        revocation_mode="require" if demanding else "soft-fail",
    )
    asyncio.run(CertificateValidator(certificate, validation_context=context).async_validate_path())


def _brought(signature: Any) -> tuple[list[Any], tuple[list[Any], list[Any]]]:
    """Return the certificates, and the lists of revoked ones and the answers of authorities, that the file has besides the signature (DSS)."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko.sign.validation.errors import NoDSSFoundError

    try:
        store = DocumentSecurityStore.read_dss(signature.reader)
        context = store.as_validation_context({"trust_roots": [signature.signer_cert]})
        return list(store.load_certs()), (list(context.crls), list(context.ocsps))
    except (NoDSSFoundError, PdfError, ValueError, TypeError, KeyError, AttributeError):
        return [], ([], [])
