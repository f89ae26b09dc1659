"""Electronic records encapsulated in XML (EEP, DA/T 48-2009 基于XML的电子文件封装规范): written for a document of a package, and read again.

One document is one 电子文件封装包 of the original kind (原始型): who made it, what it is by the names of DA/T 46-2009, and the bytes of
its original as Base64. The order of the elements is the standard's. Written only for files that are archived: the standard wants a
year, a period and a number, which a file gets then. What signs it is the package it lies in.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath
from typing import Any, BinaryIO, Protocol
from uuid import uuid4
from xml.etree import ElementTree as ET
from xml.parsers import expat

from service.errors import BadInput

NAMESPACE = "http://www.saac.gov.cn/standards/ERM/encapsulation"
VERSION = "2009"
FORMAT = "本EEP根据中华人民共和国档案行业标准DA/T 48-2009《基于XML的电子文件封装规范》生成"
ORIGINAL = ("原始型", "本封装包包含电子文件数据及其元数据，原始封装，未经修改")
ENCODING = "“编码数据”是计算机文件的 Base64 编码（RFC 2045），扩展名见“反编码关键字”"
TIERS = {"public": "公开", "internal": "内部", "secret": "商业秘密", "core": "核心商业秘密"}
_LINE = 57  # bytes that make a line of 76 characters (RFC 2045)
_BLOCK = _LINE << 12
_LONGEST_TEXT = 10_000
_MOST_NAMES = 200
_DATA = "编码数据"


class Sink(Protocol):
    """What takes the bytes of a record that is read."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


@dataclass(frozen=True)
class Eep:
    """What a record says. number: 电子文件号; suffix: by the decoding keyword, such as .pdf; sha256, size: of the decoded bytes."""

    number: str
    archive_number: str
    title: str
    filename: str
    suffix: str
    sha256: str
    size: int


def writable(about: Mapping[str, Any]) -> bool:
    """Return whether the mapping of a file is known: it was archived, so that it has a number and a period. about: as `packages` keeps it."""
    file = about["file"]
    return bool(file["archive_number"] and file["retention"])


def _years(retention: str) -> str:
    return "永久" if retention == "Y" else f"{retention.removeprefix('D')}年"


def _put(parent: ET.Element, pairs: Mapping[str, object]) -> None:
    for name, value in pairs.items():
        if value not in ("", None):
            text = "".join(c for c in str(value) if c in "\t\n" or (c.isprintable() and ord(c) >= 32))
            ET.SubElement(parent, name).text = text


def _value(document: Mapping[str, Any], *names: str) -> str:
    fields = document["fields"]
    return next((fields[name]["value"] for name in names if fields.get(name, {}).get("value")), "")


def _tree(about: Mapping[str, Any], document: Mapping[str, Any], item: int, data: str) -> ET.Element:
    """Return the record with `data` standing for the bytes. item: its place in the file, from 1."""
    file, department, levels = about["file"], about["department"], about.get("levels", {})
    fonds = levels.get("fonds", department["fonds"])
    serial = file["archive_number"].rpartition("-")[2]
    suffix = PurePath(document["filename"]).suffix.lower().removeprefix(".")
    root = ET.Element("电子文件封装包", {"xmlns": NAMESPACE})
    _put(root, {"封装包格式描述": FORMAT, "版本": VERSION})
    signed = ET.SubElement(root, "被签名对象", {"eep版本": VERSION})
    kind, described = ORIGINAL
    _put(signed, {"封装包类型": kind, "封装包类型描述": described, "封装包创建时间": about["packed_at"][:19]})
    _put(signed, {"封装包创建单位": department["name"]})
    content = ET.SubElement(signed, "封装内容")
    entity = ET.SubElement(ET.SubElement(content, "文件实体块"), "文件实体")
    _put(entity, {"聚合层次": "文件"})
    _put(ET.SubElement(entity, "来源"), {"全宗名称": fonds, "立档单位名称": department["name"]})
    _put(entity, {"电子文件号": document["document_id"]})
    number = ET.SubElement(entity, "档号")
    number.text = file["archive_number"]
    # What the number is made of is what it says, whatever became of its department since.
    year = levels.get("year") or (file["archived_on"] or about["packed_at"])[:4]
    _put(number, {"全宗号": fonds, "年度": year, "保管期限": _years(levels.get("retention") or file["retention"])})
    _put(number, {"机构或问题": levels.get("department", department["code"]), "室编案卷号": serial, "室编件号": item})
    described_by = ET.SubElement(entity, "内容描述")
    _put(described_by, {"题名": document["title"] or document["filename"], "分类号": document["category"]})
    _put(described_by, {"文件编号": _value(document, "contract_number", "code")})
    _put(described_by, {"责任者": _value(document, "party_a", "principal", "authority", "name") or department["name"]})
    _put(described_by, {"日期": _value(document, "signed_on", "issued_on") or document["received_at"][:10]})
    _put(described_by, {"密级": TIERS[document["tier"]]})
    draft = {True: "正本", False: "副本"}.get(document["original"])
    pages = document["pages"] or None
    _put(ET.SubElement(entity, "形式特征"), {"文件组合类型": "单件", "页数": pages, "语种": "汉语", "稿本": draft})
    _put(ET.SubElement(entity, "存储位置"), {"脱机载体编号": "无"})
    _put(ET.SubElement(entity, "权限管理"), {"控制标识": TIERS[document["tier"]]})
    _put(entity, {"信息系统描述": "Juanzong"})
    _data(ET.SubElement(ET.SubElement(entity, "文件数据"), "文档"), document, suffix, data)
    event = ET.SubElement(ET.SubElement(content, "业务实体块"), "业务实体")
    agent = f"p-{document['received_by']}"
    _put(event, {"业务标识符": f"receive-{document['document_id']}", "机构人员标识符": agent})
    _put(event, {"文件标识符": document["document_id"], "业务状态": "历史行为", "业务行为": "登记"})
    _put(event, {"行为时间": document["received_at"], "行为描述": f"SHA-256 {document['sha256']}"})
    person = ET.SubElement(ET.SubElement(content, "机构人员实体块"), "机构人员实体")
    _put(person, {"机构人员标识符": agent, "机构人员类型": "个人", "机构人员名称": document["received_by"]})
    return root


def _data(paper: ET.Element, document: Mapping[str, Any], suffix: str, data: str) -> None:
    name = "修改0-文档1"  # how the standard names the first document of a record that was not modified
    _put(paper, {"文档标识符": name, "文档序号": "1", "文档主从声明": "主文档"})
    _put(paper, {"题名": document["title"] or document["filename"]})
    encoded = ET.SubElement(
        ET.SubElement(paper, "文档数据", {"文档数据ID": f"{name}-文档数据1"}),
        "编码",
        {"编码ID": f"{name}-文档数据1-编码1"},
    )
    _put(
        ET.SubElement(encoded, "电子属性"),
        {
            "格式信息": document["media_type"],
            "计算机文件名": document["filename"],
            "计算机文件大小": document["size"],
        },
    )
    _put(encoded, {"编码描述": ENCODING, "反编码关键字": f"base64-{suffix or 'bin'}"})
    ET.SubElement(encoded, _DATA, {"编码数据ID": f"{name}-文档数据1-编码1-编码数据1"}).text = data


def write(
    about: Mapping[str, Any], document: Mapping[str, Any], item: int, blocks: Iterable[bytes], target: Sink
) -> None:
    """Write a document of an archived file as a record into `target`, its bytes block by block. item: its place in the file, from 1."""
    place = f"@{uuid4().hex}@"
    root = _tree(about, document, item, place)
    ET.indent(root)
    head, tail = ET.tostring(root, encoding="utf-8", xml_declaration=True).split(place.encode())
    target.write(head)
    left = b""
    for block in blocks:
        left += block
        whole = len(left) - len(left) % _LINE
        target.write(base64.encodebytes(left[:whole]))
        left = left[whole:]
    target.write(base64.encodebytes(left))
    target.write(tail)


def blocks_of(stream: BinaryIO) -> Iterable[bytes]:
    """Yield the bytes of a stream in blocks of whole lines."""
    while block := stream.read(_BLOCK):
        yield block


class _Reader:
    """Takes a record apart as it comes: the texts by the names of their elements, the bytes decoded into the sink."""

    def __init__(self, sink: Sink | None) -> None:
        self.texts: dict[str, str] = {}
        self.path: list[str] = []
        self.digest, self.size, self.records = sha256(), 0, 0
        self._sink, self._left, self._text = sink, "", ""

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        namespace, _sign, local = name.rpartition("}")
        if namespace != NAMESPACE or len(self.path) > 20:
            raise _bad(f"{local} is no element of DA/T 48")
        self._keep()  # 档号 holds its whole number before its levels
        self.path.append(local)
        if local == _DATA:
            self.records += 1

    def text(self, text: str) -> None:
        if self.path and self.path[-1] == _DATA:
            self._left += "".join(text.split())
            whole = len(self._left) - len(self._left) % 4
            self._decode(self._left[:whole])
            self._left = self._left[whole:]
        elif len(self._text) < _LONGEST_TEXT:
            self._text += text

    def end(self, _name: str) -> None:
        if self.path[-1] == _DATA:
            self._decode(self._left)
            self._left = ""
        self._keep()
        self.path.pop()

    def _keep(self) -> None:
        if self._text.strip() and len(self.texts) < _MOST_NAMES:
            self.texts.setdefault(self.path[-1], self._text.strip())
        self._text = ""

    def _decode(self, text: str) -> None:
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise _bad("编码数据 is no Base64") from None
        self.digest.update(data)
        self.size += len(data)
        if self._sink is not None:
            self._sink.write(data)


def _bad(why: str) -> BadInput:
    return BadInput(f"the record cannot be read: {why}", {"record": why})


class Reading:
    """A record that is read as its bytes are written into this; what they decode to goes into `sink`."""

    def __init__(self, sink: Sink | None = None) -> None:
        self._reader = _Reader(sink)
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._reader.start, self._reader.end
        self._parser.CharacterDataHandler = self._reader.text
        self._parser.StartDoctypeDeclHandler = _no_doctype

    def write(self, data: bytes, /) -> int:
        """Take the next bytes. Raises BadInput for what is no such record, or has a DOCTYPE."""
        self._parse(data, last=False)
        return len(data)

    def _parse(self, data: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(data, last)
        except (expat.ExpatError, UnicodeError) as error:
            raise _bad("it is no XML") from error

    def close(self) -> Eep:
        """Return what the record says. Raises BadInput for what is none, holds no or several documents."""
        self._parse(b"", last=True)
        reader, said = self._reader, self._reader.texts.get
        if reader.records != 1 or not reader.size or not said("电子文件号") or said("版本") != VERSION:
            raise _bad("it is no record of one document by DA/T 48-2009")
        if said("计算机文件大小", str(reader.size)) != str(reader.size):
            raise _bad("计算机文件大小 is not that of the bytes in it")
        keyword = said("反编码关键字", "").rpartition("-")[2].lower()
        suffix = f".{keyword}" if keyword.isascii() and keyword.isalnum() and len(keyword) <= 8 else ""
        return Eep(
            number=said("电子文件号", ""),
            archive_number=said("档号", ""),
            title=said("题名", ""),
            filename=said("计算机文件名", ""),
            suffix=suffix,
            sha256=reader.digest.hexdigest(),
            size=reader.size,
        )


def _no_doctype(*_given: object) -> None:
    raise _bad("it has a DOCTYPE")
