"""From the hot folder to findable: `python -m tools.bench_station [DIR] [--rounds N]`.

DIR holds `scans/` and `truth/` as samples/ does. In one run, in turns, on the same scanned pages and all cores: pages per minute of the
whole program (`juanzong station watch` and `juanzong worker`, until the last document is in the index), of
`ocrmypdf -l chi_sim+eng --rotate-pages --deskew`, and of the bare RapidOCR engine in as many processes as there are cores, on the runtime
that we use (OpenVINO), against which the limit counts, and as it comes (ONNX Runtime); and the character error rates of the first two,
counted alike; and the processor time that each of them takes for a page, which hardly depends on what else the machine does. Prints one
JSON object per line; exit 1 when a limit is missed.

Conditions, which the first line repeats: station, worker and archive (SQLite, files, tantivy) are on this one machine and share its cores;
the clock runs from the moment the first file is put into the hot folder (all are put there at once, as scanned: JPEG, PNG, TIFF, PDF) until
the last is in the index, with `--settle 0.5` (5 s by default, once for a stack), the glance at every page and the sealing included, without
the preservation copies, which are made when nothing waits any more. A page was read by every reader before, so that its models are
loaded, as every process of the bare engine has read one. ocrmypdf is told to write plain PDF (`--output-type pdf`), which is the faster for it, and gets the same
pages as one PDF (JPEG 95).
"""

import argparse
import io
import json
import multiprocessing
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import img2pdf
import numpy as np
from PIL import Image

from tools.bench_reading import bare_engine, distance, fold, page_images
from tools.processes import processor_seconds

ROOT = Path(__file__).parent.parent
CORES = os.cpu_count() or 1
LEAST_PER_MINUTE, LEAST_TO_OCRMYPDF, MOST_ERRORS_TO_OCRMYPDF, LEAST_TO_ENGINE = 44.0, 2.5, 1 / 20, 0.85
LONGEST_SECONDS, SETTLE = 3600, 0.5


class Took(NamedTuple):
    """Seconds of the clock and of the processors."""

    clock: float
    processor: float


class Pages:
    """The scanned pages of a directory: files as they are for the hot folder, arrays, and one PDF of all."""

    def __init__(self, root: Path) -> None:
        truths = [json.loads(p.read_text(encoding="utf-8")) for p in sorted((root / "truth").glob("*.json"))]
        self.truths = [truth for truth in truths if not any(truth["digital"])]
        self.files = [root / "scans" / truth["file"] for truth in self.truths]
        self.images = [i for t, f in zip(self.truths, self.files, strict=True) for i in page_images(f, t["digital"])]
        self.texts = [
            [text] + ([_other(text, order)] if order else [])
            for truth in self.truths
            for text, order in zip(truth["text"], truth["other_order"], strict=True)
        ]

    def as_pdf(self, path: Path) -> None:
        """Write all page images, losslessly enough to be the same pages, into one PDF."""
        pictures = []
        for image in self.images:
            data = io.BytesIO()
            Image.fromarray(image).save(data, "JPEG", quality=95, dpi=(200, 200))
            pictures.append(data.getvalue())
        path.write_bytes(img2pdf.convert(pictures))


def _other(text: str, order: list[int]) -> str:
    lines = text.split("\n")
    return "\n".join(lines[i] for i in order)


def error_rate(wanted: list[list[str]], got: list[str]) -> float:
    """Return the errors per character; of two right orders the nearer counts. What seals say counts as an error for both."""
    errors = characters = 0
    for orders, text in zip(wanted, got, strict=True):
        errors += min(distance(fold(order), fold(text)) for order in orders)
        characters += len(fold(orders[0]))
    return errors / characters


def juanzong(env: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "service", *words]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


def ours(pages: Pages, work: Path) -> tuple[Took, list[str]]:
    """Return the time from the start of watching until the last document is findable, and the texts."""
    home, folder = work / "home", work / "hot"
    env = {**os.environ, "JUANZONG_HOME": str(home)}
    folder.mkdir()
    juanzong(env, "init")
    warm = work / "warm.tif"
    first = [Image.fromarray(image).convert("L") for image in pages.images[:CORES]]
    first[0].save(warm, save_all=True, append_images=first[1:], dpi=(200, 200))
    worker = subprocess.Popen([sys.executable, "-m", "service.worker"], cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    try:
        # A station runs all day: the models are loaded when the stack comes.
        command = [sys.executable, "-m", "service", "station", "watch", str(folder), "--settle", str(SETTLE)]
        shutil.copy(warm, folder)
        watch = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _until_indexed(home, 1)
            spent = processor_seconds(worker.pid) + processor_seconds(watch.pid)
            began = time.perf_counter()
            for file in pages.files:
                shutil.copy(file, folder / f".{file.name}")
                (folder / f".{file.name}").rename(folder / file.name)
            _until_indexed(home, 1 + len(pages.files))
            clock = time.perf_counter() - began
            took = Took(clock, processor_seconds(worker.pid) + processor_seconds(watch.pid) - spent)
        finally:
            watch.send_signal(signal.SIGINT)
            watch.wait(30)
        texts = _texts(env, home, pages)
    finally:
        worker.terminate()
        worker.wait(60)
    return took, texts


def _rows(home: Path, query: str) -> list[Any]:
    import sqlite3

    with sqlite3.connect(f"file:{home}/juanzong.db?mode=ro", uri=True, timeout=30) as database:
        return database.execute(query).fetchall()


def _until_indexed(home: Path, count: int) -> None:
    last = time.monotonic() + LONGEST_SECONDS
    while _rows(home, "SELECT count(*) FROM documents WHERE indexed")[0][0] < count:
        if time.monotonic() > last:
            raise SystemExit("the documents were not read within an hour")
        time.sleep(0.1)


def _texts(env: dict[str, str], home: Path, pages: Pages) -> list[str]:
    ids = dict(_rows(home, "SELECT filename, id FROM documents"))
    found: list[str] = []
    for file in pages.files:
        text = home / "text"
        juanzong(env, "get", ids[file.name], "--rendition", "text", "-o", str(text))
        found += text.read_text(encoding="utf-8").split("\f")
    return found


def ocrmypdf(pages: Pages, work: Path) -> tuple[Took, list[str]]:
    """Return the time of one run over all pages, and the texts."""
    source, target, text = work / "all.pdf", work / "out.pdf", work / "out.txt"
    pages.as_pdf(source)
    command = [
        sys.executable,
        "-m",
        "ocrmypdf",
        "-l",
        "chi_sim+eng",
        "--rotate-pages",
        "--deskew",
        "--output-type",
        "pdf",
    ]
    command += ["--jobs", str(CORES), "--sidecar", str(text), "--quiet", str(source), str(target)]
    began, spent = time.perf_counter(), _of_children()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    took = Took(time.perf_counter() - began, _of_children() - spent)
    texts = text.read_text(encoding="utf-8").split("\f")
    return took, texts[: len(pages.images)]


def _of_children() -> float:
    """Return the processor time of all processes that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


_engine: Any = None


def _load(runtime: str) -> None:
    global _engine  # noqa: PLW0603 - one engine a process
    _engine = bare_engine(runtime, 1)
    _engine(np.full((200, 600, 3), 255, np.uint8))


def _read(image: Any) -> float:
    began = time.process_time()
    _engine(image)
    return time.process_time() - began


def engine(pages: Pages, runtime: str) -> Took:
    """Return the time that as many warm processes as there are cores take for all pages, one thread each."""
    with multiprocessing.get_context("spawn").Pool(CORES, _load, (runtime,)) as pool:
        pool.map(_read, pages.images[:CORES], chunksize=1)
        began = time.perf_counter()
        spent = sum(pool.map(_read, pages.images, chunksize=1))
        return Took(time.perf_counter() - began, spent)


def report(
    figure: str, value: float, unit: str, limit: float | None = None, *, most: bool = False, **more: Any
) -> bool:
    """Print one figure; returns whether it is within its limit."""
    ok = limit is None or (value <= limit if most else value >= limit)
    line = {"figure": figure, "value": round(value, 4), "unit": unit, **more}
    if limit is not None:
        line |= {"limit": f"{'<=' if most else '>='} {limit:g}", "ok": ok}
    print(json.dumps(line, ensure_ascii=False), flush=True)
    return ok


def main() -> int:
    """Measure what the arguments say; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "samples")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    pages = Pages(arguments.directory)
    count = len(pages.images)
    took: dict[str, list[Took]] = {"ours": [], "ocrmypdf": [], "openvino": [], "onnxruntime": []}
    rates: dict[str, float] = {}
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory(prefix="bench-station-") as name:
            work = Path(name)
            time_of_ours, texts = ours(pages, work)
            took["ours"].append(time_of_ours)
            rates["ours"] = error_rate(pages.texts, texts)
            for runtime in ("openvino", "onnxruntime"):
                took[runtime].append(engine(pages, runtime))
            time_of_theirs, texts = ocrmypdf(pages, work)
            took["ocrmypdf"].append(time_of_theirs)
            rates["ocrmypdf"] = error_rate(pages.texts, texts)
    speed = {name: 60 * count / statistics.median(t.clock for t in times) for name, times in took.items()}
    spent = {name: statistics.median(t.processor for t in times) / count for name, times in took.items()}
    load = round(os.getloadavg()[0], 1)
    told = {"files": len(pages.files), "pages": count, "cores": CORES, "rounds": arguments.rounds, "settle": SETTLE}
    print(json.dumps({"conditions": told | {"kinds": sorted({file.suffix for file in pages.files}), "load": load}}))
    checks = [
        report("pages from the hot folder to findable", speed["ours"], "pages/min", LEAST_PER_MINUTE, pages=count, cores=CORES, load=load),
        report("ocrmypdf on the same pages", speed["ocrmypdf"], "pages/min"),
        report("bare RapidOCR on OpenVINO, a process a core", speed["openvino"], "pages/min"),
        report("bare RapidOCR on ONNX Runtime, a process a core", speed["onnxruntime"], "pages/min"),
        report("against ocrmypdf", speed["ours"] / speed["ocrmypdf"], "ratio", LEAST_TO_OCRMYPDF),
        report("against the bare engine on OpenVINO", speed["ours"] / speed["openvino"], "ratio", LEAST_TO_ENGINE),
        report("against the bare engine on ONNX Runtime", speed["ours"] / speed["onnxruntime"], "ratio"),
        *(report(f"processor time a page, {name}", seconds, "s") for name, seconds in spent.items()),
        report("character error rate", rates["ours"], "errors/character"),
        report("character error rate of ocrmypdf", rates["ocrmypdf"], "errors/character"),
        report("errors against ocrmypdf", rates["ours"] / rates["ocrmypdf"], "ratio", MOST_ERRORS_TO_OCRMYPDF, most=True),
    ]  # fmt: skip
    return 0 if all(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
