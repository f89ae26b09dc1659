"""How well pages are read, through the real engine: the sample scans, and papers of layouts that may be looked at (the others stay unseen)."""

import os
from pathlib import Path

import pytest

from samples.paper import FACES
from samples.unseen import make_one
from tests.intake.scans import SAMPLES
from tests.thorough import a_share, so_many
from tools.bench_reading import measure, summary

MOST_ERRORS, LEAST_FIELDS = 0.005, 0.95
SEED, PAPERS = 4711, so_many(10, 4)


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


def test_the_sample_scans(tmp_path):
    chosen = a_share(sorted((SAMPLES / "scans").iterdir()), 2, 5)
    for part in ("scans", "truth"):
        (tmp_path / part).mkdir()
    for path in chosen:
        (tmp_path / "scans" / path.name).symlink_to(path)
        (tmp_path / "truth" / f"{path.name}.json").symlink_to(SAMPLES / "truth" / f"{path.name}.json")
    check(tmp_path, len(chosen))
    assert len(chosen) == so_many(18, 4)


def test_papers_drawn_anew(papers):
    check(papers, PAPERS)
