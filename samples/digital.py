"""PDFs that were born digital: printed by Chromium from HTML, so they carry a real text layer."""

import base64
import html
import re
import subprocess
import tempfile
from pathlib import Path

import pdfplumber

from samples.paper import Box, plain, values_in
from samples.scanner import Scan

DPI = 200
_STYLE = """
@page { size: 210mm 297mm; margin: 0 }
body { margin: 0; font: 12pt/1.75 'AR PL UMing CN'; color: #111 }
section { box-sizing: border-box; width: 210mm; height: 296.9mm; padding: 24mm 26mm; break-after: page; overflow: hidden }
section:last-child { break-after: auto }
section.scan { padding: 0 } section.scan img { width: 210mm; height: 296.9mm; display: block }
h1 { font: 22pt/1.5 'WenQuanYi Zen Hei'; text-align: center; margin: 0 0 6mm }
p { margin: 0; text-align: justify } p.body { text-indent: 2em } p.right { text-align: right }
table { border-collapse: collapse; width: 100%; font-size: 10.5pt; margin: 3mm 0 } td, th { border: 0.3mm solid #222; padding: 1mm 2mm; text-align: center }
"""


def section(items: list[str | list[list[str]]]) -> str:
    """Return one page of HTML. An item is a paragraph, "# a title", "> text set right", "| text without indent", or a table."""
    parts = []
    for item in items:
        if isinstance(item, list):
            rows = "".join("<tr>" + "".join(f"<td>{html.escape(plain(c))}</td>" for c in row) + "</tr>" for row in item)
            parts.append(f"<table>{rows}</table>")
        else:
            mark, text = (item[0], item[2:]) if item[0] in "#>|" else ("", item)
            tag, style = {"#": ("h1", ""), ">": ("p", "right"), "|": ("p", "")}.get(mark, ("p", "body"))
            parts.append(f'<{tag} class="{style}">{html.escape(plain(text))}</{tag}>')
    return f"<section>{''.join(parts)}</section>"


def picture(data: bytes) -> str:
    """Return a page that is nothing but a scanned JPEG."""
    return f'<section class="scan"><img src="data:image/jpeg;base64,{base64.b64encode(data).decode()}"></section>'


def print_pdf(pages: list[str], target: Path) -> None:
    """Print the pages with headless Chromium; the dates inside are fixed, so that the same input gives the same file."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(
            f"<meta charset=utf-8><style>{_STYLE}</style><title>PDF</title>{''.join(pages)}", encoding="utf-8"
        )
        command = [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--print-to-pdf={target}",
            str(source),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    data = re.sub(rb"\(D:\d{14}", b"(D:20260101000000", target.read_bytes())
    target.write_bytes(data)


def truth_page(pdf: Path, number: int, items: list[str | list[list[str]]]) -> Scan:
    """Return the truth of a digital page; places are looked up in the text layer, in pixels at 200 dpi."""
    with pdfplumber.open(pdf) as book:
        page = book.pages[number - 1]
        chars = [c for c in page.chars if not c["text"].isspace()]
        size = (round(float(page.width) * DPI / 72), round(float(page.height) * DPI / 72))
    stream = "".join(c["text"] for c in chars)
    if len(stream) != len(chars):
        raise ValueError("a ligature in the text layer")

    def find(text: str, start: int = 0) -> tuple[Box, int]:
        bare = re.sub(r"\s", "", text)
        at = stream.index(bare, start)
        found = chars[at : at + len(bare)]
        k = DPI / 72
        return (
            min(c["x0"] for c in found) * k,
            min(c["top"] for c in found) * k,
            max(c["x1"] for c in found) * k,
            max(c["bottom"] for c in found) * k,
        ), at

    lines, values, places, at = [], {}, {}, 0
    for item in items:
        for text in (
            [" ".join(row) for row in item] if isinstance(item, list) else [item[2:] if item[0] in "#>|" else item]
        ):
            box, at = find(plain(text), at)
            lines.append((plain(text), box))
            for name, (value, printed) in values_in(text).items():
                values.setdefault(name, value)
                places.setdefault(name, find(printed, at)[0])
    return Scan(None, 0, size, DPI, lines, values, places, [], [])
