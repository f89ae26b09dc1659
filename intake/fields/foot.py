"""What letters and forms say without labels: to whom they go, who signed them, and on what day."""

import re
from itertools import pairwise

from intake.fields.names import COMPANY
from intake.fields.paper import Paper
from intake.fields.read import Reading
from intake.layout import Run
from intake.values import find_dates, tidy

_ADDRESSEE = re.compile(rf"(?:致|尊敬的)?[: \t]*(?P<name>{COMPANY})[ \t]*(?:\([^()]*\))?[:]?$")
_SEALED = r"[ \t]*(?:\((?:公|盖|签)?章\)|盖章|公章)?[:.。]?"
_SIGNER = re.compile(rf"(?P<name>{COMPANY}){_SEALED}")
_BODIES = r"(?:第[\u4e00-\u9fff\d]{1,6}[届次])*(?:临时)?(?:董事会|股东|执行董事|合伙人|理事会)|关于"
_SIGNED_WORDS = re.compile(r"[\s()签订署约发填制表报日期时间年月:盖章]")

#: Days that are not the paper's own.
_OTHER_DAY = re.compile(r"[至自从起止]|成立|注册|开户|打印|有效|到期|生产|保质|批号|入职|出生")
_EDGE = 6  # rows at the top and at the bottom of a sheet that are its head and its foot
#: The number of a letter of an authority or a company (GB/T 9704, 发文字号), that of a printed receipt.
_NUMBER = re.compile(r"[\u4e00-\u9fff]{2,12}[(\[〔【](?:19|20)\d\d[)\]〕】]第?[ \t]*\d{1,5}[ \t]*号")
_SERIAL = re.compile(r"(?:N[oO0]|编号)[.:]?[ \t]*(?P<number>[A-Z]{0,4}\d[\d-]{4,20})")
_BARE = re.compile(r"(?:集团|股份|有限|责任)*公司")  # what is left of a name, in a seal beside it
_OF_SEVERAL = 0.6  # how far to trust one of several days


def _chunks(paper: Paper) -> list[Run]:
    return [chunk for sheet in paper.sheets for row in sheet.rows for chunk in row.chunks]


def addressee(paper: Paper) -> Reading | None:
    """Return the company that stands alone, with a colon, in one of the first lines under the headline."""
    rows = [row.run for sheet in paper.sheets[:1] for row in sheet.rows][:9]
    for run in rows:
        m = _ADDRESSEE.match(run.key)
        if m and run.key.rstrip().endswith(":"):
            piece = run.cut(*m.span("name"))
            return Reading(piece, tidy(piece.text), 0.97)
    return None


def titled(paper: Paper) -> Reading | None:
    """Return the company with whose name the headline begins, or that stands in the row above it as letterheads do."""
    if paper.headline is None or not paper.headline.inked:
        return None
    number, at = paper.place(paper.headline)
    above = paper.sheets[number].rows[at - 1].run if at else Run()
    begins = re.match(rf"(?P<name>{COMPANY})(?={_BODIES})", paper.headline.key)
    heads = [chunk for chunk in above.chunks() if re.fullmatch(COMPANY, chunk.key)]
    run = paper.headline.cut(*begins.span("name")) if begins else heads[0] if len(heads) == 1 else Run()
    return Reading(run, tidy(run.text), 0.95) if run.inked else None


def signer(paper: Paper, ending: str = "") -> Reading | None:
    """Return the company that stands alone near the end; ending: of other bodies, how their names end."""
    pattern = re.compile(rf"(?P<name>[\u4e00-\u9fff()]{{2,30}}?(?:{ending})){_SEALED}") if ending else _SIGNER
    to = addressee(paper)  # of a short letter it is near the end, too
    for chunk in (*reversed(_chunks(paper)[-10:]), *_above_a_day(paper)):
        m = pattern.fullmatch(chunk.key)
        if to and chunk.glyphs[0] is to.run.glyphs[0]:
            continue
        if m and not re.search(r"^致|[贵我本]公司", chunk.key) and not _BARE.fullmatch(m["name"]):
            run = chunk.cut(*m.span("name"))
            return Reading(run, tidy(run.text), 0.9)
    return None


def _above_a_day(paper: Paper) -> list[Run]:
    """Return the rows right above one that is a day and nothing else: who signed, where a form to be sent back is printed below."""
    rows = [row.run for sheet in paper.sheets for row in sheet.rows]
    return [above for above, below in pairwise(rows) if len(below.chunks()) == 1 and _alone(below)]


def numbered(paper: Paper) -> Reading | None:
    """Return the number that stands alone near the headline: that of a letter (甬舟财函〔2025〕28号), or one behind No."""
    for row in paper.sheets[0].rows[:_EDGE] if paper.sheets else ():
        for chunk in row.chunks:
            m = _SERIAL.search(chunk.key) if re.match(r"N[oO0]", chunk.key) else None
            piece = chunk if _NUMBER.fullmatch(chunk.key) else chunk.cut(*m.span("number")) if m else Run()
            if piece.inked:
                return Reading(piece, tidy(re.sub(r"\s", "", piece.text)), 0.95)
    return None


def dated(paper: Paper) -> Reading | None:
    """Return the last date that stands alone in its line, as the day of a letter does; of two parties' days beside each other the later one."""
    for chunk in reversed([row.run for sheet in paper.sheets for row in sheet.rows]):
        dates = find_dates(chunk.key)
        abreast = [r for piece in chunk.chunks() if (r := _alone(piece))]
        if len(abreast) > 1 and len(abreast) == len(chunk.chunks()):
            last = max(abreast, key=lambda r: r.value)
            return last if len({r.value for r in abreast}) == 1 else last.weaker(_OF_SEVERAL)
        if len(dates) != 1 or re.search(r"[至自从起止]|成立|注册|开户", chunk.key):
            continue
        d = dates[0]
        rest = _SIGNED_WORDS.sub("", chunk.key[: d.start] + chunk.key[d.end :])
        if len(rest) <= 16:
            certain = (0.95 if len(rest) <= 2 else 0.85) if d.certain else 0.7
            return Reading(chunk.cut(d.start, d.end), d.value, certain)
    return None


def lone_day(paper: Paper) -> Reading | None:
    """Return the one day that stands alone at the head or the foot of a paper, as on receipts; one of several is for a person to look at."""
    found = list[Reading]()
    for sheet in paper.sheets:
        for at, row in enumerate(sheet.rows):
            if _EDGE <= at < len(sheet.rows) - _EDGE:
                continue
            above = [chunk for r in sheet.rows[max(0, at - 3) : at] for chunk in r.chunks]
            found += [r for chunk in row.chunks if (r := _alone(chunk)) and not _is_headed(chunk, above)]
    if not found:
        return None
    return found[0] if len({r.value for r in found}) == 1 else found[0].weaker(_OF_SEVERAL)


def _alone(chunk: Run) -> Reading | None:
    dates = find_dates(chunk.key)
    if len(dates) != 1 or _OTHER_DAY.search(chunk.key):
        return None
    d = dates[0]
    rest = _SIGNED_WORDS.sub("", chunk.key[: d.start] + chunk.key[d.end :])
    return None if rest else Reading(chunk.cut(d.start, d.end), d.value, 0.95 if d.certain else 0.7)


def _is_headed(chunk: Run, above: list[Run]) -> bool:
    """Tell whether the day stands in a column that is headed as some other day: of make, of expiry."""
    x0, _, x1, _ = chunk.box
    return any(_OTHER_DAY.search(c.key) and c.box[0] < x1 and c.box[2] > x0 for c in above)
