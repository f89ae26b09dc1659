"""A table that people bring as a file: XLSX or CSV, read row by row under the headings they use. Pure: bytes in, rows out."""

import csv
import io
from collections.abc import Mapping, Sequence

from service.errors import BadInput
from service.flow.common.ledger_sheet import SheetRow, read_xlsx, rows_of
from service.typed import demand_text

MAX_BYTES = 50 * 1024 * 1024


def read_table(
    filename: str, data: bytes, headings: Mapping[str, tuple[str, ...]], needed: Sequence[str]
) -> list[SheetRow]:
    """Return the filled rows of an XLSX or CSV file (UTF-8 or GB 18030). needed: fields without which it is none. Raises BadInput."""
    if len(data) > MAX_BYTES:
        raise BadInput(f"file: is larger than {MAX_BYTES} bytes", {"file": f"is larger than {MAX_BYTES} bytes"})
    if data.startswith(b"PK") or not filename.lower().endswith((".csv", ".txt")):
        rows = read_xlsx(data, headings, needed)
    else:
        rows = rows_of(_csv_lines(data), headings, needed)
    demand_text([row.values for row in rows])
    return rows


def _csv_lines(data: bytes) -> list[list[str]]:
    try:
        table = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            table = data.decode("gb18030")
        except UnicodeDecodeError as error:
            why = "is no text in UTF-8 or GB 18030"
            raise BadInput(f"file: {why}", {"file": why}) from error
    try:
        return list(csv.reader(io.StringIO(table, newline=""), strict=True))
    except csv.Error as error:
        why = "cannot be read as a CSV table"
        raise BadInput(f"file: {why}", {"file": why}) from error
