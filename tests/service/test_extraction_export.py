"""What people said of read values leaves the archive as data, by its machine's owner alone, and can be tried against other rules."""

import json
import sys

import pytest

from intake.codec import from_json, to_json
from service.errors import NotAllowed
from service.flow.common.values import Entry
from service.flow.intake import checking, documents
from service.flow.intake.checking import Given
from service.flow.intake.extraction_export import export
from service.records.tables import AuditEntry
from tests.intake.layouts import letter
from tests.service.conftest import OWNER, embedded_env
from tools import replay_extraction

OTHER = "云桥智联信息科技有限公司"


@pytest.fixture
def checked(embedded):
    """A contract of whose values two are settled."""
    document_id = embedded.take_in()
    amount = next(f for f in documents.get_document(embedded.house, OWNER, document_id).fields if f.name == "amount")
    given = Given(entries=[Entry("party_b", OTHER)], seen={"amount": amount.value})
    checking.save(embedded.house, embedded["handler"], document_id, given)
    return document_id


def test_only_what_people_settled_is_in_it(embedded, checked):
    (line,) = export(embedded.house, OWNER)
    assert (line["document_id"], line["category"], "pages" in line) == (checked, "1.9", False)
    read = {f.name: f for f in documents.get_document(embedded.house, OWNER, checked).fields}
    assert set(line["fields"]) == {"party_b", "amount"}
    corrected, confirmed = line["fields"]["party_b"], line["fields"]["amount"]
    assert (corrected["outcome"], corrected["value"]) == ("corrected", OTHER)
    assert corrected["read_value"] == read["party_b"].read_value != OTHER
    assert (confirmed["outcome"], confirmed["value"], confirmed["people"]) == ("confirmed", read["amount"].value, 1)
    with pytest.raises(NotAllowed):
        list(export(embedded.house, embedded["administrator"]))
    with embedded.house.database.read() as session:
        last = session.query(AuditEntry).filter_by(action="extraction.export").one()
        assert json.loads(last.detail)["documents"] == 1


def test_the_command_writes_a_new_file_for_its_owner_alone(embedded, checked, juanzong_here, tmp_path):
    env, out = embedded_env(embedded.house.settings.home), tmp_path / "out.jsonl"
    told = json.loads(juanzong_here(env, "extraction", "export", "--pages", "-o", out, "--json").stdout)
    assert told == {"path": str(out), "documents": 1, "values": 2}
    assert out.stat().st_mode & 0o777 == 0o600
    line = json.loads(out.read_text(encoding="utf-8"))
    page = from_json(json.dumps(line["pages"][0]).encode())
    assert page.lines
    assert "already" in juanzong_here(env, "extraction", "export", "-o", out, check=3).stderr
    nothing = tmp_path / "later.jsonl"
    juanzong_here(env, "extraction", "export", "--since", "2099-01-01", "-o", nothing)
    assert nothing.read_text() == ""


def test_rules_are_tried_on_what_people_settled(embedded, checked, tmp_path, monkeypatch, capsys):
    (line,) = export(embedded.house, OWNER, pages=True)
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps(line))
    monkeypatch.setattr(sys, "argv", ["replay", str(path), "--company", "华岳实业集团有限公司"])
    assert replay_extraction.main() == 0
    assert "values 2, right then 1, right now 1, mended 0, BROKEN 0" in capsys.readouterr().out
    line["fields"]["amount"] |= {"value": "1.00", "read_value": "1.00"}  # as if the rules had read it so
    line["fields"]["party_b"]["value"] = line["fields"]["party_b"]["read_value"]
    line["fields"]["party_b"]["read_value"] = OTHER
    path.write_text(json.dumps(line))
    assert replay_extraction.main() == 1
    told = capsys.readouterr().out
    assert "BROKEN" in told
    assert "mended" in told


def test_a_category_that_a_person_named_and_own_forms_count(embedded, checked, tmp_path, monkeypatch, capsys):
    documents.set_category(embedded.house, embedded["handler"], checked, "1.11")
    (line,) = export(embedded.house, OWNER, pages=True)
    assert (line["read_category"], line["category"]) == ("1.9", "1.11")
    line["fields"] = {"document_number": {"value": "JS-7", "read_value": ""}}
    line["pages"] = [
        json.loads(to_json(letter("# 采购合同\n技术单号：JS-7\n甲方：石桥建材有限公司\n乙方：云桥有限公司")))
    ]
    path, forms = tmp_path / "out.jsonl", tmp_path / "forms"
    path.write_text(json.dumps(line))
    forms.mkdir()
    (forms / "a.toml").write_text('words = ["技术单号"]\n[labels]\ndocument_number = ["技术单号"]\n', encoding="utf-8")
    for arguments, mended in ((), 0), (("--forms", str(forms)), 1):
        monkeypatch.setattr(sys, "argv", ["replay", str(path), *arguments])
        assert replay_extraction.main() == 0
        assert f"mended {mended}, BROKEN 0, other category 1" in capsys.readouterr().out


def test_a_document_of_which_people_changed_the_category_alone_is_in_it(embedded, tmp_path, monkeypatch, capsys):
    document_id = embedded.take_in()
    assert list(export(embedded.house, OWNER)) == []
    documents.set_category(embedded.house, embedded["handler"], document_id, "1.11")
    (line,) = export(embedded.house, OWNER, pages=True)
    assert (line["read_category"], line["category"], line["fields"]) == ("1.9", "1.11", {})
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps({**line, "read_category": "1.2", "category": "1.9"}))
    monkeypatch.setattr(sys, "argv", ["replay", str(path)])
    assert replay_extraction.main() == 0
    assert "other category 0, category mended 1" in capsys.readouterr().out
