"""Endings and arrivals: a half-written file is never complete, whatever its format, and one look is never enough."""

import io
import tempfile
import wave
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.channels.arrivals import Looked, Patience, Sign, is_ignored, is_settled, look, pause
from intake.channels.endings import Ending, ending

SCANS = Path(__file__).parents[2] / "samples" / "scans"
CUTS = (0.03, 0.25, 0.5, 0.9, 0.99)


def _image(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((300, 400), 60).convert(str(options.pop("mode", "L"))).save(out, kind, **options)
    return out.getvalue()


def _tiff_pages(**options: object) -> bytes:
    out = io.BytesIO()
    pages = [Image.effect_noise((200, 300), 60) for _ in range(3)]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], **options)
    return out.getvalue()


def _tiff_directory_first() -> bytes:
    """The directory stands before the pixels, as many scanners write it."""
    pixels = bytes(range(1, 201)) * 40
    tags = [(256, 200), (257, 40), (258, 8), (259, 1), (262, 1), (273, 8 + 2 + 12 * 9 + 4), (277, 1), (278, 40)]
    tags += [(279, len(pixels))]
    body = b"".join(
        tag.to_bytes(2, "little") + b"\x04\x00\x01\x00\x00\x00" + v.to_bytes(4, "little") for tag, v in tags
    )
    return b"II*\x00\x08\x00\x00\x00" + len(tags).to_bytes(2, "little") + body + bytes(4) + pixels


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("OFD.xml", "<ofd/>" * 500)
        archive.writestr("Doc_0/Document.xml", "<a/>" * 500)
    return out.getvalue()


def _sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(range(256)) * 40)
    return out.getvalue()


def _heic() -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    return _image("HEIF", mode="RGB")


MARKED = {
    "digital.pdf": (SCANS / "contract-digital.pdf").read_bytes,
    "scanned.pdf": (SCANS / "contract-mixed.pdf").read_bytes,
    "photo.jpg": (SCANS / "acceptance.jpg").read_bytes,
    "scan.png": (SCANS / "authorization-upside-down.png").read_bytes,
    "pages.tif": (SCANS / "contract-construction.tif").read_bytes,
    "raw.tif": _tiff_pages,
    "deflate.tif": lambda: _tiff_pages(compression="tiff_deflate"),
    "big.tif": lambda: _tiff_pages(big_tiff=True),
    "first.tif": _tiff_directory_first,
    "a.webp": lambda: _image("WEBP", mode="RGB"),
    "a.bmp": lambda: _image("BMP"),
    "a.ofd": _zip,
    "a.wav": _sound,
    "a.heic": _heic,
}


@pytest.mark.parametrize("name", MARKED)
def test_a_whole_file_has_its_end_and_a_half_written_one_has_not(name, tmp_path):
    data, path = MARKED[name](), tmp_path / name
    path.write_bytes(data)
    assert ending(path) is Ending.WHOLE
    for cut in (*(int(len(data) * part) for part in CUTS), len(data) - 16):
        path.write_bytes(data[:cut])
        assert ending(path) is Ending.CUT, cut


@pytest.mark.parametrize("name", MARKED)
def test_a_file_whose_size_was_set_before_its_bytes_came_is_not_whole(name, tmp_path):
    data, path = MARKED[name](), tmp_path / name
    path.write_bytes(data[: len(data) // 2].ljust(len(data), b"\x00"))
    assert ending(path) is not Ending.WHOLE


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=400_000))
def test_no_piece_of_a_pdf_is_whole(at):
    data = (SCANS / "contract-digital.pdf").read_bytes()
    with tempfile.NamedTemporaryFile() as file:
        file.write(data[: min(at, len(data) - 8)])
        file.flush()
        assert ending(Path(file.name)) is not Ending.WHOLE


def test_a_linearized_pdf_is_not_whole_at_the_end_of_its_first_page(tmp_path):
    path = tmp_path / "a.pdf"
    first = b"%PDF-1.5\n1 0 obj <</Linearized 1 /L 9000 /H [1 2]>> endobj\n" + b"x" * 900 + b"\nstartxref\n0\n%%EOF\n"
    path.write_bytes(first)
    assert ending(path) is Ending.CUT
    path.write_bytes(first.ljust(9000 - 30, b"y") + b"\nstartxref\n116\n%%EOF\n".rjust(30))
    assert ending(path) is Ending.WHOLE


@pytest.mark.parametrize("data", [b"%PDF-1.7\n%%EOF", b"%PDF-1.7\nstartxref\n99999999999999999999999\n%%EOF", b""])
def test_an_end_that_leads_nowhere_is_none(data, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    assert ending(path) is Ending.CUT


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"From: a@b\n\nhello", Ending.UNMARKED),
        (b"\x00\x00\x00\x00ftypisom", Ending.UNMARKED),
        (b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00\x00\x00\x00\x08moov\x00\x00\x00\x00mdat....", Ending.UNMARKED),
        (b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00\x00\x00\x00\x01moov", Ending.CUT),
        (b"BM" + bytes(60), Ending.UNMARKED),
        (b"RIFF\xff\xff\xff\xffWAVE" + bytes(60), Ending.UNMARKED),
        (b"II*\x00\x08\x00\x00\x00", Ending.CUT),
    ],
)
def test_kinds_that_do_not_tell(data, expected, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(data)
    assert ending(path) is expected


def test_padding_behind_the_end_of_a_jpeg_is_no_harm(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(_image("JPEG") + bytes(7))
    assert ending(path) is Ending.WHOLE


PATIENCE = Patience(5.0)


@settings(deadline=None)
@given(st.floats(0, 1e6), st.floats(0, 1e4), st.sampled_from(Ending), st.integers(0, 10), st.integers(0, 10))
def test_a_change_begins_the_wait_anew(start, wait, end, size, grown):
    first = look(None, Sign(size, 1), start)
    assert not is_settled(first, end, start, PATIENCE)
    second = look(first, Sign(size + grown, 1), start + wait)
    assert second.since == (start if not grown else start + wait)
    settled = is_settled(second, end, start + wait, PATIENCE)
    assert settled == (not grown and start + wait - start >= PATIENCE.of(end))


def test_a_new_time_of_change_is_a_change():
    assert look(Looked(Sign(3, 1), 0.0), Sign(3, 2), 9.0).since == 9.0


def test_how_long_each_ending_waits():
    assert PATIENCE.of(Ending.WHOLE) < PATIENCE.of(Ending.UNMARKED) < PATIENCE.of(Ending.CUT)


@pytest.mark.parametrize(
    "name",
    [
        ".a.pdf",
        ".~lock.a.docx#",
        "~$a.docx",
        "a.part",
        "A.TMP",
        "a.pdf.filepart",
        "Thumbs.db",
        "desktop.ini",
        ".DS_Store",
        "a~",
    ],
)
def test_temporary_names_are_ignored(name):
    assert is_ignored(name)


@pytest.mark.parametrize("name", ["a.pdf", "合同.tif", "a", "part.pdf", "a.tmp.pdf", "扫描 (2).jpg"])
def test_documents_are_not(name):
    assert not is_ignored(name)


def test_the_pause_doubles_up_to_five_minutes():
    assert [pause(n) for n in (1, 2, 3, 8, 9, 10_000)] == [2, 4, 8, 256, 300, 300]
