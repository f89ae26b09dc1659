"""Transfer to an outside archive as a state machine (档案法 2020; RULES Part B): whatever is tried, in whatever order, no step is left out."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.appraisal import destroy, keep_permanently, keep_until, transfer_out
from retention.errors import TransitionRefused
from retention.opinions import Opinion, combine
from retention.outside import ACTS, CLOSED, STATES, OutsideTransfer, Receipt

DAY = date(2026, 11, 25)
MANIFEST = "a" * 64


def receipt(**more: object) -> Receipt:
    given = {"kind": "paper", "manifest": MANIFEST, "by": "王馆员", "on": DAY, "number": "收 1", "document_id": "d"}
    return Receipt(**{**given, **more})  # type: ignore[arg-type]  # a test gives what it likes


def do(transfer: OutsideTransfer, act: str, person: str, day: date) -> None:
    """Do one act with sound particulars."""
    if act == "pack":
        transfer.pack(person, "市档案馆", "", MANIFEST, {"d1": "0" * 64}, day)
    elif act == "receipt":
        transfer.enter_receipt(person, receipt(on=day), day)
    elif act in ("refuse", "cancel"):
        getattr(transfer, act)(person, "理由", day)
    else:
        getattr(transfer, act)(person, day)


def led_to(state: str) -> OutsideTransfer:
    transfer = OutsideTransfer("J001-HT·2010-D10-XS-0001")
    steps = {
        "decided": (),
        "packed": ("pack",),
        "handed_over": ("pack", "hand_over"),
        "receipted": ("pack", "hand_over", "receipt"),
        "verified": ("pack", "hand_over", "receipt", "verify"),
        "removing": ("pack", "hand_over", "receipt", "verify", "remove"),
        "removed": ("pack", "hand_over", "receipt", "verify", "remove", "finish"),
        "cancelled": ("cancel",),
    }
    for act in steps[state]:
        do(transfer, act, "second" if act == "verify" else "first", DAY)
    assert transfer.state == state
    return transfer


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_done_in_its_states_and_refused_in_every_other(state, act):
    transfer = led_to(state)
    before = transfer.to_dict()
    person = "third"
    if state in ACTS[act][0]:
        do(transfer, act, person, DAY)
        assert transfer.state == ACTS[act][1]
    else:
        with pytest.raises(TransitionRefused):
            do(transfer, act, person, DAY)
        assert transfer.to_dict() == before
    assert OutsideTransfer.from_dict(transfer.to_dict()) == transfer


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from(["first", "second", "third"]), st.integers(-1, 2)),
        max_size=25,
    )
)
def test_whatever_is_tried_nothing_is_removed_without_all_steps_and_two_people(tries):
    transfer, day = OutsideTransfer("J001"), DAY
    for act, person, later in tries:
        before = transfer.to_dict()
        try:
            do(transfer, act, person, day + timedelta(days=later))
        except TransitionRefused:
            assert transfer.to_dict() == before
        else:
            day = max(day, transfer.signatures[-1].on)
    acts = [signed.act for signed in transfer.signatures]
    days = [signed.on for signed in transfer.signatures]
    assert days == sorted(days)
    if transfer.state in ("removing", "removed"):
        order = [len(acts) - 1 - acts[::-1].index(act) for act in ("pack", "hand_over", "receipt", "verify", "remove")]
        assert order == sorted(order)
        assert transfer.by("verify") not in (transfer.by("hand_over"), transfer.by("receipt"), transfer.by("remove"))
        assert transfer.receipt is not None
        assert transfer.receipt.manifest == transfer.manifest
        assert "cancel" not in acts
    assert OutsideTransfer.from_dict(transfer.to_dict()) == transfer


@pytest.mark.parametrize(
    "wrong",
    [
        {"manifest": "b" * 64},
        {"by": " "},
        {"on": DAY - timedelta(days=1)},
        {"on": DAY + timedelta(days=1)},
        {"kind": "signed", "public_key": "c" * 64},
    ],
)
def test_a_receipt_for_something_else_changes_nothing(wrong):
    transfer = led_to("handed_over")
    before = transfer.to_dict()
    with pytest.raises(TransitionRefused):
        transfer.enter_receipt("first", receipt(**wrong), DAY)
    assert transfer.to_dict() == before


def test_who_handed_over_does_not_verify_and_who_verified_does_not_remove():
    transfer = led_to("receipted")
    with pytest.raises(TransitionRefused, match="another person verifies"):
        transfer.verify("first", DAY)
    transfer.verify("second", DAY)
    with pytest.raises(TransitionRefused, match="another person removes"):
        transfer.remove("second", DAY)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said["signatures"].pop(3),  # the verification is gone
        lambda said: said["signatures"].insert(0, said["signatures"][-1]),
        lambda said: said["signatures"][3].update(person="first"),
        lambda said: said["signatures"][4].update(act="destroy"),
        lambda said: said.update(receipt=None),
        lambda said: said["receipt"].pop("by"),
        lambda said: said.pop("signatures"),
        lambda said: said["signatures"][2].update(on="2026-02-30"),
    ],
)
def test_what_was_changed_in_the_database_is_not_believed(change):
    said = led_to("removing").to_dict()
    change(said)
    with pytest.raises(TransitionRefused):
        OutsideTransfer.from_dict(said)


def test_closed_is_where_nothing_more_happens():
    for state in CLOSED:
        assert not [act for act, (origins, _to) in ACTS.items() if state in origins]


# --- what the group says ---


def test_a_keep_wins_over_a_transfer_and_a_transfer_over_a_destruction():
    go, leave, keep = destroy("期满"), transfer_out("史料"), keep_until(date(2030, 1, 1), "诉讼")
    assert combine([go, go, leave], 3).leaves
    assert not combine([go, go, leave], 3).destroys
    assert combine([leave, keep, go], 3).verdict == "keep_until"
    assert combine([leave, keep_permanently("史料"), go], 3).verdict == "keep_permanently"
    assert not combine([go, leave], 3).leaves  # one has not spoken
    with pytest.raises(TransitionRefused, match="says why"):
        Opinion("transfer_out", " ")
