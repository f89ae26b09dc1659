"""`make demo`: the whole main job on the sample scans, in a directory of its own, in plain words.

Nothing here knows what is on the scans: numbers, names and dates come out of the pictures.
"""

import secrets
import shutil
import sys
import time
from datetime import date
from pathlib import Path

from service.access import people
from service.access.papers import KINDS, PaperGiven
from service.access.policy import Actor
from service.bootstrap import build, prepare, without_settings
from service.errors import KNOWN_ERRORS, RuleRefused
from service.flow.archive import destroy, filing, ledger, reviews, transfers
from service.flow.intake import receive
from service.flow.intake.process import process
from service.flow.search import find
from service.flow.trust.trail import verify_audit
from service.house import House
from service.records.tables import Document
from service.settings import load
from service.web.words import reason

ROOT = Path(__file__).parent.parent
HOME = ROOT / "var" / "demo"
SCANS = ROOT / "samples" / "scans"
OUR_COMPANY = "华岳实业集团有限公司"
OWNER = Actor("cli:demo", owner=True)
STAFF = {
    "chen.li": ("陈立", ["handler"]),
    "zhou.min": ("周敏", ["credit_administrator"]),
    "he.qing": ("何青", ["archivist"]),
    "wu.jianguo": ("吴建国", ["department_head"]),
    "lin.yue": ("林越", ["handler"]),
    "xu.fang": ("许芳", ["auditor"]),
    "zhao.qian": ("赵倩", ["department_head"]),
    "song.wei": ("宋卫", ["credit_administrator"]),
    "fang.ruo": ("方若", ["department_head"]),
    "gu.an": ("顾安", ["archivist"]),
}


def say(text: str) -> None:
    print(text, flush=True)


def step(number: int, zh: str, en: str) -> None:
    say(f"\n{number}. {zh} · {en}")


def people_of(house: House, password: str) -> dict[str, Actor]:
    department = people.create_department(house, OWNER, "WZ", "物资部")
    actors = {}
    # Everyone has signed the confidentiality agreement; an archivist's qualifications are on record (RULES B7 to B9).
    papers = [PaperGiven(kind, date(2020, 1, 1), None, "人事档案 personnel file") for kind in KINDS]
    for login, (name, roles) in STAFF.items():
        secret = people.invite(house, OWNER, login, name, roles, department.id, "secret", papers)
        actors[login] = people.actor_of_person(house, people.set_password(house, secret, password))
    return actors


def look(document: Document) -> str:
    """Why a person should look at a document, in words; "" for one that needs none."""
    why = [reason(code) for code in document.review_reasons]
    return f"  ← 请看 look: {'；'.join(why)}" if why else ""


def take_in(house: House, actor: Actor) -> dict[str, Document]:
    began, pages = time.perf_counter(), 0
    found: dict[str, Document] = {}
    for path in sorted(SCANS.iterdir()):
        received = receive.receive(house, actor, path, path.name, channel="demo")
        process(house, received.document_id)
        with house.database.read() as session:
            document = session.get_one(Document, received.document_id)
            _ = document.fields
        found[document.id] = document
        pages += document.pages
        say(f"   {path.name:32} {document.category or '?':5} {document.title[:24]}{look(document)}")
    took = time.perf_counter() - began
    say(f"   {len(found)} documents, {pages} pages in {took:.0f} s; all sealed, read and searchable")
    return found


def value(document: Document, name: str) -> str:
    return next((field.value for field in document.fields if field.name == name), "")


def pick_contract(documents: dict[str, Document]) -> Document:
    """The contract of which the most other papers say that they belong to it, by its printed number."""

    def mentions(document: Document) -> int:
        number = value(document, "contract_number")
        return sum(value(other, "contract_number") == number for other in documents.values()) if number else 0

    return max((d for d in documents.values() if d.category == "1.9" and d.kind == "contract"), key=mentions)


def file_case(house: House, actors: dict[str, Actor], documents: dict[str, Document]) -> str:
    handler = actors["chen.li"]
    document = pick_contract(documents)
    given = ledger.contract_input_from_document(house, handler, document.id)
    contract = ledger.create_contract(house, handler, given)
    say(
        f"   {document.filename}: {given.title}，{given.counterparty}，{given.amount} {given.currency}，{given.signed_on}"
    )
    say(f"   contract number 合同编号: {contract.number}")
    _, files = filing.list_case_files(house, handler, kind="contract")
    file = next(f for f in files if f.contract_id == contract.id)
    number, counterparty = given.printed_number, given.counterparty
    for other in documents.values():
        same = number and value(other, "contract_number").startswith(number)
        theirs = counterparty in (value(other, "name"), value(other, "principal"))
        if (same or theirs or other.category == "1.5") and other.category.startswith("1."):
            filing.file_document(house, handler, other.id, file.id)
    state = filing.completeness(house, handler, file.id)
    present = [slot.category.code for slot in state.slots if slot.state == "present"]
    say(f"   filed 已入卷: {', '.join(present)}; missing 缺: {', '.join(state.missing)}")
    for category in state.missing:
        filing.mark_not_applicable(house, handler, file.id, category, "本合同无此类材料")
    return file.id


def waiting(items: list[transfers.DueTransfer]) -> list[transfers.DueTransfer]:
    return [item for item in items if item.transfer.state == "pending"]


def hand_over(house: House, actors: dict[str, Actor], file_id: str) -> None:
    handler, administrator, archivist = actors["chen.li"], actors["zhou.min"], actors["he.qing"]
    for item in waiting(transfers.transfers_of(house, handler, file_id)):
        days = f"{-item.days} days late" if item.days < 0 else f"{item.days} days left"
        say(f"   handler's transfer due 承办人移交期限 {item.transfer.due_on} ({days}): {item.why_zh}")
        transfers.hand_over(house, handler, item.transfer.id)
        transfers.accept(house, administrator, item.transfer.id)
    for item in waiting(transfers.transfers_of(house, administrator, file_id)):
        say(f"   archive room's transfer due 移交档案室期限 {item.transfer.due_on}: {item.why_zh}")
        transfers.hand_over(house, administrator, item.transfer.id)
    file = transfers.archive(house, archivist, file_id)
    say(f"   archive number 档号: {file.archive_number}")


def end_contract(house: House, actors: dict[str, Actor], file_id: str) -> None:
    file = filing.get_case_file(house, actors["chen.li"], file_id)
    ledger.finish_event(house, actors["chen.li"], file.contract_id or "", "performed", str(house.clock.today()))
    hand_over(house, actors, file_id)
    file = filing.get_case_file(house, actors["he.qing"], file_id)
    from retention.why import Why

    say(
        f"   performed 履行完毕 {file.closed_on}; kept 保管期限 {file.retention}: {Why.from_json(file.retention_why).zh}"
    )
    say(f"   destruction allowed from 可销毁日 {file.due_on}")


def destroy_file(house: House, actors: dict[str, Actor], file_id: str, word: str) -> bool:
    archivist, approver = actors["he.qing"], actors["wu.jianguo"]
    group = [actors[login] for login in ("xu.fang", "lin.yue", "song.wei")]
    supervisors = [actors["zhao.qian"], actors["fang.ruo"]]
    due = filing.get_case_file(house, archivist, file_id).due_on or date.max
    house.clock.move_to(due.replace(day=4))
    say(
        f"   the calendar moves to 日历移至 {house.clock.today()}; due 到期: {len(reviews.candidates(house, archivist))} file"
    )
    ids = [a.person_id or "" for a in group]
    review = reviews.propose(
        house, archivist, [file_id], ids, approver.person_id or "", [a.person_id or "" for a in supervisors]
    )
    for member in group:
        reviews.add_opinion(house, member, review.id, file_id, "destroy", reason="期满，无争议")
    reviews.approve(house, approver, review.id)
    say(f"   review 鉴定 {review.number}: three opinions, approved by 批准人 {approver.display}")
    try:
        destroy.execute(house, archivist, review.id)
    except KNOWN_ERRORS as error:
        say(f"   destroying now is refused 现在销毁被拒绝: {error}")
    else:
        raise RuleRefused("the waiting period did not hold")
    view = reviews.get_review(house, archivist, review.id)
    house.clock.move_to(view.review.execution_from or due)
    for supervisor in supervisors:
        reviews.supervise(house, supervisor, review.id)
    destroy.execute(house, archivist, review.id)
    for supervisor in supervisors:
        reviews.supervise(house, supervisor, review.id)
    proof = destroy.prove(house, archivist, file_id)
    certificate = reviews.get_review(house, archivist, review.id).record.certificate or {}
    say(
        f"   destroyed 已销毁 on {house.clock.today()}, supervised by 监销人 {supervisors[0].display}、{supervisors[1].display}"
    )
    say(
        f"   proof 核验: {proof.objects_left} objects, {proof.keys_left} keys, {proof.index_entries} index entries, "
        f"{proof.columns_left} database rows left; a search for {word} finds {find.find(house, archivist, word).total}"
    )
    row = destroy.register(house, archivist)[0]
    say(f"   register 销毁清册: {row['archive_number']}  {row['title']}  {row['pages']} 页  {row['remark']}")
    say(f"   certificate 销毁证明 sha256 {str(certificate.get('sha256'))[:16]}…")
    return proof.ok


def distinctive(house: House, actor: Actor, documents: dict[str, Document]) -> str:
    """A run of characters that stands on the contract and nowhere else."""
    from service.flow.intake.render import page_text

    text = page_text(house, actor, pick_contract(documents).id, 1).text.replace("\n", "")
    for at in range(len(text) // 3, len(text) - 8):
        word = text[at : at + 6]
        if all("一" <= char <= "鿿" for char in word) and find.find(house, actor, word).total == 1:
            return word
    return value(pick_contract(documents), "contract_number")


def main() -> int:
    began = time.perf_counter()
    shutil.rmtree(HOME, ignore_errors=True)
    # Nothing that is set for a real archive: the demonstration never touches one.
    env = without_settings() | {
        "JUANZONG_HOME": str(HOME),
        "JUANZONG_MODE": "demo",
        "JUANZONG_OUR_COMPANIES": OUR_COMPANY,
    }
    settings = load(env)
    prepare(settings)
    house = build(settings)
    password = secrets.token_urlsafe(9)
    actors = people_of(house, password)
    say(f"卷宗 Juanzong: an archive of its own at {HOME}")
    step(1, "收件、封存、识别", "take in, seal, read")
    documents = take_in(house, actors["chen.li"])
    step(2, "检索", "search")
    word = distinctive(house, actors["chen.li"], documents)
    found = find.find(house, actors["chen.li"], word)
    hit = found.hits[0]
    say(
        f"   {word}: {found.total} found in {found.took_ms} ms, page {hit.page}, {len(hit.boxes)} place(s) lit up: {hit.snippet}"
    )
    step(3, "编号、入卷", "number and file")
    file_id = file_case(house, actors, documents)
    step(4, "移交、归档", "transfer and archive")
    hand_over(house, actors, file_id)
    step(5, "履行完毕、保管期限", "performance ends, retention runs")
    end_contract(house, actors, file_id)
    step(6, "鉴定、销毁", "review and destruction")
    gone = destroy_file(house, actors, file_id, word)
    step(7, "审计", "audit trail")
    report = verify_audit(house, OWNER)
    say(f"   {report.entries} entries, hash chain {'unbroken 完整' if report.ok else f'broken at {report.first_bad}'}")
    house.database.dispose()
    say(f"\ndone in {time.perf_counter() - began:.0f} s. Open what is left of it in a browser 在浏览器中打开:")
    run = f"JUANZONG_HOME={HOME} JUANZONG_MODE=demo JUANZONG_OUR_COMPANIES={OUR_COMPANY}"
    say(f"   {run} .venv/bin/juanzong serve")
    say(f"   {settings.base_url}  name 用户名 he.qing (archivist 档案管理员)  password 密码 {password}")
    return 0 if gone and report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
