"""What reading costs in memory: `python -m tools.bench_memory [--pages N] [--worker]`.

`juanzong ingest` with two readers of one thread each reads the sample scans (A3 and 300 dpi among them), 30 PDFs of 10 scanned pages, and
one of N pages of the same kind: what is more there comes from the length of a document, and not from readers that have not seen every
size of picture yet, as after ten pages. Its memory is the proportional set size of it and all its children together, looked at four times a second.

--worker: `juanzong worker` in place of it, with the same readers, from when it starts on a folder with these files until the preservation
copy (PDF/A) of the last of them is made; what it looks after beside its reading is in it. Prints
one JSON object per line; exit 1 when a limit is missed.
"""

import argparse
import io
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import img2pdf
from PIL import Image

from tools.bench_reading import page_images
from tools.bench_station import ROOT, juanzong, report
from tools.processes import family

MOST_WORKER, MOST_ADDED = 1536, 200  # MiB
_SHORT = 30
_PAGE = (875, 1240)  # A5 at 150 dpi


def memory(pid: int) -> int:
    """Return the proportional set size of a process and its descendants, in MiB; what ends meanwhile does not count."""
    total = 0
    try:
        # Each once: when the thread that started children ends while we look, they are seen with it and with the next thread.
        members = set(family(pid))
    except OSError:
        return 0
    for member in members:
        try:
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return total // 1024


def peak_of_ingest(env: dict[str, str], *files: Path) -> int:
    """Return the highest memory, in MiB, of a process that takes files in and reads them, with its children."""
    return _peak(["ingest", *map(str, files)], env, lambda: False)


def peak_of_worker(env: dict[str, str], *files: Path) -> int:
    """Return the highest memory, in MiB, of a worker that takes files from its folder, reads them and makes their preservation copies."""
    folder = Path(tempfile.mkdtemp(dir=env["JUANZONG_HOME"]))
    for file in files:
        shutil.copy(file, folder)
    wanted = _preserved(env) + len(files)
    return _peak(["worker"], {**env, "JUANZONG_FOLDERS": str(folder)}, lambda: _preserved(env) >= wanted)


def _preserved(env: dict[str, str]) -> int:
    """Return how many documents of an archive need no preservation copy any more: they have it, or are digital."""
    with closing(sqlite3.connect(f"file:{env['JUANZONG_HOME']}/juanzong.db?mode=ro", uri=True)) as database:
        ((count,),) = database.execute("SELECT count(*) FROM documents WHERE preservation IN ('kept', 'not_needed')")
    return int(count)


def _peak(words: list[str], env: dict[str, str], done: Callable[[], bool]) -> int:
    """Return the highest memory, in MiB, of a command with its children until it ends, or is done and told to end."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", *words], cwd=ROOT, env=env, stdout=said, stderr=said
        )
        most, told = 0, False
        while process.poll() is None:
            most = max(most, memory(process.pid))
            if not told and done():
                process.terminate()
                told = True
            time.sleep(0.25)
        if process.returncode and not told:
            said.seek(0)
            raise SystemExit(f"{words[0]} ended with {process.returncode}: {said.read()}")
    return most


def long_pdf(path: Path, pages: int, first: int = 0) -> None:
    """Write a PDF of scanned pages: the upper quarter of a sample, moved a little from page to page so that all differ; first: its number."""
    sheet = Image.fromarray(page_images(ROOT / "samples" / "scans" / "authorization.jpg", [False])[0]).convert("L")
    strip = sheet.resize((_PAGE[0], _PAGE[0] * sheet.height // sheet.width)).crop((0, 0, _PAGE[0], 320))
    pictures = []
    for number in range(first, first + pages):
        page = Image.new("L", _PAGE, 250)
        page.paste(strip, (0, 40 + number % 800))
        page.putpixel((number % _PAGE[0], number // _PAGE[0]), 0)
        data = io.BytesIO()
        page.save(data, "JPEG", quality=80, dpi=(150, 150))
        pictures.append(data.getvalue())
    path.write_bytes(img2pdf.convert(pictures))


def main() -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--worker", action="store_true", help="measure the worker, with preservation copies")
    chosen = parser.parse_args()
    pages = chosen.pages
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as name:
        work = Path(name)
        home = work / "home"
        env = {**os.environ, "JUANZONG_HOME": str(home), "JUANZONG_OCR_THREADS": "1", "JUANZONG_OCR_PROCESSES": "2"}
        juanzong(env, "init")
        short = [work / f"short-{number}.pdf" for number in range(_SHORT)]
        for number, path in enumerate(short):
            long_pdf(path, 10, pages + 10 * number)
        long_pdf(work / "long.pdf", pages)
        peak = peak_of_worker if chosen.worker else peak_of_ingest
        usual = peak(env, *sorted((ROOT / "samples" / "scans").iterdir()))
        many = peak(env, *short)
        long = peak(env, work / "long.pdf")
    who = "worker: " if chosen.worker else ""
    checks = [
        report(f"{who}reading the sample scans, two pages at a time", usual, "MiB", MOST_WORKER, most=True),
        report(f"{who}reading {_SHORT} PDFs of 10 pages", many, "MiB", MOST_WORKER, most=True),
        report(f"{who}reading a PDF of {pages} pages", long, "MiB", MOST_WORKER, most=True),
        report(f"{who}added by the length of the document", long - many, "MiB", MOST_ADDED, most=True),
    ]
    return 0 if all(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
