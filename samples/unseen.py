"""Makes documents that nobody has tuned anything to: `python -m samples.unseen OUT [--count 60] [--seed N]`.

OUT gets scans/ and truth/ like samples/, so `python -m tools.bench_reading OUT` measures how well reading carries over to
layouts, wordings, fonts and scans other than the committed samples. Use a new seed for every measurement; a seed whose
misses were looked at is spent. Needs the same fonts as samples.make.
"""

import argparse
import random
from pathlib import Path

from samples import unseen_papers as papers
from samples import unseen_words as words
from samples.scanner import Truth, scan, write

LICENCES = (papers.licence_upright, papers.licence_across, papers.licence_copy)
POWERS = (papers.power_declared, papers.power_form, papers.power_table, papers.power_letter)


def make_one(number: int, seed: int, root: Path) -> Truth:
    """Draw, scan and write document `number` of `seed`: a licence, a power of attorney or a contract."""
    rng = random.Random(f"{seed} {number}")
    kind = ("licence", "authorization", "contract", "contract", "licence")[number % 5]
    if kind == "licence":
        drawn, category = rng.choice(LICENCES)(rng), "1.2"
    elif kind == "authorization":
        drawn = rng.choice(POWERS)(rng)
        category = "1.5" if drawn.values["principal"] == words.OURS else "1.4"
    else:
        drawn, category = papers.contract(rng), "1.9"
    sheets = drawn if isinstance(drawn, list) else [drawn]
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
                skew=rng.uniform(-2.8, 2.8) * (0.4 if kind == "licence" else 1),
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Make documents that nobody has tuned anything to.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: a new one")
    chosen = parser.parse_args()
    for number in range(chosen.count):
        make_one(number, chosen.seed, chosen.out)
    print(f"{chosen.count} files of seed {chosen.seed} in {chosen.out}")


if __name__ == "__main__":
    main()
