"""Simplified text as it is printed in traditional characters, for what every counterpart is known."""

import re

from intake.folding import SIMPLIFIED

_OTHERS = {simple: full for full, simple in SIMPLIFIED.items()}
#: One simplified form, several traditional ones: the one that business papers mean.
_OTHERS |= {"复": "復", "后": "後", "发": "發", "台": "臺", "系": "系", "云": "雲", "里": "裡", "历": "歷", "余": "餘", "范": "範", "准": "準", "托": "託", "产": "產", "户": "戶", "线": "線", "启": "啟", "为": "為", "厂": "廠", "广": "廣", "峰": "峰", "真": "真", "么": "麼", "个": "個"}  # fmt: skip
_NAME = re.compile(r"\{(\w+)(=[^|{}]*)?\|([^{}]*)\}")


def traditional(markup: str) -> str:
    """Return marked text in traditional characters; simplified as it is where a counterpart is missing.

    The marks and the values behind `=` stay; a value that is printed (a name) becomes traditional with the print.
    """
    result, position = "", 0
    for m in _NAME.finditer(markup):
        result += _script(markup[position : m.start()]) + f"{{{m[1]}{m[2] or ''}|{_script(m[3])}}}"
        position = m.end()
    return result + _script(markup[position:])


def _script(text: str) -> str:
    return "".join(_OTHERS.get(c, c) for c in text)
