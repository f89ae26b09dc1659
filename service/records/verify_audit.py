#!/usr/bin/env python3
"""Verify an audit export or an evidence package of Juanzong without Juanzong: this one file, Python 3.10 or later, `cryptography`.

    python3 verify_audit.py audit.jsonl   --public-key HEX
    python3 verify_audit.py evidence.zip  --public-key HEX

It needs the archive's public key and nothing else. Take key and program from where the other side could not have changed them,
not out of the package. What is verified and how is described in docs/auditor.md, so that it can be written anew in any language.

Exit code: 0 all of it holds; 1 something does not, said in one line; 2 it could not be examined.
"""

import argparse
import hashlib
import json
import lzma
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GENESIS = "0" * 64
SIGNED_LISTS = "signed-lists.json"
LONGEST = 64 << 20  # bytes of a line of an export, or of a JSON file of a package
SAID = ("at", "actor", "action", "subject", "detail")
# Whatever `zipfile` makes of a zip that is not as it was written: a changed flag asks for a password or another compression.
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


class Bad(Exception):
    """Something does not hold."""


def canonical(value: Any) -> str:
    """Return the JSON that is hashed: names in order, no blanks, characters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def parse(text: str | bytes, what: str) -> dict[str, Any]:
    """Return a JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        raise Bad(f"{what}: 不是 JSON (is not JSON)") from None
    if not isinstance(found, dict):
        raise Bad(f"{what}: 不是 JSON 对象 (is no JSON object)")
    return found


def part(values: dict[str, Any], name: str, kind: type, what: str) -> Any:
    """Return a value that must be there and of this kind."""
    if type(values.get(name)) is not kind:
        raise Bad(f"{what}: 缺少 {name} 或类型不对 ({name} is missing or of the wrong kind)")
    return values[name]


def is_signed(public: str, signature: str, content: bytes) -> bool:
    """Return whether the holder of the key signed exactly this."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def entry_hash(entry: dict[str, Any]) -> str:
    """Return what an entry's hash must be."""
    what = f"第 {entry.get('seq')} 条 (entry)"
    said = [part(entry, name, str, what) for name in SAID]
    content = canonical([part(entry, "previous", str, what), part(entry, "seq", int, what), *said])
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the node above two (RFC 6962)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf(digest: str) -> bytes:
    """Return the leaf of an entry (RFC 6962)."""
    try:
        return hashlib.sha256(b"\x00" + bytes.fromhex(digest)).digest()
    except ValueError:
        raise Bad("摘要不是十六进制 (a hash is not hexadecimal)") from None


class Tree:
    """The Merkle root of the entries since the last checkpoint."""

    def __init__(self) -> None:
        self.size, self.full = 0, list[bytes]()

    def add(self, digest: str) -> None:
        """Put the next entry behind the others."""
        last, size = leaf(digest), self.size
        while size & 1:
            last, size = node(self.full.pop(), last), size >> 1
        self.full.append(last)
        self.size += 1

    def root(self) -> str:
        """Return the root in hexadecimal."""
        if not self.full:
            return hashlib.sha256(b"").hexdigest()
        found = self.full[-1]
        for left in reversed(self.full[:-1]):
            found = node(left, found)
        return found.hex()


def climb(digest: str, index: int, size: int, path: list[str]) -> str:
    """Return the root that an audit path leads to (RFC 9162, 2.1.3.2)."""
    found, last = leaf(digest), size - 1
    for step in path:
        other = bytes.fromhex(step)
        if last == 0:
            return ""
        if index & 1 or index == last:
            found = node(other, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node(found, other)
        index, last = index >> 1, last >> 1
    return found.hex() if last == 0 else ""


class Keys:
    """The public keys that count: those given, else those the file names, which proves nothing about who made it."""

    def __init__(self, given: list[str], named: list[str]) -> None:
        self.given = bool(given)
        self.all = given or [key for key in named if isinstance(key, str)]

    def statement(self, checkpoint: dict[str, Any]) -> dict[str, Any]:
        """Return what a checkpoint says, its signature verified."""
        text = part(checkpoint, "statement", str, "检查点 (checkpoint)")
        said = parse(text, "检查点 (checkpoint)")
        what = f"检查点 {said.get('number')} (checkpoint)"
        if said.get("format") != "juanzong checkpoint 1":
            raise Bad(f"{what}: 格式不认识 (unknown format)")
        self.demand(checkpoint, text.encode(), what)
        for name in ("number", "first", "entries"):
            part(said, name, int, what)
        for name in ("previous", "hash", "root", "at", "archive"):
            part(said, name, str, what)
        return said

    def demand(self, holder: dict[str, Any], content: bytes, what: str) -> None:
        """Refuse what is not signed with one of the keys."""
        public, signature = part(holder, "public_key", str, what), part(holder, "signature", str, what)
        if public not in self.all:
            raise Bad(f"{what}: 不是用本档案的公钥签名 (is signed with another key than the archive's)")
        if not is_signed(public, signature, content):
            raise Bad(f"{what}: 签名不对 (the signature is wrong)")


def lines(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of an export."""
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST:
            raise Bad(f"第 {number} 行太长 (line too long)")
        yield parse(line, f"第 {number} 行 (line)")


class Walk:
    """The way along a chain from its first entry. spoken: the last entry that a checkpoint spoke for."""

    def __init__(self, keys: Keys, archive: Any) -> None:
        self.keys, self.archive = keys, archive
        self.count, self.previous, self.tree = 0, GENESIS, Tree()
        self.spoken, self.checkpoints, self.before, self.at = 0, 0, GENESIS, ""

    def entry(self, line: dict[str, Any]) -> None:
        """Take the next entry."""
        number = self.count + 1
        if line.get("seq") != number or line.get("previous") != self.previous or line.get("hash") != entry_hash(line):
            zh, en = (
                f"第 {number} 条被改、被删、被插或被调换",
                f"entry {number} was changed, removed, inserted or moved",
            )
            raise Bad(f"{zh} ({en})")
        self.count, self.previous = number, line["hash"]
        self.tree.add(self.previous)

    def checkpoint(self, line: dict[str, Any]) -> None:
        """Compare what was walked since the last checkpoint with the next one."""
        checkpoint = part(line, "checkpoint", dict, "检查点 (checkpoint)")
        said = self.keys.statement(checkpoint)
        what = f"检查点 {said['number']} (checkpoint)"
        now = (self.spoken + 1, self.count, self.previous, self.tree.root())
        if (said["first"], said["entries"], said["hash"], said["root"]) != now:
            raise Bad(f"{what}: 从第 {self.spoken + 1} 条起与签过名的不符 (entries differ from what was signed)")
        if said["previous"] != self.before or said["archive"] != self.archive:
            raise Bad(f"{what}: 接不上前一个检查点 (does not follow from the one before)")
        self.before, self.at = hashlib.sha256(checkpoint["statement"].encode()).hexdigest(), said["at"]
        self.spoken, self.tree, self.checkpoints = self.count, Tree(), self.checkpoints + 1


def verify_export(file: BinaryIO, given: list[str], at_least: int) -> dict[str, Any]:
    """Walk the chain of an export from its first entry to its last checkpoint."""
    found = lines(file)
    head = next(found, {})
    if head.get("format") != "juanzong audit export 1":
        raise Bad("不是审计日志导出文件 (this is no audit export)")
    keys = Keys(given, part(head, "public_keys", list, "第 1 行 (line)"))
    walk, end = Walk(keys, head.get("archive")), None
    for line in found:
        if end is not None:
            raise Bad("结尾之后还有内容 (something follows the end)")
        if "checkpoint" in line:
            walk.checkpoint(line)
        elif "end" in line:
            end = line["end"]
        else:
            walk.entry(line)
    if end != {"entries": walk.count, "checkpoints": walk.checkpoints}:
        raise Bad(f"文件在第 {walk.count} 条之后被截断 (the file was cut after entry {walk.count})")
    if walk.spoken != walk.count:
        raise Bad(f"第 {walk.spoken + 1} 条起没有签过名的检查点 (no signed checkpoint speaks for what follows it)")
    if walk.count < at_least:
        raise Bad(f"只有 {walk.count} 条，至少应有 {at_least} 条 (fewer entries than there must be)")
    return {
        "kind": "export",
        "entries": walk.count,
        "checkpoints": walk.checkpoints,
        "signed_at": walk.at,
        "keys": keys,
    }


def read_json(package: zipfile.ZipFile, name: str) -> tuple[dict[str, Any], bytes]:
    """Return a JSON file of a package, and its bytes."""
    try:
        if package.getinfo(name).file_size > LONGEST:
            raise Bad(f"{name}: 太大 (too large)")
        content = package.read(name)
    except KeyError:
        raise Bad(f"证据包里没有 {name} (is not in the package)") from None
    return parse(content, name), content


def digest_of(package: zipfile.ZipFile, name: str) -> tuple[str, int]:
    """Return SHA-256 and size of a file of a package."""
    digest, size = hashlib.sha256(), 0
    with package.open(name) as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def verify_package(package: zipfile.ZipFile, given: list[str]) -> dict[str, Any]:
    """Verify an evidence package: that it is whole, that its history was signed, that the original is what was received."""
    manifest, content = read_json(package, "manifest.json")
    if manifest.get("format") != "juanzong evidence 1":
        raise Bad("不是证据包 (this is no evidence package)")
    seal, _ = read_json(package, "manifest.sig.json")
    keys = Keys(given, [seal.get("public_key", "")])
    keys.demand(seal, content, "manifest.json")
    files = part(manifest, "files", dict, "manifest.json")
    names = package.namelist()
    if sorted(names) != sorted([*files, "manifest.json", "manifest.sig.json"]):
        raise Bad("证据包里的文件比清单多或少 (the package has more or fewer files than its manifest)")
    for name, about in files.items():
        if not isinstance(about, dict) or digest_of(package, name) != (about.get("sha256"), about.get("size")):
            raise Bad(f"{name}: 内容与清单不符 (is not what the manifest says)")
    history, _ = read_json(package, "history.json")
    spoken = verify_history(history, keys)
    document_id = part(manifest, "document_id", str, "manifest.json")
    original = files.get(manifest.get("original"), {}).get("sha256")
    received = [e for e in spoken if e["subject"] == f"document:{document_id}" and told(e).get("sha256") == original]
    if original is None:
        raise Bad("证据包里没有原件 (the original is not in the package)")
    lists, lacking = verify_lists(package, files, spoken, keys, {"document": document_id, "sha256": original})
    return {
        "kind": "evidence",
        "document_id": document_id,
        "entries": len(spoken),
        "original": original,
        "received": received[0] if received else None,
        "lists": lists,
        "lists_lacking": lacking,
        "signed_at": max((e["signed_at"] for e in spoken), default=""),
        "keys": keys,
    }


def told(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the details of an entry."""
    return parse(entry["detail"], f"第 {entry['seq']} 条 (entry)")


def verify_history(history: dict[str, Any], keys: Keys) -> list[dict[str, Any]]:
    """Return the entries of a history, each shown to belong to a signed checkpoint."""
    said = {}
    for checkpoint in part(history, "checkpoints", list, "history.json"):
        one = keys.statement(checkpoint if isinstance(checkpoint, dict) else {})
        said[one["number"]] = one
    found, last = [], 0
    for entry in part(history, "entries", list, "history.json"):
        if not isinstance(entry, dict):
            raise Bad("history.json: 记录不是对象 (an entry is no object)")
        seq = part(entry, "seq", int, "history.json")
        what = f"第 {seq} 条 (entry {seq})"
        if entry_hash(entry) != part(entry, "hash", str, what):
            raise Bad(f"{what}: 内容与摘要不符 (was changed)")
        span = said.get(part(entry, "checkpoint", int, what))
        path = part(entry, "path", list, what)
        if span is None or not span["first"] <= seq <= span["entries"] or not all(map(is_digest, path)):
            raise Bad(f"{what}: 没有检查点为它作证 (no checkpoint speaks for it)")
        size = span["entries"] - span["first"] + 1
        if climb(entry["hash"], seq - span["first"], size, path) != span["root"]:
            raise Bad(f"{what}: 不在签过名的检查点里 (is not among what checkpoint {span['number']} was signed for)")
        if seq <= last:
            raise Bad(f"{what}: 次序不对 (out of order)")
        last = seq
        found.append({**entry, "signed_at": span["at"]})
    return found


def verify_lists(
    package: zipfile.ZipFile, files: dict[str, Any], spoken: list[dict[str, Any]], keys: Keys, about: dict[str, Any]
) -> tuple[list[dict[str, Any]], int]:
    """Return the signed lists of a package, and how many more its history names: older packages carry none.

    Each was signed by the archive, and an entry of the history names the SHA-256 of the bytes that were signed. about: what a
    list says of the document of this package, if it stands on it.
    """
    named = {digest: entry for entry in spoken if isinstance(digest := told(entry).get("list"), str)}
    found: list[dict[str, Any]] = []
    if SIGNED_LISTS in files:
        for one in part(read_json(package, SIGNED_LISTS)[0], "lists", list, SIGNED_LISTS):
            if not isinstance(one, dict):
                raise Bad(f"{SIGNED_LISTS}: 清单不是对象 (a list is no object)")
            content = part(one, "statement", str, SIGNED_LISTS).encode("utf-8", "surrogatepass")
            entry = named.pop(hashlib.sha256(content).hexdigest(), None)
            if entry is None:
                raise Bad(f"{SIGNED_LISTS}: 履历里没有这份清单的摘要 (no entry of the history names this list)")
            keys.demand(one, content, f"第 {entry['seq']} 条的移交清单 (the list of entry {entry['seq']})")
            said = parse(content, SIGNED_LISTS)
            rows = part(said, "documents", list, SIGNED_LISTS)
            holds = any(isinstance(row, dict) and about.items() <= row.items() for row in rows)
            found.append(
                {"entry": entry["seq"], **{n: said.get(n) for n in ("act", "by", "on")}, "has_document": holds}
            )
    return found, len(named)


def is_digest(text: Any) -> bool:
    """Return whether this is a SHA-256 in hexadecimal."""
    return isinstance(text, str) and len(text) == 64 and all(c in "0123456789abcdef" for c in text)


def keys_of(words: list[str]) -> list[str]:
    """Return the public keys given as 64 hexadecimal digits, or as a file that holds them."""
    found = []
    for word in words:
        text = word if is_digest(word.lower()) else Path(word).read_text("utf-8")
        keys = [line.strip().lower() for line in text.splitlines() if line.strip()]
        if not keys or not all(map(is_digest, keys)):
            raise ValueError(f"{word}: 不是公钥（64 位十六进制） (is no public key)")
        found += keys
    return found


def out(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def say(report: dict[str, Any]) -> None:
    """Print what was found for people."""
    keys = report["keys"]
    if report["kind"] == "export":
        out(f"完整：{report['entries']} 条记录，一条接一条；{report['checkpoints']} 个签过名的检查点。")
        out(f"  sound: {report['entries']} entries, {report['checkpoints']} signed checkpoints")
    else:
        out(f"完整：文件 {report['document_id']}，{report['entries']} 条履历都有签名为证。")
        out(f"  sound: document {report['document_id']}, {report['entries']} entries, all spoken for by a signature")
        entry = report["received"]
        if entry is None:
            out("  注意：履历里没有记载原件的摘要 (no entry names the original's hash)")
        else:
            out(f"  原件就是 {entry['at']} 由 {entry['actor']} 登记的那一件，SHA-256 {report['original']}")
            out(f"  the original is what was registered then (entry {entry['seq']}, {entry['action']})")
        for one in report["lists"]:
            zh, en = ("列有这件原件", "names this original") if one["has_document"] else ("未列这件", "without it")
            out(
                f"  第 {one['entry']} 条的移交清单（{one['by']}，{one['on']}）签名成立，{zh} (signed list of that entry, {en})"
            )
        if report["lists_lacking"]:
            out(
                f"  注意：履历提到而包里没有的移交清单：{report['lists_lacking']} (lists that the history names and the package lacks)"
            )
    out(f"  最后签名 (last signed): {report['signed_at']}")
    for public in keys.all:
        digest = hashlib.sha256(bytes.fromhex(public)).hexdigest()
        out(f"  公钥指纹 (key fingerprint): {' '.join(digest[at : at + 4] for at in range(0, 64, 4))}")
    if not keys.given:
        out("  注意：公钥取自文件本身，请与另行保管的指纹核对 (the key came with the file: compare its fingerprint)")


def main(arguments: list[str] | None = None) -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Verify an audit export or an evidence package of Juanzong.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--public-key", action="append", default=[], metavar="HEX|FILE")
    parser.add_argument("--at-least", type=int, default=0, metavar="N", help="an export must have so many entries")
    parser.add_argument("--json", action="store_true", dest="as_json")
    chosen = parser.parse_args(arguments)
    try:
        given = keys_of(chosen.public_key)
        with chosen.file.open("rb") as file:
            if zipfile.is_zipfile(file):
                file.seek(0)
                with zipfile.ZipFile(file) as package:
                    report = verify_package(package, given)
            else:
                file.seek(0)
                report = verify_export(file, given, chosen.at_least)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"无法检验 (cannot be examined): {error}\n")
        return 2
    except (Bad, *BROKEN) as error:
        if chosen.as_json:
            out(json.dumps({"ok": False, "problem": str(error)}, ensure_ascii=False))
        else:
            out(f"不成立 (does not hold): {error}")
        return 1
    if chosen.as_json:
        out(json.dumps({"ok": True, **report, "keys": report["keys"].all}, ensure_ascii=False))
    else:
        say(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
