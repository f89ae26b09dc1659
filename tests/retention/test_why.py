import string

import pytest

from retention.sentences import SENTENCES
from retention.why import Why, because


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_say_the_same_things(key):
    zh, en = SENTENCES[key]
    assert fields(zh) == fields(en)
    assert all(name.isidentifier() for name in fields(zh))


def test_a_reason_survives_being_stored():
    why = because("event", event="signed", on="2026-01-31") + because("hold", matter="{evil.__class__} “甲”")
    assert Why.from_json(why.to_json()) == why
    assert why.zh == "签订手续 2026-01-31 办结；冻结：{evil.__class__} “甲”"
    assert str(why) == why.en == "formalities of signing finished on 2026-01-31; on hold: {evil.__class__} “甲”"
    assert Why.from_json("") == Why()
    assert Why().zh == ""


@pytest.mark.parametrize(
    "text", ["x", "[1]", '[["unknown", {}]]', '[["hold", {}]]', '[["hold", 3]]', "{}x", '[["hold"]]']
)
def test_what_is_no_reason_is_refused(text):
    with pytest.raises(ValueError, match="not a reason"):
        Why.from_json(text)
