"""Stacks through the command line and the API, on the embedded parts and on real servers."""

import io
import os
import signal
import subprocess
import sys
import time
from uuid import UUID

import pikepdf
import pytest
from flask import Flask
from sqlalchemy import select

from intake.batches.payload import Separator
from intake.batches.sheets import Sheet, as_pdf
from service.access import people
from service.api.app import blueprint
from service.flow.archive import filing
from service.flow.intake import batches, stacks
from service.flow.intake.process import process_waiting
from service.flow.search.find import find
from service.records.tables import Document, Stack
from tests.intake.batches import stacks as scans
from tests.service.conftest import DIGITAL, OWNER
from tests.service.test_batches import SHEET, original, page, sound, stack
from tests.service.test_cli import ROOT, env, lines
from tests.service.test_flow import new_contract

__all__ = ["env"]


def digital(path, *sheets):
    """A stack of the digital contract's two pages, a printed sheet before each of them: nothing of it needs OCR."""
    with pikepdf.new() as made, pikepdf.open(DIGITAL) as contract:
        for number, separator in enumerate(sheets):
            with pikepdf.open(io.BytesIO(as_pdf([Sheet(separator, "分隔页")]))) as sheet:
                made.pages.append(sheet.pages[0])
            made.pages.append(contract.pages[number])
        made.save(path)
    return path


TWO = (Separator("file", "HT-XS-2026-0007", category="1.9"), Separator(category="1.10"))


def test_ingest_split_gives_a_line_for_every_document(env, tmp_path, juanzong_here):
    path = digital(tmp_path / "stack.pdf", *TWO)
    done = juanzong_here(env, "ingest", "--split", "--sheets", 4, "--sides", 1, path, "--json")
    first, second = lines(done)
    assert [(line["part"], line["category"], line["contract"], line["pages"]) for line in (first, second)] == [
        (1, "1.9", "HT-XS-2026-0007", 1),
        (2, "1.10", "HT-XS-2026-0007", 1),
    ]
    assert first["path"] == second["path"] == str(path)
    assert first["batch"] == second["batch"]
    assert first["status"] in ("stored", "needs_review")
    found = lines(juanzong_here(env, "search", "技术服务", "--json"))[0]
    assert {hit["document_id"] for hit in found["hits"]} <= {first["document_id"], second["document_id"]}
    assert found["total"] >= 1
    again = lines(juanzong_here(env, "ingest", "--split", path, "--json"))
    assert [line["status"] for line in again] == ["duplicate"] * 2
    assert [line["document_id"] for line in again] == [first["document_id"], second["document_id"]]
    assert lines(juanzong_here(env, "fixity", "--json"))[0]["ok"]
    assert lines(juanzong_here(env, "doctor", "--json"))[0]["orphans"] == []


def test_what_is_no_stack_is_a_document_and_what_is_broken_is_refused(env, tmp_path, juanzong_here):
    from tests.service.conftest import SCANS

    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.7 cut short")
    png = SCANS / "authorization-upside-down.png"
    done = juanzong_here(env, "ingest", "--split", bad, png, "--json", check=3)
    assert [line["status"] == "rejected" for line in lines(done)] == [True, False]
    assert "--split" in juanzong_here(env, "ingest", "--sheets", 3, DIGITAL, check=2).stderr


def test_of_a_pair_of_passes_that_does_not_fit_nothing_is_put_together(env, tmp_path, juanzong_here):
    """The backs of the next paper never become those of the first pass that still waits."""
    with pikepdf.open(DIGITAL) as contract:

        def piece(name, *numbers):
            with pikepdf.new() as made:
                for number in numbers:
                    made.pages.append(contract.pages[number])
                made.docinfo["/Title"] = name
                made.save(tmp_path / name)
            return tmp_path / name

        pair, bad = [piece("f1.pdf", 0, 1), piece("b1.pdf", 0)], tmp_path / "bad.pdf"
        bad.write_bytes(b"%PDF-1.7 cut short")
        broken = [bad, piece("b3.pdf", 1, 1)]
        good = [piece("f2.pdf", 1, 0), piece("b2.pdf", 0, 0)]
        again = piece("b1-again.pdf", 1, 0)
    split = ("ingest", "--split", "--order", "fronts-backs", "--json")
    found = lines(juanzong_here(env, *split, *broken, *pair, *good, check=3))
    by_name = {line["path"].rpartition("/")[2]: line for line in found}
    assert "its first pass was not" in by_name["b3.pdf"]["error"]
    assert "1: scan the stack again" in by_name["b1.pdf"]["error"]
    waiting = by_name["f1.pdf"]["batch"]
    assert waiting in by_name["f1.pdf"]["error"]
    assert (by_name["b2.pdf"]["pages"], by_name["b2.pdf"]["batch"] != waiting) == (4, True)
    (shown,) = lines(juanzong_here(env, "batch", "show", waiting, "--json"))
    assert (shown["waiting"], shown["documents"]) == ([{"stack": 1, "filename": "f1.pdf", "pages": 2}], [])
    last = lines(juanzong_here(env, *split, pair[0], again))[-1]
    assert (last["pages"], last["batch"]) == (4, waiting)


def test_a_killed_ingest_is_finished_by_the_next_and_gives_no_document_twice(env, tmp_path, juanzong_here):
    path = digital(tmp_path / "stack.pdf", *TWO)
    for wait in (1.5, 4.0):
        running = subprocess.Popen(
            [sys.executable, "-m", "service", "ingest", "--split", str(path), "--json"],
            env={**os.environ, **env}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(wait)
        running.send_signal(signal.SIGKILL)
        running.wait()
    done = lines(juanzong_here(env, "ingest", "--split", path, "--json"))
    assert [line["category"] for line in done] == ["1.9", "1.10"]
    again = lines(juanzong_here(env, "ingest", "--split", path, "--json"))
    assert [line["document_id"] for line in again] == [line["document_id"] for line in done]
    assert lines(juanzong_here(env, "doctor", "--json"))[0]["documents"] == 2


@pytest.fixture
def caller(embedded):
    """Return a function that calls the API as a person."""
    embedded.hire("scanner", "operator")
    embedded.hire("colleague", "operator")
    app = Flask("test")
    app.register_blueprint(blueprint(embedded.house))
    client = app.test_client()
    tokens = {}

    def call(login, method, path, *, file=None, **more):
        if login not in tokens:
            tokens[login] = people.create_token(embedded.house, OWNER, login, "test")
        headers = {"Authorization": f"Bearer {tokens[login]}"}
        if file is not None:
            data = {"file": (io.BytesIO(file.read_bytes()), file.name), **more.pop("data", {})}
            more |= {"data": data, "content_type": "multipart/form-data"}
        return client.open(f"/api/v1{path}", method=method, headers=headers, **more)

    return call


def test_a_batch_through_the_api(caller, tmp_path):
    path = stack(tmp_path, 1, 2, SHEET, 3)
    answer = caller("scanner", "POST", "/documents?split=true&sheets=4&sides=1", file=path, data={"batch": "B-9"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/v1/batches/B-9"
    got = answer.get_json()
    assert [(d["pages"], d["category"], d["contract"]) for d in got["documents"]] == [
        (2, None, None),
        (1, "1.9", "HT-XS-2026-0001"),
    ]
    again = caller("scanner", "POST", "/documents?split=true", file=path)
    assert (again.status_code, again.get_json()["status"]) == (200, "duplicate")
    picture = tmp_path / "one.jpg"
    picture.write_bytes(scans.jpeg(page(9), 72))
    alone = caller("scanner", "POST", "/documents?split=true", file=picture)
    assert (alone.status_code, alone.get_json()["pages"]) == (201, 1)
    assert alone.headers["Location"] == f"/api/v1/documents/{alone.get_json()['document_id']}"
    shown = caller("scanner", "GET", f"/documents/{got['documents'][1]['document_id']}").get_json()
    assert shown["separator"] == {"contract": "HT-XS-2026-0001", "category": "1.9"}
    assert [b["batch"] for b in caller("scanner", "GET", "/batches").get_json()["batches"]] == ["B-9"]
    batch = caller("scanner", "GET", "/batches/B-9").get_json()
    assert batch["manifest"]["balances"]
    assert [p["kind"] for p in batch["pages"]] == ["page", "page", "separator", "page"]
    assert caller("scanner", "GET", "/batches/B-9/pages/1.3").mimetype == "image/jpeg"
    change = {"version": batch["version"], "action": "split", "page": "1.2"}
    batch = caller("scanner", "POST", "/batches/B-9/pages", json=change).get_json()
    assert [d["pages"] for d in batch["documents"]] == [["1.1"], ["1.2"], ["1.4"]]
    stale = caller("scanner", "POST", "/batches/B-9/pages", json=change)
    assert (stale.status_code, stale.mimetype) == (409, "application/problem+json")
    new = tmp_path / "new.jpg"
    new.write_bytes(scans.jpeg(page(42), 72))
    data = {"version": str(batch["version"]), "page": "1.1"}
    batch = caller("scanner", "POST", "/batches/B-9/rescans", file=new, data=data).get_json()
    assert batch["manifest"]["replaced"] == 1
    assert caller("scanner", "PATCH", "/batches/B-9", json={"sheets": 5, "sides": 1}).status_code == 200
    refused = caller("scanner", "POST", "/batches/B-9/release", json={})
    assert refused.status_code == 409
    assert "5 sheets x 1 sides = 5, but 3 pages kept" in refused.get_json()["title"]
    released = caller("colleague", "POST", "/batches/B-9/release", json={"reason": "one sheet was a wrapper"})
    assert released.get_json()["state"] == "released"
    assert caller("scanner", "GET", "/batches/B-9/pages/1.3").status_code == 404


def test_a_first_pass_without_backs_through_the_api(caller, tmp_path):
    fronts = stack(tmp_path, 1, 2)
    sent = caller("scanner", "POST", "/documents?split=true&order=fronts", file=fronts, data={"batch": "B-9"})
    assert sent.get_json()["done"] is False
    given_up = caller("scanner", "POST", "/batches/B-9/give-up", json={"stack": 1}).get_json()
    assert (given_up["waiting"], given_up["busy"]) == ([], False)
    assert given_up["given_up"] == [{"stack": 1, "filename": fronts.name, "pages": 2}]
    refused = caller("scanner", "POST", "/batches/B-9/give-up", json={})
    assert refused.status_code == 409
    refused = caller("scanner", "POST", "/batches/B-9/one-sided", json={})
    assert (refused.status_code, "where it is named: stack 1" in refused.text) == (409, True)
    cut = caller("scanner", "POST", "/batches/B-9/one-sided", json={"stack": 1}).get_json()
    assert [document["pages"] for document in cut["documents"]] == [["1.1", "1.2"]]


def test_a_batch_is_filed_as_its_sheets_say_through_the_api(caller, embedded, tmp_path):
    _, file_id = new_contract(embedded)
    path = digital(
        tmp_path / "stack.pdf", Separator("file", "HT-XS-2026-0001", category="1.9"), Separator(category="1.10")
    )
    sent = caller("scanner", "POST", "/documents?split=true&sheets=4&sides=1", file=path, data={"batch": "B-9"})
    one, two = (made["document_id"] for made in sent.get_json()["documents"])
    assert caller("handler", "GET", "/batches/B-9/filing").status_code == 409
    process_waiting(embedded.house)
    caller("scanner", "POST", "/batches/B-9/release", json={})
    assert caller("scanner", "POST", "/batches/B-9/filing", json={}).status_code == 403
    shown = caller("handler", "GET", "/batches/B-9/filing").get_json()
    assert [(row["document_id"], row["state"], row["case_file_id"]) for row in shown["documents"]] == [
        (one, "ready", file_id),
        (two, "ready", file_id),
    ]
    some = caller("handler", "POST", "/batches/B-9/filing", json={"shown": {two: file_id}}).get_json()
    assert (some["filed"], [row["state"] for row in some["documents"]]) == (1, ["ready", "filed"])
    assert caller("handler", "POST", "/batches/B-9/filing", json={}).get_json()["filed"] == 1
    assert caller("handler", "DELETE", f"/documents/{one}/file").status_code == 204
    assert caller("handler", "GET", "/batches/B-9/filing").get_json()["documents"][0]["state"] == "ready"


def test_separator_sheets_through_the_api(caller, embedded):
    new_contract(embedded)
    answer = caller("scanner", "GET", "/separators?starts=file&contract=HT-XS-2026-0001&category=1.9&copies=3")
    assert answer.mimetype == "application/pdf"
    with pikepdf.open(io.BytesIO(answer.data)) as pdf:
        assert len(pdf.pages) == 3
    refused = caller("scanner", "GET", "/separators?contract=HT-0&category=9.9")
    assert refused.status_code == 422
    assert set(refused.get_json()["errors"]) == {"contract", "category"}
    assert caller("auditor", "GET", "/separators").status_code == 403


def test_a_stack_on_real_servers(office, tmp_path):
    office.hire("scanner", "operator")
    path = digital(tmp_path / "stack.pdf", *TWO)
    got = stacks.receive_stack(
        office.house, office["scanner"], path, path.name, batch="B-1", how=stacks.How(sheets=4, sides=1)
    )
    assert len(got.documents) == 2
    version = batches.get_batch(office.house, office["scanner"], "B-1").batch.version
    batches.change_pages(office.house, office["scanner"], "B-1", version, "rotate", "1.2", "180")
    process_waiting(office.house)
    first, second = (p.document_id for p in batches.get_batch(office.house, office["scanner"], "B-1").parts)
    assert first != got.documents[0].document_id
    assert second == got.documents[1].document_id
    hits = {hit.document_id for hit in find(office.house, office["scanner"], "技术服务").hits}
    assert hits & {first, second}
    assert got.documents[0].document_id not in hits
    with office.house.database.read() as session:
        assert session.get(Document, got.documents[0].document_id) is None
        (row,) = session.scalars(select(Stack))
        assert session.get_one(Document, first).category == "1.9"
    assert sound(office)
    batches.release(office.house, office["scanner"], "B-1")
    assert not office.house.vault.remains(UUID(row.id))
    assert sound(office)
    _, file_id = new_contract(office)
    filing.file_document(office.house, office["handler"], first, file_id, "1.9")
    with pikepdf.open(io.BytesIO(original(office, second))) as pdf:
        assert len(pdf.pages) == 1
