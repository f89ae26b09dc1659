import io
import statistics
import struct

import numpy as np
import pytest
from fpdf import FPDF
from PIL import Image, ImageOps

from intake import raster, seals, textlayer
from intake.adapters import open_engine
from intake.errors import Rejected
from intake.inspect import inspect
from intake.model import Limits
from intake.pipeline import read
from tests.intake.scans import error_rate, scan, squeezed, truth
from tests.intake.test_inspect import PICTURE, pdf, stream
from tests.thorough import a_share
from tools.bench_reading import compare_text

LIMITS = Limits()


@pytest.fixture(scope="module")
def engine():
    return open_engine("auto", threads=1)


class Blind:
    """An engine that finds nothing: for what must not need one."""

    name = "blind"

    def __init__(self):
        self.asked = 0

    def read(self, image):
        self.asked += 1
        return []

    def read_line(self, image):
        return None

    def rotation(self, image):
        return 0


def pages_of(path, engine, **options):
    return list(read(path, inspect(path, LIMITS), engine, LIMITS, **options))


def picture(page):
    image = Image.open(io.BytesIO(page.image))
    assert (image.format, image.size) == ("JPEG", (page.page.width, page.page.height))
    return image


ROTATED = ["contract-supply.jpg", "licence-two-columns.jpg", "contract-tables.jpg"]


@pytest.mark.parametrize("name", ROTATED)
def test_a_scan_is_read_from_every_side(engine, name, tmp_path):
    upright = Image.open(scan(name))
    for turn in a_share((0, 90, 180, 270), ROTATED.index(name), len(ROTATED)):
        path = tmp_path / f"{turn}.jpg"
        upright.rotate(turn, expand=True).save(path, quality=90)
        (page,) = pages_of(path, engine)
        assert page.page.rotation == turn
        assert picture(page).size == upright.size
        assert error_rate(page.page.text, truth(name)["text"][0]) <= 0.015


def test_a_skewed_scan_keeps_its_order(engine, tmp_path):
    name = "licence-two-columns.jpg"
    for degrees in (-4, 4):
        path = tmp_path / "skewed.jpg"
        Image.open(scan(name)).rotate(degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC).save(
            path
        )
        (page,) = pages_of(path, engine)
        assert error_rate(page.page.text, truth(name)["text"][0]) <= 0.02


def test_text_under_a_seal_is_read(engine):
    (page,) = pages_of(scan("authorization-own.jpg"), engine)
    assert error_rate(page.page.text, truth("authorization-own.jpg")["text"][0]) <= 0.015


def test_a_multi_page_tiff_is_read_page_by_page(engine):
    name, seen = "contract-construction.tif", []
    path = scan(name)
    for page in read(path, inspect(path, LIMITS), engine, LIMITS, progress=lambda done, of: seen.append((done, of))):
        assert page.page.number == len(seen) + 1
        # A signature is no print: what the engine takes its strokes for differs from one processor to another.
        found = compare_text(page.page, truth(name), page.page.number - 1)
        assert found.errors <= 0.01 * found.characters
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_digital_pdf_is_taken_from_its_text_layer():
    name, engine = "contract-digital.pdf", Blind()
    expected = truth(name)
    for page, text, boxes, size in zip(
        pages_of(scan(name), engine), expected["text"], expected["boxes"], expected["sizes"], strict=True
    ):
        picture(page)
        assert page.page.source == "text-layer"
        assert squeezed(page.page.text) == squeezed(text)
        scale = page.page.width / size[0]
        placed = [(line.text.replace(" ", ""), line.box) for line in page.page.lines]
        checked = 0
        for line, box in zip(text.split("\n"), boxes, strict=True):
            found = [b for t, b in placed if t == "".join(line.split())]
            if found:
                checked += 1
                off = min(max(abs(a - b * scale) for a, b in zip(f, box, strict=True)) for f in found)
                assert off <= 6, line
        assert checked > 5


def test_a_mixed_pdf_is_decided_page_by_page(engine):
    name = "contract-mixed.pdf"
    pages = pages_of(scan(name), engine)
    assert [p.page.source for p in pages] == ["text-layer", "rapidocr"]
    for page, text in zip(pages, truth(name)["text"], strict=True):
        assert error_rate(page.page.text, text) <= 0.02


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_of_a_text_layer_follow_rotate_and_crop(tmp_path, turn):
    text = "BT /F 20 Tf 1 0 0 1 160 240 Tm (HT-2026 Agreement of sale) Tj ET"
    font = "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>/Contents 4 0 R"
    page = f"/MediaBox[50 30 650 530]/CropBox[120 90 600 400]/Rotate {turn}{font}"
    path = tmp_path / "turned.pdf"
    path.write_bytes(pdf(page, stream(text)))
    (found,) = pages_of(path, Blind())
    assert found.page.source == "text-layer"
    image = picture(found)
    # Raw text runs to the right; /Rotate lays it on its side, and the page is turned back until it stands upright.
    assert found.page.rotation == (360 - turn) % 360
    assert image.width > image.height
    assert [w.text for w in found.page.lines[0].words] == ["HT-2026", "Agreement", "of", "sale"]
    ink = ImageOps.invert(image.convert("L")).point(lambda v: 255 if v > 100 else 0).getbbox()
    box = found.page.lines[0].box
    assert box[0] - 3 <= ink[0]
    assert ink[2] <= box[2] + 3
    assert box[1] - 3 <= ink[1]
    assert ink[3] <= box[3] + 3
    assert box[2] - box[0] <= 1.1 * (ink[2] - ink[0])


def test_the_size_of_a_page_may_stand_above_all_pages(tmp_path):
    made = FPDF()  # it writes one /MediaBox for all pages, beside their list
    made.set_font("Helvetica", size=12)
    made.add_page()
    made.cell(0, 8, "HT-2026 Agreement of sale")
    path = tmp_path / "above.pdf"
    made.output(str(path))
    (found,) = pages_of(path, Blind())
    assert found.page.text == "HT-2026 Agreement of sale"
    ink = ImageOps.invert(picture(found).convert("L")).point(lambda v: 255 if v > 100 else 0).getbbox()
    box = found.page.lines[0].box
    assert box[1] - 3 <= ink[1]
    assert ink[3] <= box[3] + 3


def test_a_page_under_a_picture_is_read_as_an_image_though_it_has_a_layer(tmp_path):
    content = "q 200 0 0 200 0 0 cm /I Do Q BT 3 Tr /F 12 Tf 20 100 Td (junk layer of another program) Tj ET"
    resources = "/Resources<</XObject<</I 5 0 R>>/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    path = tmp_path / "scan.pdf"
    page = f"/MediaBox[0 0 200 200]/Contents 4 0 R{resources}"
    path.write_bytes(pdf(page, stream(content), stream("abcd", PICTURE.format(2))))
    engine = Blind()
    (page,) = pages_of(path, engine)
    assert (page.page.source, page.page.text, engine.asked) == ("blind", "", 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("甲方：临溪市鼎川阀门有限公司，合同编号 HT-2026-001", True),
        ("買賣合約 甲方：香港貿易發展有限公司 簽訂日期", True),
        ("Agreement of sale between the parties", True),
        ("第1页", False),
        ("(cid:12)(cid:33)(cid:41)(cid:7)合同", False),
        ("\ue001\ue002\ue003\ue004\ue005合同编号", False),
        ("\x01\x02\x03\x04\x05\x06abc", False),
        ("㐀㐁㐂㐃㐄㐅㐆㐇㐈㐉㐊㐋㐌", False),
        ("!\"#$%&'()*+,-./:;<=>?", False),
        ("KLPQRST VWXZBCD FGHJKLM NPQRSTV WXZKLMN PRSTKLD", False),
    ],
)
def test_a_layer_is_believed_when_it_reads_like_text(text, expected):
    assert textlayer.believable(text) is expected


def variants():
    gray = Image.open(scan("payment.jpg")).convert("L").resize((300, 200))
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    alpha = Image.new("RGBA", gray.size, (0, 0, 0, 0))
    alpha.putalpha(ImageOps.invert(gray))
    return gray, {
        "gray.png": gray,
        "gray.tif": gray,
        "bits.tif": gray.convert("1"),
        "bits.png": gray.convert("1"),
        "colour.jpg": gray.convert("RGB"),
        "print.jpg": gray.convert("RGB").convert("CMYK"),
        "print.tif": gray.convert("RGB").convert("CMYK"),
        "alpha.png": alpha,
        "palette.png": gray.convert("P"),
        "deep.png": deep,
        "deep.tif": deep,
    }


@pytest.mark.parametrize("name", variants()[1])
def test_every_kind_of_pixel_becomes_gray_or_colour(tmp_path, name):
    gray, files = variants()
    path = tmp_path / name
    files[name].save(path)
    with raster.RasterPages(path, inspect(path, LIMITS).kind, LIMITS) as pages:
        image = pages.picture(0).image
    assert image.mode in {"L", "RGB"}
    assert abs(statistics.fmean(np.asarray(image.convert("L")).ravel().tolist()) - np.asarray(gray).mean()) < 12
    assert np.corrcoef(np.asarray(image.convert("L")).ravel(), np.asarray(gray).ravel())[0, 1] > 0.4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(tmp_path, kind, orientation):
    upright = Image.new("L", (60, 40), 255)
    upright.paste(0, (0, 0, 20, 10))  # dark in the corner at the top left
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)
    stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "page"
    stored.save(path, kind, exif=exif)
    with raster.RasterPages(path, kind.lower(), LIMITS) as pages:
        image = pages.picture(0).image
    assert image.size == (60, 40)
    pixels = np.asarray(image.convert("L"))
    assert pixels[2:8, 2:18].mean() < 60
    assert pixels[20:, 30:].mean() > 200


def test_a_huge_page_is_stored_at_a_size_people_can_look_at(tmp_path):
    path = tmp_path / "poster.tif"
    Image.new("1", (9000, 12000), 1).save(path, compression="group4", dpi=(600, 600))
    (page,) = pages_of(path, Blind())
    assert page.page.width * page.page.height <= raster.MAX_PAGE_PIXELS * 1.001
    assert page.dpi == pytest.approx(600 * page.page.height / 12000, rel=0.01)


def test_damage_that_shows_only_on_reading_is_one_clear_line(tmp_path):
    path = tmp_path / "broken.png"
    data = io.BytesIO()
    Image.effect_noise((200, 200), 30).save(data, "PNG")
    raw = bytearray(data.getvalue())
    start = raw.index(b"IDAT")
    length = struct.unpack(">I", raw[start - 4 : start])[0]
    raw[start + 4 + length // 2 : start + 4 + length] = bytes(length - length // 2)
    path.write_bytes(bytes(raw))
    with pytest.raises(Rejected) as caught:
        pages_of(path, Blind())
    assert caught.value.code == "truncated"


def test_a_red_headline_is_no_seal():
    page = np.full((1200, 850, 3), 240, dtype=np.uint8)
    for x in range(150, 700, 110):  # framed characters in a row
        page[100:180, x : x + 80] = (200, 30, 30)
        page[112:168, x + 12 : x + 68] = 240
    assert seals.lift(page) is page


def test_a_seal_is_lifted_and_the_print_under_it_stays():
    y, x = np.mgrid[:1200, :850]
    page = np.full((1200, 850, 3), 240, dtype=np.uint8)
    ring = np.abs(np.hypot(x - 400, y - 600) - 100) < 6
    page[ring] = (205, 40, 45)
    page[596:604, 250:550] = 25  # a stroke of print right through it
    page[596:604, 250:550][ring[596:604, 250:550]] = (22, 8, 9)
    lifted = seals.lift(page)
    assert lifted is not page
    assert lifted[597:603, 250:550].max() < 60
    only_ring = ring.copy()
    only_ring[585:615] = False
    assert lifted[only_ring].mean() > 200


@pytest.mark.parametrize(("ink", "lifted"), [(110, True), (30, False)])
def test_on_a_gray_scan_only_a_seal_lighter_than_the_print_is_lifted(ink, lifted):
    y, x = np.mgrid[:1200, :850]
    page = np.full((1200, 850, 3), 240, dtype=np.uint8)
    page[np.abs(np.hypot(x - 400, y - 600) - 100) < 6] = ink
    page[100:400:30, 100:700] = 25  # print elsewhere on the page
    page[101:401:30, 100:700] = 25
    page[102:402:30, 100:700] = 25
    assert bool(seals.lift(page)[590:610, 290:510].min() > 200) is lifted
