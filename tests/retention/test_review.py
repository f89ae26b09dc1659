"""The review step by step: what is refused, and what is left of it in storage."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.appraisal import Opinion, Outcome, Review, Signature, destroy, keep_permanently, keep_until, transfer_out
from retention.blockers import Block, FileFacts
from retention.destruction import (
    REGISTER_COLUMNS,
    certificate,
    certificate_intact,
    files_to_destroy,
    register_rows,
)
from retention.errors import DestructionBlocked, TransitionRefused
from retention.plain import to_plain
from retention.steps import STATES, Paper
from retention.why import because

DAY = date(2026, 11, 2)
GROUP = ("li", "sun", "qian")
PAPER = Paper(2, 3, 1)
FILES = ("f1", "f2", "f3")


def days(n):
    return DAY + timedelta(days=n)


def facts(file_id="f1", **change):
    serial = int(file_id[1:])
    made = FileFacts(
        file_id,
        f"J001-HT·2015-D10-XS-{serial:04}",
        f"采购合同{serial}",
        2015,
        "D10",
        date(2026, 1, 1),
        documents=6,
        pages=19,
    )
    return replace(made, **change)


FACTS = {file_id: facts(file_id) for file_id in FILES}


def appraising(files=FILES, waiting_days=7):
    review = Review.propose("鉴定 2026-02", "zhou", files, DAY, waiting_days)
    review.open(GROUP, DAY)
    return review


def decided(opinions=None, **kw):
    review = appraising(**kw)
    for file_id in review.files:
        for person in GROUP:
            review.add_opinion(
                person, file_id, (opinions or {}).get((person, file_id), destroy("期满，无争议")), days(1)
            )
    review.decide("li", days(1))
    return review


def waiting(opinions=None, **kw):
    review = decided(opinions, **kw)
    review.approve("wu", days(2))
    return review


def supervised(opinions=None, **kw):
    review = waiting(opinions, **kw)
    for person in ("feng", "chu"):
        review.confirm_before(person, review.execution_from)
    return review


def executing(opinions=None, **kw):
    review = supervised(opinions, **kw)
    review.begin("zhou", review.execution_from)
    return review


def executed(outcomes=None, opinions=None, **kw):
    review = executing(opinions, **kw)
    review.finish("zhou", outcomes or dict.fromkeys(review.files, Outcome("destroyed")), review.execution_from)
    return review


def verified(outcomes=None, opinions=None, **kw):
    review = executed(outcomes, opinions, **kw)
    for person in ("chu", "feng"):
        review.confirm_after(person, review.execution_from)
    return review


def certified():
    review = verified()
    review.certify("zhou", review.execution_from)
    return review


def stopped():
    review = waiting()
    review.stop("sun", "质保责任未了", days(3))
    return review


MADE = {
    "proposed": lambda: Review.propose("鉴定 2026-02", "zhou", FILES, DAY),
    "appraising": appraising,
    "decided": decided,
    "waiting": waiting,
    "supervised": supervised,
    "executing": executing,
    "executed": executed,
    "verified": verified,
    "certified": certified,
    "stopped": stopped,
}
LATE = days(30)
ACTS = {
    "open": lambda r: r.open(GROUP, LATE),
    "add_opinion": lambda r: r.add_opinion("li", "f1", destroy("期满"), LATE),
    "decide": lambda r: r.decide("li", LATE),
    "approve": lambda r: r.approve("wu2", LATE),
    "reject": lambda r: r.reject("wu2", "x", LATE),
    "confirm_before": lambda r: r.confirm_before("he", LATE),
    "begin": lambda r: r.begin("zhou", LATE),
    "finish": lambda r: r.finish("zhou", dict.fromkeys(FILES, Outcome("destroyed")), LATE),
    "confirm_after": lambda r: r.confirm_after("feng", LATE),
    "certify": lambda r: r.certify("zhou", LATE),
    "stop": lambda r: r.stop("zhou", "x", LATE),
    "take_off": lambda r: r.take_off("zhou", "f2", "x", LATE),
}
ALLOWED = {
    "proposed": {"open", "stop", "take_off"},
    "appraising": {"add_opinion", "stop", "take_off"},  # decide only once all opinions are in
    "decided": {"approve", "reject", "stop", "take_off"},
    "waiting": {"confirm_before", "stop", "take_off"},
    "supervised": {"begin", "stop", "take_off"},
    "executing": {"finish"},
    "executed": {"confirm_after"},
    "verified": {"certify"},
    "certified": set(),
    "stopped": set(),
}


def test_every_state_can_be_reached():
    assert set(MADE) == set(ALLOWED) == set(STATES)
    for state, make in MADE.items():
        assert make().state == state


@pytest.mark.parametrize("state", MADE)
@pytest.mark.parametrize("act", ACTS)
def test_no_step_is_skipped_and_a_refusal_changes_nothing(state, act):
    review = MADE[state]()
    before = review.to_dict()
    if act in ALLOWED[state]:
        ACTS[act](review)
        assert review.to_dict() != before
    else:
        with pytest.raises(TransitionRefused):
            ACTS[act](review)
        assert review.to_dict() == before


@pytest.mark.parametrize("state", MADE)
def test_a_review_is_stored_and_read_back(state):
    review = MADE[state]()
    again = Review.from_dict(json.loads(json.dumps(review.to_dict())))
    assert again == review
    assert again.state == state


@pytest.mark.parametrize("state", MADE)
def test_only_a_supervised_review_may_be_executed(state):
    assert bool(MADE[state]().may_execute(LATE)) == (state in ("supervised", "executing"))


PARTS = {"proposer": "zhou", "appraiser": "sun", "approver": "wu", "supervisor": "feng"}


@pytest.mark.parametrize(("part", "person"), PARTS.items())
def test_nobody_fills_two_parts(part, person):
    if part == "proposer":
        with pytest.raises(TransitionRefused, match="proposer"):
            MADE["proposed"]().open(("li", "sun", person), DAY)
    if part in ("proposer", "appraiser"):
        with pytest.raises(TransitionRefused, match=part):
            decided().approve(person, days(2))
        with pytest.raises(TransitionRefused, match=part):
            decided().reject(person, "x", days(2))
    review = waiting()
    review.confirm_before("feng", LATE)
    with pytest.raises(TransitionRefused, match=part):
        review.confirm_before(person, LATE)


@pytest.mark.parametrize("group", [(), ("li", "sun"), ("li", "sun", "li"), ("li", "sun", ""), ("li", "sun", " ")])
def test_an_appraisal_group_is_three_different_people(group):
    with pytest.raises(TransitionRefused):
        MADE["proposed"]().open(group, DAY)


def appointed():
    review = decided()
    review.appoint("wu", ("feng", "chu"), days(1))
    return review


def test_those_appointed_have_a_part_at_once_and_can_stop_it():
    for person in ("wu", "feng", "chu"):
        review = appointed()
        assert review.part_of(person) == ("approver" if person == "wu" else "supervisor")
        review.stop(person, "x", days(2))
        assert review.state == "stopped"
        assert Review.from_dict(json.loads(json.dumps(review.to_dict()))) == review


def test_only_those_appointed_act_and_each_in_their_own_part():
    review = appointed()
    for person in ("he", "feng", "zhou", "li"):
        with pytest.raises(TransitionRefused):
            review.approve(person, days(2))
    review.approve("wu", days(2))
    for person in ("he", "wu", "zhou", "li"):
        with pytest.raises(TransitionRefused):
            review.confirm_before(person, LATE)
    review.confirm_before("chu", LATE)
    with pytest.raises(TransitionRefused, match="chu is supervisor"):
        review.confirm_before("chu", LATE)
    review.confirm_before("feng", LATE)
    assert review.state == "supervised"
    assert Review.from_dict(json.loads(json.dumps(review.to_dict()))) == review


@pytest.mark.parametrize(
    ("approver", "supervisors"),
    [
        ("zhou", "ab"),
        ("li", "ab"),
        ("a", ("zhou", "b")),
        ("a", ("b", "li")),
        ("a", "ab"),
        ("a", "bb"),
        ("a", "b"),
        ("a", "bcd"),
        ("", "ab"),
        ("a", ("b", " ")),
    ],
)
def test_an_appointment_that_doubles_parts_is_refused(approver, supervisors):
    with pytest.raises(TransitionRefused):
        decided().appoint(approver, tuple(supervisors), days(1))


def test_an_appointed_person_is_not_taken_into_the_group_and_nobody_is_appointed_after_the_approval():
    review = MADE["proposed"]()
    review.appoint("wu", ("feng", "chu"), DAY)
    with pytest.raises(TransitionRefused, match="feng is supervisor"):
        review.open(("li", "sun", "feng"), DAY)
    with pytest.raises(TransitionRefused, match="not the next step"):
        waiting().appoint("wu2", ("feng", "chu"), LATE)


def test_waiting_seven_full_days_after_the_day_of_approval():
    review = waiting()  # approved on 4 November
    assert review.execution_from == date(2026, 11, 12)
    with pytest.raises(TransitionRefused, match="2026-11-12"):
        review.confirm_before("feng", date(2026, 11, 11))
    assert "等待期至 2026-11-11" in review.may_execute(date(2026, 11, 11)).why.zh
    review.confirm_before("feng", date(2026, 11, 12))
    assert review.state == "waiting"
    review.confirm_before("chu", date(2026, 11, 12))
    assert review.state == "supervised"
    assert review.may_execute(date(2026, 11, 12))


@pytest.mark.parametrize(("waiting_days", "first"), [(0, 2), (1, 4), (7, 10), (30, 33)])
def test_the_waiting_period_is_a_setting(waiting_days, first):
    assert waiting(waiting_days=waiting_days).execution_from == days(first)


@pytest.mark.parametrize("person", ["zhou", "li", "sun", "qian", "wu"])
def test_anyone_with_a_part_can_stop_it_while_it_waits(person):
    review = waiting()
    review.stop(person, "质保责任未了", days(3))
    answer = review.may_execute(LATE)
    assert not answer
    assert answer.why.zh == f"{person} 于 2026-11-05 停止：质保责任未了"


def test_nobody_stops_it_without_a_part_or_a_reason_or_once_it_has_begun():
    with pytest.raises(TransitionRefused, match="no part"):
        waiting().stop("stranger", "x", days(3))
    with pytest.raises(TransitionRefused, match="reason"):
        waiting().stop("wu", " ", days(3))
    with pytest.raises(TransitionRefused):
        executing().stop("wu", "x", LATE)


def test_a_supervisor_can_stop_it_at_the_last_moment():
    review = supervised()
    review.stop("feng", "清册与实物不符", LATE)
    assert review.state == "stopped"


def test_the_approver_can_refuse():
    review = decided()
    with pytest.raises(TransitionRefused, match="reason"):
        review.reject("wu", "", days(2))
    review.reject("wu", "理由不足", days(2))
    assert review.state == "stopped"
    assert Review.from_dict(review.to_dict()) == review


def test_time_does_not_run_backwards():
    review = waiting()
    with pytest.raises(TransitionRefused, match="before the last step"):
        review.stop("wu", "x", days(1))
    assert not supervised().may_execute(days(5))


def test_only_the_group_has_opinions_and_only_on_the_files_of_the_review():
    review = appraising()
    for person, file_id in (("zhou", "f1"), ("stranger", "f1"), ("li", "f9")):
        with pytest.raises(TransitionRefused):
            review.add_opinion(person, file_id, destroy("期满"), DAY)
    with pytest.raises(TransitionRefused, match="no keeping"):
        review.add_opinion("li", "f1", keep_until(DAY, "x"), DAY)


@pytest.mark.parametrize(
    "make",
    [
        lambda: keep_until(LATE, " "),
        lambda: keep_permanently(""),
        lambda: Opinion("keep_until", "x"),
        lambda: Opinion("destroy", "x", LATE),
        lambda: Opinion("perhaps"),
    ],
)
def test_an_opinion_that_cannot_be_is_refused(make):
    with pytest.raises(TransitionRefused):
        make()


def test_a_destruction_needs_a_reason_as_a_keep_does():
    review = appraising()
    with pytest.raises(TransitionRefused, match="destroyed says why"):
        review.add_opinion("li", "f1", destroy(" "), DAY)
    assert review.opinions == {}
    old = of_earlier_releases(decided())
    old["opinions"]["f1"]["li"]["reason"] = ""
    assert Review.from_dict(old).ruling("f1").destroys  # given before it was demanded, and still readable


def test_nothing_is_decided_before_everybody_has_spoken_on_every_file():
    review = appraising()
    for file_id in FILES:
        for person in GROUP[:2]:
            review.add_opinion(person, file_id, destroy("期满"), DAY)
    assert review.missing_opinions() == {"qian": FILES}
    with pytest.raises(TransitionRefused, match=r"qian \(3\)"):
        review.decide("li", DAY)
    assert not review.ruling("f1").destroys
    with pytest.raises(TransitionRefused, match="not in the appraisal group"):
        review.decide("zhou", DAY)


def test_any_keep_wins_and_the_longest_keep_first():
    opinions = {
        ("li", "f1"): keep_until(date(2031, 1, 1), "质保"),
        ("sun", "f1"): keep_until(date(2033, 1, 1), "尾款"),
        ("li", "f2"): keep_permanently("史料"),
        ("qian", "f2"): keep_until(date(2031, 1, 1), "质保"),
    }
    review = supervised(opinions)
    assert (review.ruling("f1").verdict, review.ruling("f1").until) == ("keep_until", date(2033, 1, 1))
    assert review.ruling("f1").why.zh == "鉴定意见：延期至 2033-01-01（尾款）"
    assert review.ruling("f2").verdict == "keep_permanently"
    plan = files_to_destroy(review, FACTS, LATE)
    assert [f.file_id for f in plan.destroy] == ["f3"]
    assert set(plan.kept) == {"f1", "f2"}


@given(st.data())
def test_the_rulings_of_all_files_are_those_of_each(data):
    review = appraising(files=tuple(f"f{n}" for n in range(1, 13)))
    review.ask_co_reviewer("sun", "ma", ("f1", "f2"), "更清楚", DAY)
    kinds = (destroy("期满"), keep_permanently("史料"), keep_until(date(2031, 1, 1), "质保"), transfer_out("馆藏"))
    for person in data.draw(st.permutations(GROUP)):
        for file_id in data.draw(st.lists(st.sampled_from(review.files))):
            review.add_opinion(person, file_id, data.draw(st.sampled_from(kinds)), DAY)
    review.add_opinion("ma", "f1", data.draw(st.sampled_from(kinds)), DAY)
    review.take_off("li", data.draw(st.sampled_from(review.files)), "另议", DAY)
    for one in (review, Review.from_dict(json.loads(json.dumps(review.to_dict())))):
        assert one.rulings() == {file_id: one.ruling(file_id) for file_id in one.files}


def test_a_last_opinion_replaces_the_one_before():
    review = appraising(files=("f1",))
    review.add_opinion("li", "f1", keep_permanently("史料"), DAY)
    review.add_opinion("li", "f1", destroy("期满"), DAY)
    for person in GROUP[1:]:
        review.add_opinion(person, "f1", destroy("期满"), DAY)
    assert review.ruling("f1").destroys


def test_a_file_taken_off_is_not_destroyed():
    review = supervised()
    review.take_off("chu", "f2", "清点不到", LATE)
    plan = files_to_destroy(review, FACTS, LATE)
    assert [f.file_id for f in plan.destroy] == ["f1", "f3"]
    assert plan.kept["f2"].why.zh == "已从清册撤下：chu，清点不到"
    assert Review.from_dict(json.loads(json.dumps(review.to_dict()))) == review
    for person, file_id, reason in (("x", "f1", "r"), ("chu", "f1", ""), ("chu", "f2", "r"), ("chu", "f9", "r")):
        with pytest.raises(TransitionRefused):
            review.take_off(person, file_id, reason, LATE)


def test_only_the_proposer_or_somebody_without_a_part_carries_it_out():
    for person in ("li", "wu", "feng"):
        review = supervised()
        with pytest.raises(TransitionRefused, match="cannot carry it out"):
            review.begin(person, LATE)
        assert review.state == "supervised"
    for person in ("zhou", "somebody"):
        review = supervised()
        review.begin(person, LATE)
        assert review.state == "executing"


def test_a_destruction_that_was_begun_before_this_was_demanded_stays_readable():
    data = json.loads(json.dumps(executing().to_dict()))
    data["signatures"][-1]["person"] = "feng"
    assert Review.from_dict(data).state == "executing"


def test_whoever_takes_off_the_file_that_lacked_opinions_closes_the_appraisal_in_their_own_name():
    review = appraising()
    review.appoint("wu", ("feng", "chu"), DAY)
    for file_id in FILES[:2]:
        for person in GROUP:
            review.add_opinion(person, file_id, destroy("期满"), DAY)
    review.take_off("feng", "f3", "清点不到", DAY)
    assert review.state == "decided"
    assert review.signatures[-1] == Signature("decide", "feng", DAY)
    assert Review.from_dict(json.loads(json.dumps(review.to_dict()))) == review


def test_a_review_with_no_file_left_is_stopped_by_whoever_took_off_the_last():
    for made in (appraising, decided, waiting, supervised):
        review = made()
        for file_id in FILES:
            assert review.state != "stopped"
            review.take_off("sun", file_id, "清点不到", LATE)
        assert review.state == "stopped"
        assert review.signatures[-1] == Signature("stop", "sun", LATE, "清点不到")
        assert not review.may_execute(LATE)
        assert Review.from_dict(json.loads(json.dumps(review.to_dict()))) == review


def test_each_file_is_checked_again_at_the_moment_of_destruction():
    now = {
        "f1": facts("f1"),
        "f2": facts("f2", holds=("（2026）川01民初118号",), loans=("陈立",)),
        "f3": facts("f3", due_on=date(2031, 1, 1)),
    }
    plan = files_to_destroy(executing(), now, LATE)
    assert [f.file_id for f in plan.destroy] == ["f1"]
    assert {f: [b.kind for b in found] for f, found in plan.blocked.items()} == {
        "f2": ["hold", "loan"],
        "f3": ["not_due"],
    }


def test_a_file_of_which_nothing_is_known_now_is_blocked():
    plan = files_to_destroy(executing(), {"f1": facts("f1"), "f2": facts("f3")}, LATE)
    assert {f: [b.kind for b in found] for f, found in plan.blocked.items()} == {"f2": ["no_facts"], "f3": ["no_facts"]}


def test_a_destruction_blocker_is_asked_for_every_file():
    class Pending:
        def blocks(self, file_id, today):
            return [Block("appraisal", because("undecided"))] if file_id == "f2" else []

    plan = files_to_destroy(executing(), FACTS, LATE, [Pending()])
    assert [f.file_id for f in plan.destroy] == ["f1", "f3"]

    class Down:
        def blocks(self, file_id, today):
            raise RuntimeError("cannot be asked")

    with pytest.raises(RuntimeError):
        files_to_destroy(executing(), FACTS, LATE, [Down()])


@pytest.mark.parametrize("state", [s for s in MADE if s not in ("supervised", "executing")])
def test_no_list_comes_out_of_a_review_that_may_not_be_executed(state):
    with pytest.raises(DestructionBlocked):
        files_to_destroy(MADE[state](), FACTS, LATE)


def test_what_was_to_be_kept_cannot_be_noted_as_destroyed():
    review = executing({("li", "f1"): keep_permanently("史料")})
    everything = dict.fromkeys(FILES, Outcome("destroyed"))
    with pytest.raises(TransitionRefused, match="f1 cannot have been destroyed"):
        review.finish("zhou", everything, LATE)
    with pytest.raises(TransitionRefused, match="needs an outcome"):
        review.finish("zhou", {"f2": Outcome("destroyed")}, LATE)
    review.finish("zhou", everything | {"f1": Outcome("kept", "永久保管")}, LATE)
    assert review.state == "executed"


def test_both_supervisors_and_nobody_else_confirm_afterwards():
    review = executed()
    with pytest.raises(TransitionRefused, match="did not supervise"):
        review.confirm_after("he", LATE)
    review.confirm_after("feng", LATE)
    with pytest.raises(TransitionRefused, match="other supervisor"):
        review.confirm_after("feng", LATE)
    assert review.state == "executed"
    review.confirm_after("chu", LATE)
    assert review.state == "verified"


def test_the_register_has_the_customary_columns():
    assert [zh for zh, _ in REGISTER_COLUMNS.values()] == [
        "序号",
        "题名",
        "年度",
        "档号",
        "应保管期限",
        "已保管期限",
        "页数",
        "备注",
    ]
    rows = register_rows(supervised({("li", "f2"): keep_permanently("史料")}), FACTS, LATE)
    assert [row.cells() for row in rows] == [
        (1, "采购合同1", 2015, "J001-HT·2015-D10-XS-0001", "10 年", "11 年", 19, "鉴定意见一致：销毁（期满，无争议）"),
        (2, "采购合同3", 2015, "J001-HT·2015-D10-XS-0003", "10 年", "11 年", 19, "鉴定意见一致：销毁（期满，无争议）"),
    ]


def test_the_certificate_says_who_did_what_and_cannot_be_changed_unseen():
    outcomes = {"f1": Outcome("destroyed"), "f2": Outcome("blocked", "冻结"), "f3": Outcome("destroyed")}
    review = verified(outcomes)
    rows = register_rows(review, FACTS, LATE)
    data = json.loads(json.dumps(certificate(review, rows, "J001", {"f1": {"keys_left": 0}})))
    assert certificate_intact(data)
    assert (data["files"], data["pages"], data["group_head"], data["approver"]) == (2, 38, "li", "wu")
    assert data["supervisors"] == ["feng", "chu"]
    assert data["destroyed_on"] == "2026-11-12"
    assert data["appraised_on"] == dict.fromkeys(GROUP, days(1).isoformat())
    assert data["not_destroyed"] == {"f2": "冻结"}
    assert [row["archive_number"][-4:] for row in data["rows"]] == ["0001", "0003"]
    for change in ({"approver": "x"}, {"rows": data["rows"][:1]}, {"proofs": {}}):
        assert not certificate_intact(data | change)
    with pytest.raises(TransitionRefused, match="rows of the register"):
        certificate(review, rows[:1], "J001")
    with pytest.raises(TransitionRefused, match="follows the verification"):
        certificate(executed(), rows, "J001")


def of_earlier_releases(review):
    """A stored review whose opinions are kept file by file."""
    opinions = {f: {who: to_plain(o) for who, o in row.items()} for f, row in review.opinions.items()}
    return json.loads(json.dumps(review.to_dict() | {"opinions": opinions}))


def forge(**change):
    data = of_earlier_releases(supervised())
    for path, value in change.items():
        data[path] = value(data[path])
    return data


@pytest.mark.parametrize(
    "change",
    [
        {"state": lambda _: "verified"},
        {"waiting_days": lambda _: 100},
        {"signatures": lambda rows: rows[:-1]},
        {"signatures": lambda rows: [r for r in rows if r["act"] != "approve"]},
        {"signatures": lambda rows: [r | {"person": "feng"} if r["act"] == "confirm_before" else r for r in rows]},
        {"signatures": lambda rows: [r | {"person": "zhou"} if r["act"] == "approve" else r for r in rows]},
        {"signatures": lambda rows: [r | {"on": "2026-11-05"} if r["act"] == "confirm_before" else r for r in rows]},
        {"signatures": lambda rows: [*rows, {"act": "pray", "person": "x", "on": "2026-12-01", "note": ""}]},
        {"signatures": lambda rows: rows[1:]},
        {"signatures": lambda _: []},
        {"signatures": lambda rows: [r | {"on": "no date"} for r in rows]},
        {"group": lambda group: group[:2]},
        {"group": lambda group: [*group, "zhou"]},
        {"opinions": lambda o: {"f1": o["f1"], "f2": o["f2"]}},
        {"opinions": lambda o: o | {"f9": o["f1"]}},
        {"opinions": lambda o: o | {"f1": o["f1"] | {"stranger": o["f1"]["li"]}}},
        {"taken_off": lambda _: {"f1": {"person": "stranger", "on": "2026-11-03", "reason": "x"}}},
        {"taken_off": lambda _: {"f9": {"person": "zhou", "on": "2026-11-03", "reason": "x"}}},
        {"files": lambda files: [*files, "f4"]},
        {"files": lambda files: [*files, "f1"]},
        {"number": lambda _: None},
        {"appointed": lambda _: {"approver": ["someone"], "supervisor": ["feng", "chu"]}},
        {"appointed": lambda _: {"approver": ["wu"], "supervisor": ["feng", "li"]}},
        {"appointed": lambda _: {"approver": [], "supervisor": ["feng", "chu"]}},
    ],
)
def test_a_stored_review_that_the_rules_would_not_have_made_is_refused(change):
    assert Review.from_dict(forge()) == supervised()
    with pytest.raises(TransitionRefused):
        Review.from_dict(forge(**change))


@pytest.mark.parametrize(
    ("number", "proposer", "files", "waiting_days"),
    [
        ("", "zhou", ["f1"], 7),
        ("n", " ", ["f1"], 7),
        ("n", "zhou", [], 7),
        ("n", "zhou", [""], 7),
        ("n", "zhou", ["f1", "f1"], 7),
        ("n", "zhou", ["f1"], -1),
    ],
)
def test_a_proposal_that_cannot_be_is_refused(number, proposer, files, waiting_days):
    with pytest.raises(TransitionRefused):
        Review.propose(number, proposer, files, DAY, waiting_days)


# --- paper beside the electronic part ---


def with_paper(paper: Paper | None = PAPER) -> Review:
    review = executing()
    review.finish("zhou", {f: Outcome("destroyed") for f in review.files}, review.execution_from, paper)
    return review


def test_the_supervisors_confirm_only_after_the_paper_is_gone():
    review = with_paper()
    first, second = review.supervisors
    for person in (first, second):
        with pytest.raises(TransitionRefused, match="paper"):
            review.confirm_after(person, LATE)
    for person in (first, GROUP[0], review.approver):
        with pytest.raises(TransitionRefused, match="cannot carry it out"):
            review.note_paper(person, "化浆", LATE)
    with pytest.raises(TransitionRefused, match="how and where"):
        review.note_paper("zhou", "  ", LATE)
    review.note_paper("zhou", "成都纸业公司化浆", LATE)
    with pytest.raises(TransitionRefused, match="was destroyed on"):
        review.note_paper("zhou", "粉碎", LATE)
    assert Review.from_dict(json.loads(json.dumps(review.to_dict()))) == review
    review.confirm_after(first, LATE)
    review.confirm_after(second, LATE)
    said = certificate(review, register_rows(review, FACTS, LATE), "J001")
    assert said["paper"] == {**to_plain(PAPER), "person": "zhou", "on": LATE.isoformat(), "how": "成都纸业公司化浆"}
    assert certificate_intact(said)


def test_without_paper_there_is_nothing_to_note_and_before_the_execution_neither():
    for review in (with_paper(None), with_paper(Paper(0, 0, 0))):
        assert review.paper is None
        with pytest.raises(TransitionRefused, match="have no paper"):
            review.note_paper("zhou", "化浆", LATE)
        review.confirm_after(review.supervisors[0], LATE)
    with pytest.raises(TransitionRefused, match="not the next step"):
        executing().note_paper("zhou", "化浆", LATE)


@pytest.mark.parametrize("wrong", [{"person": GROUP[0]}, {"how": " "}, {"person": "feng"}])
def test_paper_that_cannot_have_gone_so_is_not_read(wrong):
    review = with_paper()
    review.note_paper("zhou", "化浆", LATE)
    data = review.to_dict()
    with pytest.raises(TransitionRefused, match="cannot have destroyed the paper"):
        Review.from_dict({**data, "paper_gone": {**data["paper_gone"], **wrong}})
    with pytest.raises(TransitionRefused):
        Review.from_dict({**data, "paper": None})
