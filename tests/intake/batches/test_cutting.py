"""Cutting in a process of its own: whatever a page does to it, a document is whole or refused for one clear reason."""

import errno
import io
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from intake import child_handle
from intake.batches.cut import Piece, Source, can_cut
from intake.batches.cutting import Cutter
from intake.errors import Rejected
from intake.inspect import inspect
from intake.model import Limits
from service.web.refusals import REJECTIONS
from tests.intake import made
from tests.intake.batches import stacks
from tests.intake.mutations import mutated
from tests.intake.test_corpus import SEEDS
from tests.thorough import THOROUGH, so_many

LIMITS = Limits(max_bytes=64 << 20, max_pages=50, max_pixels=40_000_000, render_dpi=100)
PAGES = [stacks.words(stacks.paper(72), 8, seed, 72) for seed in range(3)]
EACH = so_many(12, 4)


@pytest.fixture(scope="module")
def cutter():
    with Cutter(LIMITS) as one:
        yield one


def cut(cutter, *pieces):
    """Return the ending and the bytes of a document of these pages."""
    with tempfile.TemporaryFile() as target:
        ending = cutter.write(pieces, target)
        target.seek(0)
        return ending, target.read()


def source(path):
    found = inspect(path, LIMITS)
    return Source(path, found.kind, found.pages)


@pytest.fixture
def pdf(tmp_path):
    return source(stacks.as_pdf(tmp_path / "sound.pdf", PAGES, 72))


def test_a_document_of_everything_is_the_stack_itself(pdf, cutter):
    whole = [Piece(pdf, number) for number in (1, 2, 3)]
    assert cut(cutter, *whole) == ("pdf", pdf.path.read_bytes())
    with Cutter(LIMITS) as idle:
        assert cut(idle, *whole)[1] == pdf.path.read_bytes()
        assert idle._child is None, "no process is asked for it"
    assert cut(cutter, *(Piece(pdf, number, 90) for number in (1, 2, 3)))[1] != pdf.path.read_bytes()


#: What a page does that is turned by so much, in a child that is set up so; everywhere else pages are harmless.
HANGS, EATS, KILLS = 90, 180, 270
TOUCHY = f"""#!{sys.executable}
import os, sys, time
from intake import child
from intake.batches import cut
real = cut.write
def touchy(pieces, target, limits, done):
    target.write(b"half a document")
    target.flush()
    turns = [piece.turn for piece in pieces]
    if {HANGS} in turns: time.sleep(600)
    if {EATS} in turns: bytearray(8 << 30)
    if {KILLS} in turns: os.kill(os.getpid(), 9)
    target.seek(0)
    target.truncate()
    return real(pieces, target, limits, done)
cut.write = touchy
child.main(int(sys.argv[-1]))
"""


@pytest.mark.parametrize(("turn", "code"), [(HANGS, "too_slow"), (EATS, "too_large"), (KILLS, "unreadable")])
def test_a_page_that_hangs_eats_or_kills_is_refused_for_that_and_the_next_document_is_made(
    pdf, tmp_path, monkeypatch, turn, code
):
    program = tmp_path / "touchy"
    program.write_text(TOUCHY)
    program.chmod(0o755)
    with monkeypatch.context() as patch, Cutter(LIMITS, seconds=3.0) as fresh:
        patch.setattr(child_handle.sys, "executable", str(program))
        with pytest.raises(Rejected) as caught:
            cut(fresh, Piece(pdf, 1), Piece(pdf, 2, turn))
        assert caught.value.code == code
        assert inspect_bytes(tmp_path, *cut(fresh, Piece(pdf, 2))).pages == 1


def inspect_bytes(folder, ending, data):
    path = folder / f"document.{ending}"
    path.write_bytes(data)
    return inspect(path, LIMITS)


def test_a_child_that_falls_by_chance_costs_nothing(pdf, tmp_path):
    with Cutter(LIMITS) as fresh:
        first = cut(fresh, Piece(pdf, 2))
        fresh._child._process.kill()
        fresh._child._process.wait()
        assert cut(fresh, Piece(pdf, 2)) == first


def test_a_document_that_would_be_larger_than_a_file_may_be_is_refused_while_it_is_written(pdf, tmp_path):
    tif = source(stacks.as_tiff(tmp_path / "a.tif", PAGES, 72, None))
    for whole in (pdf, tif):
        most = whole.path.stat().st_size // 3
        with Cutter(replace(LIMITS, max_bytes=most)) as small, tempfile.TemporaryFile() as target:
            with pytest.raises(Rejected) as caught:
                small.write([Piece(whole, 2), Piece(whole, 1), Piece(whole, 3)], target)
            assert caught.value.code == "too_large"
            assert target.seek(0, io.SEEK_END) <= most


def test_a_full_disk_is_no_fault_of_the_file(pdf, cutter, tmp_path):
    tif = source(stacks.as_tiff(tmp_path / "a.tif", PAGES, 72, None))
    for whole in (pdf, tif):
        with Path("/dev/full").open("wb") as full, pytest.raises(OSError, match="No space left") as caught:
            cutter.write([Piece(whole, 2)], full)
        assert caught.value.errno == errno.ENOSPC
    assert inspect_bytes(tmp_path, *cut(cutter, Piece(tif, 2), Piece(pdf, 2))).pages == 2


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EINVAL, "truncated"), (errno.EBADF, "truncated"), (errno.ENOMEM, "too_large"), (errno.EIO, None),
     (errno.EMFILE, None), (errno.EDQUOT, None)],
)  # fmt: skip
def test_what_does_not_pass_by_itself_is_the_fault_of_the_file_and_never_tried_again(
    pdf, tmp_path, monkeypatch, number, code
):
    program = tmp_path / "failing"
    program.write_text(TOUCHY.replace("return real(pieces, target, limits, done)", f"raise OSError({number}, 'no')"))
    program.chmod(0o755)
    with monkeypatch.context() as patch, Cutter(LIMITS) as fresh:
        patch.setattr(child_handle.sys, "executable", str(program))
        with pytest.raises(Rejected if code else OSError) as caught:
            cut(fresh, Piece(pdf, 2))
    assert (caught.value.code if code else caught.value.errno) == (code or number)


def test_each_page_has_its_time_and_not_each_document(pdf, tmp_path, monkeypatch):
    """A document of many pages may take longer than a page."""
    program = tmp_path / "slow"
    slow = TOUCHY.replace(
        "real(pieces, target, limits, done)", "real(pieces, target, limits, lambda: (time.sleep(0.4), done()))"
    )
    program.write_text(slow)
    program.chmod(0o755)
    with monkeypatch.context() as patch, Cutter(LIMITS) as fresh:
        patch.setattr(child_handle.sys, "executable", str(program))
        cut(fresh, Piece(pdf, 1))  # it knows its libraries: what is counted is a page
        fresh._seconds = 1.0
        assert inspect_bytes(tmp_path, *cut(fresh, *(Piece(pdf, number) for number in (1, 2, 3, 1, 2)))).pages == 5


KINDS = {name: kind for name, (kind, _) in made.MAKERS.items()}
CUTTABLE = sorted(name for name in SEEDS if can_cut(KINDS.get(name, name.rpartition(".")[2])))


@pytest.mark.parametrize("name", CUTTABLE)
def test_pages_of_broken_files_become_whole_documents_or_are_refused_with_a_reason(cutter, pdf, tmp_path, name):
    path, refused = tmp_path / "file", 0
    path.write_bytes(SEEDS[name]())
    sound = source(path)
    for number in range(EACH):
        # Also those that would never have come in: what is broken only later reaches the cutter, too.
        path.write_bytes(mutated(SEEDS[name](), f"cutting {name} {number}"))
        for pieces in ([Piece(sound, sound.pages, 90)], [Piece(pdf, 1), Piece(sound, 1), Piece(pdf, 2)]):
            refusal = None
            try:
                found = inspect_bytes(tmp_path, *cut(cutter, *pieces))
            except Rejected as error:  # of the cutter, or of what takes the document in
                refusal = error
            if refusal is None:
                assert found.pages == len(pieces), number
                continue
            assert refusal.code in REJECTIONS, number
            assert re.fullmatch(r"[A-Z][^\n<>]+\.", str(refusal)), number
            refused += 1
    assert refused > 0 or name.endswith(".pdf") or not THOROUGH  # qpdf mends what is broken in most PDFs
