"""Sketches: a second scan of a paper is known by its words, another paper of the same form is not."""

import random

import pytest

from search.sketch import KEPT, LEAST, MARKS, packed, same_paper, shared, sketch, unpacked

SECRET = b"s" * 32
HAN = [chr(code) for code in range(0x4E00, 0x5E00)]


def form(chance: random.Random) -> str:
    """The words of every form, from one fixed draw."""
    return "".join(chance.choice(HAN) for _ in range(900))


def filled(words: str, chance: random.Random) -> str:
    """A form with the figures of one contract; our own code is in all of them."""
    figures = [
        f"{chance.randint(10**6, 10**8)}.00元",
        f"2026年{chance.randint(1, 12)}月{chance.randint(1, 28)}日",
        "91510107MA6C3K8T2R",
        "".join(chance.choice("0123456789ABCDEFGH") for _ in range(18)),
        "".join(chance.choice("0123456789") for _ in range(19)),
        f"HT-XS-2026-{chance.randint(0, 9999):04d}",
        "".join(chance.choice("0123456789") for _ in range(11)),
    ]
    step = len(words) // len(figures)
    return "".join(words[at * step : (at + 1) * step] + figure for at, figure in enumerate(figures))


def misread(text: str, share: float, chance: random.Random) -> str:
    """What a recogniser makes of it: of all characters `share` wrong, missing or doubled."""
    read = []
    for char in text:
        draw = chance.random() / share if share else 9
        if draw < 0.6:
            read.append(chance.choice("0123456789" if char.isdigit() else HAN))
        elif draw < 0.8:
            continue
        else:
            read.append(char if draw >= 1 else char * 2)
    return "".join(read)


@pytest.mark.parametrize("share", [0, 0.01, 0.03])
def test_two_scans_of_a_paper_are_known_as_one(share: float) -> None:
    chance = random.Random(3)
    words = form(chance)
    for _ in range(20):
        paper = filled(words, chance)
        one, other = (sketch([misread(paper, share, chance)], SECRET) for _ in range(2))
        assert len(set(one.marks) & set(other.marks)) >= 2
        assert same_paper(one, other) > 0.7


def test_papers_of_one_form_are_not_taken_for_one_and_share_fewer_marks_than_two_scans() -> None:
    chance = random.Random(5)
    words = form(chance)
    papers = [filled(words, chance) for _ in range(20)]
    made = [sketch([paper], SECRET) for paper in papers]
    pairs = [(one, other) for at, one in enumerate(made) for other in made[:at]]
    assert all(shared(one.pieces, other.pieces, KEPT) > 0.7 for one, other in pairs)
    assert not any(same_paper(one, other) for one, other in pairs)
    alike = max(len(set(one.marks) & set(other.marks)) for one, other in pairs)
    again = [sketch([misread(paper, 0.02, chance)], SECRET) for paper in papers]
    assert all(len(set(one.marks) & set(other.marks)) > alike for one, other in zip(made, again, strict=True))


def test_pages_in_another_order_width_and_script_change_little() -> None:
    chance = random.Random(8)
    pages = [filled(form(chance), chance) for _ in range(4)]
    wide = "".join(chr(ord(char) + 0xFEE0) if char.isascii() and char.isdigit() else char for char in pages[0])
    turned = [pages[3], f" {wide}\n", pages[2], pages[1]]
    assert same_paper(sketch(pages, SECRET), sketch(turned, SECRET)) > 0.95


def test_what_is_too_short_has_no_marks_and_keys_part_archives() -> None:
    assert sketch(["盖章" * 10], SECRET).marks == ()
    text = form(random.Random(1))[: LEAST + 20]
    assert len(sketch([text], SECRET).marks) == MARKS
    assert not set(sketch([text], SECRET).pieces) & set(sketch([text], b"another").pieces)


def test_what_is_kept_comes_back() -> None:
    pieces = sketch([form(random.Random(2))], SECRET).pieces
    assert unpacked(packed(pieces)) == pieces
    assert unpacked(packed(())) == ()
