"""Labels with one letter misread: found as a pattern with a variant for every letter finds them, without compiling one."""

import random
import re

from intake.fields.labels import _Loose

WORDS = tuple(
    sorted(
        ["统一社会信用代码", "法定代表人", "法定代表", "经营范围", "合同编号(一)", "甲方（盖章）", "注册资本", "注册资金", "No.编号"],
        key=lambda word: -len(word),
    )
)  # fmt: skip


def as_a_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    forms = []
    for i, word in enumerate(words):
        variants = (re.escape(word[:k]) + "[\u4e00-\u9fff]" + re.escape(word[k + 1 :]) for k in range(len(word)))
        forms.append(f"(?P<w{i}>{'|'.join(variants)})")
    return re.compile(f"(?:{'|'.join(forms)})(?=[ \\t]*(?:[:\\t]|$))")


def test_misread_labels_are_found_as_a_pattern_finds_them():
    pattern, loose, chance, found = as_a_pattern(WORDS), _Loose(WORDS), random.Random(7), 0
    for _ in range(20_000):
        word = list(chance.choice(WORDS))
        for _ in range(chance.choice((0, 1, 1, 2))):
            word[chance.randrange(len(word))] = chance.choice("社会代码甲a1范围乙（")
        before = chance.choice(("", "甲"))
        key = before + "".join(word) + chance.choice((":", " :", "\t", "", "x", "\n"))
        match = pattern.match(key, len(before))
        wanted = (int(str(match.lastgroup)[1:]), match.end()) if match else None
        assert loose.match(key, len(before)) == wanted, key
        found += wanted is not None
    assert found > 5000
