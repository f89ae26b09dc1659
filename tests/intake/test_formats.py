"""Every format that is taken in: told by content, its pages shown, its text read where it has any, hostile ones refused."""

import errno
import io
import os
import re
import struct
import subprocess
import tracemalloc
import zipfile
import zlib

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw

from intake import pdf, png, raster
from intake.damage import streams
from intake.errors import EngineUnavailable, Rejected
from intake.formats import attached as inside
from intake.formats.mail import attachments
from intake.formats.names import plain_name
from intake.formats.ofd_seals import Seal
from intake.formats.opening import open_pages
from intake.inspect import inspect, safe_name
from intake.model import Limits
from intake.pipeline import read
from tests.intake import made
from tests.intake.made import MAKERS, SIZE, eml, ofd, office, package, write
from tests.intake.test_read import Blind

LIMITS = Limits()
#: What brings a page into the place from which its camera's note turns it back (Exif 2.32, tag 274).
UNDONE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
RECORDINGS = ("wav", "mp3", "m4a", "mp4", "avi")


def put(folder, data, name="file"):
    path = folder / name
    path.write_bytes(data)
    return path


def code(path, limits=LIMITS):
    with pytest.raises(Rejected) as caught:
        inspect(path, limits)
    assert "\n" not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("name", MAKERS)
def test_a_kind_is_told_by_content_and_its_pages_are_shown(tmp_path, name):
    path, kind = write(tmp_path, name)
    path = path.rename(tmp_path / "whatever.xyz")
    found = inspect(path, LIMITS)
    assert (found.kind, found.notes) == (kind, ())
    assert found.pages == (
        0 if kind in RECORDINGS else 2 if kind == "tiff" and "tile" not in name and "deep" not in name else 1
    )
    with open_pages(path, kind, LIMITS) as pages:
        for index in range(found.pages):
            image = pages.picture(index).image
            assert image.mode in ("L", "RGB")
            gray = np.asarray(image.convert("L"))
            assert gray.mean() > 190  # paper
            assert gray.min() < 60  # ink


@pytest.mark.parametrize(
    "name", [name for name, (kind, _) in MAKERS.items() if kind in ("tiff", "jpeg", "png", "bmp", "webp", "heic")]
)
def test_every_image_format_shows_the_same_page(tmp_path, name):
    path, kind = write(tmp_path, name)
    with open_pages(path, kind, LIMITS) as pages:
        shown = np.asarray(pages.picture(0).image.convert("L").resize((300, 150))).astype(float)
    drawn = made.page(
        text=f"{made.TEXT} 0" if "tif" in name and name not in ("tiled.tif", "deep.tif") else made.TEXT,
        size=(640, 320) if name == "tiled.tif" else made.SIZE,
    )
    wanted = np.asarray(drawn.resize((300, 150))).astype(float)
    assert np.corrcoef(shown.ravel(), wanted.ravel())[0, 1] > 0.85


def test_every_picture_of_a_heic_is_a_page_and_its_thumbnails_are_none(tmp_path):
    import pillow_heif

    sheets = [made.page("RGB", f"{made.TEXT} {number}", (600, 300 + 20 * number)) for number in range(3)]
    held = pillow_heif.from_pillow(sheets[0])
    for sheet in sheets[1:]:
        held.add_from_pillow(sheet)
    data = io.BytesIO()
    held.save(data, quality=80, thumbnails=[128], primary_index=1)
    path = put(tmp_path, data.getvalue())
    found = inspect(path, LIMITS)
    assert (found.kind, found.pages, found.notes) == ("heic", 3, ())
    with open_pages(path, "heic", LIMITS) as pages:
        for index in (0, 1, 2, 0):
            shown = pages.picture(index).image
            assert shown.size == sheets[index].size
            difference = np.asarray(shown.convert("L")).astype(int) - np.asarray(sheets[index].convert("L"))
            assert np.abs(difference).mean() < 3
    with pytest.raises(Rejected, match="more than 2 pages"):
        inspect(path, Limits(max_pages=2))
    with pytest.raises(Rejected):
        inspect(put(tmp_path, data.getvalue()[:-500]), LIMITS)


def test_a_broken_picture_of_a_heic_costs_itself_alone(tmp_path):
    import pillow_heif

    sheets = [made.page("RGB", f"{made.TEXT} {number}") for number in range(3)]
    held = pillow_heif.from_pillow(sheets[0])
    for sheet in sheets[1:]:
        held.add_from_pillow(sheet)
    out = io.BytesIO()
    held.save(out, quality=80)
    data = bytearray(out.getvalue())
    starts = [
        item.start() for item in re.finditer(rb"\0\0..\x28\x01", bytes(data), re.DOTALL)
    ]  # pictures that stand alone (IDR)
    assert len(starts) == 3
    data[starts[1] : starts[1] + 4] = b"\xff" * 4
    path = put(tmp_path, bytes(data))
    assert inspect(path, LIMITS).pages == 3
    with open_pages(path, "heic", LIMITS) as pages:
        for index in (0, 2):
            assert np.asarray(pages.picture(index).image).min() < 60
        with pytest.raises(Rejected, match="damaged"):
            pages.picture(1)
    for start in starts:
        data[start : start + 4] = b"\xff" * 4
    with pytest.raises(Rejected, match="none of its pictures"):
        inspect(put(tmp_path, bytes(data)), LIMITS)


@pytest.mark.parametrize(
    ("kind", "sizes", "notes"),
    [
        ("WEBP", [SIZE, SIZE, SIZE], ("pictures:2",)),
        ("PNG", [SIZE, SIZE], ("pictures:1",)),
        ("MPO", [SIZE, SIZE], ("pictures:1",)),  # two eyes, or two angles
        ("MPO", [SIZE, (300, 150), (150, 75)], ()),  # a map of light and a preview
        ("WEBP", [SIZE], ()),
        ("JPEG", [SIZE], ()),
    ],
)
def test_further_pictures_that_are_no_pages_are_noted(tmp_path, kind, sizes, notes):
    first, *more = [made.page("RGB", f"{made.TEXT} {number}", size) for number, size in enumerate(sizes)]
    options = {"save_all": True, "append_images": more} if more else {}
    found = inspect(put(tmp_path, made.saved(first, kind, **options)), LIMITS)
    assert (found.pages, found.notes) == (1, notes)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_as_its_camera_says(tmp_path, kind, orientation):
    import pillow_heif

    pillow_heif.register_heif_opener()
    upright = made.page("RGB")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = upright.transpose(UNDONE[orientation]) if orientation > 1 else upright
    path = put(tmp_path, made.saved(stored, kind, exif=exif.tobytes()))
    with open_pages(path, inspect(path, LIMITS).kind, LIMITS) as pages:
        shown = pages.picture(0).image
    assert shown.size == upright.size
    assert np.abs(np.asarray(shown.convert("L")).astype(int) - np.asarray(upright.convert("L"))).mean() < 6


def test_a_colour_tiff_of_16_bits_a_channel_shows_the_same_page(tmp_path):
    drawn = np.asarray(made.page("RGB"))
    rows = (drawn.astype("<u2") * 257).tobytes()
    height, width, _ = drawn.shape
    entries = [(256, 4, width), (257, 4, height), (258, 3, 0), (259, 3, 1), (262, 3, 2), (273, 4, 0), (277, 3, 3)]
    entries += [(278, 4, height), (279, 4, len(rows))]
    depths = 8 + 2 + 12 * len(entries) + 4
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    for tag, kind, value in entries:
        count = 3 if tag == 258 else 1
        head += struct.pack("<HHII", tag, kind, count, {258: depths, 273: depths + 6}.get(tag, value))
    path = put(tmp_path, head + bytes(4) + struct.pack("<3H", 16, 16, 16) + rows)
    assert inspect(path, LIMITS).pages == 1
    with open_pages(path, "tiff", LIMITS) as pages:
        picture = pages.picture(0)
    assert not picture.damaged
    assert np.abs(np.asarray(picture.image).astype(int) - drawn).max() <= 1


def test_signatures_and_attachments_of_a_pdf_are_noted_and_nothing_is_run(tmp_path):
    path = put(tmp_path, made.pdf(signed=True, attachment="../报价 单\u202e.xlsx", script=True))
    before = path.read_bytes()
    assert inspect(path, LIMITS).notes == ("signed", "signature:unverifiable:", "attachment:报价 单.xlsx")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "notes"),
    [
        ({"xfa": "dynamic"}, ("xfa",)),
        ({"xfa": "static"}, ()),  # its page shows it
        ({"portfolio": True, "attachment": "a.pdf"}, ("portfolio", "attachment:a.pdf")),
    ],
)
def test_forms_that_pages_do_not_show_and_portfolios_are_noted(tmp_path, options, notes):
    assert inspect(put(tmp_path, made.pdf(**options)), LIMITS).notes == notes


def test_a_pdf_in_aes_256_is_taken_where_its_reader_needs_no_password(tmp_path):
    path = put(tmp_path, made.encrypted(""))
    assert inspect(path, LIMITS).pages == 1
    with open_pages(path, "pdf", LIMITS) as pages:
        picture = pages.picture(0)
    assert not picture.damaged
    assert np.asarray(picture.image.convert("L")).min() < 60
    assert code(put(tmp_path, made.encrypted("secret"))) == "encrypted"


def test_a_page_of_a_pdf_whose_image_cannot_be_unpacked_is_damaged_and_not_blank(tmp_path):
    white = made.saved(Image.new("RGB", (827, 1169), "white"), "JPEG")
    with open_pages(put(tmp_path, made.pdf(jpeg=white)), "pdf", LIMITS) as pages:
        assert pages.picture(0).image.convert("L").getextrema() == (255, 255)
    with (
        open_pages(put(tmp_path, made.pdf(jpeg=bytes(len(white)))), "pdf", LIMITS) as pages,
        pytest.raises(Rejected, match="damaged"),
    ):
        pages.picture(0)


def test_pages_of_mixed_sizes_and_a_card_at_2400_dpi(tmp_path):
    a4, a3 = Image.new("1", (1654, 2339), 1), Image.new("1", (4961, 3508), 1)
    card = Image.new("1", (8031, 5102), 1)  # 85 x 54 mm
    path = tmp_path / "mixed.tif"
    a4.save(path, save_all=True, append_images=[a3, card], compression="group4", dpi=(2400, 2400))
    found = inspect(path, LIMITS)
    with open_pages(path, "tiff", LIMITS) as pages:
        sizes = [pages.picture(index).image.size for index in range(found.pages)]
    assert sizes[0] == (1654, 2339)
    assert [w > h for w, h in sizes] == [False, True, True]
    assert max(w * h for w, h in sizes) <= 8_010_000


def test_an_a4_page_at_2400_dpi_in_black_and_white_is_taken(tmp_path):
    path = tmp_path / "fine.tif"
    Image.new("1", (19_843, 28_063), 1).save(path, compression="group4", dpi=(2400, 2400))
    assert inspect(path, LIMITS).pages == 1
    Image.new("1", (36_000, 36_000), 1).save(path, compression="group4")
    assert code(path) == "too_many_pixels"


def progressive():
    data = bytearray(made.fine_jpeg("L"))
    at = data.index(b"\xff\xc0")
    data[at + 1] = 0xC2
    return bytes(data)


@pytest.mark.parametrize(
    "make",
    [
        lambda: made.fine_png("RGB"),  # more than PDFium unpacks of it
        lambda: made.fine_pdf("RGB", "FlateDecode"),
        progressive,  # all of it in memory before its first row is known
        lambda: made.fine_tiff((827, 1169), 48, mode="L"),  # A4 at 4800 dpi
    ],
)
def test_a_page_that_no_reader_has_the_memory_for_is_refused_and_says_what_to_do(tmp_path, make):
    path = put(tmp_path, make())
    with pytest.raises(Rejected, match="scan it coarser, or in black and white") as caught:
        inspect(path, LIMITS)
    assert caught.value.code == "too_many_pixels"


def test_a_large_jpeg_that_is_damaged_is_told():
    data = bytearray(made.fine_jpeg("RGB", size=(300, 300), times=32))
    whole = bytes(data)
    data[len(data) // 2 : len(data) // 2 + 40] = b"\x55" * 40
    assert not streams.jpeg(whole)
    assert streams.jpeg(bytes(data))
    assert streams.jpeg(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("mode", "white", "compression"),
    [
        *(
            (mode, white, way)
            for mode, white in (("L", 0), ("L", 1), ("RGB", 2))
            for way in ("tiff_lzw", "packbits", None)
        ),
        ("L", 1, "jpeg"),
        ("RGB", 6, "jpeg"),
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_page_in_gray_or_colour_looks_the_same_read_row_by_row(tmp_path, mode, white, compression, orientation):
    picture = made.page(mode, size=(1503, 1051))
    picture.paste(Image.fromarray(np.random.default_rng(3).integers(0, 255, (200, 200), np.uint8)), (650, 425))
    info = {274: orientation} if white == 6 else {262: white, 274: orientation}
    picture.save(tmp_path / "page.tif", compression=compression, tiffinfo=info)
    with (tmp_path / "page.tif").open("rb") as file, Image.open(file) as image:
        ours = raster._from_rows(image, tmp_path / "page.tif", 5)
        whole = image.convert(mode)
    back = {1: None, 6: UNDONE[6]}[orientation]
    whole, ours = (page if back is None else page.transpose(back) for page in (whole, ours))
    difference = np.abs(np.asarray(whole.reduce(5)).astype(int) - np.asarray(ours).astype(int))
    assert difference.max() <= 2


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_png_looks_the_same_read_row_by_row(tmp_path, mode):
    picture = made.page("RGB", size=(1503, 1051))
    picture.paste((200, 30, 40), (700, 500, 900, 900))
    path = tmp_path / "page.png"
    picture.convert(mode).save(path)
    with Image.open(path) as image:
        assert png.comes_in_rows(image)
        ours = png.painted(image, path, 0.5).convert("RGB")
        whole = image.convert("RGB").resize(ours.size, Image.Resampling.BOX)
        assert not png.is_damaged(path, image)
    assert np.abs(np.asarray(whole).astype(int) - np.asarray(ours).astype(int)).mean() < 3
    data = path.read_bytes()
    at = data.index(b"IDAT") - 4
    path.write_bytes(data[:at] + struct.pack(">I4s", 20, b"IDAT") + data[at + 8 : at + 28] + bytes(4))
    with Image.open(path) as image:
        assert png.is_damaged(path, image)


def test_a_png_of_more_rows_than_are_painted_is_not_read_row_by_row(tmp_path, monkeypatch):
    path, pixels = tmp_path / "fine.png", np.zeros((40, 50, 3), np.uint16)
    cv2.imwrite(str(path), pixels)
    for most, painted in ((40 * (1 + 50 * 6), True), (40 * (1 + 50 * 6) - 1, False)):  # two bytes a colour
        monkeypatch.setattr(png, "MOST_INFLATED", most)
        with Image.open(path) as image:
            assert png.comes_in_rows(image) == painted


@pytest.mark.parametrize("compression", ["group4", "group3", "tiff_adobe_deflate", "packbits", "raw"])
@pytest.mark.parametrize("white", [0, 1])
@pytest.mark.parametrize("orientation", [1, 2, 6, 8])
def test_a_page_in_black_and_white_looks_the_same_read_row_by_row(tmp_path, compression, white, orientation):
    """Strokes, and grain that a mean makes gray; neither side is a multiple of five."""
    picture = Image.new("1", (1503, 1051), 1)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((30, 20, 400, 300))
    pen.rectangle((1000, 750, 1502, 770), fill=0)
    picture.paste(Image.fromarray(np.random.default_rng(3).random((200, 200)) < 0.5), (650, 425))
    picture.save(tmp_path / "page.tif", compression=compression, tiffinfo={262: white, 274: orientation})
    with Image.open(tmp_path / "page.tif") as image:
        ours = raster._from_rows(image, tmp_path / "page.tif", 5)
        turned = image.convert("L")  # Pillow reads it whole, and turns it
    back = {1: None, 2: UNDONE[2], 6: UNDONE[6], 8: UNDONE[8]}[orientation]
    whole, ours = (page if back is None else page.transpose(back) for page in (turned, ours))
    difference = np.abs(np.asarray(whole.reduce(5)).astype(int) - np.asarray(ours).astype(int))
    assert difference.max() <= 1


def test_a_large_page_in_black_and_white_that_is_damaged_is_told(tmp_path):
    data = bytearray(made.fine_tiff((300, 300), 40))
    with Image.open(io.BytesIO(data)) as image:
        place = image.tag_v2[273][5]
    data[place : place + 4] = b"\xff\xff\xff\xff"
    with open_pages(put(tmp_path, bytes(data)), "tiff", LIMITS) as pages, pytest.raises(Rejected, match="damaged"):
        pages.picture(0)


# OFD


def test_an_electronic_invoice_is_read_from_its_own_text(tmp_path):
    path = put(tmp_path, ofd())
    (found,) = read(path, inspect(path, LIMITS), Blind(), LIMITS)
    assert found.page.source == "text-layer"
    assert [line.text for line in found.page.lines] == [
        "增值税电子普通发票购销专用联单",
        "购买方：华岳实业集团有限公司",
    ]
    assert (found.page.width, found.page.height) == (1654, 1102)
    scale = 200 / 25.4
    first = found.page.lines[0].words
    assert [w.text for w in first] == list("增值税电子普通发票购销专用联单")
    for i, word in enumerate(first):
        assert abs(word.box[0] - (20 + i * 5.6) * scale) < 4
        assert abs(word.box[3] - (12 + 5 + 0.14 * 5.6) * scale) < 4
    image = np.asarray(Image.open(io.BytesIO(found.image)).convert("RGB")).astype(int)
    title = image[round(12 * scale) : round(18 * scale), round(20 * scale) : round(100 * scale)]
    assert (title.max(axis=2) < 110).mean() > 0.05  # it is painted, too
    stamp = image[round(62 * scale) : round(73 * scale), round(152 * scale) : round(178 * scale)]
    assert abs(stamp.mean(axis=(0, 1)) - [200, 0, 0]).max() < 12
    assert image[round(45 * scale), round(100 * scale)].max() < 120  # the rule


def test_a_scanned_ofd_is_read_as_an_image(tmp_path):
    path = put(tmp_path, made.scanned_ofd())
    engine = Blind()
    (found,) = read(path, inspect(path, LIMITS), engine, LIMITS)
    assert (found.page.source, engine.asked) == ("blind", 1)


def test_templates_annotations_composites_and_turned_images_of_an_ofd(tmp_path):
    text = '<ofd:TextObject ID="{0}" Boundary="{1} {2} 90 8" Font="1" Size="5"><ofd:TextCode X="0" Y="5">{3}</ofd:TextCode></ofd:TextObject>'
    space = made.OFD_SPACE
    data = ofd(
        text.format(1, 20, 20, "页面上的文字")
        + '<ofd:CompositeObject ID="9" ResourceID="30" Boundary="20 60 90 8"/>'
        + '<ofd:ImageObject ID="13" ResourceID="7" Boundary="150 60 15 30" CTM="0 30 -15 0 15 0"/>',
        {
            "Doc_0/Tpl.xml": f"<ofd:Page {space}><ofd:Content><ofd:Layer>{text.format(2, 20, 5, '模板上的文字')}</ofd:Layer></ofd:Content></ofd:Page>",
            "Doc_0/Pages/Page_0/Content.xml": f'<ofd:Page {space}><ofd:Template TemplateID="40"/><ofd:Content><ofd:Layer>{text.format(1, 20, 20, "页面上的文字")}'
            '<ofd:CompositeObject ID="9" ResourceID="30" Boundary="20 60 90 8"/>'
            '<ofd:ImageObject ID="13" ResourceID="7" Boundary="150 60 15 30" CTM="0 30 -15 0 15 0"/></ofd:Layer></ofd:Content></ofd:Page>',
            "Doc_0/Annots.xml": f'<ofd:Annotations {space}><ofd:Page PageID="3"><ofd:FileLoc>An.xml</ofd:FileLoc></ofd:Page></ofd:Annotations>',
            "Doc_0/An.xml": f'<ofd:PageAnnot {space}><ofd:Annot><ofd:Appearance Boundary="20 90 90 8">{text.format(5, 0, 0, "批注上的文字")}</ofd:Appearance></ofd:Annot></ofd:PageAnnot>',
        },
        resources=f'<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="30"><ofd:Content>{text.format(6, 0, 0, "组合里的文字")}</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>',
        document="<ofd:Annotations>Annots.xml</ofd:Annotations>",
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["Doc_0/Document.xml"] = files["Doc_0/Document.xml"].replace(
        b"</ofd:CommonData>", b'<ofd:TemplatePage ID="40" BaseLoc="Tpl.xml"/></ofd:CommonData>'
    )
    path = put(tmp_path, package(files))
    (found,) = read(path, inspect(path, LIMITS), Blind(), LIMITS)
    assert [line.text for line in found.page.lines] == ["模板上的文字", "页面上的文字", "组合里的文字", "批注上的文字"]
    image = np.asarray(Image.open(io.BytesIO(found.image)).convert("RGB")).astype(int)
    scale = 200 / 25.4
    assert abs(image[round(75 * scale), round(157 * scale)] - [200, 0, 0]).max() < 12


def der(tag, data):
    size = len(data).to_bytes(4).lstrip(b"\0")
    return bytes([tag]) + (bytes([len(data)]) if len(data) < 128 else bytes([0x80 | len(size)]) + size) + data


def seal_of(kind, picture):
    """A seal as GB/T 38540-2020 has it: what it is, its number, whose it is, its picture; then certificate, algorithm and signature."""
    shown = der(0x30, der(0x16, kind.encode()) + der(0x04, picture) + der(0x02, b"\x28") + der(0x02, b"\x28"))
    owner = der(0x30, der(0x02, b"\1") + der(0x0C, "临溪市鼎川阀门有限公司".encode()) + der(0x02, b"\0"))
    info = der(0x30, der(0x30, der(0x16, b"ES") + der(0x02, b"\4")) + der(0x16, b"33010001") + owner + shown)
    return der(0x30, info + der(0x04, bytes(300)) + der(0x06, b"\x2a\x81\x1c") + der(0x03, bytes(65)))


def sealed_ofd(kind, picture, clip="", *, apart=True, more=None):
    """An invoice with a seal of 40 mm. apart: its picture lies in a part of its own, else in the signed value alone."""
    seal = seal_of(kind, picture)
    stamp = f'<ofd:StampAnnot ID="9" PageRef="3" Boundary="90 80 40 40"{clip}/>'
    where = "<ofd:Seal><ofd:BaseLoc>Seal.esl</ofd:BaseLoc></ofd:Seal>" if apart else ""
    parts = {
        "Doc_0/Signs/Signatures.xml": f'<ofd:Signatures {made.OFD_SPACE}><ofd:Signature ID="1" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/></ofd:Signatures>',
        "Doc_0/Signs/Sign_0/Signature.xml": f"<ofd:Signature {made.OFD_SPACE}><ofd:SignedInfo>{stamp}{where}</ofd:SignedInfo>"
        "<ofd:SignedValue>/Doc_0/Signs/Sign_0/SignedValue.dat</ofd:SignedValue></ofd:Signature>",
        "Doc_0/Signs/Sign_0/SignedValue.dat": der(0x30, der(0x30, der(0x02, b"\4") + seal) + der(0x03, bytes(65))),
    }
    parts |= ({"Doc_0/Signs/Sign_0/Seal.esl": seal} if apart else {}) | (more or {})
    return ofd(parts=parts, body="<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures>")


def red(kind):
    """A red square with a clear or white middle."""
    if kind == "OFD":
        path = (
            '<ofd:PathObject ID="12" Boundary="0 0 210 140" Fill="true" Stroke="false"><ofd:FillColor Value="220 0 0"/>'
        )
        path += "<ofd:AbbreviatedData>M 0 0 L 210 0 L 210 35 L 0 35 C</ofd:AbbreviatedData></ofd:PathObject>"
        return ofd(path)
    image = Image.new("RGBA", (200, 200), (220, 0, 0, 255))
    image.paste((255, 255, 255, 0), (0, 50, 200, 200))
    return made.saved(image if kind == "PNG" else image.convert("RGB"), "JPEG" if kind == "JPG" else kind)


@pytest.mark.parametrize(
    ("kind", "apart"), [("PNG", True), ("PNG", False), ("JPG", True), ("BMP", True), ("OFD", True)]
)
def test_the_picture_of_an_electronic_seal_is_drawn_where_it_was_set(tmp_path, kind, apart):
    bare, seal = (
        put(tmp_path, data, name) for name, data in (("a", ofd()), ("b", sealed_ofd(kind, red(kind), apart=apart)))
    )
    assert inspect(seal, LIMITS).notes == ("signed",)
    with open_pages(bare, "ofd", LIMITS) as before, open_pages(seal, "ofd", LIMITS) as after:
        plain, shown = (np.asarray(pages.picture(0).image).astype(int) for pages in (before, after))
    scale = 200 / 25.4
    box = [round(v * scale) for v in (90, 80, 130, 120)]
    upper = shown[box[1] + 4 : box[1] + 70, box[0] + 4 : box[2] - 4]
    assert abs(upper.mean(axis=(0, 1)) - [220, 0, 0]).max() < 12
    changed = np.abs(shown - plain).max(axis=2) > 40
    changed[box[1] : box[1] + round(10 * scale) + 3, box[0] : box[2] + 1] = False
    assert not changed.any(), "nothing else of the page is other than it was"


def test_of_a_seal_across_pages_its_part_shows_and_a_broken_one_costs_nothing(tmp_path):
    half = put(tmp_path, sealed_ofd("PNG", red("PNG"), ' Clip="20 0 20 40"'))
    with open_pages(half, "ofd", LIMITS) as pages:
        shown = np.asarray(pages.picture(0).image).astype(int)
    scale = 200 / 25.4
    row = shown[round(85 * scale)]
    assert row[round(100 * scale)].min() > 240
    assert abs(row[round(120 * scale)] - [220, 0, 0]).max() < 12
    for broken in (b"", b"GIF89a", red("PNG")[:100]):
        path = put(tmp_path, sealed_ofd("PNG", broken))
        assert inspect(path, LIMITS).pages == 1
        with open_pages(path, "ofd", LIMITS) as pages:
            assert pages.picture(0).image.size == (1654, 1102)


def test_a_signature_that_is_broken_takes_away_neither_the_file_nor_the_other_seals(tmp_path):
    place = f'<ofd:Signatures {made.OFD_SPACE}><ofd:Signature ID="1" BaseLoc="/Doc_0/Signs/Broken.xml"/><ofd:Signature ID="2" BaseLoc="/Doc_0/Signs/Gone.xml"/><ofd:Signature ID="3" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/></ofd:Signatures>'
    path = put(
        tmp_path,
        sealed_ofd("PNG", red("PNG"), more={"Doc_0/Signs/Signatures.xml": place, "Doc_0/Signs/Broken.xml": "<ofd"}),
    )
    assert mean_of_seal(path)[1] < 20
    damaged = bytearray(sealed_ofd("PNG", red("PNG")))
    with zipfile.ZipFile(io.BytesIO(damaged)) as archive:
        found = archive.getinfo("Doc_0/Signs/Sign_0/Seal.esl")
    at = found.header_offset + 30 + len(found.filename) + found.compress_size // 2
    damaged[at : at + 8] = bytes(8)
    path = put(tmp_path, bytes(damaged))
    assert inspect(path, LIMITS).notes == ("signed",)
    assert mean_of_seal(path)[1] > 200  # the page is shown without it


def mean_of_seal(path):
    """The colour of the page where `sealed_ofd` sets the upper part of its seal."""
    with open_pages(path, "ofd", LIMITS) as pages:
        shown = np.asarray(pages.picture(0).image).astype(int)
    scale = 200 / 25.4
    return shown[round(82 * scale) : round(88 * scale), round(92 * scale) : round(128 * scale)].mean(axis=(0, 1))


def test_a_seal_of_more_dots_than_any_has_is_left_out(tmp_path):
    for size, shown in ((3900, True), (4100, False)):
        picture = made.saved(Image.new("RGB", (size, size), (220, 0, 0)), "PNG")
        path = put(tmp_path, sealed_ofd("PNG", picture))
        assert (mean_of_seal(path)[1] < 20) == shown


@pytest.mark.parametrize(
    "data",
    [
        b"\x3f" + b"\xff" * (4 << 20),  # a tag without an end
        b"\x30\x80" * 1000,  # lengths that are unsaid
        der(0x30, der(0x02, b"\1") * 1_000_000),
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30",
        b"",
    ],
)
def test_bytes_that_are_no_seal_have_no_picture(data):
    assert Seal((data,)).picture is None


def test_signatures_and_attachments_of_an_ofd_are_noted(tmp_path):
    parts = {
        "Doc_0/Signs/Signatures.xml": f'<ofd:Signatures {made.OFD_SPACE}><ofd:Signature ID="1" BaseLoc="S.xml"/></ofd:Signatures>',
        "Doc_0/Attachs.xml": f'<ofd:Attachments {made.OFD_SPACE}><ofd:Attachment ID="1" Name="原始数据.xml"/></ofd:Attachments>',
    }
    data = ofd(
        "",
        parts,
        document="<ofd:Attachments>Attachs.xml</ofd:Attachments>",
        body="<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>",
    )
    assert inspect(put(tmp_path, data), LIMITS).notes == ("signed", "attachment:原始数据.xml")


BOMB = b"0" * 80_000_000
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda: ofd(parts={"OFD.xml": LAUGHS + "<OFD>&b;</OFD>"}), "truncated"),
        (
            lambda: ofd(parts={"OFD.xml": '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><OFD>&a;</OFD>'}),
            "truncated",
        ),
        (
            lambda: ofd(
                parts={
                    "OFD.xml": '<?xml version="1.0" encoding="utf-16"?>'.encode("utf-16")
                    + (LAUGHS + "<OFD>&b;</OFD>").encode("utf-16")[2:]
                }
            ),
            "truncated",
        ),
        (lambda: ofd(parts={"Doc_0/Res/big.bin": BOMB}), "too_large"),
        (lambda: package({"word/document.xml": BOMB}), "too_large"),
        (lambda: ofd(parts={"Encryptions.xml": "<a/>"}), "encrypted"),
        (lambda: ofd('<ofd:ImageObject ID="1" ResourceID="8" Boundary="0 0 1 1"/>'), "truncated"),
        (
            lambda: ofd(
                resources='<ofd:MultiMedias><ofd:MultiMedia ID="7" Format="GBIG2"><ofd:MediaFile>stamp.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>'
            ),
            "unsupported",
        ),
        (lambda: ofd(parts={"Doc_0/Res/stamp.png": b"\x97JB2\r\n\x1a\n" + bytes(80)}), "unsupported"),
        (
            lambda: ofd(parts={"Doc_0/Document.xml": f"<ofd:Document {made.OFD_SPACE}><ofd:Pages/></ofd:Document>"}),
            "no_pages",
        ),
        (lambda: ofd("<ofd:PageBlock>" * 3000 + "</ofd:PageBlock>" * 3000), "truncated"),
        (lambda: ofd()[:-40], "truncated"),
        (lambda: package({"a.txt": b"hello"}), "unsupported"),
    ],
)
def test_a_hostile_or_strange_package_is_refused_with_its_reason(tmp_path, make, wanted):
    assert code(put(tmp_path, make())) == wanted


def test_a_page_of_an_ofd_as_wide_as_a_house_is_refused(tmp_path):
    huge = f"<ofd:Document {made.OFD_SPACE}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 90000 90000</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData>"
    huge += '<ofd:Pages><ofd:Page ID="3" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>'
    assert code(put(tmp_path, ofd(parts={"Doc_0/Document.xml": huge}))) == "too_many_pixels"


def test_an_image_of_an_ofd_larger_than_the_limits_is_refused_undecoded(tmp_path):
    from tests.intake.test_inspect import png_header

    assert code(put(tmp_path, ofd(parts={"Doc_0/Res/stamp.png": png_header(60_000, 60_000)}))) == "too_many_pixels"


# Messages


def test_a_message_is_read_as_its_head_and_body(tmp_path):
    path = put(tmp_path, eml(("营业执照.pdf", b"%PDF-1.4", "application/pdf"), ("扫描.tif", b"II*\0", "image/tiff")))
    found = inspect(path, LIMITS)
    assert (found.pages, found.notes) == (1, ("attachment:营业执照.pdf", "attachment:扫描.tif"))
    (page_,) = read(path, found, Blind(), LIMITS)
    assert page_.page.source == "text-layer"
    for words in (
        "发件人：张经理",
        "主题：关于 2026 年框架合同的确认",
        "附件：营业执照.pdf",
        "合同已收到，编号 HT-2026-017，请查收附件。",
    ):
        assert words in page_.page.text
    assert [(a.name, a.data) for a in attachments(path)] == [("营业执照.pdf", b"%PDF-1.4"), ("扫描.tif", b"II*\0")]
    image = np.asarray(Image.open(io.BytesIO(page_.image)).convert("L"))
    for line in page_.page.lines:
        x0, y0, x1, y1 = line.box
        assert image[y0:y1, x0:x1].min() < 90  # every line is painted where its box is


def test_an_html_message_is_its_words_and_no_script(tmp_path):
    path = put(tmp_path, eml(html=True))
    (found,) = read(path, inspect(path, LIMITS), Blind(), LIMITS)
    assert "您好：\n合同已收到。" in found.page.text
    assert "alert" not in found.page.text


def test_a_long_message_has_more_pages_and_a_limit(tmp_path):
    long = b"From: a@b\nTo: c@d\nSubject: x\n\n" + "一二三四五六七八九十".encode() * 2000
    path = put(tmp_path, long)
    found = inspect(path, LIMITS)
    pages = list(read(path, found, Blind(), LIMITS))
    assert len(pages) == found.pages > 5
    assert "".join(p.page.text for p in pages).replace("\n", "").count("一二三四五六七八九十") == 2000
    assert code(path, Limits(max_pages=3)) == "too_many_pages"


def test_messages_within_messages_are_attachments_and_their_depth_harms_nobody(tmp_path):
    inner = eml()
    for _ in range(300):
        inner = (
            b"From: a@b\nTo: c@d\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n"
            + inner
            + b"\n--x--\n"
        )
    path = put(tmp_path, inner)
    assert code(path) in ("truncated", "too_large")


# Office


def test_office_files_become_pages_where_libreoffice_is(tmp_path, libreoffice):
    for kind in ("docx", "xlsx"):
        path = put(tmp_path, office(kind))
        found = inspect(path, LIMITS)
        assert (found.kind, found.pages) == (kind, 1)
        (page_,) = read(path, found, Blind(), LIMITS)
        assert (page_.page.source, page_.page.text.replace(" ", "")) == ("text-layer", made.TEXT.replace(" ", ""))


def test_without_libreoffice_an_office_file_is_refused_by_that_name(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    path = put(tmp_path, office("docx"))
    assert code(path) == "unsupported_here"


@pytest.mark.parametrize(("script", "wanted"), [("exit 0", "truncated"), ("sleep 60", "too_slow")])
def test_a_libreoffice_that_fails_or_hangs_is_given_up(tmp_path, monkeypatch, script, wanted):
    program = put(tmp_path, f"#!/bin/sh\n{script}\n".encode(), "soffice")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("intake.formats.office._SECONDS", 1)
    assert code(put(tmp_path, office("docx"))) == wanted


def test_no_room_for_libreoffice_is_the_machines_trouble_and_not_the_files(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("intake.formats.office.shutil.copyfile", full)
    with pytest.raises(EngineUnavailable, match="LibreOffice has no room"):
        inspect(put(tmp_path, office("docx")), LIMITS)


# Recordings


@pytest.mark.parametrize("name", ["call.wav", "call.m4a", "video.mp4", "video.avi"])
def test_a_recording_cut_short_is_refused(tmp_path, name):
    path, _ = write(tmp_path, name)
    path.write_bytes(path.read_bytes()[:-50])
    assert code(path) == "truncated"


def test_other_content_is_none_of_these(tmp_path):
    for data in (
        b"\xff\xfbhello, this is no sound at all",
        b"BM and then some text, no picture",
        b"RIFF1234WXYZ",
        b"Dear all,\nFrom: here\nTo: there\n",
        b"PK\x03\x04nothing more",
    ):
        assert code(put(tmp_path, data)) in ("unsupported", "truncated")


# PDFs printed by a browser


def test_a_page_printed_by_chromium_is_read_in_characters_and_not_in_radicals(tmp_path, chromium):
    source, path = tmp_path / "page.html", tmp_path / "page.pdf"
    text = "甲方：临溪市鼎川阀门有限公司，统一社会信用代码，签订日期二〇二六年十一月二十五日，金额人民币，车间长度、风险、齐全"
    source.write_text(f"<meta charset=utf-8><p style=\"font-family:'Noto Sans CJK SC'\">{text}</p>", "utf-8")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run([*command, f"--print-to-pdf={path}", source], check=True, capture_output=True, timeout=120)
    (found,) = read(path, inspect(path, LIMITS), Blind(), LIMITS)
    assert found.page.source == "text-layer"
    assert found.page.text.replace("\n", "").replace(" ", "") == text


def test_what_is_embedded_is_found_by_its_place_and_what_is_too_much_is_told_without_its_bytes(tmp_path):
    path = tmp_path / "many.pdf"
    path.write_bytes(made.pdf(embedded={f"{number:03}.txt": b"%d" % number for number in range(103)}))
    found = [(item.name, item.data) for item in inside.attachments(path, "pdf", Limits())]
    assert found[:100] == [(f"{number:03}.txt", b"%d" % number) for number in range(100)]
    assert found[100:] == [(f"{number:03}.txt", b"") for number in range(100, 103)]
    for first in (0, 42, 101):
        item = next(inside.attachments(path, "pdf", Limits(), first))
        assert (item.name, item.data) == found[first]
    assert next(inside.attachments(path, "pdf", Limits(), 103), None) is None


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a/b\\报价单.pdf", "报价单.pdf"),
        ("长" * 90 + ".pdf", "长" * 78 + ".pdf"),  # a file system takes 255 bytes
        ("x" * 300 + ".tif", "x" * 116 + ".tif"),
        ("长" * 90, "长" * 80),
        ("一\u2028二\u202e三.pdf", "一二三.pdf"),
        (".pdf", ".pdf"),
        (" \n", "?"),
    ],
)
def test_a_name_inside_a_file_becomes_one_that_a_document_may_have(name, plain):
    assert plain_name(name) == plain
    assert safe_name(plain_name(name)) == plain


def test_a_large_image_of_grain_is_found_whole_without_a_copy_of_the_rest_at_each_step():
    grain = np.random.default_rng(5).integers(0, 64, 24 << 20, np.uint8).tobytes()
    packed = zlib.compress(grain, 1)
    assert len(packed) > 16 << 20
    for data in (packed, iter([packed[:1], packed[1:3], packed[3:-2], packed[-2:]])):
        assert not streams.deflated(data, len(grain))
    assert streams.deflated(packed[:-9], len(grain))
    assert streams.deflated(packed[:-2] + b"xx", len(grain))
    assert streams.is_shorter(packed, len(grain))
    assert not streams.is_shorter(packed, len(grain) - 1)
    tracemalloc.start()
    streams.deflated(packed, len(grain))
    streams.is_shorter(packed, len(grain))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 << 20  # the rest of it would be 16 MiB


def test_a_large_jpeg_in_several_passes_is_not_unpacked_to_look_at_it(monkeypatch):
    data = made.saved(made.page("RGB"), "JPEG", progressive=True)
    monkeypatch.setattr(streams, "_MOST_SAMPLES", 1000)
    monkeypatch.setattr(streams, "_complains", None)
    assert not streams.jpeg(data)
    cut = data[: streams._frame_at(data) + 6]
    assert streams._frame(cut) is None


def test_an_empty_page_with_an_image_too_large_to_try_counts_as_one_that_shows_nothing(tmp_path, monkeypatch):
    path = tmp_path / "white.pdf"
    Image.new("L", (400, 300), 255).save(path, "PDF")
    for most, unshown in ((200_000, False), (100_000, True)):
        monkeypatch.setattr(pdf, "_MOST_AT_ONCE", most)
        with pdf.opened_file(path.open("rb")) as document:
            page, _ = pdf.render(document, 0, 72)
            assert pdf.is_unshown(document, 0, page) == unshown
