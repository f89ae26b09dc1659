"""The digital signatures of a PDF: by whom, whether the bytes they cover are as they were signed, and what is known of the certificate (`trust`)."""

import logging
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from intake import trust

NOTE = "signature"
#: unchanged: the whole file is as it was signed. added_to: what was signed is, and something was added behind it (another
#: signature, say). changed: what is covered is not what was signed. unverifiable: of a sort that cannot be checked here.
STATES = ("unchanged", "added_to", "changed", "unverifiable")
HOLDS = ("unchanged", "added_to")
_MOST, _LONGEST = 20, 120  # signatures of a file, characters of a name that are noted


def notes(path: Path, roots: str = "") -> tuple[str, ...]:
    """Return a note `signature:STATE:NAME` for each signature of a PDF, in order of signing. Whatever is wrong with one makes it unverifiable.

    Behind one that holds stands a note `certificate:STATE`, where the company has said whom it trusts. roots: the folder of `trust.roots`.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # broken signatures are told by their state
    found, trusted = list[str](), trust.roots(roots)
    try:
        with path.open("rb") as file:
            for signature in _signed(PdfFileReader(file, strict=False)):
                state = _state(signature)
                found.append(f"{NOTE}:{state}:{_signer(signature)}")
                if state in HOLDS and trusted is not None:
                    found.append(f"{trust.NOTE}:{trust.state_of(signature, trusted, datetime.now(UTC))}")
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - the parts of a foreign file can be wrong in any way; a signature that cannot be read is one that cannot be checked
        found.append(f"{NOTE}:unverifiable:")
    return tuple(found)


def parted(note: str) -> tuple[str, str] | None:
    """Return the state and the signer's name of a note that `notes` made; None for any other note."""
    kind, _, rest = note.partition(":")
    state, colon, name = rest.partition(":")
    return (state, name) if kind == NOTE and colon and state in STATES else None


def _signed(reader: Any) -> Iterator[Any]:
    for number, signature in enumerate(reader.embedded_regular_signatures):
        if number == _MOST:
            return
        yield signature


def _state(signature: Any) -> str:
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity
    from pyhanko.sign.validation.status import SignatureCoverageLevel as Covers

    try:
        signature.compute_integrity_info(skip_diff=True)
        intact, valid = validate_sig_integrity(
            signature.signer_info, signature.signer_cert, "data", signature.compute_digest()
        )
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as above: of a sort nobody foresaw
        return "unverifiable"
    if not (intact and valid):
        return "changed"
    if signature.coverage == Covers.ENTIRE_FILE:
        return "unchanged"
    return "unverifiable" if signature.coverage == Covers.UNCLEAR else "added_to"


def _signer(signature: Any) -> str:
    try:
        subject = signature.signer_cert.subject.native
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as above
        return ""
    name = subject.get("common_name") or subject.get("organization_name") or ""
    text = " ".join(name) if isinstance(name, list) else str(name)
    return "".join(c for c in text if unicodedata.category(c)[0] != "C").strip()[:_LONGEST]
