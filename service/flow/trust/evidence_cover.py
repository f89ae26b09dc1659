"""The cover of an evidence package: what a court reads first, in Chinese. It claims nothing that the package does not prove."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from retention.categories import CONTRACT_CATEGORIES, CREDIT_CATEGORIES
from service.clock import CHINA
from service.records.signing import fingerprint
from service.settings import Settings

_STYLE = """
body{font:15px/1.7 "Noto Serif CJK SC","Source Han Serif SC",SimSun,serif;max-width:48rem;margin:2.5rem auto;padding:0 1.5rem;color:#1b1b1b}
h1{font-size:1.6rem;text-align:center;margin:0 0 .3rem}h2{font-size:1.1rem;margin:1.8rem 0 .5rem;border-bottom:1px solid #999}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #bbb;padding:.25rem .5rem;text-align:left;vertical-align:top}
th{font-weight:600;background:#f3f1ec}dl th{width:8rem}code,.n{font-family:ui-monospace,monospace;font-size:.82rem;word-break:break-all}
p.sub{text-align:center;color:#555;margin:0}@media print{body{margin:0;max-width:none}tr{break-inside:avoid}}
"""


@dataclass(frozen=True)
class Told:
    """What the cover is made of."""

    settings: Settings
    metadata: Mapping[str, Any]
    history: Mapping[str, Any]
    files: Mapping[str, Mapping[str, Any]]
    original: str
    archive: str
    public: str
    now: datetime


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(CHINA):%Y-%m-%d %H:%M:%S}"


_TIERS = {"public": "公开", "internal": "内部", "secret": "商业秘密", "core": "核心商业秘密"}


def _category(code: str) -> str:
    known = CONTRACT_CATEGORIES.get(code) or CREDIT_CATEGORIES.get(code)
    return f"{code} {known.zh}" if known else code


def _rows(pairs: Iterable[tuple[str, object]]) -> str:
    return "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
        for name, value in pairs
        if value not in ("", None)
    )


def _about(told: Told) -> str:
    m = told.metadata
    file = m.get("file") or {}
    return _rows(
        [
            ("题名", m["title"] or m["filename"]),
            ("档号", m["archive_number"]),
            ("案卷", file.get("title")),
            ("归档日期", file.get("archived_on")),
            ("类别", _category(m["category"])),
            ("密级", _TIERS.get(m["tier"], m["tier"])),
            ("来时的文件名", m["filename"]),
            ("页数", m["pages"]),
            ("大小", f"{m['size']} 字节"),
            ("收到", f"{_moment(m['received_at'])}，由 {m['received_by']}"),
            ("原件或复印件", {True: "原件", False: "复印件"}.get(m["original"], "未注明")),
            ("文件编号", m["document_id"]),
            ("SHA-256", told.files[told.original]["sha256"]),
        ]
    )


def _received(told: Told) -> str:
    """Say which entry names the digest of the original, if one does."""
    digest = told.files[told.original]["sha256"]
    subject = f"document:{told.metadata['document_id']}"
    for entry in told.history["entries"]:
        if entry["subject"] == subject and json.loads(entry["detail"]).get("sha256") == digest:
            return (
                f"随附的原件，其 SHA-256 与 {_moment(entry['at'])} 由 {entry['actor']} 登记时（审计日志第 {entry['seq']} 条）"
                "记下的一致：自那时起，一个字节也没有变。"
            )
    return "履历中没有登记时记下的摘要；随附的原件与本系统保存的摘要一致，但收到时的摘要不在审计日志里。"


def _history(told: Told, words: Callable[[str], str]) -> str:
    lines = [
        f"<tr><td class='n'>{e['seq']}</td><td class='n'>{_moment(e['at'])}</td><td>{escape(e['actor'])}</td>"
        f"<td>{escape(words(e['action']))}</td><td class='n'>{e['hash'][:16]}…</td><td class='n'>{e['checkpoint']}</td></tr>"
        for e in told.history["entries"]
    ]
    head = "<tr><th>序号</th><th>时间（北京时间）</th><th>谁</th><th>做了什么</th><th>摘要</th><th>检查点</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(lines)}</tbody></table>"


def _signed(told: Told) -> str:
    made = [json.loads(one["statement"]) for one in told.history["checkpoints"]]
    stamped = sum("stamp" in one for one in told.history["checkpoints"])
    last = max(made, key=lambda one: int(one["number"]))
    return _rows(
        [
            ("档案系统编号", told.archive),
            ("签名检查点", f"{len(made)} 个，最后一个是第 {last['number']} 号，{_moment(last['at'])}"),
            (
                "时间戳",
                f"其中 {stamped} 个有 RFC 3161 时间戳" if stamped else "没有配置时间戳服务；时间是本系统服务器的时钟",
            ),
            ("签名算法", "Ed25519（RFC 8032）"),
            ("公钥", told.public),
            ("公钥指纹", fingerprint(told.public)),
            (
                "三员",
                "系统管理员、安全管理员、审计员分设"
                if told.settings.separated_administrators
                else "本单位没有分设三员",
            ),
        ]
    )


def _files(told: Told) -> str:
    lines = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td class='n'>{about['size']}</td><td class='n'>{about['sha256']}</td></tr>"
        for name, about in told.files.items()
    )
    return f"<table><thead><tr><th>文件</th><th>字节</th><th>SHA-256</th></tr></thead><tbody>{lines}</tbody></table>"


def cover(told: Told, words: Callable[[str], str]) -> str:
    """Return the cover as one HTML page that needs nothing else. words: what an action is called."""
    made = f"{told.now.astimezone(CHINA):%Y年%m月%d日 %H:%M}"
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>电子档案证据报告</title><style>{_STYLE}</style></head><body>
<h1>电子档案证据报告</h1><p class="sub">{made}（北京时间）出具</p>
<h2>一、这份文件</h2><table>{_about(told)}</table>
<h2>二、结论</h2><p>{escape(_received(told))}</p>
<p>下列 {len(told.history["entries"])} 条履历取自审计日志。每一条都带有到签名检查点的证明：改动任何一条，证明即不成立。</p>
<h2>三、履历</h2>{_history(told, words)}
<h2>四、签名</h2><table>{_signed(told)}</table>
<h2>五、包内文件</h2>{_files(told)}
<p>另有 <code>manifest.json</code>（以上各文件的摘要）和 <code>manifest.sig.json</code>（对它的签名）。</p>
<h2>六、怎样自行检验</h2>
<p>检验不需要本系统，只需要 Python 3.10 以上和 <code>cryptography</code> 库。检验程序和公钥请从本单位公布的渠道取得，不要用包里的：</p>
<p><code>python3 verify_audit.py 证据包.zip --public-key 公钥</code></p>
<p>检验的方法写在系统文档 <code>docs/auditor.md</code> 中，任何人可据此另写程序。</p>
<h2>七、说明</h2>
<ul><li>证明说明：这些记录在检查点签名之时已在审计日志里，此后没有改动；原件自登记起没有改动。</li>
<li>证明不说明：登记之前文件的真伪；记录的“谁”是登入系统的账户。</li>
<li>本包收入关于这份文件{"及其案卷" if "file" in told.metadata else ""}的记录。是否有漏，可用审计日志的全部导出（<code>juanzong audit export</code>）核对。</li></ul>
</body></html>
"""
