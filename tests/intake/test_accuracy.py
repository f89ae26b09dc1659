"""How well pages are read, through the real engine: the sample scans, and papers of layouts that may be looked at (the others stay unseen)."""

import os
from pathlib import Path

import pytest

from samples.paper import FACES
from samples.unseen import make_one
from tests.intake.scans import SAMPLES
from tools.bench_reading import measure, summary

MOST_ERRORS, LEAST_FIELDS = 0.005, 0.95
SEED, PAPERS = 4711, 10


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    there = all(Path(path).exists() for path, _, _ in FACES.values())
    if not there and os.environ.get("JUANZONG_REQUIRE_SERVERS") != "1":
        pytest.skip("the fonts of the samples are not installed")
    for number in range(PAPERS):
        make_one(number, SEED, tmp_path)
    return tmp_path


def check(root: Path, files: int) -> None:
    figures = summary(measure(root, threads=2, timed_pair=False))
    assert figures["files"] == files
    assert not figures["failures"]
    assert figures["character_error_rate"] <= MOST_ERRORS, figures["character_error_rate_by_file"]
    assert figures["fields_exact"] >= LEAST_FIELDS, figures["fields_missed"]
    assert figures["categories_right"] == 1, figures["categories_wrong"]
    wrong = [miss for miss in (*figures["fields_missed"], *figures["fields_nobody_printed"]) if not miss["marked"]]
    assert [miss for miss in wrong if miss.get("got") is not None] == []


def test_the_sample_scans():
    check(SAMPLES, 18)


def test_papers_drawn_anew(papers):
    check(papers, PAPERS)
