"""A model of the review: whatever people try in whatever order, no path leads to a destruction that must not be."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from retention.appraisal import Outcome, Review, destroy, keep_permanently, keep_until
from retention.blockers import FileFacts
from retention.destruction import files_to_destroy
from retention.errors import RetentionError

START = date(2026, 1, 5)
PEOPLE = ("zhou", "li", "sun", "qian", "wu", "feng", "chu", "he")
FILES = ("f1", "f2", "f3")
PERSON = st.sampled_from(PEOPLE)
FILE = st.sampled_from(FILES)
OBSTACLE = st.sampled_from(["holds", "loans", "pending_transfers", "contract_running"])
SEEN: Counter[str] = Counter()


@dataclass
class Model:
    """What happened, written down without the rules: only acts that the review accepted."""

    proposer: str
    group: tuple[str, ...] = ()
    opinions: dict[tuple[str, str], str] = field(default_factory=dict)
    approver: str = ""
    approved_on: date | None = None
    before: list[str] = field(default_factory=list)
    off: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False


class ReviewMachine(RuleBasedStateMachine):
    @initialize(
        proposer=PERSON,
        waiting_days=st.sampled_from([0, 1, 7]),
        late=st.sets(FILE, max_size=1),
        head_start=st.integers(0, 5),
        patient=st.booleans(),
    )
    def start(self, proposer, waiting_days, late, head_start, patient):
        self.today = START
        self.waiting_days = waiting_days
        self.review = Review.propose("r", proposer, FILES, self.today, waiting_days)
        self.model = Model(proposer)
        self.facts = {
            f: FileFacts(
                f,
                f"J001-HT·2015-D10-XS-000{f[1:]}",
                f,
                2015,
                "D10",
                date(2026, 1, 20) if f in late else date(2026, 1, 1),
            )
            for f in FILES
        }
        self.destroyed: set[str] = set()
        for _ in range(head_start):  # so that as many runs begin near the end as at the beginning
            self.advance(keeper=None, patient=patient or self.review.state == "waiting", obstacle=None, file=FILES[0])

    def attempt(self, act, *args):
        """Try an act; return whether it was accepted. A refusal must leave everything as it was."""
        before = self.review.to_dict()
        try:
            getattr(self.review, act)(*args, self.today)
        except RetentionError:
            assert self.review.to_dict() == before
            return False
        SEEN[act] += 1
        return True

    @rule(n=st.integers(0, 5))
    def days_pass(self, n):
        self.today += timedelta(days=n)

    @rule(file=FILE, what=OBSTACLE, on=st.booleans())
    def something_stands_or_passes(self, file, what, on):
        value = on if what == "contract_running" else ("x",) * on
        self.facts[file] = replace(self.facts[file], **{what: value})

    @rule(file=FILE, days=st.integers(1, 30))
    def a_period_is_extended(self, file, days):
        due = self.facts[file].due_on + timedelta(days=days)
        self.facts[file] = replace(self.facts[file], due_on=due)

    @rule(group=st.lists(PERSON, min_size=2, max_size=4))
    def open(self, group):
        if self.attempt("open", group):
            self.model.group = tuple(group)

    @rule(person=PERSON, file=FILE, word=st.sampled_from(["destroy", "destroy", "destroy", "until", "permanently"]))
    def say(self, person, file, word):
        opinion = {
            "destroy": destroy("x"),
            "until": keep_until(date(2031, 1, 1), "x"),
            "permanently": keep_permanently("x"),
        }[word]
        if self.attempt("add_opinion", person, file, opinion):
            self.model.opinions[person, file] = word

    @rule(by=PERSON, person=PERSON, file=FILE)
    def ask_a_co_reviewer(self, by, person, file):
        if self.attempt("ask_co_reviewer", by, person, [file], "x"):
            self.model.asked.append((person, file))

    @rule(keeper=st.none() | FILE)
    def everybody_speaks(self, keeper):
        for person in (*self.review.group, *(person for person, _ in self.model.asked)):
            for file in FILES:
                self.say(person, file, "until" if file == keeper else "destroy")

    @rule(person=PERSON)
    def decide(self, person):
        self.attempt("decide", person)

    @rule(person=PERSON)
    def approve(self, person):
        if self.attempt("approve", person):
            self.model.approver, self.model.approved_on = person, self.today

    @rule(person=PERSON, act=st.sampled_from(["stop", "reject"]), really=st.integers(0, 2))
    def stop(self, person, act, really):
        if really == 0 and self.attempt(act, person, "x"):
            self.model.ended = True

    @rule(person=PERSON, file=FILE, really=st.integers(0, 1))
    def take_off(self, person, file, really):
        if really == 0 and self.attempt("take_off", person, file, "x"):
            self.model.off.add(file)

    @rule(person=PERSON)
    def confirm_before(self, person):
        if self.attempt("confirm_before", person):
            self.model.before.append(person)

    @rule(person=PERSON)
    def begin(self, person):
        if self.attempt("begin", person):
            assert person not in (*self.model.group, self.model.approver, *self.model.before)

    @rule(person=PERSON)
    def confirm_after(self, person):
        self.attempt("confirm_after", person)

    @rule(person=PERSON)
    def certify(self, person):
        self.attempt("certify", person)

    @rule(keeper=st.none() | FILE, patient=st.booleans(), obstacle=st.none() | OBSTACLE, file=FILE)
    def advance(self, keeper, patient, obstacle, file):
        """Somebody does whatever comes next, if anybody can: otherwise few runs would get far."""
        if self.review.state == "proposed":
            self.open([person for person in PEOPLE if person != self.model.proposer][:3])
        elif self.review.state == "appraising":
            if obstacle or not patient:
                self.ask_a_co_reviewer(self.review.group[0], PEOPLE[-1], file)
            self.everybody_speaks(keeper)
            self.decide(self.review.group[0])
        else:
            if patient and self.review.state == "waiting":
                self.today = max(self.today, self.review.execution_from)
            act = {
                "decided": self.approve,
                "waiting": self.confirm_before,
                "supervised": self.begin,
                "executing": lambda person: self.execute(person, obstacle, file),
                "executed": self.confirm_after,
                "verified": self.certify,
            }.get(self.review.state)
            for person in PEOPLE if act else ():
                act(person)

    @rule()
    def it_is_stored_and_read_again(self):
        again = Review.from_dict(json.loads(json.dumps(self.review.to_dict())))
        assert again == self.review
        self.review = again

    @rule(person=PERSON, obstacle=st.none() | OBSTACLE, file=FILE)
    def execute(self, person, obstacle, file):
        """Destroy what may be destroyed; often something comes up at the very last moment."""
        if obstacle:
            self.something_stands_or_passes(file, obstacle, on=True)
        try:
            plan = files_to_destroy(self.review, self.facts, self.today)
        except RetentionError:
            SEEN["refused"] += 1
            return
        model = self.model
        assert not model.ended
        assert model.approved_on is not None
        full_days_between = (self.today - model.approved_on).days - 1
        assert full_days_between >= self.waiting_days or self.waiting_days == 0
        parts = [model.proposer, *model.group, model.approver, *model.before]
        assert len(parts) == len(set(parts)) >= 7
        assert not {person for person, _ in model.asked} & set(parts)
        assert len(model.before) == 2
        for facts in plan.destroy:
            now = self.facts[facts.file_id]
            assert not any((now.holds, now.loans, now.pending_transfers, now.contract_running))
            assert self.today >= now.due_on
            assert facts.file_id not in model.off
            heard = [*model.group, *(person for person, file in model.asked if file == facts.file_id)]
            assert [model.opinions[person, facts.file_id] for person in heard] == ["destroy"] * len(heard)
            SEEN["destroyed"] += 1
        SEEN["blocked"] += len(plan.blocked)
        SEEN["kept"] += len(plan.kept)
        assert {f.file_id for f in plan.destroy} | set(plan.blocked) | set(plan.kept) == set(FILES)
        if self.review.state == "executing":
            gone = {f.file_id for f in plan.destroy}
            outcomes = {
                f: Outcome("destroyed" if f in gone else "blocked" if f in plan.blocked else "kept") for f in FILES
            }
            if self.attempt("finish", person, outcomes):
                self.destroyed = gone

    @invariant()
    def the_parts_exclude_one_another(self):
        model = self.model
        parts = [model.proposer, *model.group, *([model.approver] if model.approver else []), *model.before]
        assert len(parts) == len(set(parts))
        assert not (self.destroyed and model.ended)


def test_no_path_leads_to_a_destruction_that_must_not_be():
    SEEN.clear()
    run_state_machine_as_test(
        ReviewMachine,
        # The same runs every time, so that a failure is the fault of the change and the counts below hold.
        settings=settings(
            max_examples=340,
            stateful_step_count=30,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # The model proves something only if the runs got there.
    for what in (
        "destroyed",
        "blocked",
        "kept",
        "refused",
        "finish",
        "stop",
        "take_off",
        "confirm_after",
        "ask_co_reviewer",
    ):
        assert SEEN[what] > 0, f"no run reached {what}: {SEEN}"
