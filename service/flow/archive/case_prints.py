"""What is printed for a case file: gathered from the register and noted; `reports/case_sheets.py` draws it."""

from typing import Any

from retention.catalogue import Paper, entries
from retention.schedule import PERMANENT
from service.access.policy import Actor
from service.errors import NotFound
from service.flow.archive.number_templates import levels_of
from service.flow.archive.paper_file import PLACE, PaperFile, paper_file
from service.flow.common.values import values_of
from service.flow.intake.pages import names
from service.house import House

SHEETS = {"catalogue": "卷内目录", "note": "备考表", "labels": "脊背与盒签"}


def number_of(paper: PaperFile) -> str:
    """Return the number a file goes by on paper: its archive number, before that the contract's or the customer's."""
    file = paper.file
    given = file.archive_number or (file.contract.number if file.contract else "")
    return given or (file.customer.number if file.customer else file.id)


def sheet_of(house: House, actor: Actor, case_file_id: str, sheet: str) -> tuple[Any, ...]:
    """Return what a sheet of a file is drawn from, in the order of its drawing; Raises NotFound.

    The catalogue names only documents that the actor may read, and numbers their pages: what they may not read does not exist for them.
    """
    if sheet not in SHEETS:
        raise NotFound(f"there is no sheet {sheet}")
    paper = paper_file(house, actor, case_file_id, sheet)
    file, number = paper.file, number_of(paper)
    if sheet == "labels":
        place = " ".join(getattr(paper.place, name) for name in PLACE) if paper.place else ""
        kept = "永久" if file.retention == PERMANENT else f"{file.retention[1:]}年" if file.retention else ""
        with house.database.read() as session:
            fonds = levels_of(house, session, file)["fonds"]
        return (number, file.title, fonds, kept, place, file.archived_on)
    if sheet == "note":
        return (number, file.title, paper.completeness, paper.counts, names(house))
    papers = [
        Paper(
            category=document.category,
            title=document.title or document.filename,
            original=document.is_original,
            pages=document.pages,
            values=values_of(document),
            unsure=document.verification not in ("", "verified"),
        )
        for document in paper.documents
    ]
    return (number, file.title, entries(papers), sum(one.pages for one in papers))
