"""Scanning one page again: the new scan stands in the place of the old one, which stays in its stack until the release."""

from pathlib import Path
from typing import BinaryIO, cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from intake.batches import edit
from intake.batches.cut import can_cut, stays_whole
from intake.errors import Rejected
from intake.inspect import inspect, safe_name
from service.access.policy import Actor
from service.errors import BadInput
from service.flow.common import claims
from service.flow.common.malware import demand_clean
from service.flow.intake.batches import apply_change, load_batch, note_page, remember, to_change, want_parts
from service.flow.intake.flowing import Flowing
from service.flow.intake.looks import look_at
from service.flow.intake.parts import STAYS_WHOLE, key_of, settle
from service.flow.intake.receive import on_disk
from service.flow.intake.stacks import let_go, lost, make_room, mine
from service.house import House
from service.records import audit
from service.records.tables import Batch, Stack, new_id


def rescan(
    house: House, actor: Actor, name: str, version: int, page: str, source: BinaryIO | Path, filename: str
) -> None:
    """Put a new scan (a file of one page: PDF, TIFF, JPEG, PNG) in the place of a page. version: what the caller has seen.

    Raises Rejected, BadInput, NotFound, RuleRefused; the batch is then as it was.
    """
    plain = safe_name(filename)
    with house.database.read() as session:  # nobody's file is opened who may not change the batch
        load_batch(session, actor, name, "batch.edit")
    with on_disk(house, source) as path:
        demand_clean(house, path)
        inspection = inspect(path, house.limits, house.reader.look)
        if inspection.pages != 1 or not can_cut(inspection.kind):
            raise Rejected("not_one_page", "A new scan of a page is a PDF, TIFF, JPEG or PNG of just one page.")
        if stays_whole(inspection.notes):
            raise Rejected(*STAYS_WHOLE)
        stack = Stack(
            id=new_id(),
            batch=name,
            filename=plain,
            sha256=inspection.sha256,
            kind=inspection.kind,
            size=inspection.size,
            pages=1,
            turn_over="rescan",
            drop_blanks=False,
            channel="rescan",
            state="receiving",
            received_by=actor.name,
            received_at=house.clock.now(),
            attempts=0,
        )
        _file_key, stack.key = house.keys.new(UUID(stack.id))
        _begin(house, actor, version, page, stack)
        try:
            with path.open("rb") as file:
                flowing = cast("BinaryIO", Flowing(house, stack.id, file))
                house.vault.put(UUID(stack.id), key_of(house, stack), flowing)
            look_at(house, stack, last=False)
            ours = _exchange(house, actor, version, page, stack)
        except BaseException:
            let_go(house, stack.id)
            raise
        if not ours:
            raise lost(house, stack.id)
    settle(house, name)


def _begin(house: House, actor: Actor, version: int, page: str, stack: Stack) -> None:
    """Write the intent. A scan of the same bytes that was undone makes room."""
    try:
        _write_intent(house, actor, version, page, stack)
    except IntegrityError as error:
        if not make_room(house, actor, stack):
            why = "this very scan came in before"
            raise BadInput(f"file: {why}", {"file": why}) from error
        _write_intent(house, actor, version, page, stack)


def _write_intent(house: House, actor: Actor, version: int, page: str, stack: Stack) -> None:
    with house.database.write() as session:
        whole = to_change(session, actor, stack.batch, version)
        apply_change(lambda parts, _: edit.exchange(parts, page, "new"), whole)  # the page must be there
        last = session.scalar(select(func.max(Stack.position)).where(Stack.batch == stack.batch)) or 0
        stack.position = last + 1
        claims.take(stack, house.clock.now())
        session.merge(stack)


def _exchange(house: House, actor: Actor, version: int, page: str, scan: Stack) -> bool:
    """Want the page exchanged; returns whether the scan was still ours."""
    with house.database.write() as session:
        session.get(Batch, scan.batch, with_for_update={"of": Batch})  # first, as everywhere
        stack = mine(session, scan.id)
        if stack is None:
            return False
        whole = to_change(session, actor, stack.batch, version)
        new = f"{stack.position}.1"
        parts = apply_change(lambda parts, _: edit.exchange(parts, page, new), whole)
        remember(whole, [page], left=[new])
        want_parts(session, whole, parts)
        note_page(whole, page, {"kind": "replaced", "by": actor.name})
        stack.looked = [{**found, "kind": "page", "of": page} for found in stack.looked or [{}]]
        stack.state = "cutting"
        claims.release(stack)
        detail = {"action": "rescan", "page": page, "sha256": stack.sha256}
        audit.append(session, actor.name, "batch.change", f"batch:{stack.batch}", detail)
        return True
