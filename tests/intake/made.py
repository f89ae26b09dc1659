"""Small sound files of every kind that is taken in, made here; the seeds of the mutations, too."""

import io
import re
import struct
import wave
import zipfile
import zlib
from email.message import EmailMessage

import numpy as np
import pikepdf
from PIL import Image, ImageDraw

from intake.formats.fonts import font

TEXT = "产品销售合同 编号 HT-2026-017"
SIZE = (600, 300)


def page(mode="L", text=TEXT, size=SIZE):
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.text((20, 30), text, "black", font(34))
    draw.rectangle((20, 120, 300, 200), outline="black", width=3)
    return image.convert(mode)


def saved(image, kind, **options):
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def tiff(compression, mode="L", pages=2, **options):
    first, *more = [page(mode, f"{TEXT} {n}") for n in range(pages)]
    return saved(first, "TIFF", compression=compression, save_all=True, append_images=more, dpi=(200, 200), **options)


def tiled_tiff():
    """An uncompressed TIFF in tiles of 64 x 64, by hand: Pillow writes strips only."""
    pixels = np.asarray(page(size=(640, 320)))
    tiles = [pixels[y : y + 64, x : x + 64].tobytes() for y in range(0, 320, 64) for x in range(0, 640, 64)]
    entries = {256: (4, [640]), 257: (4, [320]), 258: (3, [8]), 259: (3, [1]), 262: (3, [1]), 277: (3, [1])}
    entries |= {322: (4, [64]), 323: (4, [64]), 324: (4, [0] * len(tiles)), 325: (4, [4096] * len(tiles))}
    head = 8 + 2 + 12 * len(entries) + 4
    extra = head + 4 * 2 * len(tiles)
    entries[324] = (4, [extra + 4096 * i for i in range(len(tiles))])
    body, long, at = struct.pack("<2sHIH", b"II", 42, 8, len(entries)), b"", head
    for tag, (kind, values) in sorted(entries.items()):
        packed = struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(packed) > 4:
            body += struct.pack("<HHII", tag, kind, len(values), at)
            long, at = long + packed, at + len(packed)
        else:
            body += struct.pack("<HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    return body + bytes(4) + long + b"".join(tiles)


def fine_tiff(size, times, text=TEXT, dpi=2400, mode="1"):
    """A page of width x height dots, each `times` as wide and high; never held in full size.

    Deflated in strips of a few rows, as no scanner's memory holds all of it either.
    """
    width, height = size[0] * times, size[1] * times
    strips, at, places = [], 8, []
    samples, packed = 3 if mode == "RGB" else 1, {}
    for row in np.asarray(page("RGB" if mode == "RGB" else "L", text, size)):
        key = row.tobytes()
        if key not in packed:
            wide = np.repeat(row, times, axis=0)
            bits = np.packbits(wide > 128) if mode == "1" else wide
            packed[key] = zlib.compress(bits.tobytes() * times)
        strips.append(packed[key])
        places.append(at)
        at += len(strips[-1])
    counts = [len(strip) for strip in strips]
    long = struct.pack(f"<{2 * len(strips)}I2I3H", *places, *counts, dpi, 1, 8, 8, 8)
    depth = (3, 3, at + 8 * len(strips) + 8) if samples > 1 else (3, 1, 1 if mode == "1" else 8)
    entries = {256: (4, 1, width), 257: (4, 1, height), 258: depth, 259: (3, 1, 8), 262: (3, 1, samples - samples // 3)}
    entries[277] = (3, 1, samples)
    entries |= {273: (4, len(strips), at), 278: (4, 1, times), 279: (4, len(strips), at + 4 * len(strips))}
    entries |= {282: (5, 1, at + 8 * len(strips)), 283: (5, 1, at + 8 * len(strips))}
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, *entry) for tag, entry in sorted(entries.items())
    )
    return struct.pack("<2sHI", b"II", 42, at + len(long)) + b"".join(strips) + long + directory + bytes(4)


def fine_jpeg(mode, size=(827, 1169), times=24):
    """A JPEG of `size` times as large in both ways; never held in full size: its rows stand alone, and most are the same."""
    small, pieces, known, head = page(mode, size=size), [], {}, b""
    for top in range(small.height):
        row = small.crop((0, top, small.width, top + 1))
        key = row.tobytes()
        if key not in known:
            whole = saved(row.resize((small.width * times, times), 0), "JPEG", subsampling=0, restart_marker_rows=1)
            start = whole.index(b"\xff\xda")
            start += 2 + int.from_bytes(whole[start + 2 : start + 4])
            head = head or whole[:start]
            known[key] = re.split(rb"\xff[\xd0-\xd7]", whole[start:-2])
        pieces += known[key]
    at = head.index(b"\xff\xc0")
    head = head[: at + 5] + (small.height * times).to_bytes(2) + head[at + 7 :]
    head = head[:13] + b"\x01" + (2400).to_bytes(2) * 2 + head[18:]  # dots an inch (JFIF 1.02)
    return (
        head
        + b"".join(piece + bytes((0xFF, 0xD0 + number % 8)) for number, piece in enumerate(pieces))[:-2]
        + b"\xff\xd9"
    )


def fine_rows(mode, size=(827, 1169), times=24):
    """Its rows as a PNG or a PDF packs them: each as different from the one above."""
    packer, packed = zlib.compressobj(1), []
    for row in np.asarray(page("L", size=size).convert("RGB" if mode == "RGB" else "L")):
        wide = np.repeat(row, times, axis=0)
        data = np.packbits(wide > 128).tobytes() if mode == "1" else wide.tobytes()
        packed.append(packer.compress(b"\0" + data + (b"\x02" + bytes(len(data))) * (times - 1)))
    return b"".join(packed) + packer.flush()


def fine_png(mode, size=(827, 1169), times=24):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    depth, kind = {"1": (1, 0), "L": (8, 0), "RGB": (8, 2)}[mode]
    head = struct.pack(">IIBBBBB", size[0] * times, size[1] * times, depth, kind, 0, 0, 0)
    dots = struct.pack(">IIB", 94488, 94488, 1)  # a metre
    rows = fine_rows(mode, size, times)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"pHYs", dots) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def fine_pdf(mode, packed, size=(827, 1169), times=24):
    """A PDF of one page with such an image. packed: DCTDecode or FlateDecode."""
    width, height = size[0] * times, size[1] * times
    with pikepdf.new() as made:
        leaf = made.add_blank_page(page_size=(width * 72 / 2400, height * 72 / 2400))
        image = pikepdf.Stream(
            made, fine_jpeg(mode, size, times) if packed == "DCTDecode" else fine_rows(mode, size, times)
        )
        depth, space = 1 if mode == "1" else 8, "/DeviceRGB" if mode == "RGB" else "/DeviceGray"
        image.update(
            {"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/Width": width, "/Height": height}
        )
        image.update(
            {"/BitsPerComponent": depth, "/ColorSpace": pikepdf.Name(space), "/Filter": pikepdf.Name(f"/{packed}")}
        )
        if packed == "FlateDecode":
            colours = 3 if mode == "RGB" else 1
            image.DecodeParms = pikepdf.Dictionary(Predictor=15, Columns=width, Colors=colours, BitsPerComponent=depth)
        leaf.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=made.make_indirect(image)))
        leaf.Contents = made.make_stream(b"q %f 0 0 %f 0 0 cm /I Do Q" % (width * 72 / 2400, height * 72 / 2400))
        data = io.BytesIO()
        made.save(data, static_id=True)
        return data.getvalue()


def fine_ofd(mode):
    """An OFD with such a JPEG all over its page of A4."""
    image = '<ofd:ImageObject ID="13" ResourceID="7" Boundary="0 0 210 140" CTM="210 0 0 140 0 0"/>'
    with zipfile.ZipFile(io.BytesIO(ofd(image, {"Doc_0/Res/stamp.png": fine_jpeg(mode)}))) as archive:
        return package({name: archive.read(name) for name in archive.namelist()}, zipfile.ZIP_STORED)


def deep(kind):
    return saved(Image.fromarray(np.asarray(page()).astype(np.uint16) * 257), kind)


def alpha():
    image = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    image.putalpha(Image.eval(page(), lambda v: 255 - v))
    return image


def heic():
    import pillow_heif

    pillow_heif.register_heif_opener()
    return saved(page("RGB"), "HEIF", quality=60)


def pdf(**options):
    """A PDF of one scanned page, with an attachment and a signature field when asked for. jpeg: in place of its image."""
    with pikepdf.new() as made:
        jpeg = options.get("jpeg") or saved(page("RGB", size=(827, 1169)), "JPEG")
        leaf = made.add_blank_page(page_size=(595, 842))
        image = pikepdf.Stream(made, jpeg)
        image.update(
            {
                "/Type": pikepdf.Name.XObject,
                "/Subtype": pikepdf.Name.Image,
                "/Width": 827,
                "/Height": 1169,
                "/BitsPerComponent": 8,
                "/ColorSpace": pikepdf.Name.DeviceRGB,
                "/Filter": pikepdf.Name.DCTDecode,
            }
        )
        leaf.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=made.make_indirect(image)))
        leaf.Contents = made.make_stream(b"q 595 0 0 842 0 0 cm /I Do Q")
        if options.get("attachment"):
            made.attachments[options["attachment"]] = b"hello"
        if options.get("signed"):
            signature = pikepdf.Dictionary(
                Type=pikepdf.Name.Sig,
                Filter=pikepdf.Name("/Adobe.PPKLite"),
                Contents=pikepdf.String(b"\x30\x03\x02\x01\x01"),
                SubFilter=pikepdf.Name("/adbe.pkcs7.detached"),
                ByteRange=pikepdf.Array([0, 10, 20, 10]),
            )
            widget = made.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Annot,
                    Subtype=pikepdf.Name.Widget,
                    FT=pikepdf.Name.Sig,
                    T="Signature1",
                    Rect=pikepdf.Array([0, 0, 0, 0]),
                    V=made.make_indirect(signature),
                    P=leaf.obj,
                    F=132,
                )
            )
            leaf.Annots = pikepdf.Array([widget])
            made.Root.AcroForm = made.make_indirect(pikepdf.Dictionary(Fields=pikepdf.Array([widget]), SigFlags=3))
        if options.get("pinned"):  # to its page, as a note
            for name, data in options["pinned"].items():
                file = pikepdf.AttachedFileSpec(made, data, filename=name)
                note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment, FS=file.obj)
                note.Rect = pikepdf.Array([500, 800, 520, 820])
                leaf.obj.Annots = pikepdf.Array([*leaf.obj.get("/Annots", []), made.make_indirect(note)])
        if options.get("embedded"):
            for name, data in options["embedded"].items():
                made.attachments[name] = pikepdf.AttachedFileSpec(made, data, filename=name)
        if options.get("xfa"):
            parts = pikepdf.Array([pikepdf.String("template"), made.make_stream(b"<template/>")])
            made.Root.AcroForm = made.make_indirect(pikepdf.Dictionary(Fields=pikepdf.Array([]), XFA=parts))
            made.Root.NeedsRendering = options["xfa"] == "dynamic"
        if options.get("portfolio"):
            made.Root.Collection = pikepdf.Dictionary(Type=pikepdf.Name.Collection, View=pikepdf.Name.T)
        if options.get("script"):
            made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        data = io.BytesIO()
        made.save(data, static_id=True)
        return data.getvalue()


def form(value):
    """A PDF with a field of a form into which this was typed, and no picture of it: a reader has to set it itself."""
    data = io.BytesIO()
    with pikepdf.new() as made:
        leaf = made.add_blank_page(page_size=(595, 842))
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        look = "/Helv 20 Tf 0 g"
        field = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T="number", V=value
        )
        field.update(
            {"/DA": pikepdf.String(look), "/Rect": pikepdf.Array([60, 700, 500, 740]), "/F": 4, "/P": leaf.obj}
        )
        held = made.make_indirect(field)
        leaf.obj.Annots = pikepdf.Array([held])
        resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=made.make_indirect(font)))
        form = pikepdf.Dictionary(Fields=pikepdf.Array([held]), DA=look, DR=resources, NeedAppearances=True)
        made.Root.AcroForm = made.make_indirect(form)
        made.save(data, static_id=True)
    return data.getvalue()


def encrypted(user):
    """A PDF encrypted with AES-256 (ISO 32000-2, 7.6). user: the password without which nobody reads it; "": anyone does."""
    data = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as made:
        made.save(data, encryption=pikepdf.Encryption(owner="owner", user=user, R=6, aes=True))
    return data.getvalue()


def locked():
    """A PDF that anyone may open and its maker alone may change: its streams are encrypted."""
    data = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as made:
        made.save(data, static_id=True, encryption=pikepdf.Encryption(owner="x", R=3, aes=False, metadata=False))
    return data.getvalue()


OFD_SPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def ofd(content="", parts=None, resources="", document="", body=""):
    """An OFD of one page, 210 x 140 mm, as an electronic invoice is made: text, a rule, an image."""
    content = content or (
        '<ofd:TextObject ID="10" Boundary="20 12 170 8" Font="1" Size="5.6">'
        '<ofd:TextCode X="0" Y="5" DeltaX="g 14 5.6">增值税电子普通发票购销专用联单</ofd:TextCode></ofd:TextObject>'
        '<ofd:TextObject ID="11" Boundary="20 30 170 8" Font="1" Size="4"><ofd:FillColor Value="128 0 0"/>'
        '<ofd:TextCode X="0" Y="4">购买方：华岳实业集团有限公司</ofd:TextCode></ofd:TextObject>'
        '<ofd:PathObject ID="12" Boundary="20 45 170 1" LineWidth="0.5">'
        "<ofd:AbbreviatedData>M 0 0 L 170 0</ofd:AbbreviatedData></ofd:PathObject>"
        '<ofd:ImageObject ID="13" ResourceID="7" Boundary="150 60 30 15" CTM="30 0 0 15 0 0"/>'
    )
    files = {
        "OFD.xml": f'<?xml version="1.0" encoding="UTF-8"?><ofd:OFD {OFD_SPACE} DocType="OFD" Version="1.0"><ofd:DocBody>'
        f"<ofd:DocInfo><ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>{body}"
        "</ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {OFD_SPACE}><ofd:CommonData><ofd:PageArea>"
        "<ofd:PhysicalBox>0 0 210 140</ofd:PhysicalBox></ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
        '</ofd:CommonData><ofd:Pages><ofd:Page ID="3" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
        f"{document}</ofd:Document>",
        "Doc_0/PublicRes.xml": f'<ofd:Res {OFD_SPACE} BaseLoc="Res"><ofd:Fonts><ofd:Font ID="1" FontName="宋体"/></ofd:Fonts>'
        '<ofd:MultiMedias><ofd:MultiMedia ID="7" Type="Image" Format="PNG"><ofd:MediaFile>stamp.png</ofd:MediaFile>'
        f"</ofd:MultiMedia></ofd:MultiMedias>{resources}</ofd:Res>",
        "Doc_0/Pages/Page_0/Content.xml": f'<ofd:Page {OFD_SPACE}><ofd:Content><ofd:Layer ID="4">{content}</ofd:Layer>'
        "</ofd:Content></ofd:Page>",
        "Doc_0/Res/stamp.png": saved(Image.new("RGB", (60, 30), (200, 0, 0)), "PNG"),
        **(parts or {}),
    }
    return package(files)


def package(files, packed=zipfile.ZIP_DEFLATED):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", packed) as archive:
        for name, part in files.items():
            archive.writestr(zipfile.ZipInfo(name), part, packed)
    return data.getvalue()


def scanned_ofd():
    image = '<ofd:ImageObject ID="13" ResourceID="7" Boundary="0 0 210 140" CTM="210 0 0 140 0 0"/>'
    return ofd(image, {"Doc_0/Res/stamp.png": saved(page(size=(1654, 1102)), "PNG")})


def eml(*attached, html=False):
    message = EmailMessage()
    message["From"], message["To"] = "张经理 <zhang@example.cn>", "credit@example.cn"
    message["Subject"], message["Date"] = "关于 2026 年框架合同的确认", "Tue, 24 Nov 2026 09:12:00 +0800"
    message["Message-ID"] = "<1@example.cn>"
    if html:
        message.set_content(
            "<html><head><style>p{}</style></head><body><p>您好：</p><script>alert('x')</script><p>合同已收到。</p></body></html>",
            subtype="html",
        )
    else:
        message.set_content("您好：\n\n合同已收到，编号 HT-2026-017，请查收附件。\n")
    for name, data, kind in attached:
        main, _, sub = kind.partition("/")
        message.add_attachment(data, maintype=main, subtype=sub, filename=name)
    message.set_boundary("boundary") if message.is_multipart() else None
    return bytes(message)


def office(kind):
    """A DOCX or XLSX of the few parts such a file must have."""
    space = "http://schemas.openxmlformats.org"
    main = {
        "docx": (
            "word/document.xml",
            "wordprocessingml.document.main",
            f'<w:document xmlns:w="{space}/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p></w:body></w:document>',
        ),
        "xlsx": (
            "xl/workbook.xml",
            "spreadsheetml.sheet.main",
            f'<workbook xmlns="{space}/spreadsheetml/2006/main" xmlns:r="{space}/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
        ),
    }
    name, content, xml = main[kind]
    types = f'<Types xmlns="{space}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/{name}" ContentType="application/vnd.openxmlformats-officedocument.{content}+xml"/>'
    files = {}
    if kind == "xlsx":
        sheet = "spreadsheetml.worksheet"
        types += (
            f'<Override PartName="/xl/s.xml" ContentType="application/vnd.openxmlformats-officedocument.{sheet}+xml"/>'
        )
        files["xl/s.xml"] = (
            f'<worksheet xmlns="{space}/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>{TEXT}</t></is></c></row></sheetData></worksheet>'
        )
        files["xl/_rels/workbook.xml.rels"] = (
            f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" Type="{space}/officeDocument/2006/relationships/worksheet" Target="s.xml"/></Relationships>'
        )
    rels = f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" Type="{space}/officeDocument/2006/relationships/officeDocument" Target="{name}"/></Relationships>'
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return package(
        {
            k: head + v
            for k, v in {"[Content_Types].xml": types + "</Types>", "_rels/.rels": rels, name: xml, **files}.items()
        }
    )


def wav():
    data = io.BytesIO()
    with wave.open(data, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(1600))
    return data.getvalue()


def boxes(brand):
    def box(name, data):
        return struct.pack(">I4s", 8 + len(data), name) + data

    return box(b"ftyp", brand + bytes(4) + brand) + box(b"moov", bytes(40)) + box(b"mdat", bytes(200))


def mp3():
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    return frame * 5


def avi():
    return b"RIFF" + struct.pack("<I", 4 + 100) + b"AVI " + b"LIST" + bytes(96)


MAKERS = {
    "scan.pdf": ("pdf", pdf),
    "g3.tif": ("tiff", lambda: tiff("group3", "1")),
    "g4.tif": ("tiff", lambda: tiff("group4", "1")),
    "lzw.tif": ("tiff", lambda: tiff("tiff_lzw", "RGB")),
    "jpeg.tif": ("tiff", lambda: tiff("jpeg", "RGB")),
    "deflate.tif": ("tiff", lambda: tiff("tiff_adobe_deflate")),
    "packbits.tif": ("tiff", lambda: tiff("packbits")),
    "plain.tif": ("tiff", lambda: tiff(None)),
    "cmyk.tif": ("tiff", lambda: tiff("tiff_lzw", "CMYK")),
    "tiled.tif": ("tiff", tiled_tiff),
    "deep.tif": ("tiff", lambda: deep("TIFF")),
    "photo.jpg": ("jpeg", lambda: saved(page("RGB"), "JPEG")),
    "print.jpg": ("jpeg", lambda: saved(page("CMYK"), "JPEG")),
    "alpha.png": ("png", lambda: saved(alpha(), "PNG")),
    "deep.png": ("png", lambda: deep("PNG")),
    "page.bmp": ("bmp", lambda: saved(page("RGB"), "BMP")),
    "bits.bmp": ("bmp", lambda: saved(page("1"), "BMP")),
    "page.webp": ("webp", lambda: saved(page("RGB"), "WEBP")),
    "phone.heic": ("heic", heic),
    "invoice.ofd": ("ofd", ofd),
    "scan.ofd": ("ofd", scanned_ofd),
    "letter.eml": ("eml", eml),
    "call.wav": ("wav", wav),
    "call.mp3": ("mp3", mp3),
    "call.m4a": ("m4a", lambda: boxes(b"M4A ")),
    "video.mp4": ("mp4", lambda: boxes(b"isom")),
    "video.avi": ("avi", avi),
}


def write(folder, name):
    """Make a file of MAKERS in `folder`; returns its path and the kind it is."""
    kind, make = MAKERS[name]
    path = folder / name
    path.write_bytes(make())
    return path, kind
