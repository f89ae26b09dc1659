"""`make bench` measures what docs/benchmarks.md says it does."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.servers import programs
from tools import bench

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r"`(?:python -m (tools\.(?:bench|differential)_\w+)|(?:\w+=N )?pytest (tests/\S+\.py)|make (demo))")


#: What the page writes of a command: its module or test, then its words; those in brackets may be left out.
COMMAND = re.compile(r"`(?:\w+=N )?(?:python -m (?=tools\.(?:bench|differential)_)|pytest )([^`]+)`")


def named() -> set[str]:
    found = NAMED.findall((ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8"))
    return {module or test or f"tools.{target}" for module, test, target in found}


def commands() -> set[str]:
    """The commands of the page's figures, as `plain` writes them."""
    found = COMMAND.findall((ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8"))
    both = {text for said in found for text in (re.sub(r"\[(.*?)\]", r"\1", said), re.sub(r"\[.*?\]", "", said))}
    # A seed is drawn anew each time; a folder of the reader's own is no figure of ours.
    return {plain(re.sub(r"--seed \d+", "", text)) for text in both if not text.endswith(" DIR")}


def plain(command: str) -> str:
    """A command without what changes no figure: how much pytest tells, and where a server is."""
    words = [word for word in command.split() if word not in ("pytest", "-q", "--log-cli-level=WARNING")]
    return " ".join("URL" if "://" in word or word == "…" else word for word in words)


def measured(wanted: list[bench.Measurement]) -> set[str]:
    return {words[2] if words[0] == "pytest" else words[0] for _name, words in wanted}


def test_every_figure_of_the_page_is_measured():
    assert {"tools.bench_station", "tools.demo", "tests/vault/test_tamper.py"} <= named()
    urls = {name: f"http://{name}.test" for name in bench.SERVERS}
    assert named() == measured(bench.measurements(urls, tesseract=True))
    for words in (words for _name, words in bench.measurements(urls, tesseract=True)):
        assert (ROOT / (words[2] if words[0] == "pytest" else f"{words[0].replace('.', '/')}.py")).is_file()


def test_every_figure_is_measured_with_the_words_of_the_page():
    urls = {name: f"http://{name}.test" for name in bench.SERVERS}
    wanted = {plain(" ".join(words)) for _name, words in bench.measurements(urls, tesseract=True)}
    assert {"tools.bench_queue", "tools.bench_queue --postgres", "tools.bench_vault --store URL"} <= commands()
    assert commands() - wanted == set()


def test_what_is_not_there_is_said_and_left_out(capsys):
    def missing() -> None:
        raise programs.Missing("it is not installed")

    assert bench.there("tesseract", missing) is None
    assert "without tesseract: it is not installed" in capsys.readouterr().out
    flat = [word for _name, words in bench.measurements({}, tesseract=False) for word in words]
    assert not {"--postgres", "--store", "--url", "tools.bench_station"} & set(flat)


@pytest.mark.parametrize(("seconds", "status"), [(179.0, 0), (181.0, 1)])
def test_a_demonstration_that_takes_too_long_misses_its_limit(monkeypatch, seconds, status):
    monkeypatch.setattr(bench.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=0))
    monkeypatch.setattr(bench.time, "perf_counter", iter((0.0, seconds)).__next__)
    assert bench.run("demo", ("tools.demo",)) == status


def test_a_few_measurements_are_chosen_by_name(monkeypatch, capsys):
    ran = []
    # The servers of this run are those of the other tests, too: none is started or stopped here.
    monkeypatch.setattr(bench.shared, "open_place", lambda **_: None)
    monkeypatch.setattr(bench.shared, "stop_all", lambda _: None)
    monkeypatch.setattr(bench, "servers", dict)
    monkeypatch.setattr(bench, "run", lambda name, _words: ran.append(name) or 0)
    assert bench.main(["start", "vault"]) == 0
    assert ran == ["start", "vault"]
    assert bench.main(["nothing"]) == 2
    assert "known are: start, vault" in capsys.readouterr().err
