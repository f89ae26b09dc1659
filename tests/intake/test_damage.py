"""Pages whose image is damaged in part: drawn as far as they go, and told; whole ones are not."""

import io
import os
import signal
import time
import zlib
from contextlib import closing

import img2pdf
import numpy as np
import pikepdf
import pytest
from PIL import Image

from intake.damage import streams, tiff
from intake.damage.pdf import Parts
from intake.errors import Rejected
from intake.formats.opening import check, open_pages
from intake.glance import Glance
from intake.model import Limits
from intake.quality import of_picture
from tests.intake import made
from tests.intake.mutations import mutated
from tests.intake.scans import scan
from tests.thorough import so_many

LIMITS = Limits(render_dpi=72)


def damaged(tmp_path, data, kind, page=0):
    path = tmp_path / "file"
    path.write_bytes(data)
    with open_pages(path, kind, LIMITS) as pages:
        picture = pages.picture(page)
    found = of_picture(picture)
    assert picture.damaged == (found is not None and "damaged" in found.findings)
    return picture.damaged


def overwritten(data, start, size, by=b"\0"):
    return data[:start] + by * size + data[start + size :]


def scanned_pdf(image, filter_, data, *, text=False, **parameters):
    """A PDF of one page with an image as packed here, and with a line of text over it."""
    with pikepdf.new() as file:
        leaf = file.add_blank_page(page_size=(300, 150))
        picture = file.make_stream(data)
        picture.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=image.width,
            Height=image.height,
            BitsPerComponent=1 if image.mode == "1" else 8,
            ColorSpace=pikepdf.Name.DeviceRGB if image.mode == "RGB" else pikepdf.Name.DeviceGray,
        )
        picture.write(data, filter=pikepdf.Name(filter_), decode_parms=pikepdf.Dictionary(**parameters))
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        leaf.Resources = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(I=picture), Font=pikepdf.Dictionary(F=file.make_indirect(font))
        )
        words = b"BT /F 12 Tf 10 130 Td (Sales contract of 2026 between the parties) Tj ET" if text else b""
        size = b"100 0 0 50" if text else b"300 0 0 150"
        leaf.Contents = file.make_stream(b"q " + size + b" 0 0 cm /I Do Q " + words)
        out = io.BytesIO()
        file.save(out, static_id=True)
        return out.getvalue()


def packed(image):
    return zlib.compress(image.tobytes())


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_a_deflated_image_of_a_pdf_that_ends_early_or_is_changed(tmp_path, mode):
    image = made.page(mode)
    whole = packed(image)
    assert not damaged(tmp_path, scanned_pdf(image, "/FlateDecode", whole), "pdf")
    assert not damaged(tmp_path, scanned_pdf(image, "/FlateDecode", whole[:-4]), "pdf")  # its checksum alone is missing
    short = zlib.compress(image.tobytes()[:-1])
    for broken in (whole[: len(whole) // 2], overwritten(whole, len(whole) // 2, 4, b"\x55"), short):
        assert damaged(tmp_path, scanned_pdf(image, "/FlateDecode", broken), "pdf")


def test_rows_of_a_deflated_image_may_have_a_byte_more(tmp_path):
    image = made.page()
    rows = b"".join(b"\0" + bytes(row) for row in np.asarray(image))
    parameters = {"Predictor": 15, "Columns": image.width, "Colors": 1, "BitsPerComponent": 8}
    assert not damaged(tmp_path, scanned_pdf(image, "/FlateDecode", zlib.compress(rows), **parameters), "pdf")
    less = zlib.compress(rows[: -image.width])
    assert damaged(tmp_path, scanned_pdf(image, "/FlateDecode", less, **parameters), "pdf")


def fax(image, code):
    """The rows of an image alone, as a TIFF has them."""
    data = made.saved(image, "TIFF", compression=code)
    with Image.open(io.BytesIO(data)) as held:
        assert len(held.tag_v2[273]) == 1
        return data[held.tag_v2[273][0] :][: held.tag_v2[279][0]]


@pytest.mark.parametrize(("code", "way"), [("group4", {"K": -1}), ("group3", {"K": 0, "EndOfLine": True})])
def test_a_fax_in_a_pdf_with_damaged_or_missing_rows(tmp_path, code, way):
    image = made.page("1")
    whole, way = fax(image, code), way | {"Columns": image.width, "Rows": image.height}
    assert not damaged(tmp_path, scanned_pdf(image, "/CCITTFaxDecode", whole, **way), "pdf")
    half = len(whole) // 2
    fewer = fax(image.crop((0, 0, image.width, 150)), code)
    for broken in (whole[:half], overwritten(whole, half, 8, b"\x55"), fewer):
        assert damaged(tmp_path, scanned_pdf(image, "/CCITTFaxDecode", broken, **way), "pdf")


def test_scans_as_others_make_pdfs_of_them_are_whole(tmp_path):
    for image, kind in (
        (made.page("1"), "TIFF"),
        (made.page("RGB"), "PNG"),
        (made.page("L"), "JPEG"),
        (made.page("P"), "PNG"),
    ):
        options = {"compression": "group4"} if kind == "TIFF" else {}
        assert not damaged(tmp_path, img2pdf.convert(made.saved(image, kind, **options)), "pdf")
    assert not damaged(tmp_path, made.locked(), "pdf")


@pytest.mark.parametrize("name", ["deflate", "group4"])
def test_however_the_packed_data_of_a_scan_in_a_pdf_are_broken_its_page_is_as_it_was_or_damaged(tmp_path, name):
    image = made.page("1")
    data = packed(image) if name == "deflate" else fax(image, name)
    way = {} if name == "deflate" else {"K": -1, "Columns": image.width, "Rows": image.height}
    filter_, marked = "/FlateDecode" if name == "deflate" else "/CCITTFaxDecode", 0

    def page(data):
        path = tmp_path / "file"
        path.write_bytes(scanned_pdf(image, filter_, data, **way))
        with open_pages(path, "pdf", LIMITS) as pages:
            return pages.picture(0)

    whole = page(data).image
    for number in range(so_many(100, 20)):
        try:
            picture = page(mutated(data, f"{name} in a PDF {number}"))
        except Rejected:
            marked += 1
            continue
        assert picture.damaged or picture.image == whole, number
        marked += picture.damaged
    assert marked


@pytest.mark.parametrize("text", [False, True])
def test_a_jpeg_in_a_pdf_that_ends_early(tmp_path, text):
    image = made.page("RGB")
    whole = made.saved(image, "JPEG")
    assert not damaged(tmp_path, scanned_pdf(image, "/DCTDecode", whole, text=text), "pdf")
    cut = whole[: len(whole) // 2] + b"\xff\xd9"
    assert damaged(tmp_path, scanned_pdf(image, "/DCTDecode", cut, text=text), "pdf")


@pytest.mark.parametrize("options", [{"no_jp2": True}, {}, {"tile_size": (128, 128)}, {"irreversible": True}])
def test_a_jpeg_2000_in_a_pdf_that_ends_early(tmp_path, options):
    image = made.page("RGB")
    whole = made.saved(image, "JPEG2000", **options)
    assert not damaged(tmp_path, scanned_pdf(image, "/JPXDecode", whole, text=True), "pdf")
    assert not streams.jpeg2000(whole[:-2])  # nothing but its end
    for length in (len(whole) // 2, len(whole) - 20, 90):
        assert streams.jpeg2000(whole[:length]), length
    assert damaged(tmp_path, scanned_pdf(image, "/JPXDecode", whole[: len(whole) * 2 // 3], text=True), "pdf")


def jbig2(image):
    """A JBIG2 image as a PDF holds it: one region, packed like a fax (ISO/IEC 14492, 7.4.6), on one page."""
    data = made.saved(image, "TIFF", compression="group4")
    with Image.open(io.BytesIO(data)) as fax:
        (start,), (length,) = fax.tag_v2[273], fax.tag_v2[279]
    rows = data[start : start + length]
    size = image.width.to_bytes(4) + image.height.to_bytes(4)
    page = size + bytes(8) + b"\0" + bytes(2)
    region = size + bytes(8) + b"\0" + b"\1" + rows
    parts = ((0, 48, page), (1, 38, region), (2, 49, b""))
    return b"".join(
        number.to_bytes(4) + bytes((kind, 0, 1)) + len(part).to_bytes(4) + part for number, kind, part in parts
    )


def test_a_jbig2_in_a_pdf_that_ends_early(tmp_path):
    image = made.page("1")
    whole = jbig2(image)
    path = tmp_path / "file"
    path.write_bytes(scanned_pdf(image, "/JBIG2Decode", whole))
    with open_pages(path, "pdf", LIMITS) as pages:
        picture = pages.picture(0)
    assert not picture.damaged
    assert np.asarray(picture.image.convert("L")).min() < 60  # it is a JBIG2 indeed
    for length in (len(whole) - 12, len(whole) - 40, 25, 42):
        assert streams.jbig2(whole[:length]), length
    assert damaged(tmp_path, scanned_pdf(image, "/JBIG2Decode", whole[: len(whole) - 40], text=True), "pdf")
    assert not streams.jbig2(whole + b"\r\n")


def test_forms_in_forms_are_each_looked_into_once(tmp_path):
    path = tmp_path / "forms.pdf"
    with pikepdf.new() as file:
        size = {"Width": made.SIZE[0], "Height": made.SIZE[1], "BitsPerComponent": 8}
        for end in (None, -40):
            image = file.make_stream(b"", Subtype=pikepdf.Name.Image, ColorSpace=pikepdf.Name.DeviceGray, **size)
            image.write(packed(made.page("L"))[:end], filter=pikepdf.Name.FlateDecode)
            layer = [image]
            for _ in range(6):
                resources = pikepdf.Dictionary(XObject={f"/F{i}": one for i, one in enumerate(layer)})
                painted = b" ".join(b"/F%d Do" % i for i in range(len(layer)))
                layer = [file.make_stream(painted, Subtype=pikepdf.Name.Form, Resources=resources) for _ in range(12)]
            leaf = file.add_blank_page(page_size=(300, 150))
            leaf.Resources, leaf.Contents = resources, file.make_stream(painted)
        file.save(path)
    began = time.process_time()
    with closing(Parts(path)) as parts:
        assert [parts.damaged(0), parts.damaged(1)] == [False, True]
    assert time.process_time() - began < 5  # twelve to the power of six takes days


def test_a_page_of_a_pdf_whose_image_or_contents_are_not_there(tmp_path):
    with pikepdf.open(io.BytesIO(made.pdf())) as file:
        contents = zlib.compress(file.pages[0].Contents.read_bytes() * 50)
        file.pages[0].Contents.write(contents[:-20], filter=pikepdf.Name.FlateDecode)
        cut = io.BytesIO()
        file.save(cut, compress_streams=False)
        del file.pages[0].Resources.XObject["/I"]
        file.pages[0].Contents.write(b"/I Do")
        gone = io.BytesIO()
        file.save(gone)
    assert damaged(tmp_path, cut.getvalue(), "pdf")
    assert damaged(tmp_path, gone.getvalue(), "pdf")


@pytest.mark.parametrize("name", ["group3", "group4", "tiff_ccitt", "jpeg", "tiff_adobe_deflate", "tiff_deflate"])
def test_a_strip_of_a_tiff_that_is_overwritten(tmp_path, name):
    mode = "1" if name in ("group3", "group4", "tiff_ccitt") else "L"
    data = made.tiff(name, mode)
    assert not damaged(tmp_path, data, "tiff", 0)
    with Image.open(io.BytesIO(data)) as image:
        image.seek(1)
        start, size = image.tag_v2[273][0], image.tag_v2[279][0]
    broken = overwritten(data, start + size // 3, size // 3)
    if "deflate" in name:  # rows enough, of another page, and no end: what libtiff takes
        other = np.random.default_rng(1).random(40 * size) < 0.03
        broken = data[:start] + zlib.compress(other.tobytes())[:size] + data[start + size :]
    assert not damaged(tmp_path, broken, "tiff", 0)
    assert damaged(tmp_path, broken, "tiff", 1)


def test_a_strip_of_a_tiff_that_is_too_short_for_its_rows(tmp_path):
    data = made.saved(made.page(), "TIFF", tiffinfo={278: made.SIZE[1]})
    with Image.open(io.BytesIO(data)) as image:
        count = image.tag_v2[279][0].to_bytes(4, "little")
    assert not damaged(tmp_path, data, "tiff")
    assert damaged(tmp_path, data.replace(count, (50_000).to_bytes(4, "little"), 1), "tiff")


def test_a_tiff_whose_last_page_has_no_image_does_not_show_the_one_before_twice(tmp_path):
    data = made.tiff("packbits")
    last = data.rindex(b"\x11\x01\x04\x00")  # where the second directory says where its image is
    path = tmp_path / "file"
    for broken in (data[:-20], data[:last] + b"\xff\xfe" + data[last + 2 :]):
        path.write_bytes(broken)
        with pytest.raises(Rejected):
            check(path, "tiff", LIMITS)


def test_a_jpeg_that_goes_on_as_it_may_after_a_gap_or_ends_early():
    whole = made.saved(made.page("RGB"), "JPEG")
    scan_begins = whole.index(b"\xff\xda")
    assert streams.jpeg(overwritten(whole, scan_begins + 2000, 500))
    assert streams.jpeg(whole[:-1000] + b"\xff\xd9")
    assert streams.jpeg(whole[:-1000])
    for sound in (whole, whole[:-2], whole[:-2] + bytes(300) + b"\xff\xd9", whole + b"what follows"):
        assert not streams.jpeg(sound)
    assert not streams.jpeg(made.saved(made.page("RGB"), "JPEG", progressive=True))
    assert not streams.jpeg(made.saved(made.page("CMYK"), "JPEG"))


def test_a_jpeg_in_an_ofd_that_ends_early(tmp_path):
    image = '<ofd:ImageObject ID="13" ResourceID="7" Boundary="0 0 210 140" CTM="210 0 0 140 0 0"/>'
    jpeg = made.saved(made.page("RGB"), "JPEG")
    assert not damaged(tmp_path, made.ofd(image, {"Doc_0/Res/stamp.png": jpeg}), "ofd")
    cut = jpeg[: len(jpeg) // 2] + b"\xff\xd9"
    assert damaged(tmp_path, made.ofd(image, {"Doc_0/Res/stamp.png": cut}), "ofd")


def test_libtiff_can_be_asked():
    assert tiff._library() is not None


def test_the_station_names_the_damaged_pages_and_judges_the_others(tmp_path):
    good, dark = made.page(size=(1654, 2339)), Image.new("L", (1654, 2339), 40)
    pages = made.saved(
        good, "TIFF", save_all=True, append_images=[good, dark, good], compression="tiff_lzw", dpi=(200, 200)
    )
    with Image.open(io.BytesIO(pages)) as image:
        places = []
        for number in range(4):
            image.seek(number)
            places.append((image.tag_v2[273][0], image.tag_v2[279][0]))
    start, size = places[1]
    path = tmp_path / "a.tif"
    path.write_bytes(overwritten(pages, start, size, b"\xff"))
    with closing(Glance(LIMITS, dict(os.environ))) as glance:
        assert [(page.page, page.why) for page in glance.look(path)] == [(2, ("damaged",)), (3, ("dark",))]
        cut = made.saved(made.page("RGB", size=(1654, 2339)), "JPEG", dpi=(200, 200))
        path.write_bytes(cut[: len(cut) // 2] + b"\xff\xd9")
        assert [(page.page, page.why[0]) for page in glance.look(path)] == [(1, "damaged")]
        assert glance.look(scan("contract-lease.pdf")) == []


def test_a_page_that_kills_who_looks_at_it_is_named_and_the_others_are_judged(tmp_path, monkeypatch):
    good, dark = made.page(size=(1654, 2339)), Image.new("L", (1654, 2339), 40)
    path = tmp_path / "a.tif"
    path.write_bytes(
        made.saved(good, "TIFF", save_all=True, append_images=[good, dark], compression="tiff_lzw", dpi=(200, 200))
    )
    with closing(Glance(LIMITS, dict(os.environ))) as glance:
        ask = glance._ask

        def killed(request, *files):
            if request.get("number") == 2:
                os.kill(glance._child.pid, signal.SIGKILL)
            return ask(request, *files)

        monkeypatch.setattr(glance, "_ask", killed)
        assert [(page.page, page.why) for page in glance.look(path)] == [(2, ("damaged",)), (3, ("dark",))]
