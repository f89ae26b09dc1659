"""The life of files as a model (RULES B2, B3, B6 and Part B): whatever people do in whatever order, on the real flow, killed or not.

Ten thousand steps and more through tables, trail, counters and store; `tests/retention/test_review_machine.py` walks as many of the rules
of a review alone.
"""

import io
import os
import shutil
import sqlite3
import tempfile
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from retention.categories import CONTRACT_CATEGORIES
from retention.outside import CLOSED
from service.bootstrap import build
from service.errors import KNOWN_ERRORS
from service.flow.archive import destroy, holds, ledger, loans, outside, reviews, transfers
from service.flow.archive.checks import verify_audit
from service.flow.archive.erase import look
from service.flow.intake.receive import receive
from service.records.tables import (
    AccessRequest,
    AuditEntry,
    CaseFile,
    Contract,
    Document,
    Hold,
    HoldFile,
    NotApplicableMark,
    OutsideTransferRecord,
    ReviewRecord,
    Transfer,
)
from service.settings import load
from tests.retention import oracle
from tests.service.conftest import OWNER, embedded_env, open_office
from tests.thorough import THOROUGH, so_many
from tools.bench_destruction import write_pdf

START = date(2024, 1, 2)
PEOPLE = ("handler", "administrator", "archivist", "head", "auditor", "first", "second", "third", "fourth", "fifth")
WHO = st.sampled_from(PEOPLE)
ANY = st.integers(0, 3)  # which of the things there are
AMOUNTS = ("48000.00", "49999.99", None, "50000.00", "9999999.99", "10000000.00")
EVENTS = ("performed", "amended", "terminated", "signed")
STEPS = ("opinion", "approve", "supervise", "off", "execute", "stop")
#: What is done next with a file that leaves for an outside archive, and by whom.
NEXT = {
    "decided": ("pack", "archivist"),
    "packed": ("hand_over", "archivist"),
    "handed_over": ("receipt", "archivist"),
    "receipted": ("verify", "administrator"),
    "verified": ("remove", "archivist"),
}
OUTSIDE = ("pack", "hand_over", "receipt", "refuse", "verify", "remove", "cancel")
WHAT = (
    *(
        "enter",
        "finish",
        "finish",
        "cancel",
        "transfer",
        "transfer",
        "bring",
        "bring",
        "archive",
        "hold",
        "let go",
        "let go",
    ),
    *(
        "loan",
        "loan",
        "days",
        "years",
        "propose",
        "propose",
        "step",
        "step",
        "advance",
        "advance",
        "advance",
        "leave",
        "leave",
        "restart",
    ),
)
SEEN: Counter[str] = Counter()


class _Killed(BaseException):
    """The process ends here."""


@dataclass
class Model:
    """What was accepted, written down without asking the program. period: the longest each file ever had by the oracle."""

    amounts: dict[str, Decimal | None] = field(default_factory=dict)
    ended: dict[str, date] = field(default_factory=dict)
    period: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)
    lent: set[str] = field(default_factory=set)
    destroyed: set[str] = field(default_factory=set)
    leaving: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    said: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    off: set[tuple[str, str]] = field(default_factory=set)
    approved: dict[str, tuple[str, date]] = field(default_factory=dict)
    confirmed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class Life(RuleBasedStateMachine):
    where: Path

    @initialize(
        head_start=st.integers(0, 12), amounts=st.tuples(*[st.sampled_from(AMOUNTS)] * 2), n=st.sampled_from((1, 9))
    )
    def open(self, head_start, amounts, n):
        self.folder = tempfile.TemporaryDirectory(dir=self.where)
        self.office = open_office(embedded_env(Path(self.folder.name) / "home"))
        self.today, self.model = START, Model()
        self.house.clock.move_to(START)
        self.contracts: list[tuple[str, str]] = []
        self.watch = sqlite3.connect(self.house.settings.home / "juanzong.db")
        self.stood: tuple[int, tuple] = (-1, ())
        self.held_at = -1
        for amount in amounts:
            self.enter(amount, signed=True, back=0)
        # As many runs begin near the end of a life as at its beginning.
        ahead = [
            *(lambda at=at: self.finish(at, "performed", 0) for at in (0, 1)),
            *(lambda at=at: self.bring(at, 0) for at in (0, 1)),
            lambda: self.years_pass(0, short=False),
            lambda: self.propose("archivist", all_of_them=False, mixed=False),
            *(lambda: self.advance(0, n, patient=True, die=0) for _ in range(4)),
            *(lambda: self.leave(0, 1, "archivist", yes=True) for _ in range(2)),
        ]
        for step in ahead[:head_start]:
            step()

    def teardown(self):
        if hasattr(self, "office"):
            assert verify_audit(self.house, OWNER).ok
            self.watch.close()
            self.house.database.dispose()
            self.folder.cleanup()

    @property
    def house(self):
        return self.office.house

    # --- helpers ---

    def attempt(self, what, act, *args, **more):
        """Try an act; returns (whether it was accepted, its result). A refusal leaves no trace of any kind."""
        before = self.standing()
        try:
            found = act(self.house, *args, **more)
        except KNOWN_ERRORS:
            assert self.standing() == before, f"{what} was refused and left something"
            SEEN[f"no {what}"] += 1
            return False, None
        SEEN[what] += 1
        return True, found

    def version(self):
        """Return a number that is another one after whatever was written to the database."""
        return self.watch.execute("PRAGMA data_version").fetchone()[0]

    def standing(self):
        if self.stood[0] != (now := self.version()):
            self.stood = now, self.stands()
        return self.stood[1]

    def stands(self):
        with self.house.database.read() as session:
            return (
                session.execute(select(Contract.id, Contract.status, Contract.ended_on)).all(),
                session.execute(select(CaseFile.id, CaseFile.state, CaseFile.archive_number, CaseFile.due_on)).all(),
                session.execute(select(Transfer.id, Transfer.state, Transfer.decided_by)).all(),
                session.execute(select(Hold.id, Hold.release_asked_by, Hold.released_by)).all(),
                session.execute(select(ReviewRecord.id, ReviewRecord.version)).all(),
                session.execute(select(AccessRequest.id, AccessRequest.state)).all(),
                session.execute(select(OutsideTransferRecord.id, OutsideTransferRecord.state)).all(),
                session.scalar(select(func.count()).select_from(AuditEntry)),
            )

    def one(self, table, at, *where):
        """Return the `at`-th row that fits, counted round; None when there is none."""
        with self.house.database.read() as session:
            rows = list(session.scalars(select(table).where(*where).order_by(table.id)))
        return rows[at % len(rows)] if rows else None

    @contextmanager
    def killed_at(self, which):
        """End the process before the `which`-th commit from here on; what was not committed is gone."""
        real, passed = self.house.database.write, [0]

        @contextmanager
        def write():
            with real() as session:
                yield session
                passed[0] += 1
                if passed[0] == which:
                    session.flush()
                    raise _Killed

        self.house.database.write = write
        try:
            yield
        except _Killed:
            SEEN["killed"] += 1
            self.restart()
            destroy.resume(self.house)
            outside.resume(self.house)
        else:
            self.house.database.write = real

    def restart(self):
        self.house.database.dispose()
        self.office.house = build(load(self.office.env))
        self.house.clock.move_to(self.today)

    @rule(what=st.sampled_from(WHAT), at=ANY, n=st.integers(0, 9), who=WHO, yes=st.booleans())
    def act(self, what, at, n, who, yes):
        """One thing that happens: of what there is, `at` says which; n, who and yes are for the rest."""
        SEEN["steps"] += 1
        pick = {
            "enter": lambda: self.enter(AMOUNTS[n % len(AMOUNTS)], signed=n > 1, back=at),
            "finish": lambda: self.finish(at, EVENTS[n % len(EVENTS)], n - 1 if yes else 0),
            "cancel": lambda: self.cancel(at, who if n else "handler"),
            "transfer": lambda: self.transfer(
                at, PEOPLE[n % 3] if yes else who, ("hand_over", "accept", "return")[n % 3]
            ),
            "bring": lambda: self.bring(at, n if yes else 0),
            "archive": lambda: self.archive(at, who),
            "hold": lambda: self.hold(at, who if n > 7 else "head", yes),
            "let go": lambda: self.let_go(at, who if n > 7 else ("head", "archivist")[yes], ("ask", "release")[n % 2]),
            "loan": lambda: self.loan(
                at, ("handler", "archivist")[n % 4 > 0] if yes else who, ("ask", "lend", "refuse", "back")[n % 4]
            ),
            "days": lambda: self.days_pass(5 * n + 1),
            "years": lambda: self.years_pass(at, short=n > 7),
            "propose": lambda: self.propose("archivist" if n else who, all_of_them=n > 7, mixed=yes),
            "step": lambda: self.step(at, who, STEPS[n % len(STEPS)], at),
            "advance": lambda: self.advance(at, n, patient=yes or n > 2, die=n if yes else 0),
            "leave": lambda: self.leave(at, n, who, yes=yes),
            "restart": self.restart,
        }
        pick[what]()

    # --- contracts and their events ---

    def enter(self, amount, signed, back):
        given = ledger.ContractInput(
            department_id=self.office.department_id,
            title="合同",
            counterparty="云桥智联信息技术有限公司",
            handler_id=self.office["handler"].person_id,
            amount=amount or "",
            signed_on=(self.today - timedelta(days=back)).isoformat() if signed else "",
        )
        done, contract = self.attempt("enter", ledger.create_contract, self.office["handler"], given)
        if done:
            with self.house.database.read() as session:
                file_id = session.scalars(select(CaseFile.id).where(CaseFile.contract_id == contract.id)).one()
            self.contracts.append((contract.id, file_id))
            self.model.amounts[file_id] = Decimal(amount) if amount else None
            with self.house.database.write() as session:  # every category but none of them needs a paper here
                for code in CONTRACT_CATEGORIES:
                    mark = {"reason": "无", "said_by": "person:handler", "said_at": self.house.clock.now()}
                    session.add(NotApplicableMark(case_file_id=file_id, category=code, **mark))

    def finish(self, at, kind, back):
        if not self.contracts:
            return
        contract_id, file_id = self.contracts[at % len(self.contracts)]
        day = self.today - timedelta(days=back)
        done, _ = self.attempt(kind, ledger.finish_event, self.office["handler"], contract_id, kind, day.isoformat())
        if done:
            assert back >= 0, "an event was recorded before it happened"
            assert file_id not in self.model.destroyed
            if kind in ("performed", "terminated"):
                assert file_id not in self.model.ended, "a contract ended twice"
                self.model.ended[file_id] = day

    def cancel(self, at, who):
        if self.contracts:
            self.attempt(
                "cancel", ledger.cancel_contract, self.office[who], self.contracts[at % len(self.contracts)][0], "废"
            )

    # --- transfers ---

    def transfer(self, at, who, act):
        row = self.one(Transfer, at, Transfer.state != "accepted")
        if row is None:
            return
        doing = {"hand_over": transfers.hand_over, "accept": transfers.accept, "return": transfers.return_file}[act]
        more = ("缺页",) if act == "return" else ()
        done, _ = self.attempt(act, doing, self.office[who], row.id, *more)
        if done and act != "hand_over":
            assert f"person:{who}" not in (row.handed_over_by, row.handed_over_for), "one person signed for both sides"

    def bring(self, at, die):
        """Bring all that is open of a file into the archive room, as those do whose work it is."""
        if not self.contracts:
            return
        _, file_id = self.contracts[at % len(self.contracts)]
        handler, administrator = self.office["handler"], self.office["administrator"]
        with self.killed_at(die or -1):
            for stage, giver in (("handler", handler), ("archive", administrator)):
                mine = Transfer.case_file_id == file_id, Transfer.stage == stage, Transfer.state != "accepted"
                with self.house.database.read() as session:
                    rows = list(session.scalars(select(Transfer).where(*mine)))
                for row in rows:
                    if row.state != "handed_over":
                        self.attempt("hand_over", transfers.hand_over, giver, row.id)
                    if stage == "handler":
                        self.attempt("accept", transfers.accept, administrator, row.id)
            self.archive_one(file_id, "archivist")
        self.every_date_is_the_oracles()

    def archive_one(self, file_id, who):
        self.attempt("archive", transfers.archive, self.office[who], file_id)

    def archive(self, at, who):
        if self.contracts:
            self.archive_one(self.contracts[at % len(self.contracts)][1], who)

    # --- holds and loans ---

    def hold(self, at, who, second):
        chosen = {file_id for _, file_id in self.contracts[at : at + 1 + second]}
        if not chosen:
            return
        done, hold = self.attempt("hold", holds.place_hold, self.office[who], "（2026）1号", "诉讼", sorted(chosen))
        if done:
            assert not chosen & self.model.destroyed
            self.model.held[hold.id] = chosen

    def let_go(self, at, who, act):
        hold = self.one(Hold, at, Hold.released_at.is_(None))
        if hold is None:
            return
        if act == "ask":
            self.attempt("ask release", holds.ask_release, self.office[who], hold.id, "结案")
        elif self.attempt("release", holds.release, self.office[who], hold.id)[0]:
            assert hold.release_asked_by not in (None, f"person:{who}"), "one person released a hold alone"
            del self.model.held[hold.id]

    def loan(self, at, who, act):
        if act == "ask":
            if self.contracts:
                file_id = self.contracts[at % len(self.contracts)][1]
                if self.attempt("loan", loans.ask, self.office[who], file_id, "核对")[0]:
                    assert file_id not in self.model.destroyed
            return
        row = self.one(AccessRequest, at, AccessRequest.state == ("lent" if act == "back" else "asked"))
        if row is None:
            return
        if act == "back":
            if self.attempt("back", loans.give_back, self.office[who], row.id, "whole")[0]:
                self.model.lent.discard(row.id)
            return
        back = (self.today + timedelta(days=14)).isoformat()
        given = {"grant": act == "lend", "due_back": back, "reason": "无"}
        if self.attempt(act, loans.decide_loan, self.office[who], row.id, **given)[0]:
            assert row.reader_id != self.office[who].person_id, "somebody decided on their own request"
            assert row.case_file_id not in self.model.destroyed
            if act == "lend":
                self.model.lent.add(row.id)

    # --- time ---

    def days_pass(self, n):
        self.today += timedelta(days=n)
        self.house.clock.move_to(self.today)

    def years_pass(self, at, short):
        """To the day on which a file may first be destroyed by the oracle, or the day before."""
        days = [day for file_id in self.model.period if (day := self.due(file_id)) and day > self.today]
        if days:
            self.today = days[at % len(days)] - timedelta(days=int(short))
            self.house.clock.move_to(self.today)

    def due(self, file_id):
        return oracle.destroyable(self.model.ended.get(file_id), self.model.period[file_id])

    # --- reviews ---

    def propose(self, who, all_of_them, mixed):
        chosen = [file_id for _, file_id in self.contracts]
        if not all_of_them:
            chosen = [file.id for file in reviews.candidates(self.house, self.office["archivist"])]
        if not chosen:
            return
        ids = {name: self.office[name].person_id for name in PEOPLE}
        group = [ids["first"], ids["second"], ids["first" if mixed and all_of_them else "third"]]
        supervisors = [ids["fourth"], ids["fifth"]]
        done, _ = self.attempt("propose", reviews.propose, self.office[who], chosen, group, ids["head"], supervisors)
        if done:
            for file_id in chosen:
                assert self.due(file_id) <= self.today, "a file that is not due got onto a list"

    def leave(self, at, n, who, *, yes):
        """Those whose step is next on the way to an outside archive do it, a few of them; or anybody tries anything."""
        for _ in range(n % 5 + 1 if yes else 1):
            row = self.one(OutsideTransferRecord, at, OutsideTransferRecord.state.not_in(CLOSED))
            if row is None:
                return
            if yes and row.state in NEXT:
                act, doer = NEXT[row.state]
            else:
                act, doer = OUTSIDE[n % len(OUTSIDE)], who if n % 2 else "archivist"
            with self.killed_at(n if act == "remove" and n < 6 else -1):
                self.attempt(f"out {act}", self.doing(row, act), self.office[doer])
            with self.house.database.read() as session:
                file = session.get_one(CaseFile, row.case_file_id)
            if file.state == "destroyed":
                self.must_have_been_receipted(row.id, file.id)
            elif file.state != "leaving":
                self.model.leaving.discard(file.id)

    def doing(self, row, act):
        """Return an act on the transfer of `row`, for `attempt`."""
        if act == "pack":
            self.paper(row.case_file_id)
            return lambda house, actor: outside.pack(house, actor, row.id, "市档案馆", "", io.BytesIO())
        if act == "receipt":
            scan, day = self.paper(), self.today.isoformat()
            said = {"manifest": row.data["manifest"], "by": "王馆员", "on": day, "number": "17", "document_id": scan}
            return lambda house, actor: outside.enter_paper_receipt(house, actor, row.id, **said)
        if act == "hand_over":
            return lambda house, actor: outside.hand_over(house, actor, row.id, with_paper=True)
        more = {"refuse": ("章不对",), "cancel": ("不收",)}.get(act, ())
        return lambda house, actor: getattr(outside, act)(house, actor, row.id, *more)

    def paper(self, file_id=None):
        """Return a document of a file, or one that lies in none; made when there is none yet."""
        with self.house.database.read() as session:
            found = session.scalar(select(Document.id).where(Document.case_file_id == file_id).limit(1))
        if found is None:
            path = Path(self.folder.name) / "paper.pdf"
            write_pdf(path, file_id or "receipt")
            found = receive(self.house, self.office["archivist"], path, path.name).document_id
            with self.house.database.write() as session:
                session.get_one(Document, found).case_file_id = file_id
        return found

    def must_have_been_receipted(self, transfer_id, file_id):
        """A file that left did so after all steps, by those who may do them, with nothing standing against it."""
        if file_id in self.model.left:
            return
        SEEN["left"] += 1
        assert file_id in self.model.leaving, "a file left that no review had let go"
        self.nothing_stands_against(file_id)
        with self.house.database.read() as session:
            row = session.get_one(OutsideTransferRecord, transfer_id)
        by = {said["act"]: said["person"] for said in row.data["signatures"]}
        assert row.state in ("removing", "removed")
        assert {"pack", "hand_over", "receipt", "verify", "remove"} <= set(by)
        assert by["verify"] not in (by["hand_over"], by["receipt"], by["remove"]), "one person verified their own work"
        assert row.data["receipt"]["manifest"] == row.data["manifest"]
        assert row.state == "removing" or look(self.house, file_id).ok
        self.model.left.add(file_id)
        self.model.destroyed.add(file_id)

    def step(self, at, who, act, n):
        record = self.one(ReviewRecord, at, ReviewRecord.state.not_in(("certified", "stopped")))
        if record is None:
            return
        file_id = record.data["files"][n % len(record.data["files"])]
        if act == "opinion":
            self.say(record.id, who, file_id, ("keep_permanently", "destroy", "destroy", "transfer_out")[n])
        elif act == "approve":
            self.approve(record.id, who)
        elif act == "supervise":
            self.supervise(record.id, who)
        elif act == "stop" and n == 0:
            self.attempt("stop", reviews.stop, self.office[who], record.id, "叫停")
        elif act == "off" and n < 2:
            if self.attempt("off", reviews.take_off, self.office[who], record.id, file_id, "仍用")[0]:
                self.model.off.add((record.id, file_id))
        elif act == "execute":
            self.execute(record.id, who, 0)

    def say(self, review_id, who, file_id, verdict):
        done, _ = self.attempt(
            "opinion", reviews.add_opinion, self.office[who], review_id, file_id, verdict, reason="期满"
        )
        if done:
            self.model.said.setdefault((review_id, file_id), {})[who] = verdict

    def approve(self, review_id, who):
        if self.attempt("approve", reviews.approve, self.office[who], review_id)[0]:
            self.model.approved[review_id] = (who, self.today)

    def supervise(self, review_id, who):
        if self.attempt("supervise", reviews.supervise, self.office[who], review_id)[0]:
            self.model.confirmed[review_id].append(who)

    def advance(self, at, n, patient, die):
        """Those whose step is next do it: otherwise few runs would get to a destruction."""
        record = self.one(ReviewRecord, at, ReviewRecord.state.not_in(("certified", "stopped")))
        if record is None:
            return
        if record.state == "appraising":
            for file_id in record.data["files"]:
                for who in ("first", "second", "third"):
                    last = "transfer_out" if n > 5 else "destroy" if n else "keep_permanently"
                    self.say(record.id, who, file_id, last if who == "third" else "destroy")
        elif record.state == "decided":
            self.approve(record.id, "head")
        elif record.state in ("waiting", "executed"):
            if patient and record.state == "waiting":
                self.today = max(self.today, self.model.approved[record.id][1] + timedelta(days=8))
                self.house.clock.move_to(self.today)
            self.supervise(record.id, "fourth")
            self.supervise(record.id, "fifth")
        else:
            self.execute(record.id, "archivist", die)

    def execute(self, review_id, who, die):
        with self.killed_at(die or -1):
            self.attempt_execution(review_id, who)
        with self.house.database.read() as session:
            gone = set(session.scalars(select(CaseFile.id).where(CaseFile.state == "destroyed")))
            leaving = set(session.scalars(select(CaseFile.id).where(CaseFile.state == "leaving")))
        for file_id in gone - self.model.destroyed:
            SEEN["destroyed"] += 1
            self.must_have_been_allowed(review_id, file_id, {"destroy"})
            self.nothing_stands_against(file_id)
        for file_id in leaving - self.model.leaving:
            SEEN["leaving"] += 1
            self.must_have_been_allowed(review_id, file_id, {"destroy", "transfer_out"})
            assert "transfer_out" in self.model.said[review_id, file_id].values(), "a file leaves that nobody wanted to"
        self.model.leaving |= leaving
        assert gone >= self.model.destroyed, "a destroyed file came back"
        self.model.destroyed |= gone

    def attempt_execution(self, review_id, who):
        try:
            destroy.execute(self.house, self.office[who], review_id)
        except KNOWN_ERRORS:
            SEEN["no execute"] += 1
        else:
            SEEN["execute"] += 1

    def nothing_stands_against(self, file_id):
        model = self.model
        due = self.due(file_id)
        assert due is not None, "a file that is kept for ever, or whose contract runs, was destroyed"
        assert due <= self.today, "destroyed before it was due"
        assert not any(file_id in files for files in model.held.values()), "destroyed under a hold"
        with self.house.database.read() as session:
            lent = session.scalars(select(AccessRequest.case_file_id).where(AccessRequest.id.in_(model.lent)))
            assert file_id not in set(lent), "destroyed while it was lent"

    def must_have_been_allowed(self, review_id, file_id, verdicts):
        model = self.model
        said = model.said[review_id, file_id]
        assert set(said.values()) <= verdicts, "destroyed against an opinion"
        assert (review_id, file_id) not in model.off, "destroyed though it was taken off"
        approver, on = model.approved[review_id]
        before = model.confirmed[review_id][:2]
        people = [*said, approver, *before]
        assert len(said) >= 3
        assert len(set(before)) == 2
        assert len(set(people)) == len(people), "somebody had two parts"
        assert (self.today - on).days > 7, "destroyed in the waiting period"

    # --- what always holds ---

    @invariant()
    def what_always_holds(self):
        """Looked at whenever something was written."""
        if hasattr(self, "office") and self.held_at != (now := self.version()):
            self.numbers_have_no_gap_and_no_double()
            self.every_date_is_the_oracles()
            self.the_trail_explains_every_state()
            self.held_at = now

    def numbers_have_no_gap_and_no_double(self):
        with self.house.database.read() as session:
            contracts = list(session.scalars(select(Contract.number)))
            archived = dict(session.execute(select(CaseFile.id, CaseFile.archive_number)).all())
        for numbers in (contracts, [number for number in archived.values() if number]):
            by_prefix = defaultdict(list)
            for number in numbers:
                prefix, _, serial = number.rpartition("-")
                by_prefix[prefix].append(int(serial))
            assert all(sorted(found) == list(range(1, len(found) + 1)) for found in by_prefix.values()), numbers
        for file_id, number in self.model.numbers.items():
            assert archived[file_id] == number, "an archive number was changed"
        self.model.numbers |= {file_id: number for file_id, number in archived.items() if number}

    def every_date_is_the_oracles(self):
        with self.house.database.read() as session:
            moved = (Transfer.department_id != CaseFile.department_id) | (Transfer.tier != CaseFile.tier)
            other = select(Transfer.id).join(CaseFile, CaseFile.id == Transfer.case_file_id).where(moved)
            assert session.scalars(other).all() == [], "a transfer is of another department or tier than its file"
            for event_on, due_on in session.execute(select(Transfer.event_on, Transfer.due_on)):
                assert due_on == oracle.deadline(event_on)
            files = list(session.scalars(select(CaseFile).where(CaseFile.archive_number.is_not(None))))
        for file in files:
            if file.id not in self.model.period:
                assert file.retention == oracle.period(self.model.amounts[file.id])
            kept = self.model.period.get(file.id, file.retention)
            assert oracle.longer(kept, file.retention) == file.retention, "a period was shortened"
            self.model.period[file.id] = file.retention
            if file.id not in self.model.destroyed:
                assert file.due_on == self.due(file.id), (file.retention, file.closed_on)

    def the_trail_explains_every_state(self):
        file_states, statuses, held = defaultdict(lambda: "open"), defaultdict(lambda: "draft"), defaultdict(set)
        with self.house.database.read() as session:
            going = dict(session.execute(select(OutsideTransferRecord.id, OutsideTransferRecord.case_file_id)).all())
            rows = session.execute(
                select(AuditEntry.action, AuditEntry.subject, AuditEntry.detail).order_by(AuditEntry.seq)
            )
            for action, subject, detail in rows:
                noun, _, verb = action.partition(".")
                thing = subject.partition(":")[2]
                if action in ("file.archive", "file.destroy"):
                    file_states[thing] = "archived" if verb == "archive" else "destroyed"
                elif action in ("outside.begin", "outside.cancel"):
                    file_states[going[thing]] = "leaving" if verb == "begin" else "archived"
                elif action in ("hold.place", "hold.release"):
                    (held[thing].add if verb == "place" else held[thing].discard)(detail.split('"hold":"')[1][:36])
                elif noun == "contract" and verb in ("signed", "amended", "performed", "terminated", "cancel"):
                    statuses[thing] = "cancelled" if verb == "cancel" else verb
            for file_id, state in session.execute(select(CaseFile.id, CaseFile.state)):
                assert file_states[file_id] == state
            for contract_id, status in session.execute(select(Contract.id, Contract.status)):
                assert statuses[contract_id] == status
            standing = defaultdict(set)
            query = select(HoldFile.case_file_id, Hold.id).join(Hold, Hold.id == HoldFile.hold_id)
            for file_id, hold_id in session.execute(query.where(Hold.released_at.is_(None))):
                standing[file_id].add(hold_id)
        assert {k: v for k, v in held.items() if v} == dict(standing)


@pytest.mark.timeout(3600)  # ten thousand steps in CI: two minutes of a processor, more where others share it
def test_b2_b3_b6_no_path_breaks_the_life_of_a_file(tmp_path):
    SEEN.clear()
    # In memory, where there is room: the walk is many thousand commits, and nothing here depends on a disk.
    memory = Path("/dev/shm")
    Life.where = memory if memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30 else tmp_path
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=int(os.environ.get("JUANZONG_LIVES", so_many(136, 2))),
            stateful_step_count=80,  # few lives and long ones: a beginning costs as much as twenty steps
            derandomize="JUANZONG_LIVES" not in os.environ,  # the same runs every time, so that the counts below hold
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    for what in (
        *("enter", "performed", "hand_over", "accept", "archive", "hold", "ask release", "loan"),
        *("propose", "opinion", "approve", "supervise", "execute", "destroyed", "killed"),
        *("out pack", "out hand_over", "out receipt", "out verify", "out remove", "out cancel", "leaving", "left"),
    ):
        assert SEEN[what] > 0 or not THOROUGH, f"no run reached {what}: {SEEN}"
    assert SEEN["archive"] > 0
    assert SEEN["steps"] >= so_many(10_000, 100)
