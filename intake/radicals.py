"""Radicals that stand for the characters they look like.

Chromium and other programs that embed Noto and Source Han fonts write the code of a radical (⽅ U+2F45) where its glyph is shared with
a character (方). Whoever searches types the character. The pairs are those of Unicode's EquivalentUnifiedIdeograph.txt.
"""

import unicodedata

_SUPPLEMENT = dict(
    zip(
        "⺁⺅⺆⺇⺉⺊⺎⺐⺒⺓⺔⺕⺖⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰⺲⺶⺷⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
        "厂亻冂几刂卜兀尢巳幺彑彐忄扌攵旡日月歺母民氵氺灬爫爫丬牛犭王疋目示礻竹糹纟罒羊羊耂肀聿肉臼艹艹艹虎衤覀西见角讠贝足车辶辶辶阝钅長镸长门阝雨青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟",
        strict=True,
    )
)


def unified(text: str) -> str:
    """Return `text` with radicals (U+2E80 to U+2FD5) as the characters they stand for; their number stays the same."""
    if not any("\u2e80" <= c <= "\u2fdf" for c in text):
        return text
    return "".join(
        _SUPPLEMENT.get(c, c) if c < "\u2f00" else unicodedata.normalize("NFKC", c) if c <= "\u2fdf" else c
        for c in text
    )
