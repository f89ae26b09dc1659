"""RapidOCR: PP-OCRv6 on ONNX Runtime, with the models that are inside the wheel. Nothing is fetched from anywhere."""

import re
import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from intake import orientation, script
from intake.adapters import boxes
from intake.errors import EngineUnavailable
from intake.model import Box, Line
from intake.orientation import Quads
from intake.ports import Image
from intake.words import Char, line_of

_MODELS = {"Det": "PP-OCRv6_det_small.onnx", "Rec": "PP-OCRv6_rec_small.onnx"}
_MIN_CONFIDENCE = 0.5  # RapidOCR's own line between text and noise
_MIN_LETTER = 0.95  # for ink the detector passed over
_MIN_BRIDGE = 0.8  # for a line read through a seal
_THROUGH = 0.7  # letters under a seal drop out without a trace: how much less sure such a line is than it reads
_UNDER = 0.6  # and a letter that was found under one
_MIN_SCRAP = 0.85  # for a few letters alone: printed ones read above 0.98, signatures below 0.8


@dataclass(frozen=True)
class _Reading:
    """One recognised crop. columns: for each character of `text`, where in the crop its middle is (0..1)."""

    text: str
    score: float
    places: tuple[float, ...]
    scores: tuple[float, ...]


@dataclass
class _Seen:
    """What is already known of the image last looked at, so that `read` does not find again what `rotation` found."""

    image: weakref.ref[Image]
    quads: Quads
    readings: dict[int, _Reading] = field(default_factory=dict)


class RapidOcr:
    """The default engine. One instance may be used by several threads; each remembers its last page only."""

    name = "rapidocr"

    def __init__(self, threads: int = 2) -> None:
        try:
            import rapidocr
            from rapidocr.ch_ppocr_rec import TextRecInput
            from rapidocr.utils.process_img import apply_vertical_padding, get_rotate_crop_image, map_boxes_to_original

            models = Path(rapidocr.__file__).parent / "models"
            params: dict[str, Any] = {
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                **{f"{part}.model_path": _model(models / name) for part, name in _MODELS.items()},
            }
            engine: Any = rapidocr.RapidOCR(params=params)
            self._engine, self._detector = engine, engine._load_det_model()  # noqa: SLF001 - the steps have no public names
            self._recognizer = engine._load_rec_model()  # noqa: SLF001
        except EngineUnavailable:
            raise
        except Exception as error:
            raise EngineUnavailable(f"RapidOCR does not start: {error}") from error
        self._input, self._pad = TextRecInput, apply_vertical_padding
        self._crop, self._restore = get_rotate_crop_image, map_boxes_to_original
        self._memory = threading.local()

    def read(self, image: Image) -> Sequence[Line]:
        """Return the lines of an upright image (height x width x 3, RGB), from top to bottom as they were found."""
        seen = self._unstacked(image, self._look(image))
        missing = [i for i in range(len(seen.quads)) if i not in seen.readings]
        seen.readings.update(
            zip(missing, self._recognize(image, [(i, False) for i in missing], seen.quads), strict=True)
        )
        self._memory.seen = None
        again = boxes.again(image, seen.quads)
        self._bridge(image, seen, again.bridges)
        found = [(seen.readings[i], quad) for i, quad in enumerate(seen.quads) if _is_text(seen.readings[i])]
        readings = self._recognize(image, [(i, False) for i in range(len(again.missed))], again.missed)
        found += [(reading, quad) for reading, quad in zip(readings, again.missed, strict=True) if _is_letter(reading)]
        found = [(_stamped(reading, quad, again.seals), quad) for reading, quad in found]
        texts = script.harmonised([r.text for r, _ in found], [r.score for r, _ in found])
        return [_line(replace(r, text=text), quad, image.shape) for (r, quad), text in zip(found, texts, strict=True)]

    def _bridge(self, image: Image, seen: _Seen, bridges: Sequence[boxes.Bridge]) -> None:
        """Read lines through the seals that cut them; what a seal lies on is less sure than it reads."""
        quads = np.asarray([b.quad for b in bridges], dtype=np.float32).reshape(-1, 4, 2)
        for bridge, whole in zip(
            bridges, self._recognize(image, [(i, False) for i in range(len(quads))], quads), strict=True
        ):
            line = seen.readings[bridge.line]
            rest = seen.readings[bridge.rest] if bridge.rest is not None else _NOTHING
            joined = _through(line, whole, rest)
            if joined:
                seen.readings[bridge.line], seen.quads[bridge.line] = joined, bridge.quad
                if bridge.rest is not None:
                    seen.readings[bridge.rest] = _NOTHING

    def rotation(self, image: Image) -> int:
        """Return the degrees clockwise that turn the image upright; 0 when there is no text."""
        seen = self._look(image)

        def read(wanted: Sequence[tuple[int, bool]]) -> list[tuple[str, float]]:
            readings = self._recognize(image, wanted, seen.quads)
            seen.readings.update((i, r) for (i, flipped), r in zip(wanted, readings, strict=True) if not flipped)
            return [(r.text, r.score) for r in readings]

        return orientation.rotation(seen.quads, read)

    def _look(self, image: Image) -> _Seen:
        seen: _Seen | None = getattr(self._memory, "seen", None)
        if seen is None or seen.image() is not image:
            seen = _Seen(weakref.ref(image), self._detect(image))
            self._memory.seen = seen
        return seen

    @staticmethod
    def _unstacked(image: Image, seen: _Seen) -> _Seen:
        quads = boxes.unstacked(image, seen.quads)
        if len(quads) == len(seen.quads):
            return seen
        same = {quad.tobytes(): seen.readings[i] for i, quad in enumerate(seen.quads) if i in seen.readings}
        known = {i: same[quad.tobytes()] for i, quad in enumerate(quads) if quad.tobytes() in same}
        return _Seen(seen.image, quads, known)

    def _detect(self, image: Image) -> Quads:
        """Return the boxes of text lines in pixels of `image`, found on a copy with sides of at most 2000 pixels."""
        bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        # The detector enlarges the shorter side to 736 pixels: of a narrow strip it would make a wall. Paper is added.
        height, width = bgr.shape[:2]
        right, bottom = max(0, height // 4 - width), max(0, width // 4 - height)
        if right or bottom:
            bgr = cv2.copyMakeBorder(bgr, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        small, record = self._engine.preprocess_img(bgr)
        small, record = self._pad(small, record, self._engine.width_height_ratio, self._engine.min_height)
        found = self._detector(small).boxes
        if found is None or len(found) == 0:
            return np.zeros((0, 4, 2), dtype=np.float32)
        return boxes.straight(np.asarray(self._restore(found, record, height, width), dtype=np.float32))

    def _recognize(self, image: Image, wanted: Sequence[tuple[int, bool]], quads: Quads) -> list[_Reading]:
        """Return the readings of boxes (number, turned by 180 degrees), cut from the full image."""
        if not wanted:
            return []
        crops = []
        for i, flipped in wanted:
            crop = _cut(self._crop, image, quads[i])
            crops.append(np.ascontiguousarray(crop[::-1, ::-1]) if flipped else crop)
        result = self._recognizer(self._input(img=crops, return_word_box=True))
        return [
            _reading(text, float(score), info)
            for text, score, info in zip(result.txts, result.scores, result.word_results, strict=True)
        ]


def _model(path: Path) -> str:
    if not path.is_file():  # without it RapidOCR would go and download one
        raise EngineUnavailable(f"RapidOCR is installed without its model {path.name}: install rapidocr 3.10.")
    return str(path)


def _cut(crop: Any, image: Image, quad: NDArray[np.float32]) -> Image:
    # Only the neighbourhood of the box changes colour order: a whole page would be copied once per call.
    left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int) - 2, 0)
    right, bottom = np.ceil(quad.max(axis=0)).astype(int) + 3
    part = np.ascontiguousarray(image[top:bottom, left:right, ::-1])
    cut: Image = crop(part, quad - np.array([left, top], dtype=np.float32))
    return cut


def _is_text(reading: _Reading) -> bool:
    text = reading.text.strip()
    scrap = len(text) <= 4 and not any("\u3400" <= c <= "\u9fff" for c in text)
    return bool(text) and reading.score >= (_MIN_SCRAP if scrap else _MIN_CONFIDENCE)


_NOTHING = _Reading("", 0.0, (), ())


def _through(line: _Reading, whole: _Reading, rest: _Reading) -> _Reading | None:
    """Return the reading through a seal, if it begins like the line and ends like the rest; its doubtful part marked so."""
    known = len(line.text) - 1
    end = len(rest.text) - 1
    added = whole.text[known : len(whole.text) - max(0, end)]
    if not line.text or whole.score < _MIN_BRIDGE or whole.text[: known - 1] != line.text[: known - 1]:
        return None
    if end > 1 and not whole.text.endswith(rest.text[2:]):
        return None
    if not re.search(r"[\u3400-\u9fff0-9]", added[1:]):
        return None
    scores = tuple(s if i < known else s * _THROUGH for i, s in enumerate(whole.scores))
    return replace(whole, scores=scores, score=whole.score * _THROUGH)


def _stamped(reading: _Reading, quad: NDArray[np.float32], stamps: Sequence[Box]) -> _Reading:
    """Return the reading with what stands under a seal as dark as print less sure: strokes of the one look like the other's."""
    (x0, y0), (x1, y1) = quad.min(axis=0), quad.max(axis=0)
    over = [(a, c) for a, b, c, d in stamps if b < (y0 + y1) / 2 < d and a < x1 and x0 < c]
    if not over:
        return reading
    at = [x0 + place * (x1 - x0) for place in reading.places]
    scores = tuple(
        score * _UNDER if any(a <= x <= c for a, c in over) else score
        for x, score in zip(at, reading.scores, strict=True)
    )
    return replace(reading, scores=scores)


def _is_letter(reading: _Reading) -> bool:
    """Tell whether a scrap of ink beside a line is print: a Han letter or two, or a number, read without a doubt."""
    text = reading.text.strip()
    return bool(re.fullmatch(r"[\u3400-\u9fff]{1,3}|[0-9]{1,4}", text)) and reading.score >= _MIN_LETTER


def _reading(text: str, score: float, info: Any) -> _Reading:
    columns = [column for word in info.word_cols for column in word]
    width = float(info.line_txt_len) or 1.0
    places = iter([min(1.0, (column + 0.5) / width) for column in columns])
    inked = [not c.isspace() for c in text]
    if sum(inked) != len(columns) or len(info.confs) < len(text):
        places = iter(np.linspace(0, 1, 2 * sum(inked) + 1)[1::2].tolist())
    scores = tuple(float(c) for c in info.confs[: len(text)]) + (score,) * max(0, len(text) - len(info.confs))
    return _Reading(text, score, tuple(next(places) if i else -1.0 for i in inked), scores)


def _line(reading: _Reading, quad: NDArray[np.float32], shape: tuple[int, ...]) -> Line:
    corners = quad
    across, down = (float(side[0]) for side in orientation.sides(quad[None]))
    if down >= across * orientation.ASPECT:
        # Read after a quarter turn against the clock: the line runs from the top of the box to its bottom.
        corners, across, down = quad[[1, 2, 3, 0]], down, across
    middles = [p for p in reading.places if p >= 0]
    chars: list[Char | None] = []
    place = 0
    for char, score in zip(reading.text, reading.scores, strict=True):
        if char.isspace():
            chars.append(None)
            continue
        start, end = _extent(middles, place, char, down / max(across, 1.0))
        chars.append(Char(char, _box(_part(corners, start, end), shape), score))
        place += 1
    return line_of(chars, _box(quad, shape), reading.score)


def _extent(middles: Sequence[float], i: int, char: str, height: float) -> tuple[float, float]:
    """Return where character i begins and ends along the line (0..1): half way to its neighbours, at most its width."""
    half = height * (0.5 if ord(char) > 0x2E7F else 0.3)
    left = (middles[i - 1] + middles[i]) / 2 if i else 0.0
    right = (middles[i + 1] + middles[i]) / 2 if i + 1 < len(middles) else 1.0
    return max(left, middles[i] - half), min(right, middles[i] + half)


def _part(corners: NDArray[np.float32], start: float, end: float) -> NDArray[np.float32]:
    top, bottom = corners[1] - corners[0], corners[2] - corners[3]
    return np.stack(
        [corners[0] + top * start, corners[0] + top * end, corners[3] + bottom * end, corners[3] + bottom * start]
    )


def _box(corners: NDArray[np.float32], shape: tuple[int, ...]) -> Box:
    height, width = shape[:2]
    x0, y0 = np.floor(corners.min(axis=0)).astype(int).tolist()
    x1, y1 = np.ceil(corners.max(axis=0)).astype(int).tolist()
    x0, y0 = min(max(x0, 0), width - 1), min(max(y0, 0), height - 1)
    return x0, y0, min(max(x1, x0 + 1), width), min(max(y1, y0 + 1), height)
