"""Tables as files to save, named in the reader's language."""

from collections.abc import Sequence

from flask import Response
from werkzeug.http import dump_options_header

from service.errors import NotFound
from service.reports.sheets import FORMATS, Cell, Table, write
from service.web.context import house


def demand_form(form: str) -> None:
    """Raise NotFound for a form that no table is written in: before anything is read or noted."""
    if form not in FORMATS:
        raise NotFound(f"there is no export as {form}")


def download(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], form: str) -> Response:
    """Return a table as a file, today's date in its name."""
    answer = Response(write(Table(title, columns, rows), form), content_type=FORMATS[form])
    name = f"{title}-{house().clock.today():%Y%m%d}.{form}"
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": name})
    return answer
