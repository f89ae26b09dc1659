"""The destruction register (销毁清册) with what everybody who took part signed: from the certificate that seals it (RULES Part B; DA/T 94/95)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: part -> the acts of a review that somebody does in it, in the order of the form
PARTS: Mapping[str, tuple[str, ...]] = {
    "proposer": ("propose",),
    "group_head": ("opinion",),
    "appraiser": ("opinion",),
    "co_reviewer": ("opinion",),
    "approver": ("approve",),
    "supervisor": ("confirm_before", "confirm_after"),
    "executor": ("begin",),
}


@dataclass(frozen=True)
class Signed:
    """One act of someone who took part. on: YYYY-MM-DD; seq, hash: of its entry in the audit trail, 0 and "" where there is none."""

    part: str
    person: str
    act: str
    on: str
    seq: int
    hash: str


@dataclass(frozen=True)
class SignedRegister:
    """The register of one review. certificate: as it was issued; intact: whether it still says so; names: of people by how the trail calls them."""

    certificate: Mapping[str, Any]
    intact: bool
    signed: tuple[Signed, ...]
    names: Mapping[str, str]


@dataclass(frozen=True)
class WholeRegister:
    """The register of all that was destroyed, and the reviews it happened in, as far as the reader sees them. rows: by `REGISTER_COLUMNS`."""

    fonds: str
    rows: tuple[Mapping[str, Any], ...]
    reviews: tuple[SignedRegister, ...]


def signed_acts(
    certificate: Mapping[str, Any], entries: Mapping[tuple[str, str], tuple[int, str]]
) -> tuple[Signed, ...]:
    """Return what everybody signed, in the order of the form.

    entries: (act, person) -> number and hash of the entry in the audit trail that holds it.
    """
    done: dict[tuple[str, str], str] = {(row["act"], row["person"]): row["on"] for row in certificate["signatures"]}
    said: Mapping[str, str] = certificate.get("appraised_on", {})  # certificates of earlier releases do not say it
    done |= {("opinion", person): on for person, on in said.items()}
    head, *members = certificate["group"]
    people = [("proposer", certificate["proposer"]), ("group_head", head)]
    people += [("appraiser", person) for person in members]
    people += [("co_reviewer", row["person"]) for row in certificate.get("co_reviewers", ())]
    people.append(("approver", certificate["approver"]))
    people += [("supervisor", person) for person in certificate["supervisors"]]
    people += [("executor", person) for act, person in done if act == "begin"]
    return tuple(
        Signed(part, person, act, done.get((act, person), ""), *entries.get((act, person), (0, "")))
        for part, person in people
        for act in PARTS[part]
    )
