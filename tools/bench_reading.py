"""How well and how fast pages are read: `python -m tools.bench_reading [DIR] [--threads N] [--untimed] [--json]`.

DIR holds `scans/` and `truth/` as samples/ and `samples.unseen` do. Measured in one run, each against what must be
reached (exit code 1 when one is missed): the character error rate (of the characters that can be
seen: those a seal blotted out on a black-and-white scan are a figure of their own), the share of fields that are exactly right, of values
that are wrong without being marked for a person (a value where nothing is printed is wrong, too), of right categories, and the time of the
whole intake against the bare OCR engine on the same pages: on the runtime that intake uses (OpenVINO), against which the limit counts, and
as RapidOCR comes (ONNX Runtime). They take turns, file by file, and change who begins, so that whatever slows the machine slows all.
"""

import argparse
import json
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pypdfium2
from PIL import Image, ImageSequence

from intake.confidence import bands

OUR_COMPANIES = ("华岳实业集团有限公司",)
#: What must be reached (issue 5).
MAX_CHARACTER_ERRORS, MIN_FIELDS, MAX_WRONG_UNMARKED, MIN_CATEGORIES, MAX_TIME = 0.003, 0.98, 0.002, 0.99, 1.3


PERIODS = ("valid_from", "valid_until", "term_from", "term_until")
SEAL_FIELDS = ("seal", *(f"seal_{number}" for number in range(2, 9)))  # counted by themselves, seal by seal
SURE = 0.75  # as `intake.understand.CONFIDENCE_LINE`


def fold(text: str) -> str:
    """Return the characters that count: no white space, full-width forms as narrow ones (readers mix the two up)."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if not c.isspace())


def distance(pattern: str, text: str, *, anywhere: bool = False) -> int:
    """Return the Levenshtein distance of two strings; with `anywhere`, of `pattern` to the part of `text` nearest to it.

    Myers' bit-vector algorithm (J. ACM 46, 1999): one step a character of `text`, all of `pattern` in one integer.
    """
    m = len(pattern)
    if m == 0 or not text:
        return m if anywhere else max(m, len(text))
    where: dict[str, int] = {}
    for i, c in enumerate(pattern):
        where[c] = where.get(c, 0) | 1 << i
    full, last = (1 << m) - 1, 1 << (m - 1)
    up, down, score, best = full, 0, m, m
    for c in text:
        equal = where.get(c, 0)
        vertical = equal | down
        horizontal = (((equal & up) + up) ^ up) | equal
        plus, minus = down | (full & ~(horizontal | up)), up & horizontal
        score += bool(plus & last) - bool(minus & last)
        best = min(best, score)
        plus, minus = (plus << 1 | (not anywhere)) & full, (minus << 1) & full
        up, down = minus | (full & ~(vertical | plus)), plus & vertical
    return best if anywhere else score


def legible_distance(pattern: str, text: str, hidden: set[int]) -> int:
    """Return the Levenshtein distance where the characters of `pattern` at `hidden` cost nothing, read or passed over."""
    if not hidden:
        return distance(pattern, text)
    above = list(range(len(text) + 1))
    for i, c in enumerate(pattern):
        cost = i not in hidden
        row = [above[0] + cost]
        for j, d in enumerate(text):
            row.append(min(above[j] + (cost and c != d), above[j + 1] + cost, row[j] + 1))
        above = row
    return above[-1]


@dataclass
class FileResult:
    """What one file gave. Errors are counted in characters, times in seconds."""

    file: str
    characters: int = 0
    errors: int = 0
    errors_with_seals: int = 0
    hidden: int = 0
    errors_with_hidden: int = 0
    fields: int = 0
    exact: int = 0
    placed: int = 0
    unmarked: int = 0
    kind: str = ""
    category: tuple[str, str] = ("", "")
    category_sure: float = 0.0
    sure: list[tuple[float, bool]] = field(
        default_factory=list
    )  # of every value that was read, and whether it was right
    needs_review: tuple[str, ...] = ()
    turned_wrong: int = 0
    seals: Counter[str] = field(default_factory=Counter)
    seals_wrong: list[dict[str, Any]] = field(default_factory=list)
    misses: list[dict[str, Any]] = field(default_factory=list)
    invented: list[dict[str, Any]] = field(default_factory=list)
    intake_seconds: float = 0.0
    engine_seconds: float = 0.0
    onnx_seconds: float = 0.0
    failure: str = ""


def page_images(path: Path, digital: Sequence[bool]) -> list[Any]:
    """Return the scanned pages of a file as arrays (height x width x 3), as the file holds them."""
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as book:
            return [
                np.asarray(page.render(scale=200 / 72).to_pil().convert("RGB"))
                for page, skip in zip(book, digital, strict=True)
                if not skip
            ]
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


class Compared(NamedTuple):
    """One page against its truth. characters: the legible ones, whose errors are counted; hidden: the others."""

    characters: int
    errors: int
    errors_with_seals: int
    hidden: int
    errors_with_hidden: int


def _wanted(truth: dict[str, Any], index: int) -> list[tuple[str, set[int]]]:
    """Return the text of a page in each order that is right, with the places of what is hidden under a seal as black as print."""
    printed = truth["text"][index].split("\n")
    covered = {(line, position) for page, line, position in truth.get("hidden", ()) if page == index + 1}
    orders = [range(len(printed)), *([truth["other_order"][index]] if truth["other_order"][index] else [])]
    wanted = []
    for order in orders:
        text, hidden = "", set[int]()
        for line in order:
            for position, c in enumerate(printed[line]):
                start, text = len(text), text + fold(c)
                if (line, position) in covered:
                    hidden.update(range(start, len(text)))
        wanted.append((text, hidden))
    return wanted


def compare_text(page: Any, truth: dict[str, Any], index: int) -> Compared:
    """Return the characters of one page and the errors in them; with what was read from seals and signatures, and with what they hide."""
    wanted = _wanted(truth, index)
    scale = truth["sizes"][index][0] / page.width
    seals = [box for number, box in truth["seals"] if number == index + 1]
    pens = [box for number, box in truth["signatures"] if number == index + 1]

    def on(box: Sequence[float], marks: Sequence[Sequence[float]]) -> bool:
        x, y = (box[0] + box[2]) / 2 * scale, (box[1] + box[3]) / 2 * scale
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in marks)

    def printed_part(line: Any) -> str:
        """Print counts even under a seal; what only the seal or the pen says is no error when it is read."""
        text = line.text
        for word in reversed(line.words):
            if on(word.box, pens):
                text = text[: word.start] + text[word.start + len(word.text) :]
        text = fold(text)
        stamped = [on(word.box, seals) for word in line.words] or [on(line.box, seals)]
        only_seal = sum(stamped) * 2 > len(stamped) and distance(text, wanted[0][0], anywhere=True) * 2 > len(text)
        return "" if only_seal else text

    everything = "".join(fold(line.text) for line in page.lines)
    kept = "".join(printed_part(line) for line in page.lines)
    hidden = len(wanted[0][1])
    return Compared(
        len(wanted[0][0]) - hidden,
        min(legible_distance(text, kept, under) for text, under in wanted),
        min(legible_distance(text, everything, under) for text, under in wanted),
        hidden,
        min(distance(text, kept) for text, _ in wanted),
    )


def marked(name: str, understood: Any) -> bool:
    """Tell whether a person is asked to look at this field: by its confidence, or by a reason for review that is about it."""
    from intake.understand import CONFIDENCE_LINE

    about = {
        "amount_mismatch": ("amount", "registered_capital"),
        "term_mismatch": PERIODS,
        "birth_mismatch": ("born_on",),
    }
    reasons = understood.needs_review
    return (
        understood.fields[name].confidence < CONFIDENCE_LINE
        or any(reason.endswith(f":{name}") for reason in reasons)
        or any(name in about.get(reason, ()) for reason in reasons)
    )


def compare_fields(result: FileResult, understood: Any, pages: Sequence[Any], truth: dict[str, Any]) -> None:
    for name, value in truth["fields"].items():
        result.fields += 1
        read = understood.fields.get(name)
        if read is not None:
            result.sure.append((read.confidence, read.value == value))
        if read is None or read.value != value:
            got = None if read is None else read.value
            unmarked = read is not None and not marked(name, understood)
            result.unmarked += unmarked
            miss = {"file": result.file, "field": name, "wanted": value, "got": got, "marked": not unmarked}
            result.misses.append(miss)
            continue
        result.exact += 1
        place = truth["field_places"][name]
        scale = truth["sizes"][place["page"] - 1][0] / pages[place["page"] - 1].width
        x, y = (read.box[0] + read.box[2]) / 2 * scale, (read.box[1] + read.box[3]) / 2 * scale
        x0, y0, x1, y1 = place["box"]
        result.placed += read.page == place["page"] and x0 - 10 <= x <= x1 + 10 and y0 - 10 <= y <= y1 + 10
    for name, read in understood.fields.items():
        if name not in truth["fields"] and name not in SEAL_FIELDS:
            unmarked = not marked(name, understood)
            result.unmarked += unmarked
            result.sure.append((read.confidence, False))
            result.invented.append({"file": result.file, "field": name, "got": read.value, "marked": not unmarked})


def compare_seals(result: FileResult, understood: Any, pages: Sequence[Any], truth: dict[str, Any]) -> None:
    """Count the seals that were stamped, found, read exactly, wrongly, and wrongly without a doubt; and those nobody stamped.

    What counts is what the document's fields say of a seal: a name that was not read in full may be completed there, marked.
    """
    from intake.fields.seals import completed

    names = truth.get("seal_names") or [""] * len(truth["seals"])
    for index, page in enumerate(pages):
        scale = truth["sizes"][index][0] / page.width
        found = list(page.seals)
        for (number, (x0, y0, x1, y1)), name in zip(truth["seals"], names, strict=True):
            if number != index + 1:
                continue
            result.seals["stamped"] += 1
            seal = next((s for s in found if _lies_on(s.box, (x0, y0, x1, y1), scale)), None)
            if seal is None:
                continue
            found.remove(seal)
            seal = completed(seal, understood.fields)
            result.seals["found"] += 1
            result.seals["exact"] += bool(name) and seal.text == name
            if name and seal.text and seal.text != name:
                result.seals["wrong"] += 1
                result.seals["wrong_unmarked"] += seal.confidence >= SURE
                result.seals_wrong.append(
                    {"file": result.file, "wanted": name, "got": seal.text, "sure": seal.confidence}
                )
        result.seals["invented"] += len(found)


def _lies_on(box: Sequence[float], other: Sequence[float], scale: float) -> bool:
    """Tell whether the middles of two boxes, the first of them on a page scaled so, are near each other."""
    off = [abs((box[k] + box[k + 2]) * scale - other[k] - other[k + 2]) / 2 for k in (0, 1)]
    return max(off) < (other[2] - other[0]) / 3


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    value = work()
    return time.perf_counter() - start, value


def bare_engine(runtime: str, threads: int) -> Any:
    """Return RapidOCR as it comes, with the models of its wheel. runtime: openvino or onnxruntime."""
    from rapidocr import EngineType, RapidOCR

    limits = {
        "onnxruntime": {"intra_op_num_threads": threads, "inter_op_num_threads": 1},
        # Tied to processors, as it comes, several processes would all calculate on the first: it gets all of them, as ours do.
        "openvino": {"inference_num_threads": threads, "enable_cpu_pinning": False},
    }[runtime]
    kind = EngineType(runtime)
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            **{f"{part}.engine_type": kind for part in ("Det", "Cls", "Rec")},
            **{f"EngineConfig.{runtime}.{name}": value for name, value in limits.items()},
        }
    )


def measure(
    root: Path, threads: int, progress: Callable[[FileResult], None] = lambda _: None, *, timed_pair: bool = True
) -> list[FileResult]:
    """Read every file of `root` with intake and compare it to the truth; with `timed_pair`, with the bare engine, too."""
    from intake.adapters import open_engine
    from intake.errors import IntakeError
    from intake.inspect import inspect
    from intake.model import Limits
    from intake.pipeline import read
    from intake.understand import understand

    limits, engine = Limits(), open_engine("auto", threads)
    bare = (
        {"engine": bare_engine("openvino", threads), "onnx": bare_engine("onnxruntime", threads)} if timed_pair else {}
    )

    def intake(path: Path) -> tuple[list[Any], Any]:
        pages = [r.page for r in read(path, inspect(path, limits), engine, limits)]
        return pages, understand(pages, our_companies=OUR_COMPANIES)

    truths = [json.loads(p.read_text(encoding="utf-8")) for p in sorted((root / "truth").glob("*.json"))]
    if not truths:
        raise SystemExit(f"There is no truth in {root}; samples/ has scans/ and truth/.")
    first = next(t for t in truths if not all(t["digital"]))
    intake(root / "scans" / first["file"])  # all engines are warm before the clock runs
    for engine_ in bare.values():
        engine_(page_images(root / "scans" / first["file"], first["digital"])[0])
    results = []
    for turn, truth in enumerate(truths):
        path, result = root / "scans" / truth["file"], FileResult(truth["file"], kind=truth["kind"])
        images = page_images(path, truth["digital"]) if timed_pair else []
        work = {"intake": lambda p=path: intake(p)}
        work |= {name: lambda e=engine_, pages=images: [e(i) for i in pages] for name, engine_ in bare.items()}
        names = list(work)
        first_one = turn % len(names)
        try:
            for name in names[first_one:] + names[:first_one]:
                seconds, value = timed(work[name])
                setattr(result, f"{name}_seconds", seconds)
                if name == "intake":
                    pages, understood = value
        except IntakeError as error:
            result.failure = str(error)
        else:
            for index, page in enumerate(pages):
                compared = compare_text(page, truth, index)
                result.characters += compared.characters
                result.errors += compared.errors
                result.errors_with_seals += compared.errors_with_seals
                result.hidden += compared.hidden
                result.errors_with_hidden += compared.errors_with_hidden
                result.turned_wrong += page.rotation != truth["rotation"][index]
            result.category, result.category_sure = (truth["category"], understood.category), understood.confidence
            result.needs_review = tuple(understood.needs_review)
            compare_fields(result, understood, pages, truth)
            compare_seals(result, understood, pages, truth)
        results.append(result)
        progress(result)
    return results


def summary(results: Sequence[FileResult]) -> dict[str, Any]:
    """Return the figures of a run and whether each limit is kept."""

    def share(part: float, whole: float) -> float:
        return part / whole if whole else 0.0

    characters, fields = sum(r.characters for r in results), sum(r.fields for r in results)
    intake, engine = sum(r.intake_seconds for r in results), sum(r.engine_seconds for r in results)
    onnx = sum(r.onnx_seconds for r in results)
    cer = share(sum(r.errors for r in results), characters)
    hidden = sum(r.hidden for r in results)
    exact, ratio = share(sum(r.exact for r in results), fields), share(intake, engine)
    unmarked, right = (
        share(sum(r.unmarked for r in results), fields),
        share(sum(r.category[0] == r.category[1] for r in results), len(results)),
    )
    seals = sum((r.seals for r in results), Counter[str]())
    failures = [{"file": r.file, "failure": r.failure} for r in results if r.failure]
    by_kind = {
        kind: share(sum(r.exact for r in results if r.kind == kind), sum(r.fields for r in results if r.kind == kind))
        for kind in sorted({r.kind for r in results})
    }
    return {
        "files": len(results),
        "characters": characters,
        "character_error_rate": cer,
        "character_error_rate_with_seals": share(sum(r.errors_with_seals for r in results), characters),
        "characters_hidden": hidden,
        "character_error_rate_with_hidden": share(sum(r.errors_with_hidden for r in results), characters + hidden),
        "character_error_rate_by_file": {r.file: share(r.errors, r.characters) for r in results},
        "fields": fields,
        "fields_exact": exact,
        "fields_exact_by_kind": by_kind,
        "fields_in_their_place": share(sum(r.placed for r in results), sum(r.exact for r in results)),
        "fields_missed": [m for r in results for m in r.misses],
        "fields_nobody_printed": [m for r in results for m in r.invented],
        "missed_by_name": dict(Counter(m["field"] for r in results for m in r.misses).most_common()),
        "fields_wrong_unmarked": unmarked,
        "categories_right": right,
        "categories_wrong": [
            {"file": r.file, "category": r.category} for r in results if r.category[0] != r.category[1]
        ],
        "confidence_of_fields": [asdict(band) for band in bands(said for r in results for said in r.sure)],
        "confidence_of_categories": [
            asdict(band)
            for band in bands((r.category_sure, r.category[0] == r.category[1]) for r in results if not r.failure)
        ],
        "seals": dict(seals),
        "fields_exact_with_seals": share(sum(r.exact for r in results) + seals["exact"], fields + seals["stamped"]),
        "fields_wrong_unmarked_with_seals": share(
            sum(r.unmarked for r in results) + seals["wrong_unmarked"] + seals["invented"], fields + seals["stamped"]
        ),
        "seals_wrong": [w for r in results for w in r.seals_wrong],
        "pages_turned_wrong": {r.file: r.turned_wrong for r in results if r.turned_wrong},
        "wrong_without_review": [r.file for r in results if r.misses and not r.needs_review and not r.failure],
        "right_but_for_review": [r.file for r in results if not r.misses and r.needs_review],
        "intake_seconds": intake,
        "engine_seconds": engine,
        "onnx_seconds": onnx,
        "time_ratio": ratio,
        "time_ratio_onnx": share(intake, onnx),
        "failures": failures,
        "passed": {
            "character_error_rate": cer <= MAX_CHARACTER_ERRORS and not failures,
            "fields_exact": exact >= MIN_FIELDS,
            "fields_wrong_unmarked": unmarked <= MAX_WRONG_UNMARKED,
            "categories_right": right >= MIN_CATEGORIES,
            **({"time_ratio": ratio <= MAX_TIME} if engine > 1 else {}),
        },
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures for people."""
    verdict = {True: "ok", False: "MISSED"}
    passed = figures["passed"]
    for miss in figures["fields_missed"]:
        word = "missed  " if miss["marked"] else "WRONG   "
        print(f"  {word} {miss['file']} {miss['field']}: wanted {miss['wanted']!r}, got {miss['got']!r}")
    for extra in figures["fields_nobody_printed"]:
        word = "invented" if extra["marked"] else "INVENTED"
        print(f"  {word} {extra['file']} {extra['field']}: {extra['got']!r}")
    for wrong in figures["categories_wrong"]:
        print(f"  category {wrong['file']}: wanted {wrong['category'][0]}, got {wrong['category'][1]!r}")
    for failure in figures["failures"]:
        print(f"  failed   {failure['file']}: {failure['failure']}")
    rate, with_seals = figures["character_error_rate"], figures["character_error_rate_with_seals"]
    print(f"{figures['files']} files, {figures['characters']} characters, {figures['fields']} fields")
    print(
        f"character error rate   {rate:8.3%}  at most {MAX_CHARACTER_ERRORS:.1%}  {verdict[passed['character_error_rate']]}"
    )
    print(f"  with seal readings   {with_seals:8.3%}")
    print(
        f"  with hidden print    {figures['character_error_rate_with_hidden']:8.3%}  {figures['characters_hidden']} characters"
    )
    print(
        f"fields exactly right   {figures['fields_exact']:8.1%}  at least {MIN_FIELDS:.0%}  {verdict[passed['fields_exact']]}"
    )
    print("  " + ", ".join(f"{kind} {part:.1%}" for kind, part in figures["fields_exact_by_kind"].items()))
    print(f"  in the right place   {figures['fields_in_their_place']:8.1%}")
    print(
        f"wrong and not marked   {figures['fields_wrong_unmarked']:8.2%}  at most {MAX_WRONG_UNMARKED:.1%}  {verdict[passed['fields_wrong_unmarked']]}"
    )
    seals = Counter(figures["seals"])
    print(
        f"seals read exactly     {seals['exact']} of {seals['stamped']}, {seals['found']} found, {seals['wrong']} wrong, "
        f"{seals['wrong_unmarked']} of these not marked, {seals['invented']} nobody stamped"
    )
    print(
        f"  counted as fields    {figures['fields_exact_with_seals']:8.1%} exactly right, "
        f"{figures['fields_wrong_unmarked_with_seals']:.2%} wrong and not marked"
    )
    print(
        f"categories right       {figures['categories_right']:8.1%}  at least {MIN_CATEGORIES:.0%}  {verdict[passed['categories_right']]}"
    )
    for what in ("fields", "categories"):
        print(f"confidence of {what}: from, how many, exactly right")
        for band in figures[f"confidence_of_{what}"]:
            print(f"  {band['lowest']:.2f} {band['checked']:7} {1 - band['wrong'] / band['checked']:8.1%}")
    if "time_ratio" in passed:
        print(
            f"time / bare engine     {figures['time_ratio']:8.2f}  at most {MAX_TIME}   {verdict[passed['time_ratio']]}"
        )
        print(f"  on ONNX Runtime      {figures['time_ratio_onnx']:8.2f}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure how well and how fast pages are read.")
    parser.add_argument("root", nargs="?", type=Path, default=Path("samples"), help="a folder with scans/ and truth/")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--untimed", action="store_true", help="leave the bare engines out: a third of the time, no ratio"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    chosen = parser.parse_args(arguments)

    def progress(r: FileResult) -> None:
        rate = r.errors / r.characters if r.characters else 0.0
        ratio = f"{r.intake_seconds / r.engine_seconds:.2f}" if r.engine_seconds > 0.01 else "-"
        line = f"{r.file:36} errors {rate:7.3%}  fields {r.exact}/{r.fields}  {r.intake_seconds:5.1f} s  x {ratio}"
        print(line, file=sys.stderr)

    figures = summary(measure(chosen.root, chosen.threads, progress, timed_pair=not chosen.untimed))
    if chosen.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        show(figures)
    return 0 if all(figures["passed"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
