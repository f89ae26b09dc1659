"""Files that go to an outside archive (RULES Part B, the other disposal): package, handing over, receipt, removal."""

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field

from service.access.policy import Actor
from service.api.archive import Day, Id, Paging, Reason
from service.api.operations import Input, Operations
from service.flow.archive import outside, outside_lists, outside_receipts
from service.house import House
from service.partial import packed
from service.reports import destruction_register as register
from service.reports.outside_list import of_transfer

operation = Operations("destructions")

Text = Annotated[str, Field(min_length=1, max_length=outside_receipts.MOST)]
Digest = Annotated[str, Field(min_length=64, max_length=64)]


class ListOutside(Paging):
    """open_only: leave out what is closed."""

    open_only: bool = False


@operation("GET", "/outside-transfers", "Files that go, or went, to an outside archive", query=ListOutside)
def list_outside_transfers(house: House, actor: Actor, given: ListOutside) -> dict[str, Any]:
    """Return one page of transfers, the newest first."""
    total, found = outside.transfers_out(
        house, actor, open_only=given.open_only, limit=given.limit, offset=given.offset
    )
    return {"total": total, "transfers": [outside.as_json(view) for view in found]}


@operation("GET", "/outside-transfers/{outside_id}", "One transfer to an outside archive")
def show_outside_transfer(house: House, actor: Actor, outside_id: str) -> dict[str, Any]:
    """Return a transfer with both signatures, what may be done next, and what stands against it."""
    return outside.as_json(outside.transfer_out(house, actor, outside_id))


class Pack(Input):
    """recipient: the archive; public_key: with which it signs its receipt, none where it stamps paper."""

    recipient: Text
    public_key: Annotated[str, Field(max_length=64)] = ""


@operation(
    "POST",
    "/outside-transfers/{outside_id}/package",
    "Make the package for the outside archive",
    body=Pack,
    answer="application/zip",
    problems=(409,),
)
def pack_outside(house: House, actor: Actor, outside_id: str, given: Pack) -> Response:
    """Make the signed package and send it; made anew it replaces the one before."""
    return packed(
        house,
        lambda file: outside.pack(house, actor, outside_id, given.recipient, given.public_key, file),
        f"transfer-{outside_id}.zip",
    )


class ExportList(Input):
    """form: pdf to sign, or xlsx."""

    form: Literal["pdf", "xlsx"] = "pdf"


@operation(
    "GET",
    "/outside-transfers/{outside_id}/list",
    "The list that both sides sign",
    query=ExportList,
    answer="application/octet-stream",
    problems=(409,),
)
def export_outside_list(house: House, actor: Actor, outside_id: str, given: ExportList) -> Response:
    """Send the 移交清单 of the package, document by document, with our signature where it was handed over; the export is noted."""
    found = outside_lists.outside_list(house, actor, outside_id, given.form)
    answer = Response(register.written(of_transfer(found), given.form), content_type=register.FORMS[given.form])
    answer.headers["Content-Disposition"] = f'attachment; filename="transfer-{outside_id}.{given.form}"'
    return answer


class HandOver(Input):
    """with_paper: whether the paper file goes with the package."""

    with_paper: bool = False


@operation(
    "POST",
    "/outside-transfers/{outside_id}/handing-over",
    "Sign that the package was handed over",
    body=HandOver,
    problems=(409,),
)
def hand_over_outside(house: House, actor: Actor, outside_id: str, given: HandOver) -> dict[str, Any]:
    """Sign for our side; returns the signed statement."""
    return outside.hand_over(house, actor, outside_id, with_paper=given.with_paper)


class SignedReceipt(Input):
    """receipt: the file the other archive signed, as text."""

    receipt: Annotated[str, Field(min_length=2, max_length=outside_receipts.LARGEST_RECEIPT)]


@operation(
    "POST",
    "/outside-transfers/{outside_id}/receipt",
    "Enter the receipt the other archive signed",
    body=SignedReceipt,
    status=204,
    problems=(409,),
)
def enter_receipt(house: House, actor: Actor, outside_id: str, given: SignedReceipt) -> None:
    """Enter a signed receipt; one for another package or of another archive is refused."""
    outside.enter_receipt(house, actor, outside_id, given.receipt.encode())


class PaperReceipt(Input):
    """What stands on a stamped receipt; document_id: its scan, which stays here."""

    manifest: Digest
    by: Text
    on: Day
    number: Text
    document_id: Id


@operation(
    "POST",
    "/outside-transfers/{outside_id}/paper-receipt",
    "Enter a receipt that was stamped on paper",
    body=PaperReceipt,
    status=204,
    problems=(409,),
)
def enter_paper_receipt(house: House, actor: Actor, outside_id: str, given: PaperReceipt) -> None:
    """Enter what stands on a stamped receipt."""
    outside.enter_paper_receipt(house, actor, outside_id, **given.model_dump())


class Why(Input):
    """Why."""

    reason: Reason


@operation(
    "POST",
    "/outside-transfers/{outside_id}/receipt-refusal",
    "Find that a receipt does not hold",
    body=Why,
    status=204,
    problems=(409,),
)
def refuse_receipt(house: House, actor: Actor, outside_id: str, given: Why) -> None:
    """Refuse the receipt that was entered; another one is asked for."""
    outside.refuse(house, actor, outside_id, given.reason)


@operation(
    "POST",
    "/outside-transfers/{outside_id}/verification",
    "Verify the receipt, as a second person",
    status=204,
    problems=(409,),
)
def verify_receipt(house: House, actor: Actor, outside_id: str) -> None:
    """Confirm that both signatures hold and are for this package."""
    outside.verify(house, actor, outside_id)


@operation(
    "POST",
    "/outside-transfers/{outside_id}/removal",
    "Remove what is here in electronic form",
    problems=(409,),
)
def remove_outside(house: House, actor: Actor, outside_id: str) -> dict[str, Any]:
    """Remove it, once the receipt was verified; returns what an independent look finds left."""
    proof = outside.remove(house, actor, outside_id)
    return {**vars(proof), "ok": proof.ok}


@operation(
    "POST",
    "/outside-transfers/{outside_id}/cancelling",
    "End a transfer; the file stays",
    body=Why,
    status=204,
    problems=(409,),
)
def cancel_outside(house: House, actor: Actor, outside_id: str, given: Why) -> None:
    """Cancel a transfer before the removal."""
    outside.cancel(house, actor, outside_id, given.reason)


class MakeReceipt(Input):
    """manifest: SHA-256 of the manifest of a package that was taken in here; received_by: who received it."""

    manifest: Digest
    received_by: Text


@operation(
    "POST",
    "/package-receipts",
    "Sign the receipt for a package that was taken in here",
    body=MakeReceipt,
    answer="application/json",
    problems=(404,),
)
def make_receipt(house: House, actor: Actor, given: MakeReceipt) -> Response:
    """Return the receipt that goes back to the archive the package came from."""
    data = outside_receipts.make_receipt(house, actor, given.manifest, given.received_by)
    return Response(data, content_type="application/json")
