"""The quality of a scanned page (DA/T 31-2017): every rule with a page that is just good and one that is just bad, and the glance at the station."""

import ast
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from intake import memory
from intake.formats.fonts import font
from intake.glance import Below, Glance, below, of_scan
from intake.model import Limits, Quality
from intake.quality import judge, level, skew
from service import below as words
from tests.intake import made
from tests.intake.scans import scan

SIZE, DPI = (1654, 2339), 200.0
TEXT = "甲方应当自本合同生效之日起三十日内向乙方支付全部货款共计人民币壹拾贰万元整"


def sheet(paper: int = 245, ink: int = 25, *, margin: int = 180) -> np.ndarray:
    """A4 at 200 dpi, set in lines of 11 points."""
    image = Image.new("L", SIZE, paper)
    draw = ImageDraw.Draw(image)
    for row in range(40):
        draw.text((margin, 200 + 48 * row), TEXT[row % 7 :], ink, font(31))
    return np.asarray(image)


def found(page: np.ndarray, dpi: float | None = DPI) -> tuple[str, ...]:
    return judge(page, dpi).findings


@pytest.fixture(scope="module")
def good() -> np.ndarray:
    return sheet()


def test_a_sound_page_is_sound(good):
    assert found(good) == ()


@pytest.mark.parametrize(("dpi", "expected"), [(191, ()), (189, ("resolution",))])
def test_resolution_that_the_file_says(good, dpi, expected):
    assert found(good, dpi) == expected


@pytest.mark.parametrize(("side", "expected"), [(960, False), (920, True)])
def test_resolution_where_nobody_says_is_guessed_of_a_sheet_of_a4(good, side, expected):
    small = cv2.resize(good, (round(side * SIZE[0] / SIZE[1]), side), interpolation=cv2.INTER_AREA)
    assert ("resolution" in found(small, None)) is expected


def test_a_resolution_no_scanner_ever_set_counts_as_unknown(good):
    assert found(good, 72) == ()  # the sheet would be 32 inches long


@pytest.mark.parametrize(("degrees", "expected"), [(5.8, ()), (-5.8, ()), (6.3, ("skew",)), (-6.3, ("skew",))])
def test_skew(good, degrees, expected):
    turned = level(cv2.cvtColor(good, cv2.COLOR_GRAY2RGB), -degrees)[..., 0]
    assert found(turned) == expected
    assert abs(skew(turned) - degrees) <= 0.2


@pytest.mark.parametrize(("sigma", "expected"), [(1.6, ()), (4.0, ("blurred",))])
def test_blur(good, sigma, expected):
    assert found(cv2.GaussianBlur(good, (0, 0), sigma)) == expected


@pytest.mark.parametrize(("paper", "expected"), [(94, ()), (86, ("dark",))])
def test_brightness(paper, expected):
    assert found(sheet(paper, 5)) == expected


@pytest.mark.parametrize(("ink", "expected"), [(180, ()), (200, ("faint",))])
def test_faint(ink, expected):
    assert found(sheet(240, ink)) == expected


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
@pytest.mark.parametrize(("pieces", "expected"), [(4, ()), (5, ("cut",))])
def test_cut_off_edges(good, edge, pieces, expected):
    image = Image.fromarray(good.copy())
    draw = ImageDraw.Draw(image)
    width, height = SIZE
    for n in range(pieces):
        along = 300 + 90 * n
        x, y = {
            "left": (-16, along), "right": (width - 15, along), "top": (along, -18), "bottom": (along, height - 20),
        }[edge]  # fmt: skip
        draw.text((x, y), "国", 20, font(31))
    quality = judge(np.asarray(image), DPI)
    assert quality.findings == expected
    assert quality.cut == ((edge,) if expected else ())


def test_a_frame_or_a_shadow_at_the_edge_is_no_print(good):
    image = Image.fromarray(good.copy())
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 40, SIZE[1]), 60)
    for n in range(12):
        draw.line((0, 150 + 170 * n, SIZE[0], 150 + 170 * n), 20, 4)
    assert found(np.asarray(image)) == ()


def test_blank():
    empty = np.full(SIZE[::-1], 245, np.uint8)
    assert found(empty) == ("blank",)
    page = Image.fromarray(empty)
    ImageDraw.Draw(page).text((700, 1100), "附件一", 30, font(31))
    assert found(np.asarray(page)) == ()


# The glance: the same judgement before the file is handed in


def quality(*findings: str) -> Quality:
    return Quality(200, 7.5, 0.4, 240, 200, ("left", "top") if "cut" in findings else (), findings)


def test_a_blank_back_is_none_and_a_blank_stack_is():
    fine, blank, askew = quality(), quality("blank"), quality("skew", "cut")
    assert below([(1, fine), (2, blank), (3, askew)]) == [Below(3, askew, ("skew", "cut"))]
    assert [page.page for page in below([(1, blank), (2, blank)])] == [1, 2]
    assert below([(1, blank)], whole=False) == []


def tiff(*pages: np.ndarray) -> bytes:
    first, *more = [Image.fromarray(page) for page in pages]
    return made.saved(first, "TIFF", save_all=True, append_images=more, dpi=(200, 200), compression="tiff_lzw")


def test_the_station_finds_what_the_archive_would(tmp_path, good):
    from contextlib import closing

    askew = level(cv2.cvtColor(good, cv2.COLOR_GRAY2RGB), -8)[..., 0]
    (tmp_path / "a.tif").write_bytes(tiff(good, sheet(60, 5), askew))
    (tmp_path / "text.txt").write_text("no document")
    (tmp_path / "cut.tif").write_bytes(tiff(good)[:5000])
    (tmp_path / "mail.eml").write_bytes(
        b"From: a@b.c\nTo: d@e.f\nSubject: x\nDate: Mon, 2 Mar 2026 08:00:00 +0800\n\nx\n"
    )
    with closing(Glance(Limits(), dict(os.environ))) as glance:
        assert [(page.page, page.why) for page in glance.look(tmp_path / "a.tif")] == [(2, ("dark",)), (3, ("skew",))]
        assert glance.look(scan("contract-digital.pdf")) == []
        for name in ("text.txt", "cut.tif", "mail.eml", "none"):  # the archive says what is wrong with them
            assert glance.look(tmp_path / name) == []
        assert [page.page for page in glance.look(tmp_path / "a.tif")] == [2, 3]
    (tmp_path / "page.tif").write_bytes(tiff(askew))
    assert of_scan(tmp_path / "page.tif", Limits()).findings == ("skew",)
    assert of_scan(tmp_path / "cut.tif", Limits()).findings == ("damaged",)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({}, "en"),
        ({"LC_ALL": "C", "LANG": "zh_CN"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "C"}, "zh"),
    ],
)
def test_the_operator_is_told_in_the_language_of_the_machine(monkeypatch, variables, expected):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert words.language() == expected


def test_every_finding_has_its_words_in_both_languages():
    whys = ("damaged", "resolution", "skew", "blurred", "dark", "faint", "cut", "blank")
    page = Below(3, quality(*whys), whys)
    assert words.said(page, "zh") == (
        "第 3 页请重新扫描：图像数据损坏，画面不全；分辨率 200 dpi 不够，至少 200 dpi；歪了 7.5°，请放正；模糊，请擦净玻璃、压平纸；"
        "太暗，请盖好盖板、调曝光；字迹太淡，请调曝光；左边、上边的字被切掉，请放到位；空白页，多半放反了"
    )
    assert words.said(page, "en").startswith(
        "scan page 3 again: its image is damaged and not all there; its resolution 200 dpi is too low, "
    )
    assert "cut off at the left and top" in words.said(page, "en")
    assert words.note([page]).count("\n") == 2
    assert words.plain([page]) == {"rescan": [{"page": 3, "why": list(whys)}]}
    assert words.plain([]) == {}
    assert set(whys) <= set(words._SAID)


def test_everything_the_station_says_names_the_same_in_both_languages():
    for what, said in words._SAID.items():
        chinese, english = (sorted(set(re.findall(r"\{\w+\}", text))) for text in said)
        assert chinese == english, what


def coded(root: Path) -> Iterator[tuple[str, str, set[str]]]:
    """Where, with which code, and naming what, the errors are raised that a person at a station meets; a code made of parts as it is written."""
    errors = ("DeliveryFailed", "NoSuchScan", "NotOffered", "ScannerUnavailable")
    for path in [*(root / "intake").rglob("*.py"), root / "service/flow/intake/delivery.py"]:
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in errors:
                named = {word.arg: word.value for word in call.keywords}
                code = named.pop("code", None) or (call.args[1] if len(call.args) > 1 else ast.Constant(""))
                written = code.value if isinstance(code, ast.Constant) else ast.unparse(code)
                yield f"{path.relative_to(root)}:{call.lineno}", written, set(named) - {"one_file"}


def test_whatever_stops_a_station_has_chinese_words():
    found = list(coded(Path(words.__file__).parents[1]))
    assert len(found) > 30
    of_parts = {"error.code": ("busy", "changed"), "f'no_{what}'": ("no_mode", "no_source", "no_resolution")}
    of_parts["_NOT_NOW.get(self.status, 'archive')"] = ("server_full", "server_busy", "archive")
    for where, written, named in found:
        for code in of_parts.get(written, (written,)):
            assert code in words._CHINESE, where
            assert set(re.findall(r"\{(\w+)\}", words._CHINESE[code])) <= named, where


def test_bytes_are_as_they_were(tmp_path):
    data = io.BytesIO(tiff(sheet()))
    path = Path(tmp_path, "a.tif")
    path.write_bytes(data.getvalue())
    glance = Glance(Limits(), dict(os.environ))
    glance.look(path)
    limits = Path(f"/proc/{glance._child.pid}/limits").read_text()
    (most,) = [int(line.split()[3]) for line in limits.splitlines() if line.startswith("Max data size")]
    assert memory.LOOKING <= most < 2 * memory.LOOKING
    glance.close()
    assert path.read_bytes() == data.getvalue()
