"""What the rules and flows refuse in English, said in the reader's language.

The rules speak English so that logs and programs read one language. A page in Chinese looks the sentence up here by its
shape; one that is not known is shown as it is: a foreign sentence is better than none.
"""

import re
from collections.abc import Callable

from service.errors import KNOWN_ERRORS, NotFound
from service.web import credit_words, words
from service.web.text import _, gettext, language

REJECTIONS = {
    "empty": _("空文件。"),
    "unsupported": _("不是能收的文件类型（看内容，不看文件名）：PDF、图片、OFD、DOCX、XLSX、EML、录音录像。"),
    "unsupported_here": _("这台服务器没有安装 LibreOffice，不能收 DOCX 和 XLSX；请转成 PDF 再传。"),
    "too_slow": _("查看这个文件用的时间太长，没有收下。"),
    "truncated": _("文件不完整，请重新扫描或重新传。"),
    "encrypted": _("文件有密码，请先解除密码再传。"),
    "no_pages": _("文件里没有一页。"),
    "too_large": _("文件太大。"),
    "too_many_pages": _("页数超过上限，请拆成几个文件。"),
    "too_many_pixels": _("图像像素超过上限，请用 300 dpi 重新扫描。"),
    "bad_name": _("文件名里有不能用的字符。"),
    "unreadable": _("文件读不出来。"),
    "busy": _("同一个文件正在接收，请过一会儿再试。"),
    "changed": _("读的时候文件变了，传完整以后再试。"),
    "no_stack": _("只有 PDF 和 TIFF 能装一整叠。"),
    "batch_refuses": _("这一批不再收，或者和说的扫描面不一样，或者是别人的批次：换一个批次名。"),
    "first_pass_waits": _(
        "这一批的第一遍（正面）还在等背面：先传它的背面；没有背面，或者扫错了，在批次页上选按单面分件，或者作废。"
    ),
    "no_first_pass": _("这一批里没有等着背面的第一遍：先传正面，再在那一批的页面点“传到这一批”，传背面。"),
    "passes_differ": _("两遍扫描的页数对不上，请重新扫描这一叠。"),
    "pages_left_out": _(
        "这个文件先前收过，里面有的页在还没放行的批次里去掉或换掉了：到那一批放回来，或者等它放行以后再传。"
    ),
    "cut_alone": _(
        "这个文件是一叠里的一个，其余的先前没有来，它已经按现有的页分件了：在扫描站用 --drop 拿掉它的那几页、用 --expect 写对页数，再交其余的。"
    ),
    "scan_is_in": _(
        "这一叠已经收在一个批次里了，再收就重复了：要重扫、要去掉的页到那一批里改，扫描站上的用 discard 删掉；还在那里等其余文件的，照原来的批次名交，或者先在那一批里作废。"
    ),
    "stays_whole": _("文件有电子签名或附件，不能拆开，也不能改页序，只能整份收成一件。"),
    "not_one_page": _("重扫的文件须正好是一页（PDF、TIFF、JPEG 或 PNG）。"),
    "digest": _("收到的和发出的不一样，请再传一次。"),
    "malware": _("文件里有恶意程序，没有收下。"),
    "malware_unchecked": _("文件太大，病毒扫描程序查不了，没有收下；请告诉系统管理员。"),
    "parts_lost": _("先前收到的部分在服务器上丢了，请再传一次。"),
}
#: Why a document that is kept could not be read.
TROUBLES = {
    "truncated": _("文件损坏，或者不完整"),
    "unreadable": _("文件打不开"),
    "too_large": _("打开它要的内存超过了上限"),
    "too_slow": _("打开它用的时间超过了上限"),
    "too_many_pixels": _("图像像素超过了上限"),
    "encrypted": _("文件有密码"),
    "unsupported": _("里面有不能显示的图像"),
    "unsupported_here": _("这台服务器没有安装 LibreOffice"),
    "stopped": _("试了几次，每次都半途停下"),
    "lost": _("原件从存储里读不出来"),
}


def trouble(code: str) -> str:
    """Return why a document could not be read, as a clause without its full stop."""
    return str(TROUBLES[code]) if code in TROUBLES else gettext("识别时出了错")


def rejection(code: str, message: str) -> str:
    """Return why a file was not taken in."""
    if message and not _chinese():
        return message
    said = say(message)  # where it names a batch or pages
    return said if said != message else str(REJECTIONS.get(code, message))


def _chinese() -> bool:
    return language() == "zh"


def _field(name: str) -> str:
    return words.named(words.FIELDS, name)


def _indicator(code: str) -> str:
    from service.flow.credit.cards import champion
    from service.web.context import house

    try:
        with house().database.read() as session:
            return next((i.zh for i in champion(session).scorecard.indicators if i.code == code), code)
    except KNOWN_ERRORS:
        return code


def _role(name: str) -> str:
    return words.named(words.ROLES, name)


def _codes(text: str) -> str:
    return "、".join(words.category(code.strip()) for code in text.split(","))


def _person(name: str) -> str:
    from service.web.filters import who

    return who(name)


def _event(name: str) -> str:
    return words.named(words.EVENTS, name) if name in words.EVENTS else words.state(words.CONTRACT_STATES, name).word


def _contract_state(name: str) -> str:
    return words.state(words.CONTRACT_STATES, name).word


def _file_state(name: str) -> str:
    return words.state(words.FILE_STATES, name).word


def _review_state(name: str) -> str:
    return words.state(words.REVIEW_STATES, name).word


def _part(name: str) -> str:
    return words.named(words.PARTS, name)


def _transfer_state(name: str) -> str:
    return words.state(words.TRANSFER_STATES, name).word


def _document_state(name: str) -> str:
    return words.state(words.DOCUMENT_STATES, name).word


def _loan_state(name: str) -> str:
    return words.state(words.LOAN_STATES, name).word


def _duty_state(name: str) -> str:
    return words.state(words.DUTY_STATES, name).word


def _period(code: str) -> str:
    return words.named(words.RETENTIONS, code)


def _checks(names: str) -> str:
    return "、".join(words.named(words.CHECKS, name.strip()) for name in names.split(","))


# English sentence -> Chinese sentence; what is captured is put into words by the function of that name, if there is one.
_PUT: dict[str, Callable[[str], str]] = {
    "cardpart": lambda part: "权重" if part == "weight" else "得分",
    "linepart": lambda part: "额度比例" if part == "share" else "额度上限",
    "cardstate": lambda name: words.state(words.SCORECARD_STATES, name).word,
    "figure": lambda name: words.named(words.STATEMENT_FIGURES, name),
    "other": lambda name: words.named(words.STATEMENT_FIGURES, name),
    "rpstate": _duty_state,
    "rperiod": words.period,
    "field": _field,
    "indicator": _indicator,
    "role": _role,
    "codes": _codes,
    "checks": _checks,
    "person": _person,
    "event": _event,
    "cstate": _contract_state,
    "fstate": _file_state,
    "rstate": _review_state,
    "ostate": lambda name: words.state(words.OUTSIDE_STATES, name).word,
    "oact": lambda name: words.named(words.OUTSIDE_ACTS, name.replace(" ", "_")),
    "part": _part,
    "tstate": _transfer_state,
    "lstate": _loan_state,
    "dstate": _document_state,
    "period": _period,
    "period2": _period,
    "wstate": lambda code: words.state(credit_words.STATES, code).word,
    "wstep": lambda step: words.named(credit_words.STEPS, {"close": "ask_close"}.get(step, step.replace(" ", "_"))),
}
_SENTENCES: tuple[tuple[str, str], ...] = (
    # access
    (r"\S+: no role of yours may do this", "你的角色不能这样做。"),
    (r"\S+: it belongs to another department", "它属于别的部门。"),
    (r"\S+: its confidentiality tier is above your clearance", "它的密级高于你的密级。"),
    (
        r"\S+: it is classified, and no confidentiality agreement signed by you is on record",
        "它是涉密的，而没有登记你签过保密协议。",
    ),
    (r"\S+: it is classified, and your confidentiality agreement has expired", "它是涉密的，而你的保密协议已过期。"),
    (
        r"(?:\S+: your role does not work: a qualification it needs is not on record|person:\S+ may not do \S+: qualification_missing)",
        "你的角色不起作用：它要求的资格没有登记。",
    ),
    (
        r"(?:\S+: your role does not work: a qualification it needs has expired|person:\S+ may not do \S+: qualification_expired)",
        "你的角色不起作用：它要求的资格已过期。",
    ),
    (
        r"the role (?P<role>\w+) cannot be given: on record and valid must be (?P<n>.+)",
        "不能给“{role}”这个角色：先登记有效的资格（{n}）。",
    ),
    (r"nobody keeps the record of their own papers; someone else does it", "自己的证明由别人登记。"),
    (r"nobody opens anything to themselves; someone else does it", "没有人能给自己授权，由别人办。"),
    (r"(?:note: )?say where the paper lies, at most (?P<n>\d+) characters", "写明原件在哪里，最多 {n} 个字符。"),
    (r"(?:valid_until: )?lies before the first day", "早于开始的那一天。"),
    (r"(?:until: )?lies in the past", "已经过去了。"),
    (r"(?:kind: )?one of (?:agreement|document), .*", "选一种。"),
    (
        r"(?:roles: )?administrator, security administrator and auditor exclude one another",
        "系统管理员、安全保密管理员与审计员互不兼任。",
    ),
    (r"person:\S+ may not do \S+: role_missing", "你的角色不能这样做。"),
    (r"you are not (?P<part>\w+) of review (?P<n>\S+)", "你不是鉴定 {n} 的{part}。"),
    (
        r"this link was used or has expired; ask the administrator for a new one",
        "这个链接用过了或已过期，请系统管理员给你一个新的。",
    ),
    # forms
    (r"(?:\w+: )?is needed, at most (?P<n>\d+) characters", "必须填写，最多 {n} 个字符。"),
    (r"(?:\w+: )?is needed", "必须填写。"),
    (r"(?:\w+: )?is taken", "已被占用。"),
    (r"code: (?P<n>\S+) is taken", "代码 {n} 已被占用。"),
    (r"(?:\w+: )?a date YYYY-MM-DD, not in the future", "写成 YYYY-MM-DD 的日期，不能在将来。"),
    (r"(?:\w+: )?a date YYYY-MM-DD", "写成 YYYY-MM-DD 的日期。"),
    (r"(?:\w+: )?lies in the past", "已经过去了。"),
    (r"(?:\w+: )?1 to (?P<n>\d+) characters", "1 到 {n} 个字符。"),
    (r"(?:\w+: )?10 to 200 characters", "10 到 200 个字符。"),
    (
        r"2 to 64 of a-z 0-9 \. _ -, beginning with a letter or digit",
        "2 到 64 个小写字母、数字、点、横线，以字母或数字开头。",
    ),
    (r"one or more of (?!the options).*", "至少选一个角色。"),
    (r"administrator and auditor exclude one another", "系统管理员与审计员互不兼任。"),
    (r"(?:\w+: )?there is no such department", "没有这个部门。"),
    (r"there is no department (?P<n>\S+)", "没有代码是 {n} 的部门。"),
    (r"(?:\w+: )?there is no such person", "没有这个人。"),
    (r"(?:\w+: )?is not a handler: no role of theirs hands a file over", "不是承办人，没有移交案卷的角色。"),
    (r"(?:\w+: )?belongs to another department than the contract", "不在合同所属的部门。"),
    (r"(?:code: )?1 to 8 capital letters or digits", "1 到 8 个大写字母或数字。"),
    (
        r"(?:\w+: )?is no unified social credit code: a character is wrong or missing",
        "不是正确的统一社会信用代码：有字符写错或漏写。",
    ),
    (r"three letters such as CNY", "三个字母，例如 CNY。"),
    (r"(?:reason: )?say why it is refused", "写明为什么不批准。"),
    (r"(?:purpose: )?is needed, at most 500 characters", "必须填写，最多 500 个字符。"),
    (r"(?:category: )?there is no (?:such category|category.*)", "没有这个类目。"),
    (
        r"(?:category: )?category (?P<n>\S+) does not belong into a contract file; choose its category first",
        "类目 {n} 不属于合同案卷，先选对类目。",
    ),
    (
        r"(?:category: )?category (?P<n>\S+) does not belong into a credit file; choose its category first",
        "类目 {n} 不属于信用案卷，先选对类目。",
    ),
    (
        r"(?P<field>\w+): you entered this value; two other people must confirm it \(dual verification\)",
        "{field}：这个值是你录入的，须由另外两人核对（双重核验）。",
    ),
    # accounts
    (r"(?:\w+: )?the department is closed", "这个部门已关闭。"),
    (
        r"nobody changes their own roles, department or clearance; another administrator does it",
        "自己的角色、部门与密级不能自己改，请另一位系统管理员来改。",
    ),
    (r"nobody closes their own account; another administrator does it", "不能停用自己，请另一位系统管理员来办。"),
    (r"the account (?P<n>\S+) is disabled; open it again first", "账户 {n} 已停用，先重新启用。"),
    (r"the account (?P<n>\S+) is open", "账户 {n} 没有停用。"),
    (
        r"the old password is wrong, or the account is locked for a few minutes",
        "原来的密码不对，或者账户因多次输错锁定了几分钟。",
    ),
    (r"days must be 1 or more|1 or more", "1 天以上。"),
    # values
    (r"\w+: two people disagree about this value; a third person decides", "两人对这个值看法不同，由第三人裁定。"),
    (r"\w+: you took a side in this disagreement; a third person decides", "你已对这个值表态，由第三人裁定。"),
    (r"\w+: a third person has decided this value after your disagreement", "你们对这个值的争议，第三人已经裁定。"),
    (r"\w+: somebody changed this value in the meantime; look at it again", "这个值刚被别人改过，请再看一遍。"),
    (r"\w+: nobody disagrees about this value", "对这个值没有争议。"),
    (r"\w+: choose one of the two values, or type another", "选两个值中的一个，或者另写一个。"),
    (
        r"(?:\w+: )?a value and the word that there is none: say one of the two",
        "要么写值，要么说不在此件上，只能选一样。",
    ),
    (
        r"(?:dismiss: )?(?P<reason>.+) is about values, which are confirmed or corrected",
        "这一条说的是值：确认或者改正那一项，它就了结。",
    ),
    (r"say which field the added value is of", "请选补上的是哪个字段的值。"),
    (r"(?:\w+: )?the document has no such field", "文件没有这个字段。"),
    (
        r"(?:\w+: )?a date such as 2026-03-24 or 2026年3月24日, or 长期 \(long-term\)",
        "写成日期，例如 2026-03-24 或 2026年3月24日；没有终止日的写 长期。",
    ),
    (r"(?:\w+: )?a date such as 2026-03-24 or 2026年3月24日", "写成日期，例如 2026-03-24 或 2026年3月24日。"),
    (
        r"(?:\w+: )?a sum such as 680000\.00, 68万元 or 陆拾捌万元整",
        "写成金额，例如 680000.00、68万元 或 陆拾捌万元整。",
    ),
    (
        r"(?:\w+: )?18 letters and digits, or an old number of 13 or 15 digits",
        "信用代码是 18 位字母或数字；旧注册号 13 或 15 位数字。",
    ),
    (r"(?:\w+: )?17 digits and a check digit", "身份证号是 17 位数字加一位校验码。"),
    (
        r"(?:\w+: )?the check digit does not fit: compare each character with the page",
        "校验位不符：请逐字对照页面。",
    ),
    (
        r"(?:\w+: )?the sum in words beside it is (?P<n>[\d., ]+): compare with the page",
        "旁边的大写金额是 {n}：请对照页面；值若印在别处，请在页面上选它。",
    ),
    (r"(?:\w+: )?(?P<n>\d+) characters, a credit code has 18", "{n} 位；信用代码是 18 位。"),
    (
        r"the document is (?P<dstate>received|reading); there are no values to check",
        "文件{dstate}，现在没有可以核对的值；等它读完，再按一次。",
    ),
    (r"the document is (?P<dstate>\w+); there are no values to check", "文件{dstate}，没有可以核对的值。"),
    (
        r"these values changed since you looked at them: get the document again, or say what you saw",
        "你看过以后这些值又改动过：请重新打开文件再看。",
    ),
    (r"there is nothing of yours to undo on this document", "这份文件上没有你可以撤销的保存。"),
    (r"the document was changed since; what you saved can no longer be undone", "之后文件又改动过，已不能撤销。"),
    (r"(?:reason: )?there is no such reason", "没有这个缘由。"),
    # files and contracts
    (r"the document lies in another file; take it out there first", "文件已在另一卷里，先从那里取出。"),
    (r"file (?P<n>.+) is (?P<fstate>\w+); its documents stay in it", "案卷 {n} {fstate}，其中的文件不再取出。"),
    (r"file (?P<n>.+) is (?P<fstate>\w+) and is not changed any more", "案卷 {n} {fstate}，不再改动。"),
    (
        r"file (?P<n>.+) stands on review (?P<r>\S+); it stays as it is until the review ends",
        "案卷 {n} 在鉴定 {r} 中，鉴定结束以前不再改动。",
    ),
    (
        r"category (?P<codes>\S+) holds a document; it is not marked as not applicable",
        "“{codes}”里有文件，不能标为不适用。",
    ),
    (
        r"contract (?P<n>\S+) with this customer is in force; the relationship has not ended",
        "与这个客户的合同 {n} 尚未终了，关系没有终止。",
    ),
    (
        r"contract (?P<n>\S+) with this customer ended on (?P<d>\S+), after (?P<e>\S+)",
        "与这个客户的合同 {n} {d} 才终了，晚于 {e}。",
    ),
    (
        r"file (?P<n>.+) is frozen; its documents stay in it",
        "案卷 {n} 已冻结，其中的文件不取出。",
    ),
    (r"file (?P<n>.+) was closed on (?P<d>\S+)", "案卷 {n} 已于 {d} 结束。"),
    (
        r"this is the file of a contract; it follows the events of the contract",
        "这是合同案卷，跟着合同的手续走。",
    ),
    (r"(?:event: )?one of (?:major, )?litigation, bad_debt(?:, ended)?", "选这种案卷可以记的一项。"),
    (r"file (?P<n>.+) was destroyed; only its stub remains", "案卷 {n} 已销毁，只留存根。"),
    (r"the file was destroyed; only its stub remains", "案卷已销毁，只留存根。"),
    (r"entry \d+ was changed, removed, inserted or moved, or the trail was cut there", ""),
    (
        r"checkpoint (?P<n>\d+) is not signed with a key of this archive",
        "检查点 {n} 不是用本档案的密钥签名的。",
    ),
    (
        r"checkpoint (?P<n>\d+) does not follow from the one before it: one was changed or removed",
        "检查点 {n} 接不上前一个：有检查点被改或被删。",
    ),
    (r"checkpoint (?P<n>\d+) was signed for other entries than the trail has", "检查点 {n} 签名时的记录与现在的不同。"),
    (r"checkpoint (?P<n>\d+) speaks for \d+ entries, the trail has \d+", "检查点 {n} 签名时的记录比现在多。"),
    (
        r"checkpoint (?P<n>\d+) in the object store is another than the database has",
        "对象存储里的检查点 {n} 与数据库里的不同。",
    ),
    (r"the object store has checkpoint (?P<n>\d+), the database has not", "对象存储里有检查点 {n}，数据库里没有。"),
    (
        r"the object store has checkpoint (?P<n>\d+) of \S+, for (?P<m>\d+) entries, and the database has not: .*",
        "对象存储里有检查点 {n}（当时有 {m} 条记录），数据库里没有：数据库被退回到了早先的一天。",
    ),
    (r"the time stamp of checkpoint (?P<n>\d+) does not hold", "检查点 {n} 的时间戳不成立。"),
    (r"more than \d+ entries: narrow the period", "记录太多，请缩短时间段再导出。"),
    (
        r"the audit trail is broken, so that nothing can be proved by it: see `juanzong audit verify`",
        "审计日志已断裂，不能凭它作证：请先运行 juanzong audit verify。",
    ),
    (
        r"the object is not what was once sealed: see `juanzong fixity`",
        "对象与当初密封的不同：请先运行 juanzong fixity。",
    ),
    (
        r"the audit trail is broken, so that no checkpoint can speak for it: see `juanzong audit verify`",
        "审计日志已断裂，不能再为它签名：请先运行 juanzong audit verify。",
    ),
    (
        r"the store holds checkpoints of another archive: what is nobody's here may be documents there",
        "存储里有另一个档案系统的检查点：这里无主的对象可能是那边的文件，不予清除。",
    ),
    (
        (
            r"the object store has checkpoints of a later day than the database, so what is nobody's may be documents of that "
            r"day: see `juanzong audit verify`, and answer for it with `juanzong audit accept` first"
        ),
        "对象存储里的检查点比数据库新，无主的对象可能是那之后收下的文件：先看 `juanzong audit verify`，再用 `juanzong audit accept` 说明缘由。",
    ),
    (
        r"database and object store have the same checkpoints: there is nothing to answer for",
        "数据库和对象存储里的检查点一致，没有要确认的。",
    ),
    (
        r"the file lacks (?P<codes>[\d., ]+): file the documents, or say why a category does not apply",
        "案卷还缺：{codes}。把文件归进来，或者说明为什么不适用。",
    ),
    (r"contract (?P<n>\S+) is (?P<cstate>\w+); nothing more happens to it", "合同 {n} {cstate}，不再办理手续。"),
    (
        r"contract (?P<n>\S+) must be approved before it is signed, by the rule in force from (?P<d>\S+): (?P<source>.+)",
        "合同 {n} 须先批准再签订（{d} 起，{source}）。",
    ),
    (
        r"contract (?P<n>\S+) is approved by somebody else than its handler",
        "合同 {n} 由承办人以外的人批准。",
    ),
    (r"contract (?P<n>\S+) was signed on (?P<d>\S+)", "合同 {n} 已于 {d} 签订。"),
    (
        r"contract (?P<n>\S+) cannot be (?P<event>\w+) before (?P<d>[\d-]+), when something else was done with it",
        "合同 {n} 在 {d} 还办过别的手续，{event}不能早于那一天。",
    ),
    (r"contract (?P<n>\S+) cannot be (?P<event>\w+) before it is signed", "合同 {n} 还没有签订，不能先办{event}。"),
    (
        r"contract (?P<n>\S+) is (?P<cstate>\w+); a signed contract is terminated instead",
        "合同 {n} {cstate}；签订过的合同只能解除，不能作废。",
    ),
    (r"(?:\w+: )?lies in the future", "不能在将来。"),
    (r"(?:\w+: )?lies before the beginning of the term", "早于期限的开始。"),
    (r"(?:\w+: )?lies after formalities finished on (?P<d>\S+)", "晚于 {d} 办结的手续。"),
    (
        r"(?:\w+: )?that it was signed is recorded as formalities, not corrected",
        "签订与否要记作办结的手续，不能在这里改。",
    ),
    (r"nothing was changed", "什么都没有改。"),
    (
        r"a package has documents, at most (?P<n>\d+); this file has (?P<m>\d+)",
        "证据包须有文件，最多 {n} 份；这一卷有 {m} 份。",
    ),
    (
        r"contract\.correct: the handler corrects their own entry until the file is handed over, then the credit administrator",
        "移交以前由承办人更正自己的登记，移交以后由信用管理员更正。",
    ),
    (
        r"the retention of file (?P<n>.+) changes from (?P<period>\w+) to (?P<period2>\w+); .*",
        "案卷 {n} 的保管期限会从{period}改为{period2}，请确认。",
    ),
    (r"more than (?P<n>\d+) rows: narrow what is exported", "超过 {n} 行，请缩小范围再导出。"),
    # transfers
    (
        r"nothing was handed over to the archive room; the credit administrator hands the file over first",
        "还没有移交档案室，先由信用管理员移交。",
    ),
    (
        r"the archive room accepts a file by archiving it: archive the case file",
        "档案室以归档接收案卷，请在案卷页面归档。",
    ),
    (
        r"the four checks of the file found faults: (?P<checks>[\w, ]+); mend them, or .*",
        "四性检测不合格：{checks}。先处理，或者申请例外，由另一个人批准。",
    ),
    (r"the file changed while it was checked; archive it again", "检测的时候案卷变了，请再归档一次。"),
    (r"the newest checks of the file found no fault; there is nothing to except", "最近的检测没有不合格，不需要例外。"),
    (r"the exception was approved already", "这个例外已经批准。"),
    (r"you asked for this exception; a second person approves it", "例外是你申请的，由另一个人批准。"),
    (r"contract (?P<n>\S+) is (?P<cstate>\w+); only a draft is approved", "合同 {n} {cstate}，只有草拟的才审批。"),
    (
        r"contract (?P<n>\S+) cannot be signed before it was approved on (?P<d>\S+)",
        "合同 {n} 在 {d} 审批，签订不能早于审批。",
    ),
    (r"contract (?P<n>\S+) is (?P<cstate>\w+) already", "合同 {n} 已经是{cstate}。"),
    (r"the milestone is settled already", "这个节点已经了结。"),
    (
        r"(?:document_id: )?lies in another file; put it into the contract's file first",
        "这份文件不在这个合同的案卷里，先归入。",
    ),
    (r"(?:kind: )?only an amendment changes values", "只有变更才改金额和期限。"),
    (r"the incident is closed; nothing more is recorded of it", "事故已结案，不再登记。"),
    (
        r"an incident is closed after who is responsible and what was found is recorded",
        "先登记责任人、调查结果和措施，再结案。",
    ),
    (r"you examined this incident; another person closes it", "事故是你调查的，由另一个人结案。"),
    (r"the file has not come back; record the return, or report it as lost", "案卷还没有归还：登记归还，或者报遗失。"),
    (r"the file is reported lost, incident (?P<n>\S+)", "案卷已报遗失，事故 {n}。"),
    (r"the file is not lent; an out card is for what is lent", "案卷没有借出，不需要代卷卡。"),
    (r"the file is lent in electronic form; an out card stands for paper", "借出的是电子件，不需要代卷卡。"),
    (
        r"the file was lent in electronic form; nothing of it is damaged or lost",
        "借出的是电子件，没有什么会损毁或缺失。",
    ),
    (r"what was lent in electronic form is open until (?P<d>\S+)", "借出的电子件到 {d} 为止可以看。"),
    (r"(?:request_id: )?is no loan of this file", "不是这一卷的借阅。"),
    (
        r"(?:responsible: )?1 to (?P<n>\d+) people, each with the part they had",
        "写明 1 到 {n} 个责任人，各有什么责任。",
    ),
    (r"(?:last: )?lies before the first day", "早于开始的那一天。"),
    (r"the template is not a draft any more", "这个格式不再是草案。"),
    (r"you wrote this template; a second person activates it", "格式是你起草的，由另一个人启用。"),
    (r"(?:fonds: )?4 capital letters or digits", "4 个大写字母或数字。"),
    (r"(?:code: )?1 to 16 capital letters or digits", "1 到 16 个大写字母或数字。"),
    (r"(?:above: )?a company is not below itself", "公司不能是自己的下级。"),
    (
        r"company (?P<n>\S+) has open parts: (?P<what>.+); close them or move them first",
        "公司 {n} 还有没关闭的：{what}，先关闭或改属。",
    ),
    (r"company (?P<n>\S+) is closed; nothing is moved into it", "公司 {n} 已关闭，不能归入。"),
    (r"schedule (?P<n>\S+) is not a draft; it is not changed any more", "保管期限表 {n} 不是草案，不再修改。"),
    (r"you wrote this schedule; a second person activates it", "这一版是你起草的，由另一个人启用。"),
    (
        r"(?:version: )?1 to 40 letters, digits, Han characters, dots or hyphens",
        "1 到 40 个字母、数字、汉字、点或连字符。",
    ),
    (r"(?:note: )?at most (?P<n>\d+) characters", "最多 {n} 个字符。"),
    (r"the sample of (?P<n>\d+) was drawn already", "{n} 年的样本已经抽过。"),
    (r"nothing is archived yet; there is nothing to draw a sample of", "还没有已归档的案卷，无从抽样。"),
    (r"(?:percent: )?1 to 100", "1 到 100。"),
    (r"the file is archived already, as (?P<n>.+)", "案卷已归档，档号 {n}。"),
    (r"a transfer that is (?P<tstate>\w+) cannot .*", "这次移交{tstate}，不能再办这一步。"),
    (r"[\w ]+ needs the role (?P<role>\w+); .*", "这一步由{role}办理。"),
    (
        r"(?P<person>person:\S+) handed the file over; someone else must receive it",
        "{person} 移交的案卷，须由别人接收。",
    ),
    (r"a file is returned only with a reason", "退回须写理由。"),
    (
        r"(?P<person>person:\S+) hands this file over, or the credit administrator for them",
        "这一卷由{person}移交，或由信用管理员代为移交。",
    ),
    (
        r"(?P<person>person:\S+) hands this file over, or the credit administrator or their head for them",
        "这一卷由{person}移交，或由信用管理员或部门负责人代为移交。",
    ),
    # holds and loans
    (
        r"first someone asks for the release with a reason, then a second person releases",
        "先由一人写明理由申请解除，再由第二个人解除。",
    ),
    (r"you asked for the release; a second person releases", "是你申请解除的，须由第二个人解除。"),
    (r"the hold was released already", "冻结已经解除。"),
    (r"only a document whose reading failed is read again", "只有未能识别的文件才能再识别。"),
    (
        r"what people corrected is exported on the machine itself",
        "更正的数据只能在服务器上导出：juanzong extraction export。",
    ),
    (r"only a preservation copy that was given up is made again", "只有没有做成的长期保存版才能再做。"),
    (r"nobody decides on their own request", "自己的申请不能自己批。"),
    # reviews
    (
        r"(?:parts: )?proposer, group, approver and the two supervisors are all different people",
        "提出人、鉴定小组、批准人和两名监销人必须是不同的人，监销人两名。",
    ),
    (
        r"(?:parts: )?(?P<person>person:\S+) has no role that takes part in a review",
        "{person} 没有可以参加鉴定的角色。",
    ),
    (
        r"(?:parts: )?(?P<person>person:\S+) may not see all files of the review: clearance or confidentiality agreement",
        "{person} 的密级不够，或没有有效的保密协议，不能看到清册里的每一卷。",
    ),
    (r"an appraisal group is 3 different people or more", "鉴定小组须有三个不同的人以上。"),
    (r"a review needs a number and at least one file", "至少选一卷。"),
    (r"(?P<n>\S+) stands on another review already", "{n} 已在另一次鉴定中。"),
    (r"whoever wants a file kept says why", "要保留的，请写明理由。"),
    (r"whoever wants a file destroyed says why", "要销毁的，请写明理由。"),
    (r"a date belongs to keep_until, and keep_until needs one", "延期须写延到哪一天。"),
    (r"keeping until (?P<d>\S+) is no keeping: it is not after .*", "延期到 {d} 不算延期：不在今天之后。"),
    (r"review (?P<n>\S+) waits; supervisors confirm from (?P<d>\S+)", "鉴定 {n} 在等待期，监销人 {d} 起可以确认。"),
    (r"review (?P<n>\S+) is (?P<rstate>\w+); .* is not the next step", "鉴定 {n} {rstate}，现在还不能办这一步。"),
    (
        r"(?P<person>person:\S+) is (?P<part>\w+) of review (?P<n>\S+) and cannot .*",
        "{person} 是鉴定 {n} 的{part}，不能兼任。",
    ),
    (r"(?P<person>person:\S+) has confirmed already; the other supervisor must", "{person} 已确认，等另一名监销人。"),
    (
        r"you have not taken your part as \w+ yet; the proposer or the group can stop it",
        "你还没有在其中签过字；提出人或鉴定小组可以停止。",
    ),
    (
        r"(?P<person>person:\S+) has no part in review (?P<n>\S+) that another could take",
        "{person} 在鉴定 {n} 中没有可以换的职责。",
    ),
    (
        r"(?P<person>person:\S+) has acted in review (?P<n>\S+) already and is not replaced",
        "{person} 在鉴定 {n} 中已经办过事，不能换。",
    ),
    (
        r"(?P<person>person:\S+) has a part in review (?P<n>\S+) and cannot choose who takes another",
        "{person} 在鉴定 {n} 中有职责，不能决定换谁。",
    ),
    (r"(?P<person>person:\S+) is (?P<part>\w+) of review (?P<n>\S+) already", "{person} 已是鉴定 {n} 的{part}。"),
    (
        r"(?P<person>person:\S+) was replaced in review (?P<n>\S+) and does not come back",
        "{person} 已从鉴定 {n} 换下，不能再回来。",
    ),
    (r"a replacement needs a person and a reason", "换人须写明接替的人和理由。"),
    (r"asking a co-reviewer needs a person and a reason", "请人会同鉴定，须写明请谁、为什么。"),
    (r"the paper of review (?P<n>\S+) has to be destroyed first", "鉴定 {n} 的纸质案卷先销毁并记下，监销人再确认。"),
    (r"the paper of review (?P<n>\S+) was destroyed on (?P<day>\S+)", "鉴定 {n} 的纸质案卷已于 {day} 销毁。"),
    (r"the files that review (?P<n>\S+) destroyed have no paper", "鉴定 {n} 销毁的案卷没有纸质。"),
    (r"the destruction of paper says how and where", "须写明纸质怎样、在哪里销毁。"),
    (r"the transfer of (?P<n>.+) has no package yet", "{n} 还没有制作档案包，没有清单。"),
    (
        r"(?P<person>person:\S+) was not asked about file (?P<f>\S+) of review (?P<n>\S+)",
        "鉴定 {n} 中没有请 {person} 对这一卷提意见。",
    ),
    (r"(?:a stop|a rejection|taking a file off) needs a reason", "必须写明理由。"),
    (r"a package holds the whole file, and not all of it is yours to read", "档案包须是整卷，卷内有你不能看的文件。"),
    (r"(?:query: )?no file matches", "没有查到案卷。"),
    (
        r"(?:query: )?(?P<n>\d+) documents match, more than (?P<n2>\d+): narrow it",
        "有 {n} 件文件符合，多于 {n2} 件，请写得更具体。",
    ),
    (r"(?:query: )?more than (?P<n>\d+) files match", "查到的案卷多于 {n} 卷，请写得更具体。"),
    (r"you have given your opinion on every file of this review", "这份鉴定的每一卷你都给过意见了。"),
    (r"(?:after: )?it is no place in this list; begin with the first page", "列表里没有这个位置，请从首页开始。"),
    (r"(?:file_ids: )?name the files, or say everything", "写明案卷，或者说全部列入，二者取一。"),
    (r"(?:file_id: )?name a file, or say rest", "写明案卷，或者说其余的都这样。"),
    (r"case_files: at most (?P<n>\d+)", "最多 {n} 卷。"),
    (r"choose at least one file for your opinion", "先选要给意见的案卷。"),
    (r"type the review's number to execute: this cannot be undone", "请输入鉴定的编号再执行：这一步不能撤销。"),
    (r"an approver and two supervisors are three different people", "批准人和两名监销人必须是三个不同的人。"),
    (r"a hold needs a matter", "冻结须写明事项。"),
    (r"a hold needs a reason", "冻结须写明理由。"),
    (r"a hold is released by two different people", "冻结由两个不同的人解除。"),
    (r"a hold is released only with a reason", "解除冻结须写明理由。"),
    (r"the hold for (?P<n>.+) was released on (?P<d>\S+)", "“{n}”的冻结已于 {d} 解除。"),
    (r"someone must first ask for the release, with a reason", "先由一人写明理由申请解除，再由第二个人解除。"),
    (
        r"(?P<person>\S+) asked for the release; a second person must release the hold",
        "{person} 申请的解除，须由第二个人解除。",
    ),
    (r"released on (?P<d>\S+), but placed only on (?P<e>\S+)", "解除日期 {d} 早于冻结日期 {e}。"),
    (r"an access request needs a purpose", "查阅申请须写明用途。"),
    (r"an access request that is (?P<lstate>\w+) cannot be \w+", "这个申请{lstate}，不能再办这一步。"),
    (r"(?P<person>\S+) asked; someone else must decide", "{person} 自己的申请，须由别人批。"),
    (r"a refusal needs a reason", "不批准须写明理由。"),
    (r"what was found at the return is one of .*", "请先清点，选出清点的结果。"),
    (r"say what is damaged or lacking", "写明损毁或缺失了什么。"),
    (r"due back on (?P<d>\S+), before it was lent on (?P<e>\S+)", "归还日期 {d} 早于借出日期 {e}。"),
    (r"(?:decided|lent|returned) on (?P<d>\S+), (?:but|before).* (?P<e>\S+)", "日期 {d} 早于上一步（{e}）。"),
    # uploads
    (r"you have (?P<n>\d+) unfinished uploads already: .*", "你有 {n} 个文件没有传完，先传完，或者等它们过期。"),
    (
        r"your unfinished uploads have (?P<n>\d+) bytes already: .*",
        "你没有传完的文件已经有 {n} 字节，先传完，或者等它们过期。",
    ),
    (r"the file has (?P<n>\d+) bytes; at most (?P<m>\d+) are taken", "文件有 {n} 字节，最多收 {m} 字节。"),
    (r"the upload expired; begin again|the upload was removed", "这次上传已经过期，请重新上传。"),
    (r"another request continues this upload|the upload stands at \d+, not at \d+", "这个文件正在别处接着传。"),
    (r"the upload is being made a document: ask again", "文件已经传完，正在入库，请稍候。"),
    (r"the disk of the archive is full; .*", "服务器的磁盘满了；已经传到的不会丢，过一会儿再试。"),
    # keys
    (r"a key is renewed for a reason: say which", "换密钥须写明理由。"),
    (r"somebody is at work on the document: try again when it is read", "文件正在识别或办理，完成后再试。"),
    (r"the document was destroyed, withdrawn or read anew meanwhile", "文件刚被销毁、撤回或重新识别。"),
    # batches
    (r"batch (?P<n>\S+) is not released yet; .*", "批次 {n} 还没有放行，放行以后才能归卷。"),
    (
        r"there is no contract (?P<n>.+), or you may not see its file",
        "没有合同 {n}，或者你不能看它的案卷：改正合同号，或者请能看的人归卷。",
    ),
    (
        r"customer (?P<n>.+) has no credit file, or you may not see it; it is opened on the customer's page",
        "客户 {n} 没有信用案卷，或者你不能看：在客户页点“信用案卷”先建一卷。",
    ),
    (r"the document is not read yet; it is filed when it is", "还没有读完，读完再归。"),
    (
        r"pages (?P<n>.+) are missing by the numbers printed on the others; settle that on its page first",
        "按印着的页码，缺第 {n} 页：先在核对页上了结，或者在这一件的页面上单独归卷。",
    ),
    (
        r"file (?P<n>.+) is frozen: what goes in stays in it; file the document by itself",
        "案卷 {n} 冻结中，归进去就取不出来了，请在这一件的页面上单独归卷。",
    ),
    (
        r"file (?P<n>.+) is (?P<fstate>\w+): what goes in stays in it; file the document by itself",
        "案卷 {n} {fstate}，归进去就取不出来了，请在这一件的页面上单独归卷。",
    ),
    (r"batch (?P<n>\S+) was released; nothing is added to it any more", "批次 {n} 已放行，不能再加进文件。"),
    (r"batch (?P<n>\S+) was released; its pages stay as they are", "批次 {n} 已放行，页面不再改动。"),
    (
        r"stack (?P<n>\d+) is an earlier file of the same scan: cut that as it is first",
        "第 {n} 叠是同一次扫描里排在前面的文件：先把它按现有的页分件。",
    ),
    (
        r"the pages of this document stay as they are: it is filed, signed, secret or no scan",
        "这份文件的页面保持原样：已经归卷、有签名或附件、密级较高，或者不是扫描件。",
    ),
    (
        r"batch (?P<n>\S+) has no file whose pages can be put in order",
        "批次 {n} 里没有可以整理页面的文件：签名的、带附件的、办公文档、邮件、录音录像，以及已归卷和密级较高的，保持原样。",
    ),
    (
        (
            r"This file came in before, and pages (?P<p>.+) of it were left out or replaced in batch (?P<n>\S+),"
            r" which is not released yet: .*"
        ),
        "这个文件先前收过，其中第 {p} 页在批次 {n} 里去掉或换掉了：到那一批放回来，或者等那一批放行以后再传。",
    ),
    (
        r"A file of this stack in several was cut as it is in batch (?P<n>.+), because the others did not come: take its (?P<p>\d+) .*",
        "这一叠里的一个文件，因为其余的没有来，已经在批次 {n} 里按现有的 {p} 页分件了：在扫描站用 --drop 拿掉它的那几页、用 --expect 写对页数，再交其余的。",
    ),
    (
        r"This scan is in batch (?P<n>.+) already, as stack (?P<s>\d+): .*",
        "这一叠已经收在批次 {n} 里了（第 {s} 叠），再收就重复了：要重扫、要去掉的页到那一批里改，扫描站上的用 discard 删掉；还在那里等其余文件的，照批次名 {n} 交，或者先在那一批里作废。",
    ),
    (r"batch (?P<n>\S+) has no change of pages to undo", "批次 {n} 没有可以撤销的页面改动。"),
    (
        r"a signed file, or one with attachments, stays as it came: its pages are not changed",
        "有电子签名或附件的文件保持原样，不能改它的页。",
    ),
    (r"batch (?P<n>\S+) would have no page left", "这是批次 {n} 的最后一页，不能去掉。"),
    (r"batch (?P<n>\S+) waits for the second pass, the backs of its pages", "批次 {n} 还在等第二遍（背面）。"),
    (r"batch (?P<n>\S+) waits for the other files of a stack that came in several", "批次 {n} 还在等一叠其余的文件。"),
    (
        r"no first pass of batch (?P<n>\S+) waits for its backs; .*: stack (?P<s>.+)",
        "批次 {n} 里没有等着背面的第一遍；要留用作废的，请说明是哪一叠：第 {s} 叠。",
    ),
    (r"no first pass of batch (?P<n>\S+) waits for its backs", "批次 {n} 里没有等着背面的第一遍。"),
    (r"(?:stack: )?(?P<n>[\d, ]+): say which of these stacks", "有几叠在等（第 {n} 叠），请说明是哪一叠。"),
    (r"batch (?P<n>\S+) is still being cut; wait a moment", "批次 {n} 正在分件，过一会儿再试。"),
    (
        r"batch (?P<n>\S+) was changed by someone else meanwhile; look at it again",
        "批次 {n} 刚被别人改过了，请重新看一遍。",
    ),
    (r"say how many sheets of paper batch (?P<n>\S+) has and .*", "先数一数批次 {n} 有多少张纸、扫描了几面。"),
    (
        (
            r"batch (?P<n>\S+) does not balance: (?P<s>\d+) sheets x (?P<d>\d) sides = (?P<e>\d+), but (?P<k>\d+) pages"
            r" kept \+ (?P<b>\d+) blanks dropped \+ (?P<p>\d+) separators = (?P<a>\d+)"
        ),
        "批次 {n} 对不上：{s} 张 × {d} 面 = {e}，而留用 {k} + 空白 {b} + 分隔页 {p} = {a}。",
    ),
    (
        r"batch (?P<n>\S+) does not balance; someone else than its operator must release it",
        "批次 {n} 对不上，须由操作员以外的人写明理由放行。",
    ),
    (
        r"pages (?P<n>.+) could not be looked at: look at them in their documents, .*",
        "第 {n} 页机器没能查看：在它们的文件里看一遍，是不是分隔页、空白页，再把看到的写进放行的说明。",
    ),
    (
        r"stack (?P<n>[\d, ]+) was given up, and goes with the release: .*",
        "第 {n} 叠作废了，放行以后不再保留：在放行的说明里写明这些纸在哪里重新扫描了；没有重新扫描的，先把它留用。",
    ),
    (
        r"pages are missing by the numbers printed on the others, (?P<n>.+): scan them into this batch, or say in the reason .*",
        "按印着的页码缺页，{n}：补扫到这一批；找不到的，在放行的说明里写明。",
    ),
    (r"pages (?P<n>.+) are in no document; keep or drop them first", "第 {n} 页不在任何文件里，先放回或去掉。"),
    (r"(?:page: )?page (?P<n>\S+) is in no document", "第 {n} 页不在文件里，先放回。"),
    (r"(?:page: )?there is no page (?P<n>\S+)", "没有第 {n} 页。"),
    (r"(?:page: )?there is no document after the last one", "这是最后一件，后面没有可以合并的。"),
    (r"(?:page: )?choose a page first", "先选一页。"),
    (r"(?:looked: )?look at every page first", "先把每一页都看一遍，再放行。"),
    (r"(?:file: )?choose the file with the new scan", "先选重扫的文件。"),
    (r"(?:file: )?this very scan came in before", "这个扫描文件以前已经收下了。"),
    (r"(?:before: )?there is no such page", "没有这一页。"),
    (r"(?:sheets: )?a number of sheets of paper, from 1", "写纸张的张数，从 1 起。"),
    (r"(?:sides: )?1 or 2", "选单面或双面。"),
    (r"(?:sides: )?batch (?P<n>\S+) has (?P<d>\d)", "批次 {n} 已经说明是 {d} 面。"),
    (r"(?:contract: )?there is no such contract", "没有这份合同。"),
    (r"(?:customer: )?there is no such customer", "没有这个客户。"),
    (r"(?:contract: )?(?P<n>\S+): there is no such contract", "没有这份合同：{n}。"),
    (r"(?:customer: )?(?P<n>\S+): there is no such customer", "没有这个客户：{n}。"),
    (
        r"(?:code: )?the bar code of (?P<n>.+) does not fit on a label (?P<cut>\S+); take the square code",
        "{n} 的条形码在标签 {cut} 上印不下，请用二维码。",
    ),
    (r"(?:copies: )?1 to (?P<n>\d+) labels at once", "一次 1 到 {n} 张标签。"),
    (r"(?:used: )?0 to (?P<n>\d+)", "0 到 {n}。"),
    (r"(?:\w+: )?one of L7160, .*|(?:\w+: )?one of qr, code128", "选一种。"),
    (r"(?:reason: )?at most (?P<n>\d+) characters", "最多 {n} 个字符。"),
    # signing in
    (r"too many wrong attempts to sign in from this address: .*", "这个地址错得太多，请等一刻钟再试。"),
    (r"more than (?P<n>\d+) calls a minute: slow down", "太频繁了，每分钟最多 {n} 次。"),
    (r"too many wrong codes; wait a few minutes", "验证码错得太多，请等几分钟再试。"),
    (
        r"(?:code: )?the code is wrong, was used already, or is no longer current",
        "验证码不对、已经用过，或者已经过时。",
    ),
    (
        r"(?:password: )?the password is wrong, or the account is locked for a few minutes",
        "密码不对，或者账户被锁定几分钟。",
    ),
    (r"there is a second factor already; remove it first", "已经有第二重验证，先关闭它。"),
    (r"there is no second factor to be confirmed; begin again", "没有等着确认的第二重验证，请重新开始。"),
    (r"there is no second factor", "没有第二重验证。"),
    (r"a role of this person must have a second factor", "角色规定须有第二重验证，不能关闭。"),
    (
        r"nobody takes away their own second factor; another administrator does it",
        "不能重置自己的第二重验证，请另一位系统管理员来办。",
    ),
    (r"\S+: the token has not the scope for this", "这个令牌没有这项权限。"),
    (
        r"a person makes their own tokens; the administrator makes those of stations",
        "令牌由本人新建；系统管理员只给扫描站新建令牌。",
    ),
    (r"(?:scopes: )?one or more of (?!the options)[a-z_, ]+", "至少选一项，而且不超过账户的权限。"),
    (r"(?:networks: )?addresses or networks such as .*", "写成 10.1.2.3 或 10.1.0.0/16，最多 20 个。"),
    (r"a station has no password; it has tokens", "扫描站没有密码，只有令牌。"),
    (r"a station hands in and nothing else; its role and clearance stay", "扫描站只交件，角色与密级不变。"),
    (r"there is no company's sign-in here", "这里没有公司统一登录。"),
    (r"the account is disabled", "账户已停用。"),
    (
        r"this attempt at the company's sign-in is over, or is of another browser: begin again",
        "这次公司登录已经结束，或者是在别的浏览器里开始的，请重新登录。",
    ),
    (r"the company's sign-in refused: (?P<n>\w*)", "公司登录没有通过（{n}）。"),
    (
        r"the company's sign-in gave an answer that does not hold: it is of another issuer",
        "公司登录的答复来自别处，没有采信。",
    ),
    (r"the company's sign-in gave an answer that does not hold: .*", "公司登录的答复不完整，没有采信。"),
    (
        r"the company's sign-in gave an ID token that does not hold: it has expired",
        "公司登录的凭证已过期，没有采信。请重新登录；一直这样请核对两边的时钟。",
    ),
    (
        r"the company's sign-in gave an ID token that does not hold: it is of another issuer",
        "公司登录的凭证来自别的发行方，没有采信。",
    ),
    (
        r"the company's sign-in gave an ID token that does not hold: it is signed with an unknown key",
        "公司登录的凭证用了不认识的密钥签名，没有采信。",
    ),
    (r"the company's sign-in gave an ID token that does not hold: .*", "公司登录的凭证不对，没有采信。"),
    (r"the company's sign-in .*", "公司登录没有回应，请过一会儿再试，或者用密码登录。"),
    (
        r"no account here is linked to (?P<n>.+) at the company's sign-in",
        "公司账户 {n} 还没有关联这里的账户：先用密码登录，在“我的账户”里关联，或者请系统管理员关联。",
    ),
    (
        r"this account of the company's sign-in is linked to somebody else here",
        "这个公司账户已经关联了别人。",
    ),
    (
        r"nobody links their own account by hand; another administrator does it",
        "不能手工关联自己的账户：在“我的账户”里关联，或者请另一位系统管理员来办。",
    ),
    (r"there is no password: without the link there would be no way in", "没有密码，取消关联就登录不了了。"),
    # services
    (r"the database does not answer: .*|the database went away: .*", "数据库没有回应。"),
    # search
    (r"the query is empty", "检索式是空的。"),
    (
        r"this cursor does not belong to this search: begin again with the first page",
        "这个翻页地址不属于这次检索，请从第一页看起。",
    ),
    (r"order: one of .*", "没有这种排序。"),
    (r"nobody keeps more than (?P<n>\d+) searches: delete one first", "最多保存 {n} 个检索，请先删除一个。"),
    (r"name: 1 to (?P<n>\d+) characters", "名称要有 1 到 {n} 个字。"),
    (r"saved searches belong to a person's account", "保存的检索属于个人账户。"),
    (r"this archive sends no e-mail: its settings name no server for it", "这个系统没有设置发邮件的服务器。"),
    (r"say first where you want to be told by e-mail", "请先在“消息”页写下你的邮箱。"),
    (r"there is no such saved search", "没有这个保存的检索。"),
    (r"more than (?P<n>\d+) documents: narrow what is exported", "超过 {n} 件，请缩小范围再导出。"),
    (r"a control character is no text", "控制字符不是文字。"),
    (r"the query is longer than (?P<n>\d+) characters", "检索式超过 {n} 个字符。"),
    (r"OR stands between two words", "OR 要放在两个词之间。"),
    (
        r"a query needs at least one word that must be there, not only words to leave out",
        "至少要有一个必须出现的词，不能只有排除的词。",
    ),
    (r"there is nothing between the brackets", "括号里没有内容。"),
    (r"brackets are nested more than (?P<n>\d+) deep", "括号套得太深，最多 {n} 层。"),
    # the rest of what a page can meet
    (r"(?:\w+: )?'.*' is not the name of a field|is not the name of a field", "没有这个字段。"),
    (r"tier: one of .*|one of public, .*", "选一个密级。"),
    (r"(?:department_id: )?the document lies in a file, whose department counts", "文件已归卷，以案卷的部门为准。"),
    (r"loan\.ask: only a person with an account can borrow a file", "只有有账户的人才能借阅。"),
    (r"the request is (?P<lstate>\w+) already", "这个申请{lstate}了。"),
    (r"the request is (?P<lstate>\w+); only what is lent can come back", "这个申请{lstate}，只有借出的才能归还。"),
    (
        r"(?:category: )?category (?P<n>\S+|\(none\)) does not belong into a (?:contract|credit) file.*",
        "类目 {n} 不属于这一卷，先选对类目。",
    ),
    (r"(?:category: )?(?P<n>\S+) is not a category of this file|is not of this file", "这一卷没有这个类目。"),
    (r"there is no department yet; the administrator creates one first", "还没有部门，请系统管理员先建立。"),
    (r"file (?P<n>.+) was destroyed; a hold comes too late", "案卷 {n} 已销毁，来不及冻结。"),
    (r"there is no step .*", "没有这一步。"),
    (r"a review needs a proposer", "鉴定须有提出人。"),
    (r"a file stands twice on the review", "同一卷选了两次。"),
    (r"file \S+ is not on review (?P<n>\S+)", "这一卷不在鉴定 {n} 中。"),
    (r".* on (?P<d>\S+) lies before the last step, (?P<last>\S+)", "日期 {d} 早于上一步（{last}）。"),
    (r"(?P<person>person:\S+) is not in the appraisal group of review (?P<n>\S+)", "{person} 不在鉴定 {n} 的小组里。"),
    (r"(?P<person>person:\S+) has no part in review (?P<n>\S+).*", "{person} 不在鉴定 {n} 中。"),
    (r"(?P<person>person:\S+) did not supervise review (?P<n>\S+)", "{person} 不是鉴定 {n} 的监销人。"),
    (r"opinions are missing on review (?P<n>\S+): .*", "鉴定 {n} 的意见还没有齐。"),
    (r"received on (?P<d>\S+), but handed over only on (?P<e>\S+)", "接收日期 {d} 早于移交日期 {e}。"),
    (r"choose at least one file", "至少选一卷。"),
    (r"something must be there, not only words to leave out", "至少要有一个必须出现的词，不能只有排除的词。"),
    (r"this bracket is never closed", "这个括号没有闭合。"),
    (r"this quotation mark is never closed", "这个引号没有闭合。"),
    (r"there is no field “(?P<n>.*)”; known are .*", "没有“{n}”这个字段；带冒号的文字请加引号。"),
    (r"a value must follow “(?P<n>.*):” at once", "“{n}:”后面要紧跟要找的值。"),
    (r"there is nothing to look for here", "这里没有要找的内容。"),
    (r"“near:” takes a number of characters from 0 to (?P<n>\d+)", "“near:”后面是字数，0 到 {n}。"),
    (r"“near:” stands between two words", "“near:”要放在两个词之间，两边都不能是括号或栏目。"),
    (r"“near:” needs words of two characters or more", "“near:”两边的词至少两个字。"),
    (r"a date \(.*\) must stand here", "这里要写日期，例如 2024、2024-01、2024-01-31。"),
    (r"an amount \(.*\) must stand here", "这里要写金额，例如 1000000、100万。"),
    (r"this range ends before it begins", "范围的终点早于起点。"),
    (r"the query has more words than the engine can look for at once", "检索式的词太多了。"),
    # departments
    (r"department (?P<n>\S+) has (?P<m>\d+) open files: (?P<list>.+)", "部门 {n} 还有 {m} 卷在办：{list}。"),
    (r"(?:into: )?another department that is open", "选另一个开放的部门。"),
    (r"department (?P<n>\S+) is closed already", "部门 {n} 已经关闭。"),
    # paper of a file
    (r"(?:\w+: )?0 to (?P<n>\d+)", "写 0 到 {n}。"),
    # numbers
    (r"a file has the number (?P<n>\S+); it keeps it for ever", "已有案卷用 {n}，永远不改。"),
    (r"the number (?P<n>\S+) is void already", "{n} 已经登记为作废号。"),
    (r"the number (?P<n>\S+) is not the next one; (?P<m>\d+) is", "{n} 不是下一号，下一号是 {m}。"),
    (r"(?:number: )?'.*' is no archive number of the form .*", "不是档号。"),
    (r"(?:number: )?'.*' is not zero-filled as prescribed", "档号的位数不对。"),
    # import of a ledger
    (r"there is no department of this code or name", "没有这个代码或名称的部门。"),
    (r"there is no person of this login or name", "没有这个登录名或姓名的人。"),
    (r"several people have this name; give the login", "有几个人叫这个名字，请写登录名。"),
    (
        r"draft, signed, amended, performed, terminated or cancelled",
        "写草拟、已签订、已变更、履行完毕、已解除或已作废。",
    ),
    (r"a contract that is (?P<cstate>\w+) was not signed", "{cstate}的合同没有签订日期。"),
    (r"a contract that is (?P<cstate>\w+) has not ended", "{cstate}的合同没有终了日期。"),
    (r"is needed for a contract that is (?P<cstate>\w+)", "{cstate}的合同要有这个日期。"),
    # to an outside archive
    (
        r"file (?P<n>.+) is on its way to an outside archive and stays as it is",
        "案卷 {n} 正在移交档案馆，不再改动。",
    ),
    (r"whoever wants a file transferred to an outside archive says why", "主张移交档案馆的要写理由。"),
    (r"there is no transfer (?P<n>\S+) to an outside archive", "没有这次移交。"),
    (
        r"file (?P<n>.+) is not what was packed; make its package anew",
        "案卷 {n} 与档案包不同，请重新制作档案包。",
    ),
    (r"a package is made for an archive with a name, and holds documents", "写明接收的档案馆；空卷不制作档案包。"),
    (
        r"the transfer of (?P<n>.+) is (?P<ostate>\w+); (?P<oact>[\w ]+) is not the next step",
        "{n} 的移交现在是“{ostate}”，还不能{oact}。",
    ),
    (r"the receipt is for another package than the one of (?P<n>.+)", "回执所收的不是 {n} 的这一包。"),
    (r"a receipt says who received the package", "回执要写明接收人。"),
    (
        r"the receipt of (?P<d>\S+) lies before the handing over on (?P<e>\S+), or in the future",
        "回执日期 {d} 早于移交日期 {e}，或在将来。",
    ),
    (r"the receipt is not signed with the key of the archive that was named", "回执不是用所写档案馆的密钥签的。"),
    (r"refusing a receipt needs a reason", "退回回执要写理由。"),
    (
        r"(?P<person>\S+) handed (?P<n>.+) over or entered its receipt; another person verifies it",
        "{person}移交了 {n} 或登记了回执，由另一人核验。",
    ),
    (
        r"(?P<person>\S+) verified the receipt of (?P<n>.+); another person removes the file",
        "{person}核验了 {n} 的回执，由另一人清除。",
    ),
    (r"a cancelling needs a reason", "撤销要写理由。"),
    (r"the signatures on the transfer of (?P<n>.+) do not hold", "{n} 的移交签名不成立。"),
    (r"(?:receipt: )?is no signed receipt, or was changed", "这不是签名的回执，或被改动过。"),
    (r"choose the receipt the other archive signed", "请选择对方签名的回执文件。"),
    (r"no package of this manifest was taken in here", "这里没有收过这一包。"),
    (r"(?:key: )?a public key is 64 hexadecimal digits", "公钥是 64 位十六进制数字。"),
    (
        r"(?:document_id: )?the scan of the receipt stays here; put it into no file that leaves",
        "回执的扫描件留在本馆，不能放在要移交的案卷里。",
    ),
    (r"(?:approved_on: )?lies after the signing", "晚于签订日期。"),
    (
        r"(?:source: )?is needed, at most (?P<n>\d+) characters: the rule that says so",
        "写明依据哪条制度，最多 {n} 个字符。",
    ),
    (r"lies in the future or before the signing", "在将来，或早于签订日期。"),
    (r"is another contract's already, or longer than 100 characters", "已是另一份合同的原号，或者超过 100 个字符。"),
    (r"is another file's already, or longer than 100 characters", "已是另一卷的原档号，或者超过 100 个字符。"),
    (r"names department (?P<n>\S+), the row (?P<m>\S+)", "号里的部门是 {n}，这一行是 {m}。"),
    (r"stands in row (?P<n>\d+), too", "和第 {n} 行重复。"),
    (r"was given here already", "这个号在本系统已经给出。"),
    (r"serial (?P<n>.+) is missing before it; a cancelled one has a row", "前面缺流水号 {n}；作废的也要有一行。"),
    (r"this very file was imported on (?P<d>\S+)", "这个文件 {d} 已经导入过。"),
    (r"(?P<n>\d+) of (?P<m>\d+) rows are wrong; nothing was imported", "{m} 行中 {n} 行不对，一行也没有导入。"),
    (r"(?:file: )?cannot be read as an XLSX workbook", "不是能读的 XLSX 表格。"),
    (r"(?:file: )?has no row with the headings (?P<n>.+)", "找不到标题行，至少要有：{n}。"),
    (r"(?:file: )?has more than (?P<n>\d+) rows", "超过 {n} 行，请分几次导入。"),
    (r"(?:file: )?has a heading twice", "有一栏出现两次。"),
    (r"(?:file: )?has no rows", "表里没有一行。"),
    (r"(?:file: )?is larger than (?P<n>\d+) bytes when unpacked", "解开以后太大。"),
    # statistics
    (r"'.*' is no period such as 2025 or 2026-H1", "期间写成 2025 或 2026-H1。"),
    (r"the period (?P<rperiod>\S+) has not ended; its figures can still change", "{rperiod}还没有结束，数字还会变。"),
    (
        r"the report is (?P<rpstate>\w+) already; it is returned before another is prepared",
        "报表{rpstate}，退回以后才能重编。",
    ),
    (r"the report is (?P<rpstate>\w+); only what is prepared is signed off", "报表{rpstate}，只有编好的才能签署。"),
    (r"the report is (?P<rpstate>\w+); only what is signed off is submitted", "报表{rpstate}，签署以后才能报送。"),
    (
        r"the report is (?P<rpstate>\w+); only what is signed off or submitted is returned",
        "报表{rpstate}，只有已签署或已报送的才能退回。",
    ),
    (r"who prepared a report does not sign it off", "编制的人不能签署。"),
    (r"the report is not what was prepared; prepare it again", "报表和编制时不一样，请重编。"),
    (r"another version of this report was prepared meanwhile", "这份报表已经重编。"),
    (r"(?:period: )?the analysis is made of a whole year", "分析报告按全年编制。"),
    (r"(?:code: )?there is no (?:department|company|such unit) of this code", "没有这个代码的单位。"),
    # warnings and receivables
    (r"a warning that is (?P<wstate>\w+) cannot (?P<wstep>.+)", "{wstate}的预警不能{wstep}。"),
    (
        r"nobody asked for it yet: one person asks with a reason, a second one decides",
        "还没有人申请：一个人写明理由申请，另一个人决定。",
    ),
    (r"who asked for it does not decide on it: a second person does", "申请的人不能自己决定，要由第二个人决定。"),
    (r"a warning is put off for 1 to (?P<n>\d+) days, not until (?P<d>\S+)", "最多暂缓 {n} 天，不能到 {d}。"),
    (
        r"this warning is closed; if the trouble comes back there will be a new one",
        "预警已关闭；情况再出现，会有新的。",
    ),
    (r"(?P<n>\d+) tasks of the plan have no outcome yet", "预案还有 {n} 项任务没有结果。"),
    (r"closing was asked for already; a second person decides", "已经申请关闭，等第二个人决定。"),
    (r"this task has its outcome already", "这项任务已经有结果。"),
    (r"this customer's credit is blocked already", "这个客户的信用已经冻结。"),
    (r"this customer's credit is not blocked", "这个客户的信用没有冻结。"),
    (r"the lifting was asked for already; a second person decides", "已经申请解除，等第二个人决定。"),
    (r"(?:reason: )?say why, in at most (?P<n>\d+) characters", "写明理由，最多 {n} 个字符。"),
    (r"(?:\w+: )?say it, in at most (?P<n>\d+) characters", "要写明，最多 {n} 个字符。"),
    (r"(?:due_on: )?a day that has not passed", "写一个还没有过去的日子。"),
    (r"(?:login: )?there is no person of this login", "没有这个登录名的人。"),
    (r"(?:reason: )?say why the lines change", "写明更改的理由。"),
    (r"(?:\w+: )?a whole number from (?P<n>\d+) on", "从 {n} 起的整数。"),
    (r"(?:\w+: )?a number from (?P<n>\d+) on", "从 {n} 起的数。"),
    (r"(?:\w+: )?at most four digits after the point", "小数最多四位。"),
    (r"(?:\w+: )?at most (?P<n>\d+)", "最多 {n}。"),
    (r"(?:\w+: )?at most (?P<n>\d+) characters", "最多 {n} 个字符。"),
    (r"(?:tasks: )?a plan has 1 to (?P<n>\d+) tasks, not \d+", "预案要有 1 到 {n} 项任务。"),
    (r"(?:tasks: )?a task has a time limit of 0 to (?P<n>\d+) days, not .*", "任务的期限是 0 到 {n} 天。"),
    (r"(?:tasks: )?a task says what is to be done, in at most (?P<n>\d+) characters", "任务最多 {n} 个字符。"),
    (r"(?:tasks: )?a task is one of .*", "选一种措施和负责的角色。"),
    (r"a delivery that is (?P<n>\w+) is not sent again", "只有放弃的通知才能再试。"),
    (r"(?:\w+: )?an e-mail address such as \S+", "写成电子邮箱，例如 a.person@example.com。"),
    (r"a rate for (?P<n>\w+) from (?P<d>\S+) on is on record already", "{n} 从 {d} 起已有汇率，用过的汇率不能改。"),
    (r"(?:\w+: )?a currency code such as USD", "写币种代码，例如 USD。"),
    (
        r"(?:\w+: )?yuan for one unit, above 0, with at most 8 digits after the point",
        "写一个单位合多少元，大于 0，小数最多 8 位。",
    ),
    (r"invoice, payment, credit_note or order", "写发票、收款、贷项或订单。"),
    (r"is needed, at most (?P<n>\d+) characters", "必填，最多 {n} 个字符。"),
    (r"several customers have this name; give the number or the code", "有几个客户叫这个名字，请写编号或信用代码。"),
    (r"there is no customer of this number, code or name", "没有这个编号、信用代码或名称的客户。"),
    (r"is needed for an invoice", "发票要有到期日。"),
    (r"lies before the date of the entry", "早于单据的日期。"),
    (r"there is no rate for (?P<n>.+): enter one first", "没有 {n} 的汇率，请先记录。"),
    (r"valid or void", "写有效或作废。"),
    (r"the entry belongs to another customer", "这张单据是另一个客户的。"),
    (r"(?:\w+: )?must be above 0: a debt that is waived comes as a credit note", "要大于 0；免除的欠款用贷项。"),
    (r"(?:\w+: )?at most two digits after the point", "小数最多两位。"),
    (r"(?:\w+: )?a number such as 32000000\.00", "写成数字，例如 32000000.00。"),
    (
        r"(?P<m>\S+) more than invoice (?P<n>.+) leaves open: unapplied, it pays the oldest debt",
        "比发票 {n} 的未结金额多 {m}：多出的抵最早到期的欠款。",
    ),
    (
        r"there is no invoice (?P<n>.+) in (?P<m>\w+): it pays the oldest debt",
        "没有 {m} 的发票 {n}：抵最早到期的欠款。",
    ),
    (r"(?:file: )?is no text in UTF-8 or GB 18030", "不是 UTF-8 或 GB 18030 的文字。"),
    (r"(?:file: )?cannot be read as a CSV table", "不是能读的 CSV 表格。"),
    (r"(?:\w+: )?lies before the talk", "早于谈的那天。"),
    (r"(?:\w+: )?by which day\?", "写明哪一天付。"),
    (r"(?:\w+: )?say what was done, in at most (?P<n>\d+) characters", "写明做了什么，最多 {n} 个字符。"),
    (r"(?:\w+: )?there is no invoice (?P<n>\S+) of this customer", "这个客户没有发票 {n}。"),
    (r"(?:\w+: )?only a person has one", "只有个人才有邮箱。"),
    # credit
    (r"an assessment of this customer waits for a decision already", "这个客户已有一次评估在等待决定。"),
    (r"this assessment was decided on already", "这次评估已经决定过了。"),
    (r"who made an assessment does not decide on it", "作出评估的人不能自己决定。"),
    (r"say why it is refused", "写明不同意的理由。"),
    (r"give a number", "写成数字，小数最多 6 位。"),
    (
        r"there is no data for (?P<indicator>\S+), and the scorecard does not let it be missing",
        "评分卡不许缺这一项：{indicator}。",
    ),
    (
        r"(?P<grade>\w+) may be set up by (?P<up>\d+) and down by (?P<down>\d+) notches, not to (?P<n>\w+)",
        "{grade} 最多升 {up} 级、降 {down} 级，不能改为 {n}。",
    ),
    (r"a grade set by a person needs a name and a reason", "改等级要写理由。"),
    (r"another rotation of the master key is running", "正在更换主密钥。"),
    (r"there is an archive in the database already: .*", "数据库里已经有档案，只能恢复到空系统。"),
    (r"there are objects in the object store already: .*", "对象存储里已经有对象，只能恢复到空系统。"),
    (
        r"the destruction register lacks files that were destroyed before the backup: .*",
        "销毁清册缺少备份之前销毁的案卷，请找完整的一份。",
    ),
    # scorecards
    (r"weights sum to (?P<n>\S+) %, not to 100 %", "权重之和是 {n} %，不是 100 %。"),
    (
        r"the (?P<cardpart>weight|points) of (?P<indicator>\S+) is (?P<n>\S+); it must be (?P<m>\S+) to (?P<o>\S+) with at most \d+ digits after the point",
        "{indicator}的{cardpart}是 {n}，须在 {m} 到 {o} 之间，小数最多 4 位。",
    ),
    (
        r"the lowest score of a grade is (?P<n>\S+); it must be .*",
        "等级的最低分是 {n}，须在 0 到 100 之间，小数最多 4 位。",
    ),
    (
        r"indicator (?P<indicator>\S+) needs a weight above 0 and one of .*",
        "{indicator}：权重须大于 0，并有分段、曲线、分类或专家打分之一。",
    ),
    (r"the curve of (?P<indicator>\S+) needs two points or more.*", "{indicator}：曲线至少要两个点，都是数字。"),
    (r"the values of the curve of (?P<indicator>\S+) do not rise", "{indicator}：曲线的数值须从小到大。"),
    (
        r"bands of (?P<indicator>\S+) leave a gap: the first begins and the last ends without limit",
        "{indicator}：分段有空档，首段不写下限，末段不写上限。",
    ),
    (
        r"bands of (?P<indicator>\S+) overlap: only the first and the last are without limit",
        "{indicator}：分段重叠，只有首段和末段没有界限。",
    ),
    (r"bands of (?P<indicator>\S+) have an edge that is no number", "{indicator}：分段的界限不是数字。"),
    (
        r"bands of (?P<indicator>\S+) leave a gap between (?P<n>\S+) and (?P<m>\S+)",
        "{indicator}：{n} 和 {m} 之间有空档。",
    ),
    (r"bands of (?P<indicator>\S+) overlap between (?P<n>\S+) and (?P<m>\S+)", "{indicator}：{n} 和 {m} 之间重叠。"),
    (r"bands of (?P<indicator>\S+) do not rise", "{indicator}：分段须从小到大。"),
    (r"a scorecard needs a version and indicators with different codes", "评分卡要有版本，各指标的代码不能相同。"),
    (r"grades must be of .*, the best first, each once", "等级用 AAA 到 D，从高到低，各写一次。"),
    (r"the lowest scores of the grades must fall and end at 0", "各等级的最低分须依次下降，最后一级从 0 开始。"),
    (r"a line is a share of one of .*, in steps above 0", "额度的依据不对，或舍入的单位不大于 0。"),
    (r"(?P<n>.*) is none of AAA, AA, .*", "没有 {n} 这个等级。"),
    (
        r"the (?P<linepart>share|ceiling) of (?P<n>\w+) is (?P<m>\S+); it must be 0 or more",
        "{n} 的{linepart}是 {m}，不能是负数。",
    ),
    (
        r"the (?P<linepart>share|ceiling) of (?P<n>\w+) is above that of (?P<m>\w+)",
        "{n} 的{linepart}高于 {m}，等级低的不能更多。",
    ),
    (r"'(?P<n>.*)' is no number", "“{n}”不是数字。"),
    (r"needs a whole number from 0 to (?P<n>\d+)", "写 0 到 {n} 的整数。"),
    (r"needs a text of at most (?P<n>\d+) characters", "要填写，最多 {n} 个字。"),
    (r"needs letters, digits, -, _ and \. alone, at most 40", "只能用字母、数字、汉字和 - _ .，最多 40 个。"),
    (
        r"must be below \S+, with at most (?P<n>\d+) digits after the point",
        "数太大，或者小数超过 {n} 位。",
    ),
    (r"is no scorecard(?: as an export gives it)?", "不是导出的评分卡。"),
    (r"is not a part of (?:a scorecard|an indicator|this form)", "没有这一项。"),
    (r"needs 1 to (?P<n>\d+) indicators", "要有 1 到 {n} 个指标。"),
    (r"the code (?P<n>.+) stands there twice", "代码 {n} 出现两次。"),
    (r"the answer (?P<n>.+) stands there twice", "答案“{n}”出现两次。"),
    (r"is no indicator", "不是指标。"),
    (r"must be one of .*", "不是可选的内容。"),
    (r"a computed indicator has bands or a curve.*", "算出来的指标只能用分段或曲线。"),
    (r"needs (?P<n>\d+) to (?P<m>\d+) rows", "要有 {n} 到 {m} 行。"),
    (r"is no band: low, high, points", "不是分段，写成 1..16 = 80。"),
    (r"is no point of a curve: value, points", "不是曲线上的点，写成 20 = 60。"),
    (r"is no choice: answer, points", "不是答案，写成 领先 = 100。"),
    (r"needs one of .* and its lowest score", "要有等级和它的最低分。"),
    (r"needs up and down, in notches", "要写最多升几级、降几级。"),
    (r"needs base, shares, ceilings and step", "额度规则要有依据、比例、上限和舍入单位。"),
    (r"needs a number for a grade", "每个等级写一个数字。"),
    (
        r"there is a scorecard (?P<n>.+) already; give the new one another version",
        "评分卡 {n} 已经有了，新的请用另一个版本。",
    ),
    (r"(?:version: )?this is the scorecard .*", "版本不能改；要另一个版本，就新建一张。"),
    (r"somebody changed this scorecard meanwhile; look at it again", "别人刚改过这张评分卡，请重新看过再改。"),
    (r"scorecard (?P<n>.+) is active already", "评分卡 {n} 已经在用。"),
    (
        r"scorecard (?P<n>.+) is (?P<cardstate>\w+); only one that was tested on the portfolio is activated",
        "评分卡 {n} 是“{cardstate}”，要先在全部客户上试算才能启用。",
    ),
    (r"who made or changed a scorecard does not activate it", "编制或修改评分卡的人不能启用。"),
    (
        r"scorecard (?P<n>.+) is (?P<cardstate>\w+) and is not changed any more; copy it to a new version",
        "评分卡 {n} 是“{cardstate}”，不能再改；请复制成新版本。",
    ),
    (r"the scorecard cannot be used: .*", "评分卡和保存时不一样，不能用；请告诉系统管理员。"),
    (r"there is no scorecard (?P<n>.+)", "没有评分卡 {n}。"),
    (r"(?:versions: )?there is no scorecard (?P<n>.+)", "没有评分卡 {n}。"),
    (r"(?:until: )?at most (?P<n>\d+) years away", "最多前后 {n} 年。"),
    (r"(?:on: )?a day in the past", "写一个过去的日期。"),
    (
        r"a back test needs customers that defaulted and customers that did not",
        "回溯检验要既有违约的、也有没有违约的客户。",
    ),
    # assessments over the portfolio, experts, statements and forms
    (r"a run of this kind is going on or waits for a decision", "同样的批量运行还在进行，或者在等决定。"),
    (r"the run is not finished yet", "还没有评完。"),
    (r"this run was decided on already", "这次批量评估已经决定过了。"),
    (r"who started a run does not decide on it", "发起批量评估的人不能自己决定。"),
    (r"the run is finished already", "已经结束了。"),
    (r"(?:experts: )?name (?P<n>\d+) to (?P<m>\d+) different people", "指定 {n} 到 {m} 名不同的专家。"),
    (r"(?:experts: )?(?P<n>\S+) is nobody who works here", "没有 {n} 这个人，或者已停用。"),
    (r"(?:experts: )?(?P<n>\S+) made the assessment and does not review it", "{n} 作出了这次评估，不能再当专家。"),
    (r"(?:experts: )?(?P<n>\S+) has no role that reviews assessments", "{n} 的角色不能参加专家评审。"),
    (
        r"(?:experts: )?(?P<n>\S+) does not see this customer; it is opened to them first",
        "{n} 看不到这个客户，先给他授权。",
    ),
    (r"an expert who has given an opinion stays in the review", "已经发表意见的专家不能撤换。"),
    (r"only an expert who was named gives an opinion", "只有指定的专家才能发表意见。"),
    (r"this opinion was given already; it stays as it is", "意见已经发表过了，不能再改。"),
    (r"this customer is below the thresholds of the expert review", "这个客户没有达到专家评审的标准。"),
    (
        r"a high-value customer needs the opinions of two named experts before the grade takes effect",
        "高价值客户须两名以上专家发表意见，等级才能生效。",
    ),
    (r"an expert of the review does not decide on it", "评审的专家不能再作决定。"),
    (r"(?P<n>\d+) of (?P<m>\d+) experts have not given their opinion yet", "{m} 名专家中 {n} 名还没有发表意见。"),
    (r"(?:reason: )?write the conclusion of the review", "写明评审结论。"),
    (
        r"(?:\w+: )?the figures give (?P<n>\S+); say in the note why another value counts",
        "数据算出来是 {n}，要用别的数请写理由。",
    ),
    (r"(?:line: )?the rule gives at most (?P<n>\S+)", "按规则最多 {n} 元。"),
    (r"(?:line: )?must be 0 or more, in whole cents", "不能是负数，最多两位小数。"),
    (r"is no figure of a statement", "报表没有这一项。"),
    (r"(?:total_assets: )?enter at least one figure", "至少填一项。"),
    (r"(?:\w+: )?(?P<figure>\w+) is (?P<n>\S+); it must be 0 or more", "{figure} 是 {n}，不能是负数。"),
    (
        r"(?:\w+: )?(?P<figure>\w+) (?P<n>\S+) is more than (?P<other>\w+) (?P<m>\S+)",
        "{figure} {n} 大于{other} {m}。",
    ),
    (
        r"(?:total_assets: )?assets (?P<n>\S+) are not debts (?P<m>\S+) and equity (?P<o>\S+) together",
        "资产 {n} 不等于负债 {m} 加所有者权益 {o}。",
    ),
    (r"(?:year: )?a year from (?P<n>\d+) to (?P<m>\d+)", "写 {n} 到 {m} 的年份。"),
    (r"these figures were corrected; the correction is confirmed", "这些数已经更正，请核对更正后的。"),
    (
        r"you entered these figures; two other people must confirm them \(dual verification\)",
        "你录入的数须由另外两人核对（双重核验）。",
    ),
    (r"there is no customer of this number, code or name", "没有这个编号、信用代码或名称的客户，或者不止一个。"),
    (r"a whole number of days, at most (?P<n>\d+)", "写整数天，最多 {n} 天。"),
    (
        r"(?:note: )?say what happened, at most (?P<n>\d+) characters, or name the document that shows it",
        "写明发生了什么（最多 {n} 字），或者选依据文件。",
    ),
    (r"(?:\w+: )?'(?P<n>.*)' is none of .*", "“{n}”不是可选的答案。"),
    (
        r"(?P<indicator>\w+): (?P<n>\S+) is not 0 to 100 with at most 4 digits after the point",
        "{indicator}：写 0 到 100。",
    ),
    (r"(?P<indicator>\w+): an expert's points need a name and a reason", "{indicator}：专家打分要写理由。"),
    (r"a number of yuan such as 32000000\.00", "写成数字，元，例如 32000000.00。"),
    # reports, training, regulations, the wall
    (r"this report is made for this person at this pace already", "这份报告已经按这个间隔给这个人做。"),
    (
        r"more than (?P<n>\d+) customers: order the report, it is made in the background",
        "客户多于 {n} 家：请安排在后台做这份报告。",
    ),
    (
        r"the figures of (?P<period>.+) are being counted; go on when they are there",
        "{period} 的数字正在统计，统计好再接着办。",
    ),
    (r"this is being counted already; ask again in a moment", "正在统计，请稍后再看。"),
    (r"such a report is being made for you already", "已经在给你做这样一份报告。"),
    (r"this run is going on or was finished", "还在进行，或者已经做完。"),
    (r"a report is kept for a person; the command line writes it to a file", "报告是为人保存的；命令行把它写成文件。"),
    (r"(?:login: )?this person may not read such a report(?: any more)?", "这个人无权看这份报告。"),
    (r"the customer is not in sight of this person any more", "这个人已经看不到这个客户。"),
    (r"the customer's credit file is not open to this person", "客户的信用档案不对这个人开放。"),
    (r"the account is disabled", "账户已停用。"),
    (
        r"report\.schedule: a report for somebody else is ordered by the credit administrator",
        "给别人定期报告，由信用管理员办。",
    ),
    (r"(?:since: )?lies after the day of the report", "晚于报告的截止日。"),
    (r"there are (?P<n>\d+) sentences on the wall", "上墙内容是 {n} 句。"),
    (r"one sentence of at most (?P<n>\d+) characters", "写一句话，最多 {n} 个字。"),
    (r"a whole number from (?P<low>\d+) to (?P<high>\d+)", "写 {low} 到 {high} 的整数。"),
    (r"there is no such account", "没有这个用户名的账户。"),
    (r"there is no account (?P<n>.+)", "没有这些用户名：{n}。"),
    (r"name one person or more", "至少写一个人。"),
    (r"the day of this session has not come; who was there is entered then", "培训的日子还没有到，到了再登记出席。"),
    (r"(?P<low>\d+) to (?P<high>\d+) options", "写 {low} 到 {high} 个选项。"),
    (r"true or false has two options", "判断题只有对和错。"),
    (r"each option once, none empty, at most (?P<n>\d+) characters", "选项不能重复、不能空，最多 {n} 个字。"),
    (r"one or more of the options", "勾出对的选项，至少一个。"),
    (r"exactly one of the options", "勾出对的选项，只能一个。"),
    (r"one of single, multiple, true_false", "题型写单选、多选或判断。"),
    (r"the letters of the right options, such as A or AC", "写对的选项的字母，如 A 或 AC。"),
    (
        r"the bank has this question with other options or another answer; withdraw that one first",
        "题库里有这道题，选项或答案不同；先撤出那一题。",
    ),
    (r"(?:login: )?there is no credit administrator of this name", "没有这个用户名的信用管理员。"),
    (r"(?:file: )?1 to (?P<n>\d+) rows", "1 到 {n} 行。"),
    (r"an exam is sat by a person who is signed in", "登录的人才能考试。"),
    (r"who keeps the questions knows the answers and does not sit the exam", "管题库的人知道答案，不能参加考试。"),
    (
        r"the bank has fewer questions than a paper needs; tell who keeps the course",
        "题库不够出一卷，请告诉管课程的人。",
    ),
    (r"this course is closed; its exam is not given any more", "课程已停，不再考试。"),
    (
        r"the exam is for those who attended the course; no attendance of yours is on record",
        "听过课的才能考；没有你在有效期内的出席记录。",
    ),
    (
        r"all (?P<n>\d+) attempts within (?P<days>\d+) days are used; the next is from (?P<day>\S+) on",
        "{days} 天内的 {n} 次已用完，{day} 起可以再考。",
    ),
    (r"this exam is over; a new attempt draws another paper", "这次考试已结束；再考会另出一卷。"),
    (r"is no (?:question of this paper|option of this question)", "不是这张卷子上的。"),
    (r"one option alone is right", "这一题只能选一个。"),
    (r"this regulation is in the register; add a version to it", "这个法规已登记，请登记新版。"),
    (r"this regulation was ended already", "这个法规已登记失效。"),
    (r"this version is in the register already", "这一版已登记。"),
    (r"this task is done already", "这个任务已办完。"),
    # customers and what is collected about them
    (
        r"this customer was merged into another; what is known of it stands there",
        "这家客户已并入另一家，它的信息在那一家名下。",
    ),
    (r"this value was replaced or withdrawn in the meantime; look at it again", "这个值刚被更正或撤回，请再看一遍。"),
    (
        r"other people hold this value to be right; say which one is, and a third person decides",
        "别人认为这个值是对的；请写明应为什么，由第三人裁定。",
    ),
    (r"nothing of this kind is on record; enter the value instead", "还没有这一种信息，直接录入即可。"),
    (r"the document does not lie in a file of this customer", "这份文件不在这家客户的案卷里。"),
    (r"only a licence that is not classified says facts about its customer", "只能从不涉密的营业执照取值。"),
    (
        r"you entered this value; two other people must confirm it \(dual verification\)",
        "这个值是你录入的，须由另外两人核对（双重核验）。",
    ),
    (r"two people disagree about this value; a third person decides", "两人对这个值看法不同，由第三人裁定。"),
    (r"you took a side in this disagreement; a third person decides", "你已对这个值表态，由第三人裁定。"),
    (r"a third person has decided this value after your disagreement", "你们对这个值的争议，第三人已经裁定。"),
    (r"this relation is on record already", "这个关系已经登记了。"),
    (r"a customer has one parent; end that relation first", "上级单位只有一个，先终止原来的。"),
    (
        r"the customer would stand above itself; look at the relations of the other one",
        "这样它就成了自己的上级；请看另一家的关系。",
    ),
    (r"one of the two was merged already", "两家中有一家已经合并过了。"),
    (
        r"two unified social credit codes are two companies; they are not merged",
        "两个不同的统一社会信用代码是两家公司，不能合并。",
    ),
    (
        r"merged, the customer would stand above itself; end one of the relations between them first",
        "合并以后它就成了自己的上级；先终止两家之间的一个关系。",
    ),
    (r"this merger was undone already, or another one was made on top of it", "这次合并已撤回，或者在它之上又合并过。"),
    (r"(?:kind: )?there is no such kind of information", "没有这一种信息。"),
    (r"(?:source: )?one of public_record, .*", "选一个来源。"),
    (r"(?:\w+: )?one of (?:text, date|person, bank|parent, guarantor|stale, changed).*", "选一种。"),
    (
        r"(?:note: )?name a document, or say what shows it, at most (?P<n>\d+) characters",
        "没有文件依据时须说明凭什么，最多 {n} 个字符。",
    ),
    (r"(?:page: )?the document has (?P<n>\d+) pages", "这份文件只有 {n} 页。"),
    (r"(?:page: )?a whole number", "写一个整数。"),
    (r"(?:code: )?2 to 40 of a-z 0-9 _, beginning with a letter", "2 到 40 个小写字母、数字、下划线，以字母开头。"),
    (r"(?:refresh_days: )?1 to (?P<n>\d+) days", "1 到 {n} 天。"),
    (r"(?:\w+: )?at most (?P<n>\d+) characters", "最多 {n} 个字符。"),
    (r"(?:email: )?an address such as name@example\.com", "写成电子邮箱，例如 name@example.com。"),
    (r"(?:account: )?digits, at least 6", "写数字，至少 6 位。"),
    (r"(?:phone: )?a telephone number or an e-mail address is needed", "电话和电子邮箱至少填一个。"),
    (
        r"(?:other: )?there is no such customer: give its number, code or exact name",
        "没有这家客户：写客户号、信用代码或全名。",
    ),
    (r"(?:other: )?is the same customer", "是同一家客户。"),
    (r"(?:\w+: )?a date YYYY-MM-DD, or a moment YYYY-MM-DDTHH:MM", "写成 YYYY-MM-DD 的日期。"),
    (r"there is no customer of this number; leave it empty for a new one", "没有这个客户号；新客户不要填。"),
    (r"several customers have this name; give the number", "有几家客户同名，请写客户号。"),
    (r"the register has another code for this customer", "登记的信用代码与此不同。"),
    (r"is another customer's", "是另一家客户的。"),
    (
        r"what was deleted stands in the write-ahead log still: .*",
        "数据库一直有人在读，删掉的内容还在预写日志里，系统会自动再试。",
    ),
    (r"its keys are destroyed, .*", "密钥已销毁，对象或索引尚未清除完毕，系统会自动再试。"),
)
_KNOWN = tuple((re.compile(pattern), said) for pattern, said in _SENTENCES)


def say(text: str) -> str:
    """Return a sentence of the rules in the reader's language."""
    if not _chinese():
        return text
    for pattern, said in _KNOWN:
        found = pattern.fullmatch(text)
        if found:
            values = {
                name: _PUT.get(name, str)(value) for name, value in found.groupdict().items() if value is not None
            }
            return said.format_map(values)
    return text


def without_names(text: str) -> str:
    """Return in Chinese a sentence of the rules that names nothing which is looked up; any other as it is. For what is no page."""
    for pattern, said in _KNOWN:
        found = None if _PUT.keys() & pattern.groupindex.keys() else pattern.fullmatch(text)
        if found:
            return said.format_map(found.groupdict())
    return text


def of(error: Exception) -> str:
    """Return what an error says, field by field where it speaks of fields."""
    if isinstance(error, NotFound) and not str(error).startswith("this link"):
        return gettext("没有这一件，或者你不能看。")
    fields: dict[str, str] = getattr(error, "fields", {})
    if len(fields) > 1:
        return gettext("请看标红的地方。")
    return say(str(error)) if not fields else say(next(iter(fields.values())))
