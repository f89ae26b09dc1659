"""`juanzong batch`: exit codes, JSON, and the rights of the machine's owner."""

import pytest

from service.flow.intake.process import process_waiting
from service.flow.intake.stacks import How, receive_stack
from service.records.tables import Contract
from tests.service.conftest import OWNER
from tests.service.test_cli import lines
from tests.service.test_flow import new_contract
from tests.service.test_split import TWO, digital


@pytest.fixture
def env(embedded, tmp_path):
    """An archive with the batch 三月: two sheets with text, two separators, which nobody counted."""
    path = digital(tmp_path / "stack.pdf", *TWO)
    receive_stack(embedded.house, OWNER, path, path.name, batch="三月", how=How(device="test:0"))
    return embedded.env


def test_a_batch_is_counted_and_released(juanzong_here, env):
    (line,) = lines(juanzong_here(env, "batch", "list", "--json"))
    assert (line["batch"], line["state"], line["device"], line["sheets"]) == ("三月", "open", "test:0", None)
    (shown,) = lines(juanzong_here(env, "batch", "show", "三月", "--json"))
    assert [document["category"] for document in shown["documents"]] == ["1.9", "1.10"]
    assert (shown["manifest"]["kept"], shown["manifest"]["separators"], shown["manifest"]["balances"]) == (2, 2, False)
    refused = juanzong_here(env, "batch", "release", "三月", check=4)
    assert "how many sheets" in refused.stderr
    (counted,) = lines(juanzong_here(env, "batch", "count", "三月", "--sheets", 4, "--sides", 1, "--json"))
    assert counted["manifest"]["balances"]
    (released,) = lines(juanzong_here(env, "batch", "release", "三月", "--json"))
    assert released["state"] == "released"
    assert released["released_by"].startswith("cli:")
    assert juanzong_here(env, "batch", "list").stdout == ""
    assert lines(juanzong_here(env, "batch", "list", "--state", "released", "--json"))[0]["batch"] == "三月"
    juanzong_here(env, "batch", "count", "三月", "--sheets", 4, "--sides", 1, check=4)


def test_a_first_pass_without_backs_is_given_up_or_cut(juanzong_here, env, embedded, tmp_path):
    path = digital(tmp_path / "fronts.pdf", TWO[1])
    receive_stack(embedded.house, OWNER, path, path.name, batch="正面", how=How(order="fronts"))
    assert "stack 1 (fronts.pdf, 2 pages) waits for its backs" in juanzong_here(env, "batch", "show", "正面").stdout
    assert "was given up" in juanzong_here(env, "batch", "give-up", "正面").stdout
    juanzong_here(env, "batch", "give-up", "正面", check=4)
    (cut,) = lines(juanzong_here(env, "batch", "one-sided", "正面", "--stack", 1, "--json"))
    assert [document["category"] for document in cut["documents"]] == ["1.10"]


def test_what_does_not_balance_needs_a_reason(juanzong_here, env):
    juanzong_here(env, "batch", "count", "三月", "--sheets", 5, "--sides", 1)
    refused = juanzong_here(env, "batch", "release", "三月", check=4)
    assert "5 sheets x 1 sides = 5" in refused.stderr
    (released,) = lines(juanzong_here(env, "batch", "release", "三月", "--reason", "一张是衬纸", "--json"))
    assert released["release_reason"] == "一张是衬纸"


def test_people_read_the_account(juanzong_here, env):
    said = juanzong_here(env, "batch", "show", "三月").stdout
    assert "2 pages kept + 0 blanks dropped + 2 separators = 4" in said
    assert "nobody counted the paper" in said
    assert "HT-XS-2026-0007" in said


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "no such batch"), 3),
        (("release", "no such batch"), 3),
        (("count", "三月", "--sheets", "0", "--sides", "1"), 2),
        (("count", "三月", "--sheets", "1"), 2),
        (("list", "--state", "lost"), 2),
    ],
)
def test_wrong_words_are_one_line(juanzong_here, env, words, code):
    assert len(juanzong_here(env, "batch", *words, check=code).stderr.splitlines()) == 1


def test_labels_are_written_for_what_exists(juanzong_here, embedded, tmp_path):
    contract_id, _ = new_contract(embedded)
    with embedded.house.database.read() as session:
        number = session.get_one(Contract, contract_id).number
    path = tmp_path / "labels.pdf"
    (said,) = lines(juanzong_here(embedded.env, "labels", "--contract", number, "--copies", 2, "-o", path, "--json"))
    assert said["labels"] == 2
    assert path.read_bytes().startswith(b"%PDF")
    refused = juanzong_here(embedded.env, "labels", "--contract", "HT-0", "-o", tmp_path / "none.pdf", check=3)
    assert "no such contract" in refused.stderr
    assert not (tmp_path / "none.pdf").exists()


def test_a_batch_is_filed_as_its_sheets_say(juanzong_here, env, embedded):
    juanzong_here(env, "batch", "file", "三月", check=4)  # not released yet
    process_waiting(embedded.house)
    juanzong_here(env, "batch", "count", "三月", "--sheets", 4, "--sides", 1)
    juanzong_here(env, "batch", "release", "三月")
    assert (
        "HT-XS-2026-0007" in juanzong_here(env, "batch", "file", "三月", "--dry-run").stdout
    )  # there is no such contract
    for _ in range(7):
        contract_id, file_id = new_contract(embedded)
    with embedded.house.database.read() as session:
        assert session.get_one(Contract, contract_id).number == "HT-XS-2026-0007"
    (shown,) = lines(juanzong_here(env, "batch", "file", "三月", "--dry-run", "--json"))
    assert [(row["state"], row["case_file_id"]) for row in shown["documents"]] == [("ready", file_id)] * 2
    assert "filed 2 documents" in juanzong_here(env, "batch", "file", "三月").stdout
    (again,) = lines(juanzong_here(env, "batch", "file", "三月", "--json"))
    assert (again["filed"], [row["state"] for row in again["documents"]]) == (0, ["filed"] * 2)
