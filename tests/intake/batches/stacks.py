"""Stacks for tests: pages as a scanner gives them, with separator sheets between them, as PDF and as TIFF."""

import io
import random
from pathlib import Path

import cv2
import img2pdf
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from intake.batches import patch
from intake.batches.payload import Separator, encode

Gray = NDArray[np.uint8]
FORMATS = {
    "qr": zxingcpp.BarcodeFormat.QRCode,
    "code128": zxingcpp.BarcodeFormat.Code128,
    "code39": zxingcpp.BarcodeFormat.Code39,
}


def paper(dpi: int = 150, *, width: float = 8.27, height: float = 11.69) -> Gray:
    """A clean sheet; inches."""
    return np.full((round(height * dpi), round(width * dpi)), 255, np.uint8)


def words(page: Gray, lines: int = 30, seed: int = 1, dpi: int = 150) -> Gray:
    """Fill a page with lines of text that differ by `seed`."""
    dice = random.Random(seed)
    for i in range(lines):
        text = "".join(dice.choice("ABCDEFGHKLMNPRSTUVWXYZ   0123456789") for _ in range(46))
        at = (round(0.8 * dpi), round((1.0 + i * 0.3) * dpi))
        cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, dpi / 150 * 0.8, 0, max(1, dpi // 75), cv2.LINE_AA)
    return page


def put(page: Gray, picture: Gray, x: float, y: float, dpi: int = 150) -> Gray:
    """Lay a picture on a page, its corner at x, y inches."""
    top, left = round(y * dpi), round(x * dpi)
    page[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return page


def code(text: str, kind: str, dpi: int = 150, *, module: float = 0.6) -> Gray:
    """Return a code as a picture. module: millimetres of its thinnest bar."""
    small = np.array(zxingcpp.create_barcode(text, FORMATS[kind]).to_image(scale=1))
    if kind != "qr":
        small = np.repeat(small[:1], 2, axis=0)
    factor = max(2, round(module * dpi / 25.4))
    height = small.shape[0] * factor if kind == "qr" else round(0.6 * dpi)
    size = (small.shape[1] * factor, height)
    return cv2.resize(small, size, interpolation=cv2.INTER_NEAREST)


def sheet(separator: Separator, kind: str = "qr", dpi: int = 150) -> Gray:
    """A separator sheet with one code, and words."""
    page = words(paper(dpi), 4, 99, dpi)
    return put(page, code(encode(separator), kind, dpi, module=0.35 if kind != "qr" else 0.8), 1.0, 4.0, dpi)


def patch_sheet(name: str, dpi: int = 150, *, y: float = 1.0) -> Gray:
    """A standard sheet with the bars of a patch code."""
    page = words(paper(dpi), 3, 98, dpi)
    page[: round(2.6 * dpi)] = 255
    return put(page, patch.draw(name, dpi, 80.0), 2.0, y, dpi)


def scanned(page: Gray, seed: int = 0, *, skew: float = 1.5, noise: float = 6.0, bleed: Gray | None = None) -> Gray:
    """Return the page as it comes off the glass: askew, unevenly lit, noisy, on paper that is not white."""
    dice = np.random.default_rng(seed)
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    out = cv2.warpAffine(page, turn, (width, height), borderValue=238).astype(np.float32)
    if bleed is not None:
        out *= 1 - 0.15 * (1 - cv2.GaussianBlur(bleed, (0, 0), 2)[:, ::-1].astype(np.float32) / 255)
    light = np.linspace(0.99, 0.9, width, dtype=np.float32)[None, :]
    out = out * 0.97 * light + dice.normal(0, noise, out.shape).astype(np.float32)
    return np.clip(out, 0, 255).astype(np.uint8)


def jpeg(page: Gray, dpi: int = 150, quality: int = 60) -> bytes:
    """Return a page as JPEG bytes."""
    out = io.BytesIO()
    Image.fromarray(page).save(out, "JPEG", quality=quality, dpi=(dpi, dpi))
    return out.getvalue()


def as_pdf(path: Path, pages: list[Gray], dpi: int = 150) -> Path:
    """Write a stack as scanners write PDFs: a JPEG a page."""
    path.write_bytes(img2pdf.convert([jpeg(page, dpi) for page in pages], nodate=True))
    return path


def as_tiff(path: Path, pages: list[Gray], dpi: int = 150, compression: str = "jpeg") -> Path:
    """Write a stack as a TIFF of many pages."""
    images = [Image.fromarray(page) for page in pages]
    if compression == "group4":
        images = [image.point(lambda v: 255 if v > 128 else 0).convert("1") for image in images]
    images[0].save(path, save_all=True, append_images=images[1:], dpi=(dpi, dpi), compression=compression)
    return path
