"""How an entry of the audit trail is called: its action is a noun and a verb, `document.open` 打开文件."""

from flask_babel import force_locale  # type: ignore[import-untyped]  # it carries no types

from service.web.text import _, gettext

NOUNS = {
    "audit": _("审计日志"),
    "backup": _("备份"),
    "batch": _("批次"),
    "candidate": _("到期案卷"),
    "check": _("检查"),
    "checkpoint": _("检查点"),
    "contract": _("合同"),
    "customer": _("客户"),
    "department": _("部门"),
    "document": _("文件"),
    "due": _("期限"),
    "extraction": _("识别报告"),
    "file": _("案卷"),
    "grant": _("授权"),
    "hold": _("冻结"),
    "identity": _("公司账户"),
    "keys": _("密钥"),
    "ledger": _("合同台账"),
    "loan": _("借阅"),
    "mail": _("邮件"),
    "paper": _("证明"),
    "person": _("账户"),
    "receipt": _("回执"),
    "register": _("销毁清册"),
    "review": _("鉴定"),
    "search": _("检索"),
    "second_factor": _("第二重验证"),
    "session": _("登录"),
    "station": _("扫描站"),
    "stub": _("存根"),
    "token": _("令牌"),
    "transfer": _("移交"),
    "upload": _("上传"),
}
VERBS = {
    "": "",
    "add": _("启用"),
    "accept": _("验收"),
    "add_opinion": _("发表意见"),
    "amended": _("变更完毕"),
    "answer_for": _("确认数据库回退"),
    "approve": _("批准"),
    "archive": _("归档"),
    "ask": _("申请"),
    "ask_release": _("申请解除"),
    "audit": _("审计链"),
    "begin": _("开始"),
    "carry": _("随页带走更正"),
    "cancel": _("作废"),
    "categorise": _("改类别"),
    "change": _("修改"),
    "change_password": _("改密码"),
    "checkpoint": _("签名检查点"),
    "close": _("关闭"),
    "confirm": _("确认"),
    "correct": _("更正"),
    "count": _("清点"),
    "damage": _("发现损坏"),
    "create": _("新建"),
    "cut": _("分件"),
    "decide": _("决定"),
    "department": _("改部门"),
    "destroy": _("销毁密钥"),
    "destroyed": _("销毁完毕"),
    "destruction_blocked": _("阻止销毁"),
    "disable": _("停用"),
    "duplicate": _("重复"),
    "enable": _("启用"),
    "end": _("结束"),
    "enter": _("登记"),
    "event": _("事件"),
    "evidence": _("出具证据包"),
    "expire": _("过期"),
    "export": _("导出"),
    "fail": _("失败"),
    "file": _("归入案卷"),
    "finish": _("完成"),
    "fixity": _("完整性"),
    "give": _("给予"),
    "hand_over": _("移出"),
    "invite": _("邀请"),
    "invite_again": _("再次邀请"),
    "keep": _("续存"),
    "link": _("关联"),
    "list": _("浏览"),
    "not_applicable": _("不适用"),
    "open": _("打开"),
    "original": _("原件或复印件"),
    "orphans": _("清理无主对象"),
    "partly": _("收下一部分"),
    "performed": _("履行完毕"),
    "place": _("下达"),
    "preserve": _("制作长期保存版"),
    "preserve_failed": _("长期保存版未做成"),
    "propose": _("提出"),
    "prove": _("查证销毁"),
    "read": _("识别"),
    "read_again": _("重新识别"),
    "receive": _("收下"),
    "refuse": _("拒绝"),
    "refuse_password": _("密码不对"),
    "reindex": _("重建索引"),
    "rotate": _("更换主密钥"),
    "rotate_begin": _("开始更换主密钥"),
    "renew_key": _("换文件密钥"),
    "reject": _("不批准"),
    "release": _("解除"),
    "remove": _("撤销"),
    "rename": _("改名"),
    "renew_codes": _("换恢复码"),
    "repair": _("修复"),
    "replace": _("换人"),
    "reset": _("重置"),
    "restore": _("恢复"),
    "return": _("退还"),
    "revoke": _("吊销"),
    "set_password": _("设密码"),
    "signed": _("签订完毕"),
    "stop": _("叫停"),
    "supervise": _("监销确认"),
    "take_off": _("撤下案卷"),
    "terminated": _("解除完毕"),
    "tier": _("改密级"),
    "undo": _("撤回"),
    "unfile": _("移出案卷"),
    "unlink": _("取消关联"),
    "unlock": _("解除锁定"),
    "update": _("更新"),
    "verify": _("核验"),
    "view": _("查看"),
}


def known(action: str) -> bool:
    """Return whether there are words for an action."""
    noun, _dot, verb = action.partition(".")
    return noun in NOUNS and verb in VERBS


def action_word(action: str) -> str:
    """Return what was done, in the reader's language; a code without words stays as it is."""
    if not known(action):
        return action
    noun, _dot, verb = action.partition(".")
    if not verb:
        return str(NOUNS[noun])
    return gettext("%(noun)s：%(verb)s", noun=str(NOUNS[noun]), verb=str(VERBS[verb]))


def chinese_word(action: str) -> str:
    """Return what was done in Chinese, whoever reads it: for papers that leave the house."""
    with force_locale("zh"):
        return action_word(action)
