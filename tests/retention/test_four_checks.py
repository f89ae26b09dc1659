"""RULES Part B, Four checks (DA/T 70-2018): each check by itself, what it concludes and with which evidence."""

from dataclasses import replace

import pytest

from retention.four_checks import (
    ASPECTS,
    CHECKS,
    Finding,
    SeenDocument,
    SeenFile,
    by_check,
    failures,
    judge,
    uncovered,
)

GOOD = SeenDocument("d1", agrees=True)
#: what was seen otherwise -> the check that says so, and its result
CASES = [
    ({"trail": False}, "source", "fail"),
    ({"same_bytes": False}, "digest", "fail"),
    ({"trouble": "damaged"}, "digest", "fail"),
    ({"trouble": "missing"}, "digest", "fail"),
    ({"signatures": ("unchanged", "changed")}, "signature", "fail"),
    ({"signatures": ("unverifiable",)}, "signature", "notice"),
    ({"agrees": False}, "description", "notice"),
    ({"pages_in_file": 3}, "pages", "fail"),
    ({"images": 0}, "pages", "fail"),
    ({"attachments_refused": 2}, "attachments", "notice"),
    ({"lacks": ("category",)}, "metadata", "fail"),
    ({"trouble": "truncated"}, "opens", "fail"),
    ({"trouble": "unsupported_here"}, "opens", "notice"),
    ({"status": "failed"}, "readable", "fail"),
    ({"status": "received"}, "readable", "fail"),
    ({"unread_pages": 1}, "readable", "notice"),
    ({"kept": "failed"}, "long_term", "notice"),
    ({"kept": "waiting"}, "long_term", "notice"),
    ({"trouble": "malware"}, "malware", "fail"),
    ({"scanned": "unscanned"}, "malware", "notice"),
    ({"trouble": "encrypted"}, "encryption", "fail"),
    ({"active": True}, "active", "notice"),
    ({"has_key": False}, "sealed", "fail"),
]


@pytest.mark.parametrize(("other", "check", "result"), CASES)
def test_each_fault_is_told_by_one_check_and_by_no_other(other, check, result):
    findings = judge(SeenFile((replace(GOOD, **other), replace(GOOD, id="d2"))))
    odd = [f for f in findings if f.result != "pass"]
    assert [(f.check, f.result, f.document) for f in odd] == [(check, result, "d1")]
    assert odd[0].why.zh
    assert odd[0].why.en


def test_every_check_is_named_once_with_its_evidence_when_all_is_well():
    findings = judge(SeenFile((GOOD,)))
    assert [f.check for f in findings] == list(CHECKS)
    assert {f.aspect for f in findings} == set(ASPECTS)
    assert all(f.result == "pass" and f.why.zh and f.why.en for f in findings)


def test_an_empty_file_passes_and_says_that_there_was_nothing():
    findings = judge(SeenFile(()))
    assert failures(findings) == ()
    assert "没有电子文件" in findings[0].why.zh


def test_what_lacks_or_left_the_transfer_list_is_an_integrity_fault():
    findings = judge(SeenFile((GOOD,), missing=("1.2", "1.6"), unlisted=("d1",), gone=("d9",)))
    assert failures(findings) == (("slots", ""), ("listed", "d9"))
    assert "1.2, 1.6" in next(f for f in findings if f.check == "slots").why.en
    assert by_check(findings)["listed"] == "fail"


def test_an_exception_covers_what_it_was_given_for_and_nothing_new():
    failed = (("pages", "d1"), ("source", "d2"))
    assert uncovered(failed, failed) == ()
    assert uncovered(failed, [("pages", "d1"), ("source", "d1")]) == (("source", "d2"),)


def test_a_kept_finding_reads_as_it_was_and_a_foreign_one_is_refused():
    findings = judge(SeenFile((replace(GOOD, pages_in_file=2),)))
    assert tuple(Finding.from_dict(f.to_dict()) for f in findings) == findings
    with pytest.raises(ValueError, match="not a finding"):
        Finding.from_dict({"check": "luck", "result": "pass", "document": "", "why": ""})
