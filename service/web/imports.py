"""The page on which a table that was kept elsewhere comes in: judged row by row, then entered, all of it or nothing."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.http import dump_options_header

from service.access.policy import Actor
from service.errors import KNOWN_ERRORS
from service.flow.common.sheet_import import JudgedSheet
from service.house import House
from service.reports.sheets import XLSX_TYPE, Table, to_xlsx
from service.web.context import actor, house, refused

_MOST_SHOWN = 1000
Judged = TypeVar("Judged", bound=JudgedSheet[Any])


@dataclass(frozen=True)
class ImportPage:
    """title, file, sheet, note: what the page, the file and the sheet are called, and what is to be known of the columns.

    here, form, submit: endpoints of the page, the empty form, and what takes the workbook. heads: column -> heading; needed: those that may not be empty.
    """

    title: str
    file: str
    sheet: str
    note: str
    here: str
    form: str
    submit: str
    heads: Mapping[str, str]
    needed: Collection[str]

    def show(self, judged: JudgedSheet[Any] | None = None, good: str = "") -> str:
        """Return the page, with what was found in a workbook. good: what is said of one in which nothing is wrong."""
        findings = judged.findings[:_MOST_SHOWN] if judged else ()
        return render_template("import_rows.html", page=self, judged=judged, findings=findings, good=good)

    def empty_form(self) -> Response:
        """Return the workbook that people fill in."""
        answer = Response(to_xlsx(Table(self.sheet, list(self.heads.values()), [])), content_type=XLSX_TYPE)
        answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": f"{self.sheet}.xlsx"})
        return answer

    def bring_in(
        self,
        check: Callable[[House, Actor, bytes], Judged],
        apply: Callable[[House, Actor, bytes], object],
        *,
        said: Callable[[Judged], tuple[str, str]],
        to: str,
    ) -> ResponseReturnValue:
        """Judge the workbook that was sent or, when asked to, enter it. said: what is said of one that can come in, and of one that did."""
        file = request.files.get("file")
        data = file.stream.read() if file else b""
        here = url_for(self.here)
        try:
            judged = check(house(), actor(), data)
            good, done = said(judged)
            if not request.form.get("apply") or judged.findings:
                g.page = here
                return make_response(self.show(judged, good), 422 if judged.findings else 200)
            apply(house(), actor(), data)
        except KNOWN_ERRORS as error:
            return refused(error, self.show, here)
        flash(done, "done")
        return redirect(to, 303)
