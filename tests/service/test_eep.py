"""Documents of archived files as records in XML (EEP, DA/T 48-2009): valid, read again to the same bytes, and refused when they lie."""

import io
import re
import zipfile
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from service.errors import BadInput
from service.flow.archive import eep
from service.flow.archive.eep_import import check_records, import_record
from service.flow.archive.packages import export_package
from service.flow.intake import render
from service.flow.intake.documents import get_document
from tests.service.conftest import DIGITAL, OWNER, embedded_env, open_office
from tests.service.test_flow import due_file, new_contract

SCHEMA = Path(__file__).with_name("eep.xsd")
NS = {"e": eep.NAMESPACE}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The record of the only document of an archived contract file; the document's id; the office."""
    folder = tmp_path_factory.mktemp("eep")
    office = open_office(embedded_env(folder / "home"))
    file_id, document_id = due_file(office)
    out = io.BytesIO()
    bag = export_package(office.house, office["archivist"], file_id, out)
    with zipfile.ZipFile(out) as file:
        record = file.read(f"{bag.name}/data/eep/{document_id}.xml")
        manifest = file.read(f"{bag.name}/manifest-sha256.txt").decode()
    assert f"data/eep/{document_id}.xml" in manifest  # what signs the record is the package
    path = folder / "record.xml"
    path.write_bytes(record)
    yield path, document_id, office
    office.house.database.dispose()


def read(data: bytes, sink: io.BytesIO | None = None) -> eep.Eep:
    reading = eep.Reading(sink)
    reading.write(data)
    return reading.close()


def test_a_record_is_valid_and_has_the_names_and_the_bytes(packed):
    path, document_id, _office = packed
    record = etree.parse(path)
    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(record)
    said = {
        name: record.findtext(f".//e:{name}", namespaces=NS)
        for name in ("电子文件号", "年度", "保管期限", "密级", "文件编号")
    }
    assert (said["电子文件号"], said["年度"], said["保管期限"]) == (document_id, "2026", "10年")
    assert record.find(".//e:档号", NS).text.strip() == "J001-HT·2026-D10-XS-0001"
    assert record.findtext(".//e:文件数据//e:反编码关键字", namespaces=NS) == "base64-pdf"
    assert b64decode(record.findtext(".//e:编码数据", namespaces=NS)) == DIGITAL.read_bytes()
    assert all(len(line) <= 76 for line in record.findtext(".//e:编码数据", namespaces=NS).splitlines())


def test_a_record_is_read_again_to_what_it_was(packed):
    path, document_id, _office = packed
    sink = io.BytesIO()
    found = read(path.read_bytes(), sink)
    assert (found.number, found.archive_number) == (document_id, "J001-HT·2026-D10-XS-0001")
    assert (found.filename, found.suffix) == (DIGITAL.name, ".pdf")
    assert sink.getvalue() == DIGITAL.read_bytes()


def test_another_archive_takes_a_record_in_as_a_document(packed, embedded, juanzong_here):
    path, _document_id, _office = packed
    got = import_record(embedded.house, embedded["archivist"], path, department="XS")
    document = get_document(embedded.house, OWNER, got.document_id)
    assert (document.filename, document.title) == (DIGITAL.name, read(path.read_bytes()).title)
    with render.open_rendition(embedded.house, OWNER, got.document_id, "original") as opened:
        assert opened.stream.read() == DIGITAL.read_bytes()
    again = juanzong_here(embedded.env, "package", "record", path, "--json")
    assert '"duplicate":true' in again.stdout


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("<版本>2009", "<版本>1999"),
        lambda text: text.replace(eep.NAMESPACE, "http://example.org/other"),
        lambda text: text[: len(text) // 2],
        lambda text: re.sub(r"<计算机文件大小>\d+", "<计算机文件大小>7", text),
        lambda text: re.sub(r"(编码数据1\">)", r"\1****", text, count=1),
        lambda text: text.replace("<?xml version='1.0' encoding='utf-8'?>", "<!DOCTYPE a [<!ENTITY b 'c'>]>"),
        lambda text: re.sub(r"<电子文件号>[^<]*", "<电子文件号>", text),
        lambda _text: "",
        lambda _text: "<a/>",
    ],
)
def test_what_is_no_such_record_is_refused_in_one_line(packed, change):
    text = change(packed[0].read_text("utf-8"))
    with pytest.raises(BadInput) as refused:
        read(text.encode())
    assert "\n" not in str(refused.value)


def test_a_package_whose_record_speaks_of_another_document_is_not_taken_in(packed):
    path, document_id, _office = packed
    about = {
        "file": {"archive_number": "J001-HT·2026-D10-XS-0001"},
        "documents": {document_id: {"sha256": read(path.read_bytes()).sha256}},
    }

    def copy(_name, out):
        out.write(path.read_bytes())

    assert check_records([f"data/eep/{document_id}.xml"], copy, about) == 1
    for wrong in (
        about | {"documents": {document_id: {"sha256": "0" * 64}}},
        about | {"documents": {}},
        about | {"file": {"archive_number": "J001-HT·2026-D10-XS-0002"}},
    ):
        with pytest.raises(BadInput, match="speaks of another document"):
            check_records([f"data/eep/{document_id}.xml"], copy, wrong)


def test_a_file_that_is_not_archived_has_no_record(embedded):
    """The standard wants year, period and number, which a file gets when it is archived."""
    _contract_id, file_id = new_contract(embedded)
    document_id = embedded.take_in()
    from service.flow.archive import filing

    filing.file_document(embedded.house, embedded["handler"], document_id, file_id)
    bag = export_package(embedded.house, embedded["archivist"], file_id, io.BytesIO())
    assert [name for name in bag.payload if "/eep/" in name] == []


_TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=6), _TEXT, _TEXT)
def test_any_bytes_and_any_title_come_back(blocks, title, filename):
    document = {
        "document_id": "d-1", "title": title, "filename": filename, "category": "1.9", "fields": {}, "tier": "secret",
        "original": None, "pages": 0, "size": len(b"".join(blocks)), "media_type": "application/pdf",
        "received_at": "2026-10-08T09:00:00+08:00", "received_by": "person:handler", "sha256": "0" * 64,
    }  # fmt: skip
    about = {
        "file": {"archive_number": "J001-HT·2026-Y-XS-0001", "retention": "Y", "archived_on": "2026-10-08"},
        "department": {"code": "XS", "name": "销售部", "fonds": "J001"},
        "packed_at": "2026-11-25T10:00:00+08:00",
    }
    out, sink = io.BytesIO(), io.BytesIO()
    eep.write(about, document, 1, blocks, out)
    found = read(out.getvalue(), sink)
    assert sink.getvalue() == b"".join(blocks)
    assert (found.number, found.size) == ("d-1", len(b"".join(blocks)))
