"""`make demo` speaks in words."""

from service.records.tables import Document
from tools import demo


def test_what_a_person_should_look_at_is_said_in_words():
    assert demo.look(Document(review_reasons=[])) == ""
    said = demo.look(Document(review_reasons=["low_confidence:currency", "missing:amount"]))
    assert "识别把握不足：币种；缺少字段：金额" in said
    assert "_" not in said
