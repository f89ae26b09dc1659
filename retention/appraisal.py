"""The review 鉴定 as a state machine, from the proposal to the certificate (档案法 2020, DA/T 94/95; RULES Part B).

    proposed -> appraising -> decided -> waiting -> supervised -> executing -> executed -> verified -> certified
        open        decide     approve    confirm_before x2   begin      finish     confirm_after x2   certify

Approval starts the waiting period in the same act. `stop` (or the approver's `reject`) ends in `stopped` from any state
before `executing`. The state is never stored on its own: it follows from the signatures, so a step cannot be skipped.
Five parts exclude one another: proposer, appraiser, approver, supervisor one, supervisor two. The proposer, or somebody
without a part, carries the destruction out. Co-reviewers may be asked about single files; they too have no other part, and
their opinions count like those of the group. Where the destroyed files lie on paper as well, whoever carries the destruction out
notes how the paper was destroyed, too; only then do the supervisors confirm.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from retention.errors import TransitionRefused
from retention.opinions import Opinion, Ruling, combine, destroy, keep_permanently, keep_until, transfer_out
from retention.steps import (
    DEFAULT_WAITING_DAYS,
    GROUP_LEAST,
    STATES,
    STOPPABLE,
    SUPERVISORS,
    TRANSITIONS,
    Answer,
    CoReviewer,
    Outcome,
    Paper,
    PaperGone,
    PartName,
    Replacement,
    Signature,
    State,
    TakenOff,
)
from retention.why import because

__all__ = [
    "STATES",
    "Answer",
    "Opinion",
    "Outcome",
    "Paper",
    "PaperGone",
    "Review",
    "Ruling",
    "Signature",
    "destroy",
    "keep_permanently",
    "keep_until",
    "transfer_out",
]


@dataclass
class Review:
    """A review. Methods change it in place or raise TransitionRefused and change nothing. Make one with `propose`.

    Persons are names as in the audit trail; one person has one name. group[0] is the head of the appraisal group.
    opinions: file -> appraiser -> opinion. appointed: part -> who may take it, where that was said beforehand (`appoint`).
    paper: what of the destroyed files there is on paper, None for nothing; paper_gone: that it was destroyed.
    """

    number: str
    files: tuple[str, ...]
    waiting_days: int = DEFAULT_WAITING_DAYS
    group: tuple[str, ...] = ()
    opinions: dict[str, dict[str, Opinion]] = field(default_factory=dict)
    taken_off: dict[str, TakenOff] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    signatures: list[Signature] = field(default_factory=list)
    appointed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    replaced: list[Replacement] = field(default_factory=list)
    co_reviewers: list[CoReviewer] = field(default_factory=list)
    paper: Paper | None = None
    paper_gone: PaperGone | None = None
    _known: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._known = frozenset(self.files)

    @classmethod
    def propose(
        cls, number: str, proposer: str, files: Sequence[str], today: date, waiting_days: int = DEFAULT_WAITING_DAYS
    ) -> "Review":
        """Return a new review of these files. waiting_days: full days between approval and execution, 0 for none."""
        review = cls(number, tuple(files), waiting_days)
        review._check_frame()
        if not proposer.strip():
            raise TransitionRefused("a review needs a proposer")
        review.signatures.append(Signature("propose", proposer, today))
        return review

    def _check_frame(self) -> None:
        if not self.number.strip() or not self.files or not all(self.files):
            raise TransitionRefused("a review needs a number and at least one file")
        if len(self._known) != len(self.files):
            raise TransitionRefused("a file stands twice on the review")
        if self.waiting_days < 0:
            raise TransitionRefused(f"waiting period of {self.waiting_days} days; it must be 0 or more")

    # --- what follows from the signatures ---

    def _signed(self, act: str) -> tuple[Signature, ...]:
        return tuple(signature for signature in self.signatures if signature.act == act)

    @property
    def state(self) -> State:
        """The state that the signatures lead to."""
        state: State = "proposed"
        for act, (origin, target, people) in TRANSITIONS.items():
            if state == origin and len(self._signed(act)) >= people:
                state = target
        return "stopped" if self._signed("stop") else state

    @property
    def proposer(self) -> str:
        """Who proposed it."""
        return self.signatures[0].person

    @property
    def approver(self) -> str | None:
        """Who approved it."""
        signed = self._signed("approve")
        return signed[0].person if signed else None

    @property
    def supervisors(self) -> tuple[str, ...]:
        """The supervisors (监销人) who confirmed before the destruction, in order; two from `supervised` on."""
        return tuple(signature.person for signature in self._signed("confirm_before"))

    @property
    def execution_from(self) -> date | None:
        """The first day on which it may be executed: the day of approval does not count, then `waiting_days` full days pass."""
        signed = self._signed("approve")
        if not signed:
            return None
        return signed[0].on + timedelta(days=self.waiting_days + 1 if self.waiting_days else 0)

    def part_of(self, person: str) -> PartName | None:
        """Return the part this person has in the review, by having signed or by appointment."""
        if person == self.proposer:
            return "proposer"
        if person in self.group:
            return "appraiser"
        if any(asked.person == person for asked in self.co_reviewers):
            return "co_reviewer"
        if person == self.approver or person in self.appointed.get("approver", ()):
            return "approver"
        supervises = person in self.supervisors or person in self.appointed.get("supervisor", ())
        return "supervisor" if supervises else None

    def _active(self, file_id: str) -> bool:
        return file_id in self._known and file_id not in self.taken_off

    def active_files(self) -> tuple[str, ...]:
        """Return the files that were not taken off, in order."""
        return tuple(file_id for file_id in self.files if file_id not in self.taken_off)

    def ruling(self, file_id: str) -> Ruling:
        """Return what follows from the opinions on a file. Raises TransitionRefused for a file that is not on the review."""
        if file_id not in self._known:
            raise TransitionRefused(f"file {file_id} is not on review {self.number}")
        off = self.taken_off.get(file_id)
        if off is not None:
            why = because("taken_off", person=off.person, reason=off.reason)
            return Ruling("taken_off", complete=True, why=why)
        said, asked = self.opinions.get(file_id, {}), self._asked_about(file_id)
        return combine([said[person] for person in asked if person in said], len(asked))

    def rulings(self) -> dict[str, Ruling]:
        """Return what follows for each file, in order; files of which the same was said are thought about once."""
        apart = {file_id for asked in self.co_reviewers for file_id in asked.files} | self.taken_off.keys()
        known: dict[tuple[Any, ...], Ruling] = {}
        found = {}
        for file_id in self.files:
            if file_id in apart:
                found[file_id] = self.ruling(file_id)
                continue
            said = self.opinions.get(file_id, {})
            # An opinion on many files is one object; telling objects apart takes a tenth of comparing them.
            same = (*said, *map(id, said.values()))
            if same not in known:
                known[same] = self.ruling(file_id)
            found[file_id] = known[same]
        return found

    def _asked_about(self, file_id: str) -> tuple[str, ...]:
        """Return whose opinion on a file is needed: the group's, and that of the co-reviewers asked about it."""
        return (*self.group, *(asked.person for asked in self.co_reviewers if asked.about(file_id)))

    def may_execute(self, today: date) -> Answer:
        """Return whether the review as such may be executed today; each file is checked besides (`destruction.files_to_destroy`)."""
        first = self.execution_from
        if self.state == "stopped":
            last = self.signatures[-1]
            return Answer(allowed=False, why=because("stopped", person=last.person, on=last.on, reason=last.note))
        if first is not None and today < first:
            return Answer(allowed=False, why=because("waiting", until=first - timedelta(days=1), first=first))
        if self.state not in ("supervised", "executing"):
            return Answer(allowed=False, why=because("state_is", state=self.state, needed="supervised"))
        last_on = self.signatures[-1].on
        if today < last_on:
            return Answer(allowed=False, why=because("clock_back", today=today, last=last_on))
        return Answer(allowed=True, why=because("ready"))

    # --- the acts ---

    def _may(self, act: str, person: str, today: date, states: Collection[str]) -> None:
        if not person.strip():
            raise TransitionRefused(f"{act.replace('_', ' ')} needs a person")
        if self.state not in states:
            raise TransitionRefused(
                f"review {self.number} is {self.state}; {act.replace('_', ' ')} is not the next step"
            )
        if today < self.signatures[-1].on:
            raise TransitionRefused(
                f"{act.replace('_', ' ')} on {today} lies before the last step, {self.signatures[-1].on}"
            )

    def _step(self, act: str, person: str, today: date) -> None:
        self._may(act, person, today, (TRANSITIONS[act][0],))

    def _take_part(self, person: str, part: PartName, act: str) -> None:
        """Refuse a person who has another part, has taken this one already, or is not the one appointed to it."""
        appointed = self.appointed.get(part, ())
        if appointed and person not in appointed:
            raise TransitionRefused(f"{person} is not appointed {part} of review {self.number}")
        current = self.part_of(person)
        if person in self.supervisors or (current is not None and (current != part or person not in appointed)):
            raise TransitionRefused(f"{person} is {current} of review {self.number} and cannot {act} as well")

    def appoint(self, approver: str, supervisors: Sequence[str], today: date) -> None:
        """Say beforehand who approves and which two supervise; only they can then, and they have a part from now on.

        Possible until the approval; a new appointment replaces the one before.
        """
        self._may("appoint", self.proposer, today, ("proposed", "appraising", "decided"))
        named = [approver, *supervisors]
        if len(supervisors) != SUPERVISORS or len(set(named)) != len(named) or not all(name.strip() for name in named):
            raise TransitionRefused("an approver and two supervisors are three different people")
        for person in named:
            if self.part_of(person) in ("proposer", "appraiser", "co_reviewer"):
                raise TransitionRefused(f"{person} is {self.part_of(person)} of review {self.number} already")
        self.appointed = {"approver": (approver,), "supervisor": tuple(supervisors)}

    def replace(self, by: str, old: str, new: str, reason: str, today: date) -> None:
        """Put `new` in the part of `old`, who cannot act, before `old` did anything in it; the others stay as they are.

        Possible for appraisers, the approver and supervisors until the destruction is released. by: whoever runs the review,
        never one of those who judge it. Whoever was replaced does not come back, so no seat can be passed to and fro.
        """
        self._may("replace", by, today, ("proposed", "appraising", "decided", "waiting"))
        part = self.part_of(old)
        if part is None or part == "proposer":
            raise TransitionRefused(f"{old} has no part in review {self.number} that another could take")
        if self._has_acted(old):
            raise TransitionRefused(f"{old} has acted in review {self.number} already and is not replaced")
        if by in (old, new) or self.part_of(by) not in (None, "proposer"):
            raise TransitionRefused(f"{by} has a part in review {self.number} and cannot choose who takes another")
        if self.part_of(new) is not None:
            raise TransitionRefused(f"{new} is {self.part_of(new)} of review {self.number} already")
        if new in {gone.old for gone in self.replaced}:
            raise TransitionRefused(f"{new} was replaced in review {self.number} and does not come back")
        if not new.strip() or not reason.strip():
            raise TransitionRefused("a replacement needs a person and a reason")
        self.group = tuple(new if person == old else person for person in self.group)
        self.appointed = {
            name: tuple(new if person == old else person for person in people)
            for name, people in self.appointed.items()
        }
        self.co_reviewers = [
            replace(asked, person=new) if asked.person == old else asked for asked in self.co_reviewers
        ]
        self.replaced.append(Replacement(part, old, new, by, today, reason.strip()))

    def _has_acted(self, person: str) -> bool:
        return (
            any(signature.person == person for signature in self.signatures)
            or any(person in row for row in self.opinions.values())
            or any(off.person == person for off in self.taken_off.values())
        )

    def replaceable(self) -> tuple[str, ...]:
        """Return who has a part and has not acted in it yet: those who could be replaced now."""
        if self.state not in ("proposed", "appraising", "decided", "waiting"):
            return ()
        co_reviewers = tuple(asked.person for asked in self.co_reviewers)
        appointed = (*self.appointed.get("approver", ()), *self.appointed.get("supervisor", ()))
        named = (*self.group, *co_reviewers, *appointed)
        return tuple(person for person in named if not self._has_acted(person))

    def open(self, group: Sequence[str], today: date, by: str | None = None) -> None:
        """Form the appraisal group, three different people or more, its head first; the proposer is not one of them."""
        self._step("open", by or self.proposer, today)
        if len(set(group)) != len(group) or len(group) < GROUP_LEAST or not all(name.strip() for name in group):
            raise TransitionRefused(f"an appraisal group is {GROUP_LEAST} different people or more")
        for person in group:
            self._take_part(person, "appraiser", "appraise")
        self.group = tuple(group)
        self.signatures.append(Signature("open", by or self.proposer, today))

    def ask_co_reviewer(self, by: str, person: str, files: Sequence[str], reason: str, today: date) -> None:
        """Ask somebody without a part for an opinion on some files as well; then each of them needs it, and a keep of theirs wins.

        by: a member of the group, or the proposer. Possible while the appraisal runs.
        """
        self._may("ask_co_reviewer", by, today, ("appraising",))
        if by != self.proposer and by not in self.group:
            raise TransitionRefused(f"{by} is not in the appraisal group of review {self.number}")
        current = self.part_of(person)
        if current is not None:
            raise TransitionRefused(f"{person} is {current} of review {self.number} already")
        if person in {gone.old for gone in self.replaced}:
            raise TransitionRefused(f"{person} was replaced in review {self.number} and does not come back")
        if not person.strip() or not reason.strip():
            raise TransitionRefused("asking a co-reviewer needs a person and a reason")
        wrong = next((file_id for file_id in files if not self._active(file_id)), None)
        if wrong is not None or not files:
            raise TransitionRefused(f"file {wrong or ''} is not on review {self.number}")
        self.co_reviewers.append(CoReviewer(person, tuple(dict.fromkeys(files)), by, today, reason.strip()))

    def add_opinion(self, person: str, file_id: str, opinion: Opinion, today: date) -> None:
        """Note what an appraiser thinks of one file and why; a later opinion of the same person replaces it until `decide`."""
        self._may("add_opinion", person, today, ("appraising",))
        if not self._active(file_id):
            raise TransitionRefused(f"file {file_id} is not on review {self.number}")
        if person not in self._asked_about(file_id):
            if self.part_of(person) == "co_reviewer":
                raise TransitionRefused(f"{person} was not asked about file {file_id} of review {self.number}")
            raise TransitionRefused(f"{person} is not in the appraisal group of review {self.number}")
        if opinion.verdict == "destroy" and not opinion.reason.strip():
            raise TransitionRefused("whoever wants a file destroyed says why")
        if opinion.until is not None and opinion.until <= today:
            raise TransitionRefused(f"keeping until {opinion.until} is no keeping: it is not after {today}")
        self.opinions.setdefault(file_id, {})[person] = replace(opinion, on=today)

    def missing_opinions(self) -> dict[str, tuple[str, ...]]:
        """Return appraiser -> files still without their opinion; empty when all have spoken."""
        asked = {person: self.active_files() for person in self.group}
        for one in self.co_reviewers:
            asked[one.person] = tuple(file_id for file_id in one.files if file_id not in self.taken_off)
        rows = {p: tuple(f for f in files if p not in self.opinions.get(f, {})) for p, files in asked.items()}
        return {person: files for person, files in rows.items() if files}

    def decide(self, person: str, today: date) -> None:
        """Close the appraisal: a member of the group states that all opinions are in, or who took off what still lacked one."""
        self._step("decide", person, today)
        asked = self.part_of(person) in ("appraiser", "co_reviewer")
        if not asked and all(off.person != person for off in self.taken_off.values()):
            raise TransitionRefused(f"{person} is not in the appraisal group of review {self.number}")
        missing = self.missing_opinions()
        if missing:
            words = ", ".join(f"{name} ({len(files)})" for name, files in missing.items())
            raise TransitionRefused(f"opinions are missing on review {self.number}: {words}")
        self.signatures.append(Signature("decide", person, today))

    def approve(self, person: str, today: date) -> None:
        """Approve, as the person in charge; the waiting period starts."""
        self._step("approve", person, today)
        self._take_part(person, "approver", "approve")
        self.signatures.append(Signature("approve", person, today))

    def reject(self, person: str, reason: str, today: date) -> None:
        """Refuse the approval, as the person in charge, with a reason; the review ends."""
        self._step("reject", person, today)
        self._take_part(person, "approver", "decide on the approval")
        if not reason.strip():
            raise TransitionRefused("a rejection needs a reason")
        self.signatures.append(Signature("reject", person, today, reason.strip()))

    def stop(self, person: str, reason: str, today: date) -> None:
        """Stop the review for good. Anyone with a part in it may, with a reason, until the destruction has begun."""
        self._may("stop", person, today, STOPPABLE)
        if self.part_of(person) is None:
            raise TransitionRefused(f"{person} has no part in review {self.number} and cannot stop it")
        if not reason.strip():
            raise TransitionRefused("a stop needs a reason")
        self.signatures.append(Signature("stop", person, today, reason.strip()))

    def take_off(self, person: str, file_id: str, reason: str, today: date) -> None:
        """Take a single file off; it is not destroyed by this review. Anyone with a part may, until the destruction has begun.

        Where it was the last one, the review is stopped by it; where only its opinions were missing, the appraisal is closed:
        both in the name of who took it off.
        """
        self._may("take_off", person, today, STOPPABLE)
        if self.part_of(person) is None:
            raise TransitionRefused(f"{person} has no part in review {self.number}")
        if not self._active(file_id):
            raise TransitionRefused(f"file {file_id} is not on review {self.number}")
        if not reason.strip():
            raise TransitionRefused("taking a file off needs a reason")
        self.taken_off[file_id] = TakenOff(person, today, reason.strip())
        if not self.active_files():
            self.signatures.append(Signature("stop", person, today, reason.strip()))
        elif self.state == "appraising" and not self.missing_opinions():
            self.signatures.append(Signature("decide", person, today))

    def confirm_before(self, person: str, today: date) -> None:
        """Confirm, as one of two supervisors, that what stands on the list may go. Only after the waiting period."""
        self._step("confirm_before", person, today)
        self._take_part(person, "supervisor", "supervise")
        first = self.execution_from
        if first is None or today < first:
            raise TransitionRefused(f"review {self.number} waits; supervisors confirm from {first}")
        self.signatures.append(Signature("confirm_before", person, today))

    def demand_apart(self, person: str) -> None:
        """Raise TransitionRefused for one who appraises, approves or supervises: they do not carry out the destruction as well."""
        part = self.part_of(person)
        if part not in (None, "proposer"):
            raise TransitionRefused(f"{person} is {part} of review {self.number} and cannot carry it out as well")

    def begin(self, person: str, today: date, *, kept: bool = False) -> None:
        """Begin the destruction: from here it is finished, not stopped. Whoever has another part than the proposer's cannot.

        kept: it was begun in the past, when this was not demanded yet, and stays readable.
        """
        self._step("begin", person, today)
        if not kept:
            self.demand_apart(person)
        answer = self.may_execute(today)
        if not answer:
            raise TransitionRefused(str(answer.why))
        self.signatures.append(Signature("begin", person, today))

    def finish(self, person: str, outcomes: Mapping[str, Outcome], today: date, paper: Paper | None = None) -> None:
        """Note what became of every file. Nothing counts as destroyed that the opinions wanted kept.

        paper: what of the destroyed ones there is on paper.
        """
        self._step("finish", person, today)
        self._check_outcomes(outcomes)
        self.outcomes = dict(outcomes)
        self.paper = paper if paper is not None and paper.files else None
        self.signatures.append(Signature("finish", person, today))

    def _check_outcomes(self, outcomes: Mapping[str, Outcome]) -> None:
        if set(outcomes) != set(self.files):
            raise TransitionRefused(f"every file of review {self.number} needs an outcome, and no other file has one")
        for file_id, outcome in outcomes.items():
            ruling = self.ruling(file_id)
            if outcome.word == "leaving" and not ruling.leaves:
                raise TransitionRefused(f"file {file_id} does not leave by review {self.number}: {ruling.why}")
            if outcome.word == "destroyed" and not ruling.destroys:
                raise TransitionRefused(
                    f"file {file_id} cannot have been destroyed by review {self.number}: {ruling.why}"
                )

    def note_paper(self, person: str, how: str, today: date) -> None:
        """Note that the paper of the destroyed files was destroyed, and how. Whoever carries the destruction out does it."""
        self._may("note_paper", person, today, ("executed",))
        self.demand_apart(person)
        if self.paper is None:
            raise TransitionRefused(f"the files that review {self.number} destroyed have no paper")
        if self.paper_gone is not None:
            raise TransitionRefused(f"the paper of review {self.number} was destroyed on {self.paper_gone.on}")
        if not how.strip():
            raise TransitionRefused("the destruction of paper says how and where")
        self.paper_gone = PaperGone(person, today, how.strip())

    @property
    def paper_waits(self) -> bool:
        """Whether there is paper of destroyed files whose destruction nobody has noted."""
        return self.paper is not None and self.paper_gone is None

    def confirm_after(self, person: str, today: date) -> None:
        """Confirm, as one of the same two supervisors, that the destruction was done: of the paper, too, where there is any."""
        self._step("confirm_after", person, today)
        if self.paper_waits:
            raise TransitionRefused(f"the paper of review {self.number} has to be destroyed first")
        if person not in self.supervisors:
            raise TransitionRefused(f"{person} did not supervise review {self.number}")
        if any(signature.person == person for signature in self._signed("confirm_after")):
            raise TransitionRefused(f"{person} has confirmed already; the other supervisor must")
        self.signatures.append(Signature("confirm_after", person, today))

    def certify(self, person: str, today: date) -> None:
        """Issue the certificate; the review is closed."""
        self._step("certify", person, today)
        self.signatures.append(Signature("certify", person, today))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold. `state` stands among them to be read, not to be believed."""
        from retention.review_record import to_dict

        return to_dict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Review":
        """Return the review kept by `to_dict`, every step done again under the rules. Raises TransitionRefused when one does not hold."""
        from retention.review_record import from_dict

        return from_dict(data)
