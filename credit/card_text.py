"""The steps of an indicator as people write them, a line each: ``1..16 = 80`` a band, ``20 = 60`` a point, ``leading = 100`` an answer."""

from collections.abc import Mapping
from typing import Any

_LOWEST, _HIGHEST = ("", "-∞", "−∞"), ("", "∞", "+∞")


def steps_as_text(row: Mapping[str, Any]) -> str:
    """Return the bands, the curve or the choices of an indicator as JSON (`credit.card`) in lines; nothing for an expert's."""
    kind = row.get("kind")
    steps: Any = row.get(str(kind)) or []
    if kind == "bands":
        return "\n".join(f"{step.get('low') or ''}..{step.get('high') or ''} = {step.get('points')}" for step in steps)
    return "\n".join(f"{value} = {points}" for value, points in steps)


def steps_of_text(kind: str, text: str) -> Any:
    """Return the lines as the JSON of an indicator of this kind; what is no such line stays as it is, to be named by `read_card`."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if kind == "bands":
        return [_band(line) for line in lines]
    return None if kind == "expert" else [[part.strip() for part in line.rpartition("=")[::2]] for line in lines]


def _band(line: str) -> dict[str, str | None]:
    span, _equals, points = line.rpartition("=")
    low, dots, high = (part.strip() for part in span.partition(".."))
    if not dots:
        return {"low": span.strip(), "high": span.strip(), "points": points.strip()}
    return {
        "low": None if low in _LOWEST else low,
        "high": None if high in _HIGHEST else high,
        "points": points.strip(),
    }
