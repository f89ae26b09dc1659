"""Cutting: lossless, and the same pages always give the same bytes."""

import io
import struct
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from intake.batches import tiff
from intake.batches.cut import Piece, Source, write
from intake.batches.tiff import NotCopiable, copy_pages
from intake.inspect import inspect
from intake.model import Limits
from tests.intake.batches import stacks

SCANS = Path(__file__).parents[3] / "samples" / "scans"


def source(path):
    found = inspect(path, Limits())
    return Source(path, found.kind, found.pages)


def cut(*pieces):
    out = io.BytesIO()
    return write(pieces, out, Limits(), lambda: None), out.getvalue()


def frames(data):
    with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            yield np.array(image)


@pytest.fixture
def pages():
    return [stacks.words(stacks.paper(72), 8, seed, 72) for seed in range(5)]


def test_pdf_pages_keep_their_streams_and_come_out_the_same_every_time(tmp_path, pages):
    whole = source(stacks.as_pdf(tmp_path / "a.pdf", pages, 72))
    ending, data = cut(Piece(whole, 2), Piece(whole, 4))
    assert ending == "pdf"
    assert data == cut(Piece(whole, 2), Piece(whole, 4))[1]
    with pikepdf.open(whole.path) as before, pikepdf.open(io.BytesIO(data)) as after:
        assert len(after.pages) == 2
        for old, new in ((1, 0), (3, 1)):
            (image,) = before.pages[old].get_images().values()
            (same,) = after.pages[new].get_images().values()
            assert image.read_raw_bytes() == same.read_raw_bytes()


def test_no_page_takes_another_along(tmp_path, pages):
    """A link to another page must not carry that page, and what it shows, into the document."""
    path = stacks.as_pdf(tmp_path / "a.pdf", pages, 72)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Link,
            Rect=[0, 0, 50, 50],
            Dest=[pdf.pages[3].obj, pikepdf.Name.Fit],
        )
        pdf.pages[0].Annots = pdf.make_indirect(pikepdf.Array([link]))
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("secret", 3))
        pdf.save(path)
    with pikepdf.open(path) as pdf:
        (image,) = pdf.pages[3].get_images().values()
        shown = image.read_raw_bytes()
    _, data = cut(Piece(source(path), 1))
    assert shown not in data
    assert b"secret" not in data


def test_filled_form_fields_stay_filled(tmp_path):
    path = tmp_path / "form.pdf"
    with pikepdf.new() as pdf:
        for _ in range(2):
            pdf.add_blank_page(page_size=(200, 100))
        look = pdf.make_stream(
            b"0 0 0 rg 0 0 80 30 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 80, 30]
        )
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T="amount", V="7", F=4,
                Rect=[20, 20, 100, 50], AP=pikepdf.Dictionary(N=look), P=pdf.pages[1].obj,
            )
        )  # fmt: skip
        pdf.pages[1].Annots = pdf.make_indirect(pikepdf.Array([field]))
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[field])
        pdf.save(path)
    _, data = cut(Piece(source(path), 2))
    with pypdfium2.PdfDocument(data) as made:
        made.init_forms()
        shown = made[0].render(scale=1).to_numpy()
    assert shown[60, 60].max() < 60
    with pikepdf.open(io.BytesIO(data)) as after:
        assert str(after.Root.AcroForm.Fields[0].V) == "7"


@pytest.mark.parametrize(
    "compression", ["group4", "group3", "jpeg", "tiff_lzw", "tiff_adobe_deflate", "packbits", None]
)
def test_tiff_pages_are_copied_byte_for_byte(tmp_path, pages, compression):
    bilevel = compression in ("group4", "group3")
    images = [Image.fromarray(p).convert("1") if bilevel else Image.fromarray(p) for p in pages]
    path = tmp_path / "a.tif"
    images[0].save(path, save_all=True, append_images=images[1:], compression=compression, dpi=(72, 72))
    whole = source(path)
    ending, data = cut(Piece(whole, 4), Piece(whole, 2))
    assert ending == "tif"
    assert data == cut(Piece(whole, 4), Piece(whole, 2))[1]
    before, after = list(frames(path)), list(frames(data))
    assert np.array_equal(after[0], before[3])
    assert np.array_equal(after[1], before[1])
    with Image.open(path) as image, Image.open(io.BytesIO(data)) as made:
        image.seek(3)
        assert made.info["dpi"] == image.info["dpi"]
        raw = path.read_bytes()
        for at, size in zip(image.tag_v2[273], image.tag_v2[279], strict=True):
            assert raw[at : at + size] in data


def test_a_big_tiff_and_the_other_byte_order(tmp_path, pages):
    images = [Image.fromarray(p) for p in pages[:3]]
    big = tmp_path / "big.tif"
    images[0].save(big, save_all=True, append_images=images[1:], big_tiff=True, compression="tiff_lzw")
    _, data = cut(Piece(source(big), 3))
    assert np.array_equal(next(frames(data)), pages[2])
    motorola = tmp_path / "mm.tif"
    motorola.write_bytes(_motorola(pages[0]))
    ending, data = cut(Piece(source(motorola), 1, 180))
    assert (ending, data[:2]) == ("tif", b"MM")
    assert np.array_equal(next(frames(data)), pages[0][::-1, ::-1])
    # Together they need another format: no byte is turned around inside the data.
    assert cut(Piece(source(motorola), 1), Piece(source(big), 2))[0] == "pdf"


def _motorola(page):
    height, width = page.shape
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (277, 3, 1), (278, 4, height)]
    tags += [(273, 4, 8 + 2 + 9 * 12 + 4), (279, 4, page.size)]
    out = struct.pack(">2sHIH", b"MM", 42, 8, 9)
    for tag, kind, value in sorted(tags):
        out += struct.pack(">HHI", tag, kind, 1) + (
            struct.pack(">HH", value, 0) if kind == 3 else struct.pack(">I", value)
        )
    return out + struct.pack(">I", 0) + page.tobytes()


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("suffix", ["pdf", "tif"])
def test_a_turned_page_stands_as_it_was_turned(tmp_path, pages, turn, suffix):
    from intake.formats.opening import open_pages

    make = stacks.as_pdf if suffix == "pdf" else stacks.as_tiff
    whole = source(make(tmp_path / f"a.{suffix}", pages, 72))
    _, data = cut(Piece(whole, 2, turn))
    path = tmp_path / f"turned.{suffix}"
    path.write_bytes(data)

    def picture(of, index):
        with open_pages(of, whole.kind, Limits(render_dpi=72)) as opened:
            return np.asarray(opened.picture(index).image.convert("L"), float)

    before, after = picture(whole.path, 1), picture(path, 0)
    assert np.abs(np.rot90(before, -turn // 90) - after).mean() < 3


def test_turning_twice_adds_up_in_a_tiff(tmp_path, pages):
    whole = source(stacks.as_tiff(tmp_path / "a.tif", pages, 72, "tiff_lzw"))
    first = tmp_path / "once.tif"
    first.write_bytes(cut(Piece(whole, 1, 90))[1])
    _, data = cut(Piece(source(first), 1, 270))
    assert np.array_equal(next(frames(data)), pages[0])


def test_pages_of_different_formats_come_together_without_loss(tmp_path, pages):
    pdf = source(stacks.as_pdf(tmp_path / "a.pdf", pages, 72))
    tif = source(stacks.as_tiff(tmp_path / "a.tif", pages, 72, "group4"))
    jpg = tmp_path / "b.jpg"
    jpg.write_bytes(stacks.jpeg(pages[4], 72))
    png = tmp_path / "c.png"
    Image.fromarray(pages[3]).convert("RGBA").save(png)
    ending, data = cut(Piece(pdf, 1), Piece(tif, 2), Piece(source(jpg), 1, 90), Piece(source(png), 1))
    assert ending == "pdf"
    assert data == cut(Piece(pdf, 1), Piece(tif, 2), Piece(source(jpg), 1, 90), Piece(source(png), 1))[1]
    with pikepdf.open(io.BytesIO(data)) as made:
        assert len(made.pages) == 4
        (image,) = made.pages[2].get_images().values()
        assert image.read_raw_bytes() == jpg.read_bytes()
        (fax,) = made.pages[1].get_images().values()
        bits = np.array(pikepdf.PdfImage(fax).as_pil_image().convert("L"))
        assert np.array_equal(bits, list(frames(tif.path))[1].astype(np.uint8) * 255)


def test_thumbnails_are_no_pages_here_either(tmp_path, pages):
    path = tmp_path / "a.tif"
    small = Image.fromarray(pages[0]).resize((40, 50))
    from PIL import TiffImagePlugin

    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[254] = 1
    images = [Image.fromarray(pages[0]), small, Image.fromarray(pages[1])]
    with TiffImagePlugin.AppendingTiffWriter(path, new=True) as writer:
        for image in images:
            image.save(writer, "TIFF", **({"tiffinfo": info} if image is small else {}))
            writer.newFrame()
    whole = source(path)
    assert whole.pages == 2
    assert np.array_equal(next(frames(cut(Piece(whole, 2))[1])), pages[1])


def test_old_jpeg_is_not_copied(tmp_path, pages):
    path = stacks.as_tiff(tmp_path / "a.tif", pages[:2], 72, "tiff_lzw")
    data = bytearray(path.read_bytes())
    at = data.find(struct.pack("<HHI", 259, 3, 1))
    data[at + 8 : at + 10] = struct.pack("<H", 6)
    path.write_bytes(data)
    with pytest.raises(NotCopiable):
        copy_pages([(path, 1, 0)], io.BytesIO())


@pytest.mark.parametrize("name", ["contract-construction.tif", "contract-lease.pdf", "contract-mixed.pdf"])
def test_samples_can_be_cut(name):
    whole = source(SCANS / name)
    _, data = cut(Piece(whole, 2))
    assert 0 < len(data) < whole.path.stat().st_size + 2000


def test_what_is_too_large_for_places_of_32_bits_is_a_big_tiff(tmp_path, pages, monkeypatch):
    """Pages of several files of one stack; the limit is lowered, so that nobody writes 4 GiB here."""
    halves = [stacks.as_tiff(tmp_path / f"{n}.tif", pages[n : n + 2], compression="tiff_lzw") for n in (0, 2)]
    monkeypatch.setattr(tiff, "_CLASSIC", 1000)
    ending, data = cut(*(Piece(source(half), number) for half in halves for number in (1, 2)))
    assert (ending, data[:4]) == ("tif", b"II\x2b\0")
    assert all(np.array_equal(made, page) for made, page in zip(frames(data), pages[:4], strict=True))
    path = tmp_path / "big.tif"
    path.write_bytes(data)
    assert inspect(path, Limits()).pages == 4
    assert cut(Piece(source(path), 3, 90))[0] == "tif"
