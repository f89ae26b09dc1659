"""What the pages of a PDF are painted with: unpacked as it says itself (ISO 32000-2, 7.4 and 8.9.5), without painting it."""

import math
import re
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pikepdf

from intake.damage import streams, tiff

_PAINTED = re.compile(rb"/([^\s/<>\[\](){}%]+)\s+Do\b")
_MOST_SAMPLES = 200_000_000  # of an image that is unpacked to look at it: they are all in memory for a moment
_COMPONENTS = {"/DeviceGray": 1, "/CalGray": 1, "/DeviceRGB": 3, "/CalRGB": 3, "/Lab": 3, "/DeviceCMYK": 4}
_COMPONENTS |= {"/G": 1, "/RGB": 3, "/CMYK": 4, "/Indexed": 1, "/I": 1, "/Separation": 1}
_PNG = 10  # from this predictor on, every row has a byte of its own in front


class Parts:
    """The contents and images of the pages of one PDF; each is looked at once, however many pages show it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack = ExitStack()
        self._file: pikepdf.Pdf | None = None
        self._broken = False
        self._known: dict[tuple[int, int], bool] = {}
        self._painted: dict[tuple[int, int], set[str]] = {}

    def damaged(self, index: int) -> bool | None:
        """Tell whether page `index` (from 0) lacks some of what it shows: its contents or an image. None where that cannot be judged."""
        if self._broken:
            return None
        try:
            if self._file is None:
                self._file = self._stack.enter_context(pikepdf.open(self._stack.enter_context(self._path.open("rb"))))
            page = self._file.pages[index].obj
            return any(map(self._is_damaged, self._parts(_inherited(page), _each(page.get("/Contents")))))
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - a file so broken that its objects are not what they should be is judged as it is painted
            self.close()
            self._broken = True
            return None

    def _is_damaged(self, part: pikepdf.Stream | None) -> bool:
        if part is None:
            return True
        if part.objgen not in self._known:
            self._known[part.objgen] = _is_damaged(part)
        return self._known[part.objgen]

    def _parts(self, resources: Any, contents: Sequence[Any]) -> Iterator[pikepdf.Stream | None]:
        """Yield these contents, and the forms and images that they paint, masks included; None for one that is not there.

        A form is looked into once, however many forms paint it: a file of forms in forms would else cost a power of its size.
        """
        waiting, seen = deque([(resources, contents)]), set[tuple[int, int]]()
        while waiting:
            resources, contents = waiting.popleft()
            yield from (part if isinstance(part, pikepdf.Stream) else None for part in contents)
            things = resources.get("/XObject", {})
            for name in self._names(contents):
                thing = things.get(name)
                if not isinstance(thing, pikepdf.Stream):
                    if name[1:].isalnum():  # others may be written in more ways than one
                        yield None
                elif thing.get("/Subtype") == "/Form":
                    if thing.objgen not in seen:
                        seen.add(thing.objgen)
                        waiting.append((thing.get("/Resources", resources), [thing]))
                else:
                    yield thing
                    yield from (
                        mask for mask in (thing.get("/SMask"), thing.get("/Mask")) if isinstance(mask, pikepdf.Stream)
                    )

    def _names(self, contents: Sequence[pikepdf.Stream]) -> set[str]:
        """Return what these contents paint, by name; of a form that many pages paint it is looked up once."""
        key = contents[0].objgen if len(contents) == 1 else None
        if key is not None and key in self._painted:
            return self._painted[key]
        painted = b"\n".join(part.read_bytes() for part in contents)
        names = {"/" + found.decode("latin-1") for found in _PAINTED.findall(painted)}
        if key is not None:
            self._painted[key] = names
        return names

    def close(self) -> None:
        """Close the file."""
        self._file = None
        self._stack.close()


def _inherited(page: Any) -> Any:
    """Return the resources of a page, which may stand above it."""
    for _ in range(100):
        if page is None or "/Resources" in page:
            break
        page = page.get("/Parent")
    return {} if page is None else page.get("/Resources", {})


def _is_damaged(part: pikepdf.Stream) -> bool:
    filters, options = [str(name) for name in _each(part.get("/Filter"))], _each(part.get("/DecodeParms"))
    parameters: Any = (
        options[-1] if len(options) == len(filters) and filters and isinstance(options[-1], pikepdf.Dictionary) else {}
    )
    image = part.get("/Subtype") == "/Image"
    width, height = int(part.get("/Width", 0)), int(part.get("/Height", 0))
    length = _length(part, width, height, parameters) if image else None
    data = part.read_raw_bytes()
    match filters:
        case []:
            return length is not None and len(data) < length
        case ["/FlateDecode" | "/Fl"]:
            return streams.deflated(data, length)
        case [*_, "/DCTDecode" | "/DCT" | "/CCITTFaxDecode" | "/CCF"]:
            return _photograph_or_fax(part, filters, data, parameters)
        case ["/JPXDecode"]:
            return streams.jpeg2000(data)
        case ["/JBIG2Decode"]:
            shared = parameters.get("/JBIG2Globals")
            return streams.jbig2(data) or (isinstance(shared, pikepdf.Stream) and streams.jbig2(shared.read_bytes()))
        case ["/LZWDecode" | "/LZW" | "/RunLengthDecode" | "/RL"]:
            if width * height * (_components(part) or 4) > _MOST_SAMPLES:
                return False
            count = streams.unpacked(part)
            return count is None or (length is not None and count < length)
    return False


def _photograph_or_fax(part: pikepdf.Stream, filters: list[str], data: bytes, parameters: Any) -> bool:
    """Tell whether a JPEG or a fax is damaged; one that is packed once more with anything but Deflate is not looked at."""
    if filters[:-1] in (["/FlateDecode"], ["/Fl"]):
        if streams.deflated(data, None):
            return True
        data = zlib.decompressobj().decompress(data)
    elif filters[:-1]:
        return False
    height = int(part.get("/Height", 0))
    if filters[-1] in ("/CCITTFaxDecode", "/CCF"):
        return _fax(data, height, parameters)
    return streams.jpeg(data)


def _each(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, pikepdf.Array) else [value]


def _components(image: pikepdf.Stream) -> int | None:
    """Return how many values a pixel has; None where the colour space does not say it plainly."""
    if image.get("/ImageMask", False):
        return 1
    space = image.get("/ColorSpace")
    if isinstance(space, pikepdf.Name):
        return _COMPONENTS.get(str(space))
    if not isinstance(space, pikepdf.Array):
        return None
    if space[0] == "/ICCBased":
        return int(space[1].N)
    return len(space[1]) if space[0] == "/DeviceN" else _COMPONENTS.get(str(space[0]))


def _length(image: pikepdf.Stream, width: int, height: int, parameters: Any) -> int | None:
    """Return how many bytes the image must unpack to, before its rows are put together; None where nothing tells."""
    components = _components(image)
    if components is None or width <= 0 or height <= 0:
        return None
    depth = 1 if image.get("/ImageMask", False) else int(image.get("/BitsPerComponent", 8))
    row = math.ceil(width * components * depth / 8)
    return height * (row + (int(parameters.get("/Predictor", 1)) >= _PNG))


def _fax(data: bytes, height: int, parameters: Any) -> bool:
    way, columns = int(parameters.get("/K", 0)), int(parameters.get("/Columns", 1728))
    rows = height or int(parameters.get("/Rows", 0))
    if parameters.get("/EncodedByteAlign", False):
        if way == 0 and not parameters.get("/EndOfLine", False):
            return tiff.fax(data, columns, rows, tiff.RLE)
        return False  # libtiff does not read such rows
    if way < 0:
        return tiff.fax(data, columns, rows, tiff.GROUP_4)
    return tiff.fax(data, columns, rows, tiff.GROUP_3, two_dimensional=way > 0)
