"""Transfer of a file to an outside archive (向档案馆移交), the other disposal beside destruction, as a state machine.

    decided -> packed -> handed_over -> receipted -> verified -> removing -> removed
         pack      hand_over     receipt      verify      remove     finish

An appraisal decides it; `cancel` ends it, with a reason, until the removal has begun. The state follows from the signatures, so
no step can be left out: what is here in electronic form goes only after the receipt was verified, by somebody else than whoever
handed the package over or entered the receipt. Sources: 档案法 2020, arts. 15 and 16; GB/T 18894-2016, 9 (移交); RULES Part B.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal, get_args

from retention.errors import TransitionRefused

State = Literal["decided", "packed", "handed_over", "receipted", "verified", "removing", "removed", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
CLOSED: tuple[State, ...] = ("removed", "cancelled")

#: act -> (states it is done in, the state it leads to)
ACTS: Mapping[str, tuple[tuple[State, ...], State]] = {
    "pack": (("decided", "packed"), "packed"),
    "hand_over": (("packed",), "handed_over"),
    "receipt": (("handed_over",), "receipted"),
    "refuse": (("receipted",), "handed_over"),
    "verify": (("receipted",), "verified"),
    "remove": (("verified",), "removing"),
    "finish": (("removing",), "removed"),
    "cancel": (("decided", "packed", "handed_over", "receipted", "verified"), "cancelled"),
}


@dataclass(frozen=True)
class Signed:
    """Who did which act, when. note: the reason of a cancelling or a refusal."""

    act: str
    person: str
    on: date
    note: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the outside archive says it has received. manifest: SHA-256 of the package's manifest, as they name it.

    kind: signed (a file with their Ed25519 signature) or paper (their stamped receipt, whose scan is document_id).
    by: who received it there; on: when; number: of their receipt.
    """

    kind: Literal["signed", "paper"]
    manifest: str
    by: str
    on: date
    number: str = ""
    document_id: str = ""
    public_key: str = ""
    signature: str = ""


@dataclass
class OutsideTransfer:
    """One file's way to an outside archive. Methods change it or raise TransitionRefused and change nothing.

    recipient: the archive's name; key: its public key, "" when it gives receipts on paper. manifest: of the package that was made
    last; documents: document -> digest of its original, as packed.
    """

    number: str
    recipient: str = ""
    key: str = ""
    manifest: str = ""
    documents: Mapping[str, str] = field(default_factory=dict)
    receipt: Receipt | None = None
    signatures: list[Signed] = field(default_factory=list)

    @property
    def state(self) -> State:
        """The state that the signatures lead to."""
        state: State = "decided"
        for signed in self.signatures:
            state = ACTS[signed.act][1]
        return state

    def by(self, act: str) -> str:
        """Who did an act last; "" when nobody did."""
        return next((signed.person for signed in reversed(self.signatures) if signed.act == act), "")

    def _sign(self, act: str, person: str, today: date, note: str = "") -> None:
        if not person.strip():
            raise TransitionRefused(f"{act.replace('_', ' ')} needs a person")
        if self.state not in ACTS[act][0]:
            raise TransitionRefused(
                f"the transfer of {self.number} is {self.state}; {act.replace('_', ' ')} is not the next step"
            )
        if self.signatures and today < self.signatures[-1].on:
            raise TransitionRefused(
                f"{act.replace('_', ' ')} on {today} lies before the last step, {self.signatures[-1].on}"
            )
        self.signatures.append(Signed(act, person, today, note))

    def pack(
        self, person: str, recipient: str, key: str, manifest: str, documents: Mapping[str, str], today: date
    ) -> None:
        """Note the package that was made for an archive; made anew it replaces the one before, until it is handed over."""
        if not recipient.strip() or not manifest or not documents:
            raise TransitionRefused("a package is made for an archive with a name, and holds documents")
        self._sign("pack", person, today)
        self.recipient, self.key, self.manifest, self.documents = recipient.strip(), key, manifest, dict(documents)

    def hand_over(self, person: str, today: date) -> None:
        """Sign, for our side, that the package was handed over."""
        self._sign("hand_over", person, today)

    def enter_receipt(self, person: str, receipt: Receipt, today: date) -> None:
        """Enter what the other side signed. A receipt for another package, from before the handing over or without a name is refused."""
        if self.state == "handed_over":
            handed = next(signed.on for signed in reversed(self.signatures) if signed.act == "hand_over")
            if receipt.manifest != self.manifest:
                raise TransitionRefused(f"the receipt is for another package than the one of {self.number}")
            if not receipt.by.strip():
                raise TransitionRefused("a receipt says who received the package")
            if not handed <= receipt.on <= today:
                raise TransitionRefused(
                    f"the receipt of {receipt.on} lies before the handing over on {handed}, or in the future"
                )
            if (receipt.kind == "signed") != bool(self.key) or receipt.public_key != self.key:
                raise TransitionRefused("the receipt is not signed with the key of the archive that was named")
        self._sign("receipt", person, today)
        self.receipt = receipt

    def refuse(self, person: str, reason: str, today: date) -> None:
        """Find that the receipt does not hold, with the reason; another one is asked for."""
        if not reason.strip():
            raise TransitionRefused("refusing a receipt needs a reason")
        self._sign("refuse", person, today, reason.strip())
        self.receipt = None

    def verify(self, person: str, today: date) -> None:
        """Confirm, as a second person, that the receipt is for this package and from this archive."""
        if self.state == "receipted" and person in (self.by("hand_over"), self.by("receipt")):
            raise TransitionRefused(
                f"{person} handed {self.number} over or entered its receipt; another person verifies it"
            )
        self._sign("verify", person, today)

    def remove(self, person: str, today: date) -> None:
        """Begin to remove what is here in electronic form: from here it is finished, not cancelled. Who verified does not remove."""
        if self.state == "verified" and person == self.by("verify"):
            raise TransitionRefused(f"{person} verified the receipt of {self.number}; another person removes the file")
        self._sign("remove", person, today)

    def finish(self, person: str, today: date) -> None:
        """Note that nothing of it is left here but its stub."""
        self._sign("finish", person, today)

    def cancel(self, person: str, reason: str, today: date) -> None:
        """End the transfer for good; the file stays."""
        if not reason.strip():
            raise TransitionRefused("a cancelling needs a reason")
        self._sign("cancel", person, today, reason.strip())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        said = asdict(self)
        for row in (*said["signatures"], *([said["receipt"]] if said["receipt"] else [])):
            row["on"] = row["on"].isoformat()
        return said

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "OutsideTransfer":
        """Return the transfer kept by `to_dict`, its steps done again under the rules. Raises TransitionRefused when one does not hold."""
        try:
            signatures = [Signed(**{**row, "on": date.fromisoformat(row["on"])}) for row in data["signatures"]]
            said = data["receipt"]
            receipt = Receipt(**{**said, "on": date.fromisoformat(said["on"])}) if said else None
            named = {name: data[name] for name in ("number", "recipient", "key", "manifest", "documents")}
        except (KeyError, TypeError, ValueError) as error:
            raise TransitionRefused(f"this is no transfer to an outside archive: {error!r}") from error
        found = cls(**named, receipt=receipt)
        replay(found, signatures)
        return found


def replay(transfer: OutsideTransfer, signatures: Sequence[Signed]) -> None:
    """Do the signed steps again. Raises TransitionRefused for one that the rules would not have let come about."""
    kept = transfer.receipt
    for signed in signatures:
        if signed.act not in ACTS:
            raise TransitionRefused(f"{signed.act!r} is no step of a transfer to an outside archive")
        if signed.act == "verify":
            transfer.verify(signed.person, signed.on)
        elif signed.act == "remove":
            transfer.remove(signed.person, signed.on)
        else:
            transfer._sign(signed.act, signed.person, signed.on, signed.note)  # noqa: SLF001 - what it noted is kept beside it
    if (kept is not None) != (transfer.state in ("receipted", "verified", "removing", "removed")) and not (
        transfer.state == "cancelled"
    ):
        raise TransitionRefused(
            f"the transfer of {transfer.number} is {transfer.state}, and its receipt says otherwise"
        )
