"""What separates: our sheets and labels by their codes, standard sheets by their bars or the word in their code, a company's own labels."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from intake.batches import patch
from intake.batches.own_labels import OwnLabel, first_of
from intake.batches.payload import Separator, decode

_PATCH_WORD = re.compile(r"PATCH[ -]?([T23])")


@dataclass(frozen=True)
class Mark:
    """A separator on a page. how: "qr", "code128", "code39", or "patch-T" and the like."""

    separator: Separator
    how: str


def find(gray: NDArray[np.uint8], dpi: float, own: Sequence[OwnLabel] = ()) -> Mark | None:
    """Return the separator on a page (height x width, paper bright, 100 dpi or more); None on an ordinary page.

    own: labels that the company prints itself. A sheet counts before a label, and ours before theirs. Codes that contradict one another, as on a page of unused labels, separate and say no more.
    """
    import zxingcpp

    kinds = zxingcpp.BarcodeFormat
    # The extended form of Code 39 would read our $K as a control character.
    wanted = zxingcpp.BarcodeFormats((kinds.QRCode, kinds.Code128, kinds.Code39Std))
    ours: list[Mark] = []
    theirs: list[Mark] = []
    standard: Mark | None = None
    for code in zxingcpp.read_barcodes(np.ascontiguousarray(gray), formats=wanted):
        said = decode(code.text)
        word = _PATCH_WORD.fullmatch(code.text)
        if said is not None:
            ours.append(Mark(said, _how(str(code.format))))
        elif word is not None:
            standard = Mark(Separator(), f"patch-{word[1]}")
        elif (told := first_of(own, code.text)) is not None:
            theirs.append(Mark(told, _how(str(code.format))))
    sheets = [mark for mark in ours if not mark.separator.label]
    if sheets or ours:
        return _agreed(sheets or ours)
    if standard is not None:
        return standard
    if theirs:
        return _agreed(theirs)
    bars = patch.find(gray, dpi)
    return Mark(Separator(), f"patch-{bars}") if bars in patch.SEPARATING else None


def _agreed(found: Sequence[Mark]) -> Mark:
    agree = len({mark.separator for mark in found}) == 1
    return found[0] if agree else Mark(Separator(label=found[0].separator.label), found[0].how)


def _how(name: str) -> str:
    low = name.lower().replace(" ", "")
    return "qr" if low.startswith("qr") else "code128" if "128" in low else "code39"
