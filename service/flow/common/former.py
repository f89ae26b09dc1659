"""Numbers that files had before this archive gave them one (原档号, 原合同号): whoever has an old paper in hand finds the file by them."""

from sqlalchemy import Select, select
from sqlalchemy.orm import object_session

from service.records.tables import CaseFile, FormerNumber


def formerly(text: str, *, whole: bool = False) -> Select[str]:
    """Return the query for the files that had a number which holds `text`, or, with `whole`, is `text`."""
    number = FormerNumber.number
    return select(FormerNumber.case_file_id).where(number == text if whole else number.contains(text, autoescape=True))


def former_numbers(file: CaseFile) -> list[str]:
    """Return the numbers a file had, in order; none for one that belongs to no session."""
    session = object_session(file)
    query = select(FormerNumber.number).where(FormerNumber.case_file_id == file.id).order_by(FormerNumber.number)
    return [] if session is None else list(session.scalars(query))
