"""What the operator of a station is told, in the language of their machine: every sentence in Chinese and in English, side by side."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from intake.channels.scanning import ScanOrder
from intake.errors import IntakeError, Rejected
from intake.model import Quality
from service.errors import KNOWN_ERRORS

if TYPE_CHECKING:  # it brings OpenCV, which `station devices` does not need
    from intake.glance import Below

_LANGUAGES = ("zh", "en")

#: What is said: its name, then the sentence in Chinese and in English.
_SAID: dict[str, tuple[str, str]] = {
    # a page, and why it is to be scanned again
    "page": ("第 {page} 页", "page {page}"),
    "rescan": ("第 {page} 页请重新扫描：{why}", "scan page {page} again: {why}"),
    "damaged": ("图像数据损坏，画面不全", "its image is damaged and not all there"),
    "resolution": ("分辨率{dpi}不够，至少 200 dpi", "its resolution{dpi} is too low, 200 dpi at least"),
    "skew": ("歪了 {skew}°，请放正", "skewed by {skew}°, put it straight"),
    "blurred": ("模糊，请擦净玻璃、压平纸", "blurred, clean the glass and press the paper flat"),
    "dark": ("太暗，请盖好盖板、调曝光", "too dark, close the lid and set the exposure"),
    "faint": ("字迹太淡，请调曝光", "the print is too faint, set the exposure"),
    "cut": ("{cut}的字被切掉，请放到位", "print is cut off at the {cut}, put the paper in place"),
    "blank": ("空白页，多半放反了", "blank, it may lie on its face"),
    "left": ("左边", "left"),
    "top": ("上边", "top"),
    "right": ("右边", "right"),
    "bottom": ("下边", "bottom"),
    # which paper goes where
    "ask_again": (
        "把{paper}，按回车重新扫描；输入 y 照原样收下；输入 k 留在扫描站",
        "Put {paper} and press Enter to scan again; y takes them as they are; k keeps the stack here",
    ),
    "ask_one_by_one": (
        "第 {pages} 页分几次重新扫描，按回车开始；输入 y 照原样收下；输入 k 留在扫描站",
        "Press Enter to scan pages {pages} again, in more than one go; y takes them as they are; k keeps the stack here",
    ),
    "ask_keep": (
        "按回车留在扫描站；输入 y 照原样收下",
        "Press Enter to keep the stack here; y takes the pages as they are",
    ),
    "into_feeder": ("{paper}按这个顺序放进进纸器", "{paper} into the feeder in this order"),
    "on_glass": ("第 {pages} 页放到玻璃上", "page {pages} on the glass"),
    "pages": ("第 {pages} 页", "page {pages}"),
    "sheets_of": ("第 {sheets} 张（上面有第 {pages} 页）", "sheet {sheets} (with page {pages})"),
    "front": ("第 {sheet} 张正面", "the front of sheet {sheet}"),
    "back": ("第 {sheet} 张背面", "the back of sheet {sheet}"),
    "ask_paper": ("把{paper}，按回车", "Put {paper} and press Enter"),
    "one_on_the_glass": (
        "玻璃上一次只能放一页：每次只写一个 --page",
        "one page lies on the glass at a time: give one --page",
    ),
    "one_side_at_once": (
        "第 {fronts} 页和第 {backs} 页里有同一张纸的正反两面，一次只能扫一面：先重扫第 {fronts} 页，再重扫第 {backs} 页",
        "pages {fronts} and {backs} have both sides of one sheet, and one side is scanned at a time: pages {fronts} first, pages {backs} in a second call",
    ),
    "unsure": (
        "现在说不准哪一页在哪张纸上，不能重扫其中一页：{why}",
        "it is not sure which page is on which sheet, so no page can be scanned once more yet: {why}",
    ),
    "one_side_alone": ("有一张纸只有一面", "a sheet has one side alone"),
    "half_sheet": (
        "{count} 面里有一张纸只有一面：另一面还没有过来的用 --scan 接着扫；那张纸要整张重新放的，先用 --drop {count} 拿掉这一面",
        (
            "{count} sides leave a sheet with one alone: --scan goes on where the other is still to come; where the whole sheet goes in "
            "again, --drop {count} first takes out the side that is there"
        ),
    ),
    "not_all_came": (
        "要过来 {sides} 面，只过来 {came} 面，什么也没有换：把{paper}，再来一次",
        "{came} sides came through of {sides}, and nothing was changed: put {paper} and try again",
    ),
    # how many pages there are
    "ask_sheets": (
        "进纸器里放了几张纸？输入数好的张数；没有数就直接按回车",
        "How many sheets of paper lie in the feeder? Type the number, or press Enter if nobody counted",
    ),
    "ask_fronts": (
        "进纸器里放了几张纸？输入数好的张数",
        "How many sheets of paper lie in the feeder? Type the number",
    ),
    "no_number": ("请输入一个数，比如 25", "a number, please, such as 25"),
    "two_pass_counts": (
        "分两遍扫（--order two-pass）要先数纸：--expect 写面数，即张数的两倍；不然只有正面也会当成整叠",
        "--order two-pass needs a count: --expect with the sides, twice the sheets; the fronts alone would pass for the whole stack",
    ),
    "not_counted": (
        "没有点数：进来几页就收几页，少了一页也不会发现",
        "not counted: what comes through is taken, and nobody will notice a page that does not",
    ),
    "counted": ("{count} 页，应有 {expect} 页", "{count} of {expect} pages"),
    "uncounted": ("{count} 页，纸上没有点数", "{count} pages, not counted on paper"),
    "no_page": ("一页也没有过来：进纸器里有纸吗？", "no page came through: is there paper in the feeder?"),
    "few": (
        "扫了 {pages} 页，纸上数的是 {expect} 页，少了 {off} 页",
        "{pages} pages were scanned, {expect} were counted on paper: {off} are missing",
    ),
    "many": (
        "扫了 {pages} 页，纸上数的是 {expect} 页，多了 {off} 页：重了的用 `juanzong station resume {name} --drop N` 拿掉第 N 页",
        "{pages} pages were scanned, {expect} were counted on paper: {off} are too many; `juanzong station resume {name} --drop N` takes out page N",
    ),
    "fronts_in": (
        "{sheets} 张的正面都扫了：把整叠纸翻过来（后来补扫的，先叠到前面扫过的后面），`juanzong station resume {name} --scan` 扫背面",
        (
            "the fronts of all {sheets} sheets are in: turn the whole stack over (sheets that were scanned later lie behind the others first), "
            "and `juanzong station resume {name} --scan` scans the backs"
        ),
    ),
    "fronts_few": (
        "正面扫了 {fronts} 页，纸上数的是 {sheets} 张，少了 {off} 页：先用 --scan 补齐正面，补扫的纸叠到前面扫过的后面，再翻过来扫背面",
        (
            "{fronts} fronts were scanned, {sheets} sheets were counted: {off} are missing; complete the fronts with --scan, lay that paper "
            "behind the sheets before it, and then turn the stack over for the backs"
        ),
    ),
    "fronts_many": (
        "正面扫了 {fronts} 页，--expect {expect} 是两面的面数，只有 {sheets} 张，多了 {off} 页：数错了用 --expect {both}，重了的用 --drop N 拿掉第 N 页",
        (
            "{fronts} fronts were scanned, and --expect {expect} counts both sides, so {sheets} sheets: {off} are too many; --expect {both} "
            "where the count was wrong, --drop N takes out page N"
        ),
    ),
    "uneven": (
        "两遍的页数不一样：正面 {fronts} 页，背面 {backs} 页，纸上数的是 {sheets} 张",
        "the two passes differ: {fronts} fronts and {backs} backs, {sheets} sheets were counted",
    ),
    "kept": (
        (
            "{count} 页都留着，这一叠叫 {name}：`juanzong station resume {name}` 加 --scan 接着扫剩下的，加 --page N 重扫第 N 页，"
            "加 --expect N 改正点数（0 照收）；不要了用 `juanzong station discard {name}`"
        ),
        (
            "{count} pages are kept as scan {name}: `juanzong station resume {name}` with --scan for the rest of the paper, --page N for "
            "page N again, --expect N for the right count (0 takes them as they are); or `juanzong station discard {name}`"
        ),
    ),
    "other_batch": (
        "`juanzong station resume {name} --batch 新批次名` 交到那一批",
        "`juanzong station resume {name} --batch NAME` hands them in under another",
    ),
    "in_files": (
        "这一叠太大，一个文件交不了：分成 {count} 个文件交，档案系统收齐后合起来",
        "the stack is too large for one file: it goes in {count} files, which the archive puts together",
    ),
    "file_in": ("{count} 个文件里的第 {number} 个交好了", "file {number} of {count} is in"),
    "file_refused": (
        "{count} 个文件里的第 {number} 个（第 {pages} 页）没有收下：{why}",
        "file {number} of {count} (pages {pages}) was not taken: {why}",
    ),
    # what cannot be asked for
    "only": ("没有第 {page} 页：{name} 这一叠有 {count} 页", "there is no page {page}: scan {name} has {count} pages"),
    "odd": (
        "--expect {expect}：两面都扫，面数应是双数",
        "--expect {expect}: both sides of every sheet are scanned, so it must be an even number",
    ),
    "one_side": ("--source Duplex 两面都扫：写 --sides 2", "--source Duplex scans both sides of a sheet: --sides 2"),
    "both_at_once": (
        "--source Duplex 一次扫两面；--order two-pass 是给一次只扫一面的进纸器用的",
        "--source Duplex scans both sides at once; --order two-pass is for a feeder that scans one",
    ),
    "drop_and_again": (
        "--drop 以后页号会变：--page 请分两次写",
        "--drop changes the numbers of the pages behind: give --page in a second call",
    ),
    "batch_long": (
        "--batch 有 {characters} 个字，最多 {most} 个",
        "--batch has {characters} characters; at most {most} are kept",
    ),
    "batch_name": ("--batch：{why}", "--batch: {why}"),
    "none_left": (
        "一页也不剩了；不要这一叠用 `juanzong station discard {name}`",
        "no page would be left; `juanzong station discard {name}` throws the scan away",
    ),
    "no_drop": (
        "只能拿掉多出来的页（已经拿掉的不用再写 --drop）：{why}",
        "only pages that are too many are taken out (once they are, leave --drop out): {why}",
    ),
    "drop_uncounted": (
        "这一叠没有点数：--drop 要和 --expect N 一起写，N 是拿掉以后应有的页数",
        "nobody counted this stack: --drop goes with --expect N, the pages that there are to be afterwards",
    ),
    "department_of_token": (
        "这一叠要交到 {server}，那里的部门随令牌的账户：不要写 --department",
        "this stack goes to {server}, where documents belong to the department of the token's owner: leave --department out",
    ),
    # a scan that is given up
    "ask_gone": (
        "这一叠 {name} 的 {count} 页还没有收下，删了就只剩纸上的。要删吗？",
        "The {count} pages of scan {name} are not in the archive; only the paper will be left. Throw them away?",
    ),
    "gone": ("{name} 的 {count} 页删掉了", "{count} pages of scan {name} are gone"),
    # a file of the hot folder
    "no_folder": ("{folder} 不是文件夹", "{folder} is not a directory"),
    "incomplete": ("还没有写完", "it is not complete yet"),
    # what stands between two things that are said
    "then": ("；", "; "),
    "and": ("、", " and "),
    "list": ("、", ", "),
}
#: In Chinese: what an error of intake says, by its code.
_CHINESE = {
    # the scanner
    "stopped": "扫描仪停了：{detail}",
    "no_page": "扫描仪很久没有过来一页",
    "no_answer": "扫描仪没有回应：看电源和线",
    "not_found": "找不到扫描仪：{detail}；`juanzong station devices` 列出有哪些",
    "no_program": "没有装 scanimage：apt-get install sane-utils",
    "no_scanner_name": "这不是扫描仪的名称；`juanzong station devices` 列出有哪些",
    "no_mode": "扫描仪没有 --mode {wanted}；它有：{has}",
    "no_source": "扫描仪没有 --source {wanted}；它有：{has}",
    "no_resolution": "扫描仪没有 --resolution {wanted}；它有：{has}",
    "one_source": "扫描仪没有 --source {wanted}，它只有一种来源",
    # the scans that wait
    "at_work": "{name} 这一叠还在别的程序里扫",
    "no_scan": "没有叫 {name} 的一叠；`juanzong station spool` 列出还有哪些",
    "no_manifest": "{name} 这一叠的清单读不出来；它的页在 {folder}",
    "not_bound": "{name} 这一叠没能一点不差地装成一个文件；各页都留着",
    "too_many_scans": "{folder} 里没有交的太多了：先用 resume 交掉，或者 discard",
    # handing in
    "disk_full": "磁盘满了：腾出地方就会接着收",
    "unreachable": "连不上档案系统：看网络",
    "server_full": "档案系统的磁盘满了：请管理员腾出地方，腾出来就会接着收",
    "server_busy": "档案系统正忙，过一会儿会再试：{detail}",
    "certificate": "档案系统的证书不受信任：请管理员看一下",
    "token": "档案系统不认这台扫描站的令牌：请管理员看一下",
    "token_file": "令牌文件 {file} 读不出来：请管理员看一下",
    "no_token": "{file} 里没有令牌：把 `juanzong token create` 给出的写进去",
    "no_archive": "{address} 不是档案系统：看 --server 写得对不对",
    "takes_none": "{address} 不收文件：{detail}",
    "archive": "档案系统现在收不了：{detail}",
    "archive_disk": "档案系统的磁盘有问题：{detail}",
    "busy": "同一个文件正在接收，过一会儿再试",
    "changed": "读的时候文件变了，过一会儿再试",
    "changed_underway": "传了 {times} 次，到的和发出的都不一样：看网络",
    "not_sent": "发不出去：{detail}",
    "unwritable": "{folder} 写不进去：{detail}",
    "unexpected": "没有料到的错：{detail}",
    # a file of the hot folder
    "put_away": "已经收下了，只是文件移不走",
    "unreadable_file": "读不出来，或者移不走：{detail}",
    "link": "是符号链接，不跟过去",
    "no_file": "不是普通的文件",
    "watched": "另一个程序已经在收 {folder}",
}
#: In Chinese: what a driver of a scanner (`sane_strstatus` of sane-backends) and the system (errno) say.
_DETAILS = {
    "Document feeder jammed": "卡纸了",
    "Document feeder out of documents": "进纸器里没有纸",
    "Scanner cover is open": "盖板开着",
    "Device busy": "扫描仪正忙",
    "Error during device I/O": "和扫描仪传数据出错",
    "Out of memory": "内存不够",
    "Access to resource has been denied": "没有权限用这台扫描仪",
    "Invalid argument": "没有这台扫描仪，或不支持这样扫",
    "Operation was cancelled": "被取消了",
    "Permission denied": "没有权限",
    "Read-only file system": "文件系统只读",
    "Input/output error": "读写出错",
    "another program has locked it": "别的程序还占着它",
}


def language() -> str:
    """Return zh or en, by the locale that the machine is set to (POSIX: LC_ALL before LC_MESSAGES before LANG)."""
    told = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if told.lower().startswith("zh") else "en"


def say(what: str, lang: str = "", /, **about: object) -> str:
    """Return one of the things that a station says. lang: zh or en; without it, the operator's."""
    return _SAID[what][_LANGUAGES.index(lang or language())].format(**about)


def said(found: "Below", lang: str = "") -> str:
    """Return which page is to be scanned again, and why, in one line. lang: zh or en; without it, the operator's."""
    lang = lang or language()
    why = say("then", lang).join(_why(word, found.quality, lang) for word in found.why)
    return say("rescan", lang, page=found.page, why=why)


def _why(word: str, quality: Quality, lang: str) -> str:
    edges = say("and", lang).join(say(edge, lang) for edge in quality.cut)
    dpi = "" if quality.dpi is None else f" {quality.dpi} dpi "
    return say(word, lang, dpi=dpi if lang == "zh" else dpi.rstrip(), skew=abs(quality.skew), cut=edges)


def paper(pages: Sequence[int], order: ScanOrder) -> str:
    """Return which paper these pages (from 1) are on, and where it goes, as the end of "put …"."""
    if order.source == "Flatbed":
        return say("on_glass", pages=_listed(pages))
    lies = [order.lies_on(page) for page in pages]
    if order.source == "Duplex":
        sheets = _listed(sorted({sheet for sheet, _ in lies}))
        what = say("sheets_of", sheets=sheets, pages=_listed(pages))
    elif all(side for _, side in lies):
        what = say("list").join(say(side, sheet=sheet) for sheet, side in lies)
    else:
        what = say("pages", pages=_listed(pages))
    return say("into_feeder", paper=what)


def _listed(numbers: Iterable[int]) -> str:
    return say("list").join(map(str, numbers))


def ask(pages: Sequence[int], order: ScanOrder, count: int, name: str) -> str:
    """Ask what is to become of these pages of the `count` of a scan; returns again, hand-in or keep."""
    not_now = unsure(name, count, order)
    if not_now:
        click.secho(not_now, fg="yellow", err=True)
        what = say("ask_keep")
    elif len(order.feeds(pages)) > 1:
        what = say("ask_one_by_one", pages=_listed(pages))
    else:
        what = say("ask_again", paper=paper(pages, order))
    answer = click.prompt(what, default="", show_default=False, err=True).strip().lower()
    return {"y": "hand-in", "k": "keep"}.get(answer, "keep" if not_now else "again")


def ask_paper(pages: Sequence[int], order: ScanOrder) -> None:
    """Return when the operator says that the paper with these pages lies where it is scanned."""
    click.prompt(say("ask_paper", paper=paper(pages, order)), default="", show_default=False, err=True)


def one_at_a_time(feeds: Sequence[Sequence[int]], order: ScanOrder) -> str:
    """Return that these pages cannot be scanned once more in one go."""
    if order.source == "Flatbed":
        return say("one_on_the_glass")
    fronts, backs = map(_listed, feeds)
    return say("one_side_at_once", fronts=fronts, backs=backs)


def ask_sheets(*, must: bool = False) -> int:
    """Ask how many sheets of paper are to be scanned; returns 0, having said what it means, when nobody counted. must: until there is a number."""
    while True:
        what = say("ask_fronts" if must else "ask_sheets")
        answer = click.prompt(what, default="", show_default=False, err=True).strip()
        if must and not answer.strip("0"):
            click.echo(say("two_pass_counts"), err=True)
            continue
        if not answer.strip("0"):
            click.echo(say("not_counted"), err=True)
            return 0
        if answer.isdecimal() and len(answer) <= 5:
            return int(answer)
        click.echo(say("no_number"), err=True)


def miscounted(name: str, count: int, order: ScanOrder) -> str:
    """Return how the pages that were scanned are not those that were counted, or that the backs are to come; empty: they are."""
    off, sheets = order.off(count), order.sheets or 0
    if not off:
        return ""
    fronts = order.fronts_of(count)
    much = abs(fronts - sheets if off.startswith("fronts") else count - order.expect)
    about = {"fronts": fronts, "backs": count - fronts, "sheets": sheets, "expect": order.expect, "off": much}
    return say(off, name=name, pages=count, both=2 * fronts, **about)


def unsure(name: str, count: int, order: ScanOrder) -> str:
    """Return why no page can be scanned once more now, because it is not known which paper it is on; empty: it is."""
    why = order.unsure(count)
    if not why:
        return ""
    return say("unsure", why=say("one_side_alone") if why == "half_sheet" else miscounted(name, count, order))


def no_drop(name: str, count: int, order: ScanOrder) -> str:
    """Return why pages are not taken out of a scan: it has not so many too many."""
    if not order.expect:
        return say("drop_uncounted")
    return say("no_drop", why=miscounted(name, count, order) or say("counted", count=count, expect=order.expect))


def kept(name: str, count: int, order: ScanOrder) -> str:
    """Return that the pages of a scan are kept, and how to go on."""
    whole = say("kept", name=name, count=count)
    return then(say("half_sheet", count=count), whole) if order.half_sheet(count) else whole


def then(what: str, more: str) -> str:
    """Return two clauses as one line."""
    return f"{what.rstrip('。.')}{say('then')}{more}"


def error(code: str, message: str, about: Mapping[str, str]) -> str:
    """Return what an `IntakeError` says; where its code has no Chinese, or what is named in it has none, as it is."""
    if language() != "zh" or code not in _CHINESE:
        return message
    return _CHINESE[code].format(**{name: _detail(value) for name, value in about.items()})


def _detail(text: str) -> str:
    for ending, chinese in _DETAILS.items():
        if text.endswith(ending):
            return chinese
    return _refused(text)


def _refused(text: str) -> str:
    """Return in Chinese what the archive on this machine refuses."""
    from service.web.refusals import without_names  # they are many, and seldom needed

    return without_names(text)


def translate(found: BaseException) -> None:
    """Put an error into the operator's language, as far as there are words for it."""
    if isinstance(found, Rejected):
        from service.channels import refusal

        found.args = (refusal(found.code, str(found), language()),)
    elif isinstance(found, IntakeError):
        found.args = (error(found.code, str(found), found.about),)
    elif language() == "zh":
        found.args = (_refused(str(found)),)
    if isinstance(found, IntakeError):
        found.code = ""  # once is enough: more may be said behind it


@contextmanager
def telling() -> Iterator[None]:
    """Say what goes wrong in the operator's language."""
    try:
        yield
    except KNOWN_ERRORS as found:
        translate(found)
        raise


def note(found: "Iterable[Below]") -> str:
    """Return what lies beside a file whose pages are to be scanned again, in Chinese and in English."""
    pages = list(found)
    return "".join(f"{said(page, lang)}\n" for lang in _LANGUAGES for page in pages)


def plain(found: "Iterable[Below]") -> dict[str, list[dict[str, object]]]:
    """Return the same for programs: what a line of JSON says beside the rest; nothing where nothing is wrong."""
    pages = [{"page": page.page, "why": list(page.why)} for page in found]
    return {"rescan": pages} if pages else {}
