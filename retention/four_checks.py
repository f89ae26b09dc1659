"""The four checks 四性检测 (DA/T 70-2018, RULES Part B): authenticity, integrity, usability, security; what each looks at and concludes.

Each check has a name, a result and its evidence. What was observed is handed in; here it is only judged, so that a result can be
explained years later and never depends on what has changed since.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from retention.why import Why, because

Aspect = Literal["authenticity", "integrity", "usability", "security"]
Result = Literal["pass", "notice", "fail"]
ASPECTS = ("authenticity", "integrity", "usability", "security")
#: check -> the aspect it belongs to, in the order in which they are shown
CHECKS: Mapping[str, Aspect] = {
    "source": "authenticity",
    "digest": "authenticity",
    "signature": "authenticity",
    "description": "authenticity",
    "slots": "integrity",
    "listed": "integrity",
    "pages": "integrity",
    "attachments": "integrity",
    "metadata": "integrity",
    "opens": "usability",
    "readable": "usability",
    "long_term": "usability",
    "malware": "security",
    "encryption": "security",
    "active": "security",
    "sealed": "security",
}
_WORSE = ("pass", "notice", "fail")


@dataclass(frozen=True)
class SeenDocument:
    """What was seen of one document. trail: whether the trail tells its receipt with this digest. trouble: "" when it opened, else why not (a code of intake, missing, damaged).

    same_bytes: whether what was opened has the digest of the receipt. pages: as recorded, found in the file now, and kept as
    images. signatures: the states of its digital signatures. agrees: False where it names another contract number or no party of the ledger's, None where it says nothing of
    either. scanned: clean, found, or unscanned where no scanner is set. kept: whether a copy for long keeping is there, waits,
    failed, or is not needed. lacks: names of metadata it lacks. has_key: whether it is sealed under a key of its own.
    """

    id: str
    trail: bool = True
    trouble: str = ""
    same_bytes: bool = True
    pages: int = 1
    pages_in_file: int = 1
    images: int = 1
    signatures: tuple[str, ...] = ()
    agrees: bool | None = None
    attachments_refused: int = 0
    lacks: tuple[str, ...] = ()
    status: str = "stored"
    unread_pages: int = 0
    kept: str = "kept"
    scanned: str = "clean"
    active: bool = False
    has_key: bool = True


@dataclass(frozen=True)
class SeenFile:
    """A file with its documents. missing: categories that are neither there nor said not to apply.

    unlisted, gone: documents that came or went since both sides signed the transfer list.
    """

    documents: tuple[SeenDocument, ...]
    missing: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What one check found. document: the one it is about; "" when it is about the file, or when all passed."""

    check: str
    result: Result
    why: Why
    document: str = ""

    @property
    def aspect(self) -> Aspect:
        """The one of the four that the check belongs to."""
        return CHECKS[self.check]

    def to_dict(self) -> dict[str, str]:
        """Return it as plain values for a database column."""
        return {"check": self.check, "result": self.result, "document": self.document, "why": self.why.to_json()}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> "Finding":
        """Return what `to_dict` kept. Raises ValueError for a check or a result there is not."""
        if row["check"] not in CHECKS or row["result"] not in _WORSE:
            raise ValueError(f"not a finding: {row['check']!r} {row['result']!r}")
        return cls(row["check"], row["result"], Why.from_json(row["why"]), row["document"])


def judge(seen: SeenFile) -> tuple[Finding, ...]:
    """Return what all checks found, in their order: each at least once, and once for every document that did not simply pass."""
    found: list[Finding] = []
    for check in CHECKS:
        rows = _FILE_CHECKS[check](seen) if check in _FILE_CHECKS else _each(check, seen.documents)
        found += rows or [Finding(check, "pass", _passed(check, seen))]
    return tuple(found)


def failures(findings: Iterable[Finding]) -> tuple[tuple[str, str], ...]:
    """Return the (check, document) that failed, in order."""
    return tuple((f.check, f.document) for f in findings if f.result == "fail")


def uncovered(failed: Sequence[tuple[str, str]], excepted: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the failures that no exception names: an exception covers what it was given for and nothing that came after."""
    covered = set(excepted)
    return tuple(row for row in failed if row not in covered)


def by_check(findings: Iterable[Finding]) -> dict[str, Result]:
    """Return the worst result of each check."""
    worst: dict[str, Result] = {}
    for f in findings:
        worst[f.check] = max(worst.get(f.check, "pass"), f.result, key=_WORSE.index)
    return worst


def _passed(check: str, seen: SeenFile) -> Why:
    if check in ("slots", "listed"):
        return because(f"check_{check}")
    return because(f"check_{check}", documents=len(seen.documents)) if seen.documents else because("check_nothing")


def _slots(seen: SeenFile) -> list[Finding]:
    return [Finding("slots", "fail", because("check_slots_missing", codes=", ".join(seen.missing)))] * bool(
        seen.missing
    )


def _listed(seen: SeenFile) -> list[Finding]:
    came = [Finding("listed", "notice", because("check_listed_added"), d) for d in seen.unlisted]
    return came + [Finding("listed", "fail", because("check_listed_gone"), d) for d in seen.gone]


_FILE_CHECKS: Mapping[str, Callable[[SeenFile], list[Finding]]] = {"slots": _slots, "listed": _listed}


def _each(check: str, documents: Sequence[SeenDocument]) -> list[Finding]:
    found = []
    for document in documents:
        said = _DOCUMENT_CHECKS[check](document)
        if said is not None:
            result, why = said
            found.append(Finding(check, result, why, document.id))
    return found


_Said = tuple[Result, Why] | None


def _source(d: SeenDocument) -> _Said:
    return None if d.trail else ("fail", because("check_source_none"))


def _digest(d: SeenDocument) -> _Said:
    if d.trouble in ("missing", "damaged"):
        return "fail", because(f"check_object_{d.trouble}")
    return None if d.same_bytes else ("fail", because("check_digest_differs"))


def _signature(d: SeenDocument) -> _Said:
    if "changed" in d.signatures:
        return "fail", because("check_signature_changed")
    return ("notice", because("check_signature_unverifiable")) if "unverifiable" in d.signatures else None


def _description(d: SeenDocument) -> _Said:
    return ("notice", because("check_description_differs")) if d.agrees is False else None


def _pages(d: SeenDocument) -> _Said:
    if d.trouble:
        return None  # `opens` or `digest` says it
    if d.pages_in_file != d.pages:
        return "fail", because("check_pages_differ", said=d.pages, found=d.pages_in_file)
    return None if d.images == d.pages else ("fail", because("check_pages_images", said=d.pages, found=d.images))


def _attachments(d: SeenDocument) -> _Said:
    refused = d.attachments_refused
    return ("notice", because("check_attachments_refused", number=refused)) if refused else None


def _metadata(d: SeenDocument) -> _Said:
    return ("fail", because("check_metadata_lacks", names=", ".join(d.lacks))) if d.lacks else None


def _opens(d: SeenDocument) -> _Said:
    if d.trouble in ("", "missing", "damaged", "malware", "malware_unchecked", "encrypted"):
        return None  # another check says it
    if d.trouble == "unsupported_here":  # the program that opens it is not on this machine: nothing is known against it
        return "notice", because("check_opens_not_here")
    return "fail", because("check_opens_not", code=d.trouble)


def _readable(d: SeenDocument) -> _Said:
    if d.status == "failed":
        return "fail", because("check_readable_failed")
    if d.status in ("received", "reading"):
        return "fail", because("check_readable_waits")
    return ("notice", because("check_readable_pages", number=d.unread_pages)) if d.unread_pages else None


def _long_term(d: SeenDocument) -> _Said:
    if d.kept == "failed":
        return "notice", because("check_long_term_failed")
    return ("notice", because("check_long_term_waits")) if d.kept == "waiting" else None


def _malware(d: SeenDocument) -> _Said:
    if d.scanned == "found" or d.trouble == "malware":
        return "fail", because("check_malware_found")
    return ("notice", because("check_malware_unscanned")) if d.scanned == "unscanned" else None


def _encryption(d: SeenDocument) -> _Said:
    return ("fail", because("check_encryption_found")) if d.trouble == "encrypted" else None


def _active(d: SeenDocument) -> _Said:
    return ("notice", because("check_active_found")) if d.active else None


def _sealed(d: SeenDocument) -> _Said:
    return None if d.has_key else ("fail", because("check_sealed_none"))


_DOCUMENT_CHECKS: Mapping[str, Callable[[SeenDocument], _Said]] = {
    "source": _source,
    "digest": _digest,
    "signature": _signature,
    "description": _description,
    "pages": _pages,
    "attachments": _attachments,
    "metadata": _metadata,
    "opens": _opens,
    "readable": _readable,
    "long_term": _long_term,
    "malware": _malware,
    "encryption": _encryption,
    "active": _active,
    "sealed": _sealed,
}
