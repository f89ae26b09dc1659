"""Stacks that arrive piece by piece: cut once, whatever was killed in between, and named by their batch."""

import hashlib

import numpy as np
import pytest
from sqlalchemy import select

from intake.batches.payload import Separator, encode
from intake.errors import Rejected
from service.errors import UploadGone
from service.flow.intake import batches, finish_uploads, stacks, uploads
from service.flow.intake.finish_uploads import finish
from service.flow.intake.stacks import How
from service.records.tables import Batch, Document, Stack
from tests.intake.batches import stacks as scans
from tests.service.conftest import OWNER, SCANS
from tests.service.test_split import TWO, digital
from tests.service.test_uploads import Sender, left_of_uploads, words
from vault.errors import StoreUnavailable

SPLIT = {"split": "true", "sheets": "4", "sides": "1", "order": "as_scanned"}
LABEL_DPI = 150
PHOTOGRAPH = SCANS / "licence-portrait.jpg"


@pytest.fixture
def sender(embedded):
    return Sender(embedded, "handler")


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return digital(tmp_path_factory.mktemp("stack") / "stack.pdf", *TWO).read_bytes()


def whole(sender, data, batch="三月", **more):
    metadata = words(filename="整叠.pdf", sha256=hashlib.sha256(data).hexdigest(), batch=batch, **(SPLIT | more))
    place = sender.open(len(data), metadata).headers["Location"]
    sender.send(place, 0, data[:1000])
    return place, sender.send(place, 1000, data[1000:])


def cut_into(house):
    with house.database.read() as session:
        found = list(session.scalars(select(Stack)))
        documents = session.scalars(select(Document).where(Document.status != "receiving"))
        return [(s.id, s.state) for s in found], sorted((d.batch, d.pages) for d in documents)


def opened(office, data, **how):
    announced = uploads.Announced(len(data), "整叠.pdf", batch="B-1", how=How(**how), split=True)
    upload = uploads.begin(office.house, office["handler"], announced, channel="api")
    uploads.append(office.house, office["handler"], upload.id, 0, [data])
    return upload.id


def test_the_last_byte_makes_documents_of_a_stack_and_names_their_batch(sender, embedded, stack):
    place, last = whole(sender, stack)
    told = {"Juanzong-Batch": "%E4%B8%89%E6%9C%88", "Juanzong-Status": "received"}
    assert told.items() <= dict(last.headers).items()
    assert "Juanzong-Document" not in last.headers
    head = sender.call("HEAD", place)
    assert told.items() <= dict(head.headers).items()
    for name, value in SPLIT.items():
        assert words(**{name: value}) in head.headers["Upload-Metadata"]
    shown = sender.call("GET", place).get_json()
    assert (shown["batch"], shown["document_id"], shown["status"]) == ("三月", None, "received")
    ((_, state),), documents = cut_into(embedded.house)
    assert (state, documents) == ("cut", [("三月", 1)] * 2)
    with embedded.house.database.read() as session:
        batch = session.get_one(Batch, "三月")
        assert (batch.sheets, batch.sides, batch.operator) == (4, 1, embedded["handler"].name)
    assert left_of_uploads(embedded.house) == (0, 0)
    again = whole(sender, stack, batch="四月")[1]
    assert (again.headers["Juanzong-Batch"], again.headers["Juanzong-Status"]) == (told["Juanzong-Batch"], "duplicate")
    assert cut_into(embedded.house)[1] == documents


class Killed(BaseException):
    """The process is no more."""


def breaks_off(office, upload_id, monkeypatch, module, name, error):
    """Finish an upload that comes as far as the function `name`."""

    def broken(*_args):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(module, name, broken)
        if isinstance(error, Killed):
            patched.setattr(finish_uploads, "_give_back", lambda *_: None)  # the dead do nothing
        with pytest.raises(type(error)):
            finish(office.house, office["handler"], upload_id)


def labelled(seed, separator, kind):
    page = scans.words(scans.paper(LABEL_DPI), 12, seed, LABEL_DPI)
    return scans.put(page, scans.code(encode(separator), kind, LABEL_DPI, module=0.34), 0.6, 9.5, LABEL_DPI)


def printed(seed):
    return scans.words(scans.paper(LABEL_DPI), 12, seed, LABEL_DPI)


def test_patch_sheets_and_bar_code_labels_cut_a_stack_that_is_uploaded(sender, embedded, tmp_path):
    by_code_39 = Separator(category="1.2", label=True)
    by_code_128 = Separator("file", "HT-XS-2026-0001", label=True)
    pages = [
        printed(1),
        scans.patch_sheet("T", LABEL_DPI),  # cut off: no page
        printed(2),
        scans.paper(LABEL_DPI),  # a blank back: no page either
        labelled(3, by_code_128, "code128"),  # the label's page is the first of its document
        printed(4),
        labelled(5, by_code_39, "code39"),
        np.rot90(scans.patch_sheet("T", LABEL_DPI), 2),  # fed upside down
        printed(6),
    ]
    made = [scans.scanned(page, seed, skew=1) for seed, page in enumerate(pages)]
    path = scans.as_pdf(tmp_path / "stack.pdf", made, LABEL_DPI)
    _, last = whole(sender, path.read_bytes(), sheets="9", sides="0")
    assert last.headers["Juanzong-Status"] == "received"
    batch = batches.get_batch(embedded.house, embedded["handler"], "三月")
    assert [(part.pages, part.contract_number, part.category) for part in batch.parts] == [
        (["1.1"], "", ""),
        (["1.3"], "", ""),
        (["1.5", "1.6"], "HT-XS-2026-0001", ""),
        (["1.7"], "HT-XS-2026-0001", "1.2"),
        (["1.9"], "HT-XS-2026-0001", ""),
    ]
    assert (batch.manifest.kept, batch.manifest.blanks, batch.manifest.separators) == (6, 1, 2)
    assert sorted(pages for _batch, pages in cut_into(embedded.house)[1]) == [1, 1, 1, 1, 2]
    with embedded.house.database.read() as session:
        (looked,) = session.scalars(select(Stack.looked))
    hows = [page.get("how") for page in looked]
    assert hows == [None, "patch-T", None, None, "code128", None, "code39", "patch-3", None]


def test_killed_after_it_was_durable_nothing_is_there_twice(embedded, stack, monkeypatch):
    upload_id = opened(embedded, stack)
    breaks_off(embedded, upload_id, monkeypatch, finish_uploads, "_close", Killed())
    before = cut_into(embedded.house)
    assert before == ([(upload_id, "cut")], [("B-1", 1)] * 2)
    ended = finish(embedded.house, embedded["handler"], upload_id)
    assert (ended.stack_id, ended.document_id, ended.duplicate) == (upload_id, None, False)
    assert cut_into(embedded.house) == before


def test_killed_before_it_was_durable_it_is_begun_anew(embedded, stack, monkeypatch):
    upload_id = opened(embedded, stack)
    breaks_off(embedded, upload_id, monkeypatch, stacks, "_keep", Killed())
    assert cut_into(embedded.house) == ([(upload_id, "receiving")], [])
    assert finish(embedded.house, embedded["handler"], upload_id).stack_id == upload_id
    assert cut_into(embedded.house) == ([(upload_id, "cut")], [("B-1", 1)] * 2)


def test_a_store_that_fails_while_it_is_cut_loses_nothing(embedded, stack, monkeypatch):
    upload_id = opened(embedded, stack)
    breaks_off(embedded, upload_id, monkeypatch, stacks, "settle", StoreUnavailable("down"))
    assert finish(embedded.house, embedded["handler"], upload_id).stack_id == upload_id
    stacks.resume(embedded.house)
    assert cut_into(embedded.house) == ([(upload_id, "cut")], [("B-1", 1)] * 2)


def test_what_is_no_stack_is_one_document(sender, embedded):
    _, last = whole(sender, PHOTOGRAPH.read_bytes())
    assert last.headers["Juanzong-Document"]
    assert "Juanzong-Batch" not in last.headers
    assert cut_into(embedded.house) == ([], [("三月", 1)])


def test_a_batch_that_was_released_takes_no_more(embedded, stack):
    finish(embedded.house, embedded["handler"], opened(embedded, stack, sheets=4, sides=1))
    batches.release(embedded.house, OWNER, "B-1")
    more = opened(embedded, stack + b"\n", sheets=4)
    with pytest.raises(Rejected, match="was released") as refused:
        finish(embedded.house, embedded["handler"], more)
    assert refused.value.code == "batch_refuses"
    with pytest.raises(UploadGone):
        finish(embedded.house, embedded["handler"], more)


@pytest.mark.parametrize(
    ("metadata", "status"),
    [
        ({"split": "yes"}, 400),
        ({"sheets": "4"}, 400),
        ({"split": "false", "order": "two_pass"}, 400),
        ({"split": "true", "sheets": "four"}, 400),
        ({"split": "true", "sides": "3"}, 422),
        ({"split": "true", "sheets": "0"}, 422),
        ({"split": "true", "order": "upwards"}, 422),
        ({"device": "fujitsu"}, 400),
        ({"split": "true", "device": "a\nb"}, 400),
        ({"split": "true", "settings": "resolution"}, 400),
        ({"split": "true", "settings": "mode=<script>"}, 400),
        ({"channel": "station", "device": "fujitsu"}, 400),
        ({"channel": "scanner", "order": "two_pass"}, 400),
        ({"channel": "scanner", "sides": "3"}, 422),
    ],
)
def test_what_no_stack_can_be_is_refused_before_any_byte(sender, metadata, status):
    assert sender.open(10, words(filename="a.pdf", **metadata)).status_code == status


def test_the_manifest_has_the_scanner_and_what_it_was_told(sender, embedded, stack):
    told = {"device": "fujitsu:fi-7160:1", "settings": "resolution=300;mode=Gray;source=ADF Duplex"}
    opened = sender.open(len(stack), words(filename="a.pdf", **SPLIT, **told))
    shown = sender.call("HEAD", opened.headers["Location"])
    assert words(**told).split(",")[1] in shown.headers["Upload-Metadata"]
    sent = sender.send(opened.headers["Location"], 0, stack)
    with embedded.house.database.read() as session:
        batch = session.get_one(Batch, sent.headers["Juanzong-Batch"])
        assert batch.device == told["device"]
        assert batch.settings == {"resolution": "300", "mode": "Gray", "source": "ADF Duplex"}
