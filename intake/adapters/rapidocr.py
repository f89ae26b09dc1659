"""RapidOCR: PP-OCRv6 on OpenVINO, with the models that are inside the wheel. Nothing is fetched from anywhere.

Decision 0009: on processors that calculate in bfloat16 OpenVINO takes half the time of ONNX Runtime, on others the same.
"""

import math
import threading
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from intake import black_seals, conventions, memory, orientation, script
from intake.adapters import boxes
from intake.adapters.colons import goes_on, hides_a_mark, with_colon, with_point, with_room
from intake.adapters.print_height import print_height
from intake.adapters.readings import (
    NOTHING,
    Reading,
    agreed,
    doubted,
    is_letter,
    is_of_code,
    is_text,
    line_at,
    reading_of,
    stamped,
    through,
    together,
    without_ghosts,
    without_trust_in_the_end,
)
from intake.errors import EngineUnavailable
from intake.model import Line
from intake.orientation import Quads
from intake.ports import Image
from intake.rings import Ring
from intake.turns import turn

# The longer sides, in pixels, of the copies on which lines are looked for: the work grows with their area, and the smallest on which
# lines are so many pixels high is enough. What is guessed of their height leads to none larger than the third; what was found may.
_SIDES, _LEGIBLE = (960, 1184, 1440, 2000), 14
_HIGHER = 0.08  # of a line's height, by which it is cut out higher at either side when it is read a second time
_BOX = 1.3  # how high the box of a line is, in heights of its print
_SHORTER = 736  # up to here RapidOCR enlarges the shorter side: not that of a copy which was made small
# Lines are read one by one, on paper at least so many pixels wide at a height of 48: in a batch all would be as wide as the
# widest, a third of the work for nothing, and what is read in a line would depend on its neighbours.
# The runtime prepares itself once for every width it meets, and keeps what it prepared: widths are rounded up to steps.
# Each width that was met costs 8 MiB for as long as the process lives: the wider, the larger the steps.
_NARROWEST, _STEP = 160, 64
_COARSER = (10, 20)  # from so many steps on, widths go by two of them, by four
# A size of page that came so often among the last so many gets a model of its own, and so many of them are kept.
_AGAIN, _LATELY, _MOST_PREPARED = 3, 12, 2
# Of more pixels each gets one, to be kept or not: at 1440 x 1018 finding lines takes 140 MiB with it and 240 without, at 2000 x 1414 230 and 450.
_LARGE_COPY = 1 << 20
_SETTINGS = ("INFERENCE_NUM_THREADS", "NUM_STREAMS", "ENABLE_CPU_PINNING")
_MODELS = {"Det": "PP-OCRv6_det_small.onnx", "Rec": "PP-OCRv6_rec_small.onnx"}


@dataclass
class _Seen:
    """What is already known of the image last looked at, so that `read` does not find again what `rotation` found.

    rings: of seals as black as the print.
    """

    image: weakref.ref[Image]
    quads: Quads
    rings: tuple[Ring, ...]
    readings: dict[int, Reading] = field(default_factory=dict)


class RapidOcr:
    """The default engine. One instance may be used by several threads; each remembers its last page only."""

    name = "rapidocr"

    def __init__(self, threads: int = 2) -> None:
        try:
            import rapidocr
            from rapidocr.ch_ppocr_rec import TextRecInput
            from rapidocr.utils.process_img import (
                apply_vertical_padding,
                get_rotate_crop_image,
                map_boxes_to_original,
                resize_image_within_bounds,
            )

            models = Path(rapidocr.__file__).parent / "models"
            params: dict[str, Any] = {
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Det.engine_type": rapidocr.EngineType.OPENVINO,
                "Rec.engine_type": rapidocr.EngineType.OPENVINO,
                "EngineConfig.openvino.inference_num_threads": threads,
                "EngineConfig.openvino.num_streams": 1,
                # Else the runtime ties each reader to the first processors, and all readers of a machine share one of them.
                "EngineConfig.openvino.enable_cpu_pinning": False,
                **{f"{part}.model_path": _model(models / name) for part, name in _MODELS.items()},
            }
            engine: Any = rapidocr.RapidOCR(params=params)
            self._engine, self._detector = engine, engine._load_det_model()  # noqa: SLF001 - the steps have no public names
            self._recognizer = engine._load_rec_model()  # noqa: SLF001
            self._detector.session = _Afresh(self._detector.session, self._recognizer.session)
            # As lists they would make the page one of 64 bits: three times the work for nothing.
            self._detector.mean = np.asarray(self._detector.mean, dtype=np.float32)
            self._detector.std = np.asarray(self._detector.std, dtype=np.float32)
        except EngineUnavailable:
            raise
        except Exception as error:
            raise EngineUnavailable(f"RapidOCR does not start: {error}") from error
        self._input, self._pad, self._resize = TextRecInput, apply_vertical_padding, resize_image_within_bounds
        self._crop, self._restore = get_rotate_crop_image, map_boxes_to_original
        self._memory = threading.local()
        self._one_at_a_time = threading.Lock()  # the runtime's requests are not shared

    def read(self, image: Image) -> Sequence[Line]:
        """Return the lines of an upright image (height x width x 3, RGB), from top to bottom as they were found."""
        seen = self._look(image)
        clear = plain = black_seals.lifted(image, seen.rings)
        if seen.rings:
            plain = black_seals.without_letters(clear, seen.rings, seen.quads)
            quads = black_seals.without_scraps(self._detect(plain), seen.rings)
            quads = black_seals.with_lost(quads, seen.quads, seen.rings)
            seen = replace(seen, quads=quads, readings={})
        seen = self._unstacked(image, seen)
        missing = [i for i in range(len(seen.quads)) if i not in seen.readings]
        seen.readings.update(
            zip(missing, self._recognize(clear, [(i, False) for i in missing], seen.quads), strict=True)
        )
        self._memory.seen = None
        self._crossed(seen, (image, plain))
        again = boxes.again(clear, seen.quads, [ring.box for ring in seen.rings])
        self._bridge(clear, seen, again.bridges)
        found = [(seen.readings[i], quad) for i, quad in enumerate(seen.quads) if is_text(seen.readings[i])]
        readings = self._recognize(clear, [(i, False) for i in range(len(again.missed))], again.missed)
        found += [(reading, quad) for reading, quad in zip(readings, again.missed, strict=True) if is_letter(reading)]
        found = [with_colon(clear, with_point(clear, reading, quad), quad) for reading, quad in found]
        found = [self._to_its_end(clear, reading, quad) for reading, quad in found]
        found = [(self._read_twice(clear, reading, quad), quad) for reading, quad in found]
        found = [(stamped(reading, quad, again.seals), quad) for reading, quad in found]
        said = [r for r, _ in found]
        texts = script.harmonised([r.text for r in said], [r.score for r in said], [r.scores for r in said])
        texts = [conventions.spelled(text) for text in texts]
        return [line_at(replace(r, text=text), quad, image.shape) for (r, quad), text in zip(found, texts, strict=True)]

    def read_line(self, image: Image) -> Line | None:
        """Return what a straight line says that fills the image (height x width x 3, RGB); None for nothing."""
        height, width = image.shape[:2]
        quad = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
        reading = self._recognize(image, [(0, False)], quad[None])[0]
        return line_at(reading, quad, image.shape) if reading.text.strip() else None

    def _crossed(self, seen: _Seen, others: Sequence[Image]) -> None:
        """Read the lines that a ring crosses on other copies of the page, too: what is erased with a ring may be part of a letter."""
        crossed = [i for i, quad in enumerate(seen.quads) if any(ring.touches(quad) for ring in seen.rings)]
        wanted = [(i, False) for i in crossed]
        said = [[seen.readings[i] for i in crossed], *(self._recognize(other, wanted, seen.quads) for other in others)]
        seen.readings.update((i, together(tries)) for i, tries in zip(crossed, zip(*said, strict=True), strict=True))

    def _to_its_end(
        self, image: Image, reading: Reading, quad: NDArray[np.float32]
    ) -> tuple[Reading, NDArray[np.float32]]:
        """Return the reading and the box of a line, with the mark behind its last letter where its box ended before it; it is doubted where that mark lies on a rule."""
        if hides_a_mark(image, reading, quad):
            return without_trust_in_the_end(reading), quad
        longer = with_room(image, reading, quad)
        if longer is None:
            return reading, quad
        read = self._recognize(image, [(0, False)], longer[None])[0]
        return (read, longer) if goes_on(reading, read) else (reading, quad)

    def _read_twice(self, image: Image, reading: Reading, quad: NDArray[np.float32]) -> Reading:
        """Return the reading of a line; where it has a number without a check digit, held against one of the line cut out a little higher."""
        if not is_of_code(reading.text):
            return reading
        down = (quad[3] - quad[0]) * _HIGHER
        higher = quad + np.stack([-down, -down, down, down])
        return agreed(reading, self._recognize(image, [(0, False)], higher[None].astype(np.float32))[0])

    def _bridge(self, image: Image, seen: _Seen, bridges: Sequence[boxes.Bridge]) -> None:
        """Read lines through the seals that cut them; what a seal lies on is less sure than it reads."""
        quads = np.asarray([b.quad for b in bridges], dtype=np.float32).reshape(-1, 4, 2)
        for bridge, whole in zip(
            bridges, self._recognize(image, [(i, False) for i in range(len(quads))], quads), strict=True
        ):
            line = seen.readings[bridge.line]
            rest = seen.readings[bridge.rest] if bridge.rest is not None else NOTHING
            joined = through(line, whole, rest)
            if joined:
                seen.readings[bridge.line], seen.quads[bridge.line] = joined, bridge.quad
                if bridge.rest is not None:
                    seen.readings[bridge.rest] = NOTHING

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
            seen = _Seen(weakref.ref(image), self._detect(image), black_seals.found(image))
            self._memory.seen = seen
        return seen

    @staticmethod
    def _unstacked(image: Image, seen: _Seen) -> _Seen:
        quads = boxes.unstacked(image, seen.quads)
        if len(quads) == len(seen.quads):
            return seen
        same = {quad.tobytes(): seen.readings[i] for i, quad in enumerate(seen.quads) if i in seen.readings}
        known = {i: same[quad.tobytes()] for i, quad in enumerate(quads) if quad.tobytes() in same}
        return replace(seen, quads=quads, readings=known)

    def _detect(self, image: Image) -> Quads:
        """Return the boxes of text lines in pixels of `image`, found on the smallest copy that is enough for its print."""
        longer = max(image.shape[:2])
        guessed = print_height(image) if longer > _SIDES[0] else None
        side = min(_enough(guessed * _BOX / longer if guessed else 0.0), _SIDES[2])
        found = self._detect_on(image, side)
        while side < min(longer, _SIDES[-1]):
            heights = np.minimum(*orientation.sides(found))
            wanted = _enough(float(np.percentile(heights, 20)) / longer if len(found) else 0.0)
            if wanted <= side:
                break
            side, found = wanted, self._detect_on(image, wanted)
        return found

    def _detect_on(self, image: Image, most: int) -> Quads:
        """Return the boxes found on a copy with sides of at most `most` pixels."""
        # The detector enlarges the shorter side to 736 pixels: of a narrow strip it would make a wall. Paper is added.
        height, width = image.shape[:2]
        right, bottom = max(0, height // 4 - width), max(0, width // 4 - height)
        if right or bottom:
            white = (255, 255, 255)
            image = np.asarray(
                cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=white), np.uint8
            )
        resized, down, across = self._resize(image, self._engine.min_side_len, most)
        small: Any = cv2.cvtColor(resized, cv2.COLOR_RGB2BGR)  # not before: the detector needs all the memory there is
        record: dict[str, Any] = {"preprocess": {"ratio_h": down, "ratio_w": across}}
        small, record = self._pad(small, record, self._engine.width_height_ratio, self._engine.min_height)
        large = most >= _SIDES[2]
        with self._one_at_a_time:
            self._detector.limit_side_len = _SHORTER if large else min(_SHORTER, *small.shape[:2])
            found = self._detector(small).boxes
        if found is None or len(found) == 0:
            return np.zeros((0, 4, 2), dtype=np.float32)
        return boxes.straight(np.asarray(self._restore(found, record, height, width), dtype=np.float32))

    def _recognize(self, image: Image, wanted: Sequence[tuple[int, bool]], quads: Quads) -> list[Reading]:
        """Return the readings of boxes (number, turned by 180 degrees), cut from the full image."""
        return [self._reading(_cut(self._crop, image, quads[i]), flipped=flipped) for i, flipped in wanted]

    def _reading(self, crop: Image, *, flipped: bool) -> Reading:
        if flipped:
            crop = np.ascontiguousarray(crop[::-1, ::-1])
        height, width = crop.shape[:2]
        steps = _steps(48 * width / height)
        with self._one_at_a_time:
            self._recognizer.rec_image_shape = [3, 48, steps * _STEP]
            result = self._recognizer(self._input(img=[crop], return_word_box=True))
        reading = reading_of(result.txts[0], float(result.scores[0]), result.word_results[0])
        return doubted(without_ghosts(reading, crop), crop)


def _steps(width: float) -> int:
    """Return how many steps wide the paper is on which a line of this width is read."""
    steps = math.ceil(max(width, _NARROWEST) / _STEP)
    by = 1 << sum(steps > most for most in _COARSER)
    return -(-steps // by) * by


def _enough(height: float) -> int:
    """Return the longer side of the copy that is enough for lines of this height, as part of the longer side of the page."""
    return next((side for side in _SIDES if height * side >= _LEGIBLE), _SIDES[-1])


# Of some hundred pages one gets an answer of no pages from the runtime, and a right one when it is asked again.
_TRIES = 3


class _Afresh:
    """A session of RapidOCR that gives back, after every page, the 250 MiB that finding lines on it takes.

    For sizes of pages that come again and again it prepares a model of that very size: that one takes 85 MiB and three quarters of the time,
    for it knows beforehand where everything will lie. To prepare one takes a quarter of a second and 35 MiB. What the size that was last needed
    takes is kept until another one comes: to get that much memory anew for every page takes a tenth of a second. Not that of a large copy,
    beside which nothing of `beside` is kept either, the session that reads the lines.
    """

    def __init__(self, session: Any, beside: Any) -> None:
        self._model, self._beside = session.session.get_compiled_model(), beside.session.get_compiled_model()
        self._any_size = session.model
        self._lately: deque[tuple[int, ...]] = deque(maxlen=_LATELY)
        self._prepared: dict[tuple[int, ...], Any] = {}
        self._used: Any = None
        self._request: Any = None

    def __call__(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        for _ in range(_TRIES):
            if not _is_large(pixels.shape):
                found = self._inferred(pixels)
            else:  # the models that wait for other sizes go, and that of this one is made where only one reader has one
                self._prepared = {shape: model for shape, model in self._prepared.items() if shape == pixels.shape}
                with self._at_the_peak():
                    found = self._inferred(pixels)
            if found.shape[0] == pixels.shape[0]:
                return found
            self._release()
            self._prepared.pop(pixels.shape, None)
        raise RuntimeError(f"the model that finds lines answered {found.shape} to {pixels.shape}")

    def _inferred(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        model = self._prepared_for(pixels.shape)
        waits = model is self._model and not _is_large(pixels.shape)  # of a large one the turn is taken already
        with self._at_the_peak() if waits else nullcontext():
            if model is not self._used:
                self._release()
                self._used, self._request = model, model.create_infer_request()
            self._request.infer([pixels])
            found: NDArray[np.float32] = self._request.get_output_tensor().data.copy()
        return found

    @contextmanager
    def _at_the_peak(self) -> Iterator[None]:
        """Do what a worker takes most memory for: one of two readers at a time. What can be had anew is held neither while it waits nor after."""
        self._release()
        self._beside.release_memory()
        memory.give_back()
        with turn():
            yield
            self._release()
            memory.give_back()

    def _release(self) -> None:
        if self._used is not None:
            used, self._used, self._request = self._used, None, None
            used.release_memory()

    def _prepared_for(self, shape: tuple[int, ...]) -> Any:
        self._lately.append(shape)
        if shape not in self._prepared:
            wanted, rarest = _AGAIN, None
            if len(self._prepared) >= _MOST_PREPARED:  # none goes for one that comes no more often
                rarest = min(self._prepared, key=self._lately.count)
                wanted = max(_AGAIN, self._lately.count(rarest) + 1)
            if self._lately.count(shape) < wanted:
                return self._prepare(shape) if _is_large(shape) else self._model
            if rarest is not None:
                del self._prepared[rarest]
            self._prepared[shape] = self._prepare(shape)
        return self._prepared[shape]

    def _prepare(self, shape: tuple[int, ...]) -> Any:
        from openvino import Core

        same = {name: self._model.get_property(name) for name in _SETTINGS}
        fixed = self._any_size.clone()
        fixed.reshape(list(shape))
        return Core().compile_model(fixed, "CPU", same)


def _is_large(shape: tuple[int, ...]) -> bool:
    return shape[-2] * shape[-1] > _LARGE_COPY


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
