"""What the operator is told of pages that are to be scanned again, in the language of their machine."""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from intake.channels.scanning import ScanOrder
from intake.errors import ScannerUnavailable
from intake.model import Quality

if TYPE_CHECKING:  # it brings OpenCV, which `station devices` does not need
    from intake.glance import Below

_EDGES = {
    "zh": {"left": "左边", "top": "上边", "right": "右边", "bottom": "下边"},
    "en": {"left": "left", "top": "top", "right": "right", "bottom": "bottom"},
}
_WHY = {
    "zh": {
        "damaged": "图像数据损坏，画面不全",
        "resolution": "分辨率{dpi}不够，至少 200 dpi",
        "skew": "歪了 {skew}°，请放正",
        "blurred": "模糊，请擦净玻璃、压平纸",
        "dark": "太暗，请盖好盖板、调曝光",
        "faint": "字迹太淡，请调曝光",
        "cut": "{cut}的字被切掉，请放到位",
        "blank": "空白页，多半放反了",
    },
    "en": {
        "damaged": "its image is damaged and not all there",
        "resolution": "its resolution{dpi} is too low, 200 dpi at least",
        "skew": "skewed by {skew}°, put it straight",
        "blurred": "blurred, clean the glass and press the paper flat",
        "dark": "too dark, close the lid and set the exposure",
        "faint": "the print is too faint, set the exposure",
        "cut": "print is cut off at the {cut}, put the paper in place",
        "blank": "blank, it may lie on its face",
    },
}
_LINE = {"zh": "第 {page} 页请重新扫描：{why}", "en": "scan page {page} again: {why}"}
_JOIN = {"zh": ("；", "、"), "en": ("; ", " and ")}
_LIST = {"zh": "、", "en": ", "}


def language() -> str:
    """Return zh or en, by the locale that the machine is set to (POSIX: LC_ALL before LC_MESSAGES before LANG)."""
    told = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if told.lower().startswith("zh") else "en"


def said(found: "Below", lang: str) -> str:
    """Return which page is to be scanned again, and why, in one line. lang: zh or en."""
    between, _ = _JOIN[lang]
    return _LINE[lang].format(page=found.page, why=between.join(_why(word, found.quality, lang) for word in found.why))


def _why(word: str, quality: Quality, lang: str) -> str:
    edges = _JOIN[lang][1].join(_EDGES[lang][edge] for edge in quality.cut)
    dpi = "" if quality.dpi is None else f" {quality.dpi} dpi "
    return _WHY[lang][word].format(dpi=dpi if lang == "zh" else dpi.rstrip(), skew=abs(quality.skew), cut=edges)


_ASK = {
    "zh": "把{paper}，按回车重新扫描；输入 y 照原样收下；输入 k 留在扫描站",
    "en": "Put {paper} and press Enter to scan again; y takes them as they are; k keeps the stack here",
}
_FEEDER = {"zh": "{paper}按这个顺序放进进纸器", "en": "{paper} into the feeder in this order"}
_GLASS = {"zh": "第 {pages} 页放到玻璃上", "en": "page {pages} on the glass"}
_PAGES = {"zh": "第 {pages} 页", "en": "page {pages}"}
_SHEETS_OF = {"zh": "第 {sheets} 张（上面有第 {pages} 页）", "en": "sheet {sheets} (with page {pages})"}
_SIDE_OF = {
    "zh": {"front": "第 {sheet} 张正面", "back": "第 {sheet} 张背面"},
    "en": {"front": "the front of sheet {sheet}", "back": "the back of sheet {sheet}"},
}


def paper(pages: Sequence[int], order: ScanOrder, lang: str) -> str:
    """Return which paper these pages (from 1) are on, and where it goes, as the end of "put …"."""
    numbers = _LIST[lang].join(map(str, pages))
    if order.source == "Flatbed":
        return _GLASS[lang].format(pages=numbers)
    lies = [order.lies_on(page) for page in pages]
    if order.source == "Duplex":
        sheets = _LIST[lang].join(str(sheet) for sheet in sorted({sheet for sheet, _ in lies}))
        said = _SHEETS_OF[lang].format(sheets=sheets, pages=numbers)
    elif all(side for _, side in lies):
        said = _LIST[lang].join(_SIDE_OF[lang][side].format(sheet=sheet) for sheet, side in lies)
    else:
        said = _PAGES[lang].format(pages=numbers)
    return _FEEDER[lang].format(paper=said)


def ask(pages: Sequence[int], order: ScanOrder, lang: str) -> str:
    """Ask what is to become of these pages; returns again, hand-in or keep."""
    said = _ASK[lang].format(paper=paper(pages, order, lang))
    answer = click.prompt(said, default="", show_default=False, err=True)
    return {"y": "hand-in", "k": "keep"}.get(answer.strip().lower(), "again")


_ONE_ON_THE_GLASS = {
    "zh": "玻璃上一次只能放一页：每次只写一个 --page",
    "en": "one page lies on the glass at a time: give one --page",
}
_ASK_GLASS = {"zh": "把第 {page} 页放到玻璃上，按回车", "en": "Put page {page} on the glass and press Enter"}
_GONE = {
    "zh": "这一叠 {name} 的 {count} 页还没有收下，删了就只剩纸上的。要删吗？",
    "en": "The {count} pages of scan {name} are not in the archive; only the paper will be left. Throw them away?",
}


def one_on_the_glass(lang: str) -> str:
    """Return that the glass takes one page at a time."""
    return _ONE_ON_THE_GLASS[lang]


def ask_glass(page: int, lang: str) -> None:
    """Return when the operator says that this page lies on the glass."""
    click.prompt(_ASK_GLASS[lang].format(page=page), default="", show_default=False, err=True)


def gone_for_good(name: str, count: int, lang: str) -> str:
    """Return the question whether the pages of a scan are to be thrown away."""
    return _GONE[lang].format(name=name, count=count)


_NOT_ALL_CAME = {
    "zh": "要过来 {sides} 面，只过来 {came} 面，什么也没有换：把{paper}，再来一次",
    "en": "{came} sides came through of {sides}, and nothing was changed: put {paper} and try again",
}


def not_all_came(came: int, sides: int, order: ScanOrder, pages: Sequence[int], lang: str) -> str:
    """Return that pages were not scanned once more, and what paper to put in."""
    return _NOT_ALL_CAME[lang].format(came=came, sides=sides, paper=paper(pages, order, lang))


_SHEETS = {
    "zh": "进纸器里放了几张纸？输入数好的张数；没有数就直接按回车",
    "en": "How many sheets of paper lie in the feeder? Type the number, or press Enter if nobody counted",
}
_FRONTS = {
    "zh": "进纸器里放了几张纸？输入数好的张数",
    "en": "How many sheets of paper lie in the feeder? Type the number",
}
_TWO_PASS = {
    "zh": "分两遍扫（--order two-pass）要先数纸：--expect 写面数，即张数的两倍；不然只有正面也会当成整叠",
    "en": "--order two-pass needs a count: --expect with the sides, twice the sheets; the fronts alone would pass for the whole stack",
}
_UNCOUNTED = {
    "zh": "没有点数：进来几页就收几页，少了一页也不会发现",
    "en": "not counted: what comes through is taken, and nobody will notice a page that does not",
}
_PASSING = {
    "disk_full": "磁盘满了：腾出地方就会接着收",
    "unreachable": "连不上档案系统：看网络",
    "certificate": "档案系统的证书不受信任：请管理员看一下",
    "token": "档案系统不认这台扫描站的令牌：请管理员看一下",
    "put_away": "已经收下了，只是文件移不走",
}


def passing(code: str, message: str, lang: str) -> str:
    """Return why something could not be handed in now; what has no Chinese is said as it is."""
    return _PASSING.get(code, message) if lang == "zh" else message


_TROUBLE = {
    "stopped": "扫描仪停了：{detail}",
    "no_page": "扫描仪很久没有过来一页",
    "no_answer": "扫描仪没有回应：看电源和线",
    "not_found": "找不到扫描仪：{detail}；`juanzong station devices` 列出有哪些",
    "no_program": "没有装 scanimage：apt-get install sane-utils",
    "at_work": "{detail} 这一叠还在别的程序里扫",
}
_SANE = {  # what `sane_strstatus` of sane-backends says
    "Document feeder jammed": "卡纸了",
    "Document feeder out of documents": "进纸器里没有纸",
    "Scanner cover is open": "盖板开着",
    "Device busy": "扫描仪正忙",
    "Error during device I/O": "和扫描仪传数据出错",
    "Out of memory": "内存不够",
    "Access to resource has been denied": "没有权限用这台扫描仪",
    "Invalid argument": "没有这台扫描仪，或不支持这样扫",
    "Operation was cancelled": "被取消了",
}


def trouble(error: ScannerUnavailable, lang: str) -> str:
    """Return what the scanner is not able to, in one line; what its driver says in words of its own stays as it is."""
    if lang != "zh" or error.code not in _TROUBLE:
        return str(error)
    known = next((zh for sane, zh in _SANE.items() if error.detail.endswith(sane)), error.detail)
    return _TROUBLE[error.code].format(detail=known)


_SAID = {
    "zh": {
        "page": "第 {page} 页",
        "counted": "{count} 页，应有 {expect} 页",
        "uncounted": "{count} 页，纸上没有点数",
        "gone": "{name} 的 {count} 页删掉了",
        "no_page": "一页也没有过来：进纸器里有纸吗？",
        "only": "没有第 {page} 页：{name} 这一叠有 {count} 页",
        "odd": "--expect {expect}：两面都扫，面数应是双数",
        "one_side": "--source Duplex 两面都扫：写 --sides 2",
        "both_at_once": "--source Duplex 一次扫两面；--order two-pass 是给一次只扫一面的进纸器用的",
        "drop_and_again": "--drop 以后页号会变：--page 请分两次写",
        "none_left": "一页也不剩了；不要这一叠用 `juanzong station discard {name}`",
    },
    "en": {
        "page": "page {page}",
        "counted": "{count} of {expect} pages",
        "uncounted": "{count} pages, not counted on paper",
        "gone": "{count} pages of scan {name} are gone",
        "no_page": "no page came through: is there paper in the feeder?",
        "only": "there is no page {page}: scan {name} has {count} pages",
        "odd": "--expect {expect}: both sides of every sheet are scanned, so it must be an even number",
        "one_side": "--source Duplex scans both sides of a sheet: --sides 2",
        "both_at_once": "--source Duplex scans both sides at once; --order two-pass is for a feeder that scans one",
        "drop_and_again": "--drop changes the numbers of the pages behind: give --page in a second call",
        "none_left": "no page would be left; `juanzong station discard {name}` throws the scan away",
    },
}


def say(what: str, **about: object) -> str:
    """Return one of the short things that a station says, in the operator's language."""
    return _SAID[language()][what].format(**about)


_NO_NUMBER = {"zh": "请输入一个数，比如 25", "en": "a number, please, such as 25"}


def ask_sheets(lang: str, *, must: bool = False) -> int:
    """Ask how many sheets of paper are to be scanned; returns 0, having said what it means, when nobody counted. must: until there is a number."""
    while True:
        answer = click.prompt((_FRONTS if must else _SHEETS)[lang], default="", show_default=False, err=True).strip()
        if must and not answer.strip("0"):
            click.echo(two_pass_counts(lang), err=True)
            continue
        if not answer.strip("0"):
            click.echo(_UNCOUNTED[lang], err=True)
            return 0
        if answer.isdecimal() and len(answer) <= 5:
            return int(answer)
        click.echo(_NO_NUMBER[lang], err=True)


_FEW = {
    "zh": "扫了 {pages} 页，纸上数的是 {expect} 页，少了 {off} 页",
    "en": "{pages} pages were scanned, {expect} were counted on paper: {off} are missing",
}
_MANY = {
    "zh": "扫了 {pages} 页，纸上数的是 {expect} 页，多了 {off} 页：重了的用 `juanzong station resume {name} --drop N` 拿掉第 N 页",
    "en": "{pages} pages were scanned, {expect} were counted on paper: {off} are too many; `juanzong station resume {name} --drop N` takes out page N",
}
_FRONTS_IN = {
    "zh": "{sheets} 张的正面都扫了：把纸翻过来，`juanzong station resume {name} --scan` 扫背面",
    "en": "the fronts of all {sheets} sheets are in: turn the paper over, and `juanzong station resume {name} --scan` scans the backs",
}
_FRONTS_FEW = {
    "zh": "正面扫了 {pages} 页，纸上数的是 {sheets} 张，少了 {off} 页：先补齐正面，再扫背面",
    "en": "{pages} fronts were scanned, {sheets} sheets were counted: {off} are missing; complete the fronts before the backs",
}
_KEPT = {
    "zh": "{count} 页都留着，这一叠叫 {name}：`juanzong station resume {name}` 加 --scan 接着扫剩下的，加 --page N 重扫第 N 页，"
    "加 --expect N 改正点数（0 照收）；不要了用 `juanzong station discard {name}`",
    "en": "{count} pages are kept as scan {name}: `juanzong station resume {name}` with --scan for the rest of the paper, --page N for "
    "page N again, --expect N for the right count (0 takes them as they are); or `juanzong station discard {name}`",
}


def two_pass_counts(lang: str) -> str:
    """Return that a stack in two passes is to be counted, and why."""
    return _TWO_PASS[lang]


def miscounted(name: str, pages: int, order: ScanOrder, lang: str) -> str:
    """Return by how much the pages that were scanned are not those that were counted, or that the backs are to come."""
    sheets, expect = order.sheets or 0, order.expect
    if order.page_order == "two_pass" and pages <= sheets:
        said = _FRONTS_IN if pages == sheets else _FRONTS_FEW
        return said[lang].format(name=name, pages=pages, sheets=sheets, off=sheets - pages)
    return (_FEW if pages < expect else _MANY)[lang].format(
        name=name, pages=pages, expect=expect, off=abs(pages - expect)
    )


def kept(name: str, count: int, lang: str) -> str:
    """Return that the pages of a scan are kept, and how to go on."""
    return _KEPT[lang].format(name=name, count=count)


def and_then(what: str, more: str, lang: str) -> str:
    """Return two clauses as one line."""
    return f"{what}{_JOIN[lang][0]}{more}"


def incomplete(lang: str) -> str:
    """Return that a file is left for later."""
    return {"zh": "还没有写完", "en": "it is not complete yet"}[lang]


def note(found: "Iterable[Below]") -> str:
    """Return what lies beside a file whose pages are to be scanned again, in Chinese and in English."""
    pages = list(found)
    return "".join(f"{said(page, lang)}\n" for lang in ("zh", "en") for page in pages)


def plain(found: "Iterable[Below]") -> dict[str, list[dict[str, object]]]:
    """Return the same for programs: what a line of JSON says beside the rest; nothing where nothing is wrong."""
    pages = [{"page": page.page, "why": list(page.why)} for page in found]
    return {"rescan": pages} if pages else {}
