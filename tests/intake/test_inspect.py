import errno
import hashlib
import io
import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from intake.errors import EngineUnavailable, Rejected
from intake.inspect import inspect, safe_name
from intake.model import Limits
from tests.intake.scans import scan, truth

LIMITS = Limits()


def pdf(page="", *more, kids="3 0 R", count=1):
    """A PDF by hand: `page` goes into the dictionary of the page (object 3), `more` are objects 4, 5 ..."""
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {count}>>",
        f"<</Type/Page/Parent 2 0 R{page}>>",
        *more,
    ]
    out, places = b"%PDF-1.4\n", []
    for i, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{i} 0 obj\n{body}\nendobj\n".encode()
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{p:010} 00000 n \n".encode() for p in places)
    return out + f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n".encode()


def stream(content, entries=""):
    return f"<</Length {len(content)}{entries}>>stream\n{content}\nendstream"


PICTURE = "/Type/XObject/Subtype/Image/Width {0}/Height {0}/BitsPerComponent 8/ColorSpace/DeviceGray"


def png_header(width, height, colour=2):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(1000))
    ihdr = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def image(kind, **options):
    data = io.BytesIO()
    Image.effect_noise((300, 200), 40).save(data, kind, **options)
    return data.getvalue()


def refused(path, limits=LIMITS):
    with pytest.raises(Rejected) as caught:
        inspect(path, limits)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return caught.value.code


@pytest.fixture
def put(tmp_path):
    def put(data, name="file.bin"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return put


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("contract-supply.jpg", "jpeg"),
        ("authorization-upside-down.png", "png"),
        ("contract-construction.tif", "tiff"),
        ("contract-digital.pdf", "pdf"),
    ],
)
def test_the_content_tells_the_kind_whatever_the_name(put, name, kind):
    data = scan(name).read_bytes()
    found = inspect(put(data, "letter.txt"), LIMITS)
    assert (found.kind, found.pages, found.size) == (kind, truth(name)["pages"], len(data))
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert found.media_type == {"pdf": "application/pdf"}.get(kind, f"image/{kind}")


def test_an_empty_file(put):
    assert refused(put(b"")) == "empty"


def test_text_called_pdf(put):
    assert refused(put(b"Dear customer, ...\n" * 100, "letter.pdf")) == "unsupported"


def test_a_file_over_the_size_limit_is_not_read(put):
    assert refused(put(image("PNG")), Limits(max_bytes=100)) == "too_large"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("kept", [0.2, 0.6, 0.97])
def test_an_image_cut_short(put, kind, kept):
    data = image(kind)
    assert refused(put(data[: int(len(data) * kept)])) == "truncated"


def test_a_multi_page_tiff_cut_short(put):
    data = scan("contract-construction.tif").read_bytes()
    assert refused(put(data[: len(data) * 2 // 3])) == "truncated"


def test_a_pdf_cut_short(put):
    assert refused(put(scan("contract-lease.pdf").read_bytes()[:2000])) in {"truncated", "no_pages"}


def test_a_pdf_with_a_password(put):
    # Standard security handler, revision 2: whatever the strings are, the empty password does not open it.
    encrypt = f"/Encrypt<</Filter/Standard/V 1/R 2/O<{'41' * 32}>/U<{'42' * 32}>/P -4>>/ID[<00><00>]"
    data = pdf("/MediaBox[0 0 200 200]").replace(b"trailer<<", b"trailer<<" + encrypt.encode())
    assert refused(put(data)) == "encrypted"


def test_a_pdf_with_no_page(put):
    assert refused(put(pdf(kids="", count=0))) == "no_pages"


def test_a_png_bomb_is_refused_by_its_header(put):
    path = put(png_header(60_000, 60_000))
    start = time.monotonic()
    assert refused(path) == "too_many_pixels"
    assert time.monotonic() - start < 5


def test_a_huge_tiff_and_a_huge_jpeg_are_refused_by_their_headers(put):
    entries = [(256, 4, 60_000), (257, 4, 60_000), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 200), (279, 4, 10)]
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in entries)
    assert refused(put(b"II*\x00\x08\x00\x00\x00" + ifd + bytes(4) + bytes(200))) == "too_many_pixels"
    jpeg = bytearray(image("JPEG"))
    sof = jpeg.index(b"\xff\xc0")
    jpeg[sof + 5 : sof + 9] = struct.pack(">HH", 60_000, 60_000)
    assert refused(put(bytes(jpeg))) == "too_many_pixels"


def test_a_huge_pdf_page_is_refused(put):
    assert refused(put(pdf("/MediaBox[0 0 14400 14400]"))) == "too_many_pixels"


def test_a_huge_image_inside_a_small_pdf_page_is_refused(put):
    page = "/Resources<</XObject<</I 5 0 R>>>>/MediaBox[0 0 200 200]/Contents 4 0 R"
    data = pdf(page, stream("q 200 0 0 200 0 0 cm /I Do Q"), stream("abcd", PICTURE.format(60_000)))
    assert refused(put(data)) == "too_many_pixels"


def test_too_many_pages(put):
    data = io.BytesIO()
    page = Image.new("1", (20, 20), 1)
    page.save(data, "TIFF", save_all=True, append_images=[page] * 5)
    path = put(data.getvalue())
    assert inspect(path, Limits(max_pages=6)).pages == 6
    assert refused(path, Limits(max_pages=5)) == "too_many_pages"
    assert refused(scan("contract-lease.pdf"), Limits(max_pages=1)) == "too_many_pages"


def test_a_tiff_thumbnail_is_no_page(put):
    data = io.BytesIO()
    page, thumb = Image.new("L", (200, 200), 255), Image.new("L", (20, 20), 255)
    thumb.encoderinfo = {"tiffinfo": {254: 1}}
    page.save(data, "TIFF", save_all=True, append_images=[thumb])
    assert inspect(put(data.getvalue()), LIMITS).pages == 1


def test_a_tiff_whose_pages_go_round_in_a_circle_ends(put):
    data = bytearray(image("TIFF"))
    order = "<" if data[:2] == b"II" else ">"
    ifd = struct.unpack_from(order + "I", data, 4)[0]
    entries = struct.unpack_from(order + "H", data, ifd)[0]
    struct.pack_into(order + "I", data, ifd + 2 + 12 * entries, ifd)
    assert inspect(put(bytes(data)), LIMITS).pages == 1


def test_what_is_no_readable_file(tmp_path):
    assert refused(tmp_path) == "unreadable"
    assert refused(tmp_path / "missing.pdf") == "unreadable"
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe") == "unreadable"


@given(
    data=st.binary(max_size=400),
    head=st.sampled_from([b"%PDF-1.7\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00"]),
)
def test_junk_behind_a_good_beginning_is_refused_in_one_line(tmp_path_factory, data, head):
    path = tmp_path_factory.getbasetemp() / "junk"
    path.write_bytes(head + data)
    assert refused(path) in {"truncated", "no_pages", "too_many_pixels", "encrypted", "too_many_pages"}


@pytest.mark.parametrize("name", ["合同 2026.pdf", "a.tif", "Vertrag – Größe (1).PDF", "..pdf", "x" * 255])
def test_good_names_stay(name):
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        ".",
        "..",
        "../a.pdf",
        "a/b.pdf",
        "a\\b.pdf",
        "a\x00.pdf",
        "a\nb.pdf",
        "a\x7f.pdf",
        "a\u202efdp.exe",
        "\udcff.pdf",
        "名" * 86,
        "x" * 256,
    ],
)
def test_bad_names_are_refused(name):
    with pytest.raises(Rejected) as caught:
        safe_name(name)
    assert caught.value.code == "bad_name"


@given(st.text())
def test_a_name_that_passes_is_one_component_of_a_path(name):
    try:
        safe = safe_name(name)
    except Rejected:
        return
    assert PurePosixPath("/archive", safe).parts == ("/", "archive", safe)
    assert not any(ord(c) < 32 for c in safe)


def test_importing_loads_no_library():
    code = "import sys, intake.inspect; print([m for m in ('PIL','numpy','cv2','pypdfium2','rapidocr') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_name_that_is_no_text_is_called_so():
    with pytest.raises(Rejected, match="not valid text"):
        safe_name(b"\xff\xfe.pdf".decode("utf-8", "surrogateescape"))


def test_what_the_machine_lacks_for_the_moment_is_no_fault_of_the_file(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf())

    def lacking(number):
        def look(*_asked):
            raise OSError(number, os.strerror(number))

        return look

    for number in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        with pytest.raises(EngineUnavailable, match="for now"):
            inspect(path, LIMITS, lacking(number))
    with pytest.raises(Rejected) as refused:
        inspect(path, LIMITS, lacking(errno.EACCES))
    assert refused.value.code == "unreadable"
