"""Two thousand broken files through inspection and page rendering, in a child process as the service does it.

Whatever a file is, it is refused with one clear reason, or all its pages are there, each with its picture or its reason; and where a
format can tell that its picture is not what was written, a page is as it was, or says that it is damaged.
"""

import time
from pathlib import Path

import pytest

from intake.crew import Allowance, Crew
from intake.errors import Rejected
from intake.formats import office
from intake.inspect import inspect
from intake.model import Limits
from service.web.refusals import REJECTIONS
from tests.intake import made
from tests.intake.mutations import mutated, mutated_part
from tests.intake.scans import scan
from tests.intake.test_formats import red, sealed_ofd
from tests.thorough import so_many

LIMITS = Limits(max_bytes=64 << 20, max_pages=50, max_pixels=40_000_000, render_dpi=100)
WHOLE = 75
EACH = so_many(WHOLE, 10)
SEEDS = {name: make for name, (_, make) in made.MAKERS.items()}
SEEDS["digital.pdf"] = scan("contract-digital.pdf").read_bytes
SEEDS["signed.pdf"] = lambda: made.pdf(signed=True, attachment="报价单.xlsx", script=True)
SEEDS["locked.pdf"] = made.locked
SEEDS["sealed.ofd"] = lambda: sealed_ofd("PNG", red("PNG"))
SEEDS["aes.pdf"] = lambda: made.encrypted("")
SEEDS["form.pdf"] = lambda: made.form("HT-2026-0731")
SEEDS["portfolio.pdf"] = lambda: made.pdf(portfolio=True, embedded={"图.jpg": SEEDS["photo.jpg"]()}, xfa="dynamic")
SEEDS["attached.eml"] = lambda: made.eml(
    ("合同.pdf", made.pdf(), "application/pdf"), ("照片.jpg", SEEDS["photo.jpg"](), "image/jpeg")
)
TROUBLES = {"", "killed", "timeout", "memory", "error", "damaged"}
SECONDS = 60
#: Those whose pixels hardly become others unnoticed. Of uncompressed ones nobody can know, nor of a bit of an LZW, a JPEG or a WebP.
TELLING = {"alpha.png", "deep.png", "deflate.tif", "g3.tif", "g4.tif"}


@pytest.fixture(scope="module")
def crew():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        hands = Crew("tests.intake.fragile:Blind", 1, Allowance(1, 30, 1 << 30))
        yield hands
        hands.close()


def broken(name):
    data = SEEDS[name]()
    for number in range(EACH):
        part = name.endswith(".ofd") and number % 4
        yield number, (mutated_part if part else mutated)(data, f"{name} {number}")


def test_there_are_two_thousand_of_them():
    assert len(SEEDS) * WHOLE >= 2000


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_a_broken_file_is_refused_with_its_reason_or_shown_whole(crew, tmp_path, name):
    taken, path = 0, tmp_path / "file"
    path.write_bytes(SEEDS[name]())
    whole = list(crew.read(path, inspect(path, LIMITS, crew.look), LIMITS)) if name in TELLING else []
    kind = inspect(path, LIMITS, crew.look).kind if whole else ""
    for number, data in broken(name):
        path.write_bytes(data)
        began = time.monotonic()
        found, refusal = None, None
        try:
            found = inspect(path, LIMITS, crew.look)
        except Rejected as error:
            refusal = error
        if found is None:
            assert refusal.code in REJECTIONS, (name, number)
            assert str(refusal).strip(), (name, number)
            assert "\n" not in str(refusal), (name, number)
        else:
            pages = list(crew.read(path, found, LIMITS))
            assert [page.page.number for page in pages] == list(range(1, found.pages + 1)), (name, number)
            for page in pages:
                assert page.trouble in TROUBLES, (name, number)
                assert page.image.startswith(b"\xff\xd8"), (name, number)
                assert page.pictured or page.trouble, (name, number)
            if (found.kind, found.pages) == (kind, len(whole)):  # else it has the head of another kind
                for page, was in zip(pages, whole, strict=True):
                    assert page.trouble or "damaged" in page.quality.findings or page.image == was.image, (name, number)
            taken += 1
        assert time.monotonic() - began < SECONDS, (name, number)
        assert path.read_bytes() == data
    assert taken < EACH  # something was broken


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_a_broken_office_file_is_refused_with_its_reason_before_libreoffice_sees_it(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(office.shutil, "which", lambda _name: None)
    refused = set()
    for number in range(WHOLE):
        path = tmp_path / "file"
        path.write_bytes((mutated_part if number % 3 else mutated)(made.office(kind), f"{kind} {number}"))
        with pytest.raises(Rejected) as caught:
            inspect(path, LIMITS)
        assert caught.value.code in REJECTIONS, number
        assert "\n" not in str(caught.value), number
        refused.add(caught.value.code)
    assert "unsupported_here" in refused  # the package is sound: what is in it, only LibreOffice knows
    assert len(refused) > 1


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_libreoffice_gives_pages_or_a_reason_for_one_with_a_broken_part(crew, libreoffice, tmp_path, kind):
    for number in range(so_many(2, 1)):
        path = tmp_path / "file"
        path.write_bytes(mutated_part(made.office(kind), f"{kind} {number}"))
        found, refusal = None, None
        try:
            found = inspect(path, LIMITS, crew.look)
        except Rejected as error:
            refusal = error
        if found is None:
            assert refusal.code in REJECTIONS, number
        else:
            assert [page.page.number for page in crew.read(path, found, LIMITS)] == list(range(1, found.pages + 1))
