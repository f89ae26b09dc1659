"""Makes documents that nobody has tuned anything to: `python -m samples.unseen OUT [--count 60] [--seed N] [--split test]`.

OUT gets scans/ and truth/ like samples/, so `python -m tools.bench_reading OUT` measures how well reading carries over to
layouts, wordings, fonts and scans other than the committed samples. The layouts of `--split tuning` may be looked at while
reading is improved; those of `--split test` are others and may not. Use a new seed for every measurement; a seed whose
misses were looked at is spent. Needs the same fonts as samples.make.
"""

import argparse
import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from samples import unseen_cards as cards
from samples import unseen_invoices as invoices
from samples import unseen_layouts as layouts
from samples import unseen_papers as papers
from samples import unseen_slips as slips
from samples import unseen_statements as statements
from samples import unseen_tests as tests
from samples import unseen_words as words
from samples.paper import Sheet
from samples.scanner import Truth, scan, write
from samples.unseen_kinds import FORMS

#: What is drawn, in turn: every tenth document gets the kind at its place; a form is the next of all the forms.
TURNS = ("licence", "form", "contract", "form", "authorization", "form", "licence", "form", "contract", "form")
LICENCES = {
    "tuning": (papers.licence_upright, papers.licence_across, papers.licence_copy, papers.licence_boxed),
    "test": (tests.licence_register, tests.licence_listed),
}
POWERS = {
    "tuning": (papers.power_declared, papers.power_form, papers.power_table, papers.power_letter),
    "test": (tests.power_declared, tests.power_slip),
}
CONTRACTS = {"tuning": (papers.contract,), "test": (tests.contract_headed,)}
CARDS = {"tuning": (cards.card_stacked, cards.card_row, cards.card_beside), "test": (cards.card_corners,)}
INVOICES = {"tuning": (invoices.invoice_beside,), "test": (invoices.invoice_below,)}
STATEMENTS = {"tuning": (statements.statement_report,), "test": (statements.statement_account,)}
SLIPS = {"tuning": (slips.slip_beside,), "test": (slips.slip_stacked,)}
_MAIN = {
    "licence": LICENCES,
    "authorization": POWERS,
    "contract": CONTRACTS,
    "identity_card": CARDS,
    "invoice": INVOICES,
    "statement": STATEMENTS,
    "slip": SLIPS,
}
_CATEGORY = {
    "licence": "1.2",
    "contract": "1.9",
    "identity_card": "1.4",
    "invoice": "1.11",
    "statement": "5.10",
    "slip": "1.11",
}
_KIND = {
    "invoice": "voucher",
    "slip": "voucher",
    "statement": "financial_condition",
}  # of what is drawn by another name
_BESIDE_FORMS = (
    "identity_card",
    "invoice",
    "statement",
    "slip",
)  # drawn in turn with the forms, in layouts of their own

Drawing = Callable[[random.Random], Sheet | list[Sheet]]


@dataclass(frozen=True)
class Drawn:
    """A document as it is printed: its kind, its category, its sheets."""

    kind: str
    category: str
    sheets: list[Sheet]


def draw(number: int, rng: random.Random, split: str = "tuning", kinds: Sequence[str] = ()) -> Drawn:
    """Draw document `number` in a layout of `split`; kinds: only these, in turn."""
    kind = kinds[number % len(kinds)] if kinds else TURNS[number % 10]
    form = None
    if kind == "form":
        turn = number if kinds else number // 10 * TURNS.count("form") + TURNS[: number % 10].count("form")
        place = turn % (len(FORMS) + len(_BESIDE_FORMS))
        if place < len(FORMS):
            form = FORMS[place]
        kind = form.kind if form else _BESIDE_FORMS[place - len(FORMS)]
    elif kind not in _MAIN:
        form = rng.choice([f for f in FORMS if f.kind == kind])
    if form:
        return Drawn(kind, form.category, [layouts.draw(rng, form, test=split == "test")])
    drawn = rng.choice(_MAIN[kind][split])(rng)
    sheets = drawn if isinstance(drawn, list) else [drawn]
    category = _CATEGORY.get(kind) or ("1.5" if sheets[0].values["principal"] == words.OURS else "1.4")
    return Drawn(_KIND.get(kind, kind), category, sheets)


def make_one(number: int, seed: int, root: Path, split: str = "tuning", kinds: Sequence[str] = ()) -> Truth:
    """Draw, scan and write document `number` of `seed`."""
    rng = random.Random(f"{seed} {number}")
    drawn = draw(number, rng, split, kinds)
    return _scanned(number, rng, drawn.kind, drawn.category, drawn.sheets, root)


def _scanned(number: int, rng: random.Random, kind: str, category: str, sheets: list[Sheet], root: Path) -> Truth:
    mode = rng.choice(("colour", "gray", "gray", "bilevel") if sheets[0].dpi >= 250 else ("colour", "colour", "gray"))
    ending = rng.choice(("pdf", "tif")) if len(sheets) > 1 else rng.choice(("jpg", "jpg", "jpg", "pdf", "png"))
    if ending == "png" or mode == "bilevel":
        ending, mode = ("tif", mode) if mode == "bilevel" else (ending, "gray")
    truth = Truth(f"{number:03}-{kind}.{ending}", category, kind)
    turn = rng.choice((0, 0, 0, 90, 180, 270))
    for sheet in sheets:
        truth.pages.append(
            scan(
                sheet,
                rng,
                skew=_skew(rng, kind),
                rotation=turn,
                mode=mode,
                noise=0.8 if ending == "png" else rng.uniform(2, 7),
                blur=rng.uniform(0.3, 0.8) * sheet.dpi / 200,
                light=rng.uniform(0.02, 0.18),
                paper=rng.choice(((250, 249, 245), (244, 240, 228), (255, 255, 255), (236, 238, 240))),
            )
        )
    write(truth, root, quality=rng.randint(40, 75))
    return truth


def _skew(rng: random.Random, kind: str) -> float:
    """Draw how askew a sheet lies, in degrees: of most as a feeder takes them in, of a sixth as far as hands lay them on the glass."""
    own = copy.copy(rng)  # draws of its own: all else is as it is without them
    own.seed(own.getrandbits(64))
    usual = rng.uniform(-2.8, 2.8) * (0.4 if kind == "licence" else 1)
    return own.choice((-1, 1)) * own.uniform(2.8, 5.5) if own.random() < 1 / 6 else usual


def main() -> None:
    parser = argparse.ArgumentParser(description="Make documents that nobody has tuned anything to.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: a new one")
    parser.add_argument("--split", choices=("tuning", "test"), default="tuning", help="whose layouts")
    parser.add_argument("--kinds", default="", help="only these kinds, in turn, parted by commas")
    chosen = parser.parse_args()
    for number in range(chosen.count):
        make_one(number, chosen.seed, chosen.out, chosen.split, [k for k in chosen.kinds.split(",") if k])
    print(f"{chosen.count} files of seed {chosen.seed}, {chosen.split} layouts, in {chosen.out}")


if __name__ == "__main__":
    main()
