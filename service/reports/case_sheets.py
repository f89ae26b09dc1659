"""The sheets of a case file as PDF, always in Chinese, as the archive room keeps them: 卷内目录, 备考表, labels for spine and box."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from intake.batches.sheets import areas, dark_modules, new_pdf, words
from retention.catalogue import Entry
from retention.completeness import Completeness
from service.reports.papers import Form, to_pdf

_STATES = {"present": "有", "missing": "缺", "not_applicable": "不适用"}


def catalogue(number: str, title: str, entries: Sequence[Entry], pages: int) -> bytes:
    """Return the catalogue (卷内目录) in its customary form. pages: of all documents together."""
    rows = [
        (at, one.number, one.responsible, one.title, one.formed_on, one.pages, one.remark)
        for at, one in enumerate(entries, 1)
    ]
    sub = f"档号 {number}　题名 {title}　共 {len(rows)} 件 {pages} 页"
    columns = ("序号", "文号", "责任者", "题名", "日期", "页号", "备注")
    return to_pdf(Form("卷内目录", columns, (0.9, 2.4, 3.4, 4.6, 1.6, 1.2, 2.2), rows, sub, landscape=False))


def note(
    number: str, title: str, state: Completeness, counts: Mapping[str, tuple[int, int]], names: Mapping[str, str]
) -> bytes:
    """Return the note at the end of a file (备考表): each category, whether it is there, originals and copies, why it does not apply."""
    rows = []
    for slot in state.slots:
        originals, copies = counts.get(slot.category.code, (0, 0))
        said = f"{slot.why}（{names.get(slot.by, slot.by)}）" if slot.state == "not_applicable" else ""
        rows.append((slot.category.code, slot.category.zh, _STATES[slot.state], originals, copies, said))
    columns = ("类目", "内容", "情况", "原件份数", "复印件份数", "说明")
    signs = ("立卷人（签字、日期）", "检查人（签字、日期）")
    sub = f"档号 {number}　题名 {title}"
    return to_pdf(Form("备考表", columns, (1, 5, 1.2, 1.3, 1.5, 4), rows, sub, signs, landscape=False))


def labels(number: str, title: str, fonds: str, retention: str, place: str, archived_on: date | None) -> bytes:
    """Return one A4 page to cut: the label of the spine (案卷脊背) and that of the box, each with the number as a QR code."""
    code = dark_modules(number)
    with new_pdf() as document:
        document.add_page()
        lines = (("档号", number), ("题名", title), ("全宗号", fonds), ("保管期限", retention))
        more = (*lines, ("存放", place), ("归档", archived_on.isoformat() if archived_on else ""))
        for left, width, said, qr in ((15.0, 40.0, lines, 28.0), (65.0, 130.0, more, 40.0)):
            document.rect(left, 20, width, 190 if width < 50 else 140)
            cell = qr / code.shape[1]
            areas(document, code, left + (width - qr) / 2, 26, cell, cell)
            y = 26 + qr + 10
            for name, text in said:
                words(document, name, left + 3, y, width - 6, 7)
                words(document, text, left + 3, y + 6, width - 6, 13)
                y += 24 if width < 50 else 14
        return bytes(document.output())


#: how each sheet is drawn, from what `flow/archive/case_prints.py` gathers
DRAWN: Mapping[str, Callable[..., bytes]] = {"catalogue": catalogue, "note": note, "labels": labels}


def out_card(card: Mapping[str, str]) -> bytes:
    """Return the out card (代卷卡): half an A4 page that stands on the shelf in the place of a file that is lent."""
    code = dark_modules(card["number"])
    lines = (
        *(("档号", "number"), ("题名", "title"), ("存放", "place"), ("借阅人", "reader"), ("部门", "department")),
        *(("用途", "purpose"), ("借出日期", "lent_on"), ("应还日期", "due_back"), ("经手", "lent_by")),
    )
    with new_pdf() as document:
        document.add_page()
        document.rect(15, 15, 180, 128)
        words(document, "代卷卡", 15, 28, 180, 20, middle=True)
        cell = 30 / code.shape[1]
        areas(document, code, 158, 20, cell, cell)
        for at, (name, value) in enumerate(lines):
            y = 44 + at * 9.5
            words(document, name, 22, y, 26, 9)
            words(document, card[value], 50, y, 138, 11)
        words(document, "归还签收（签字、日期）", 22, 136, 70, 9)
        return bytes(document.output())
