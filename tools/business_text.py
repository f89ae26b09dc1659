"""Generated Chinese business pages for measuring: contracts, letters, minutes, lists and notes of firms that do not exist.

No page is like another: firms, people, places, goods, codes, dates and amounts are drawn anew, sentences are put together from
parts of speech, and one word in ten is a rare one made of any two of 3,000 characters, as names and terms of a trade are. What
comes out has about the mix of common and rare pairs of characters that real papers have.
"""

import random
from collections.abc import Callable


def _words(text: str) -> list[str]:
    return text.split()


_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文辉玲建国志鑫宇浩然子轩梓涵欣怡雨桐嘉慧思远博俊峰海燕春梅红波斌鹏飞云龙晓东立新永福德胜昌盛瑞祥庆丰广源润泽佳琪雪松柏青山林森"
_CITIES = _words(
    "北京 上海 广州 深圳 天津 重庆 成都 武汉 西安 杭州 南京 苏州 宁波 无锡 青岛 济南 烟台 大连 沈阳 长春 哈尔滨 石家庄 太原 郑州 洛阳 合肥 芜湖 南昌 福州 厦门 泉州 长沙 株洲 南宁 柳州 昆明 贵阳 兰州 西宁 银川 乌鲁木齐 海口 佛山 东莞 珠海 中山 惠州 常州 南通 徐州 扬州 绍兴 嘉兴 温州 台州 金华 唐山 保定 包头 鞍山"
)
_STEMS = "华东西南北远洋恒信金石天成瑞丰博达海川中轩立诚百云帆宏图广源鼎盛泰安康宁嘉禾联创智汇众合力新科锐思创佳美优品盈通顺风万里长江黄河昆仑泰山长城启明星辰晨光旭日升腾飞跃进步前沿顶峰卓越领先"
_TRADES = _words(
    "贸易 科技 机械 化工 物流 建材 电子 纺织 钢铁 能源 环保 电气 仪表 包装 食品 医药 汽车配件 装饰工程 供应链管理 进出口 信息技术 精密制造 新材料 建设工程 农业发展 文化传播 石油设备 轨道交通装备 自动化 生物工程"
)
_FORMS = _words(
    "有限公司 有限责任公司 股份有限公司 集团有限公司 （集团）股份有限公司 有限公司分公司 厂 合伙企业（有限合伙）"
)
_ROADS = _words(
    "人民 中山 解放 建设 和平 新华 胜利 文化 光明 滨河 高新 科技 工业 创业 迎宾 长江 黄河 朝阳 青年 友谊 环城 开发 振兴 幸福 民主"
)
_GOODS = _words(
    "冷轧钢板 热轧卷板 镀锌钢管 无缝钢管 螺纹钢筋 铝合金型材 电解铜 聚乙烯颗粒 聚丙烯树脂 环氧树脂 工业硫酸 液碱 水泥 玻璃纤维 岩棉板 电力电缆 控制电缆 配电箱 变压器 断路器 变频器 离心泵 闸阀 减速机 数控车床 注塑机 液压油缸 轴承 传感器 流量计 压力表 空压机 冷却塔 锅炉配件 输送带 叉车 托盘 纸箱 棉纱 涤纶布 染料 小麦粉 大豆油 白砂糖 饲料 服务器 交换机 打印机 办公桌椅 空调机组 消防器材 安全帽 劳保手套 轮胎 刹车片 蓄电池 光伏组件 逆变器 焊条 涂料"
)
_UNITS = _words("吨 千克 米 台 套 件 箱 桶 卷 张 批 只 平方米 立方米 组")
_NOUNS = _words(
    "合同 协议 货物 价款 货款 发票 质量 标准 数量 规格 型号 包装 运输 保险 费用 税金 交货 期限 地点 方式 验收 检验 样品 图纸 资料 文件 凭证 单据 收据 账户 银行 保证金 预付款 尾款 违约金 利息 损失 赔偿 责任 义务 权利 条款 附件 补充协议 订单 清单 计划 方案 报告 通知 函件 邮件 传真 授权书 委托书 营业执照 资质 证书 印章 签字 代表人 经办人 负责人 联系人 部门 公司 工厂 仓库 现场 工程 项目 设备 材料 配件 技术 工艺 参数 性能 指标 测试 调试 安装 培训 服务 维修 保修 故障 缺陷 问题 原因 措施 结果 意见 记录 会议 纪要 决定 审批 程序 制度 规定 法律 法规 政策 市场 价格 成本 利润 风险 信用 额度 账期 余额 欠款 逾期 催收 诉讼 仲裁 法院 证据 判决 调解 担保 抵押 质押 债权 债务 股东 董事会 变更 解除 终止 续签 不可抗力 保密 商业秘密 知识产权 专利 商标 数据 系统 软件 平台 接口 用户 客户 供应商 承包商 分包商 监理 业主 设计院 货运 提单 报关 关税 外汇 汇率 信用证 船期 集装箱 港口 车辆 司机 路线 调度 库存 台账 盘点 编码 标签 批次 有效期 储存 温度 湿度 环境 安全 消防 应急 预案 事故 检查 整改 考核 奖励 处罚 工资 社保 合规 审计 年度 季度 月份 日期 工作日 节假日"
)
_VERBS = _words(
    "签订 履行 支付 交付 提供 承担 负责 完成 通知 确认 验收 检验 更换 退还 赔偿 扣除 结算 开具 提交 审核 批准 同意 要求 约定 变更 解除 终止 延长 缩短 调整 增加 减少 保证 承诺 遵守 违反 说明 协商 处理 解决 安排 组织 配合 协助 监督 检查 整改 落实 反馈 记录 保存 归档 移交 查阅 复印 备案 登记 申请 办理 报送 汇总 统计 分析 评估 预测 控制 防范 降低 提高 改进 优化 采购 销售 运输 装卸 保管 发运 签收 安装 调试 运行 维护 培训 指导 设计 制造 加工 委托 授权 代理 转让 抵押 担保 追偿 起诉 执行 撤销 补充 修改 更正 核对 盖章 披露 泄露 使用 占有 处分 收取 返还 垫付 催告 延迟 拒绝 接受 取得 丧失 恢复 维持 超过 达到 符合 满足 影响 导致 造成 避免 发现 排除"
)
_ADJECTIVES = _words(
    "书面 合理 必要 相关 全部 部分 实际 有效 合法 真实 完整 准确 及时 重大 一般 严重 主要 次要 特殊 正常 额外 直接 间接 单方 双方 第三方 最终 临时 长期 短期 国家 行业 地方 企业 技术 质量 财务 法定 约定 同等 类似 新增 原有 剩余 后续 首批 末期 年度 专项 综合 独立 共同 连续 逐项 分批 一次性 不可撤销 足额 等额 无条件"
)
_SUBJECTS = _words(
    "甲方 乙方 双方 任何一方 买方 卖方 需方 供方 发包人 承包人 委托方 受托方 我公司 贵公司 该公司 守约方 违约方 项目部 财务部 采购部 质检部 承运人 保证人 债务人 经办人员 验收小组 管理部门"
)
_OPENERS = _words(
    "在收到 自本合同 如因 除非 对于 根据 按照 鉴于 经双方 若 凡 由于 为确保 关于 截至 在不影响 未经 针对 就 为了"
)
_JOINS = _words("并应 且不得 但应 同时 否则 因此 此外 并有权 从而 以便 或者 以及 方可 仍须 并由 及其")
_TAILS = _words("之前 以后 期间 范围内 的情况下 的基础上 的同时 之日起 的约定 的规定 过程中 为准 条件下 所需")
_LATIN = _words(
    "ISO9001 GB/T EXW FOB CIF DDP PLC Q235B 304L HRB400 DN100 PN16 LED USB ERP OEM SGS MSDS VAT PDF No. A级 B型 Ⅱ类"
)
_TITLES = _words(
    "购销合同 采购合同 工程承包合同 技术服务协议 加工承揽合同 仓储保管合同 运输合同 租赁合同 委托代理协议 补充协议 往来函件 会议纪要 验收报告 对账单 催款函 信用调查表 授信审批表 授权委托书 发货清单 履约评价"
)


def _digits(rng: random.Random, count: int) -> str:
    return f"{int(rng.random() * 10**count):0{count}}"


def _one(rng: random.Random, choices: str | list[str]) -> str:
    return choices[int(rng.random() * len(choices))]


def _often(rng: random.Random, choices: list[str]) -> str:
    """Return one of `choices`, the first ones much more often: words of a language are like that."""
    return choices[int(rng.random() ** 2 * len(choices))]


def person(rng: random.Random) -> str:
    """Return a name of two or three characters."""
    return _one(rng, _SURNAMES) + _one(rng, _GIVEN) + (_one(rng, _GIVEN) if rng.random() < 0.7 else "")


def company(rng: random.Random) -> str:
    """Return the name of a firm, one of some millions."""
    return (
        _one(rng, _CITIES)
        + _one(rng, _STEMS)
        + _one(rng, _STEMS)
        + _one(rng, _TRADES)
        + _FORMS[int(rng.random() ** 3 * 8)]
    )


def day(rng: random.Random) -> str:
    """Return a date as one of the ways of writing it."""
    year, month, date = 2012 + int(rng.random() * 15), 1 + int(rng.random() * 12), 1 + int(rng.random() * 28)
    way = rng.random()
    if way < 0.6:
        return f"{year}年{month}月{date}日"
    return f"{year}-{month:02}-{date:02}" if way < 0.8 else f"{year}.{month}.{date}"


def amount(rng: random.Random) -> str:
    """Return an amount in yuan, of any magnitude."""
    value = 10 ** (2 + 6 * rng.random())
    way = rng.random()
    if way < 0.7:
        return f"{value:,.2f}元"
    return f"{value / 10000:.2f}万元" if way < 0.85 else f"人民币{value:.0f}元整"


def contract_number(rng: random.Random) -> str:
    """Return a contract number as this archive gives them, or as others do."""
    year = 2012 + int(rng.random() * 15)
    if rng.random() < 0.6:
        return f"HT-{_one(rng, ['XS', 'CG', 'GC', 'JS'])}-{year}-{_digits(rng, 4)}"
    return f"{_one(rng, 'ABCDGHJKLQSTXYZ')}{_one(rng, 'ABCDGHJKLQSTXYZ')}{year}{_digits(rng, 5)}"


def _credit_code(rng: random.Random) -> str:
    return f"91{_digits(rng, 6)}MA{_one(rng, '0123456789ABCDEFGH')}{_one(rng, 'ABCDEFGHJKLM')}{_digits(rng, 5)}{_one(rng, 'ABCDEFGHJKX')}{_digits(rng, 1)}"


def _rare(rng: random.Random) -> str:
    return chr(0x4E00 + int(3000 * rng.random())) + chr(0x4E00 + int(20000 * rng.random() ** 2))


def _noun(rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < 0.72:
        return _often(rng, _NOUNS)
    if drawn < 0.82:
        return _rare(rng)
    return _one(rng, _ADJECTIVES) + _often(rng, _NOUNS) if drawn < 0.94 else _one(rng, _GOODS)


def _party(rng: random.Random) -> str:
    return _often(rng, _SUBJECTS) if rng.random() < 0.9 else company(rng)


def _prose(rng: random.Random) -> str:
    begin = ""
    if rng.random() < 0.5:
        begin = f"{_one(rng, _OPENERS)}{_noun(rng)}{_often(rng, _VERBS)}{_one(rng, _TAILS)}，"
    body = f"{_party(rng)}应{_often(rng, _VERBS)}{_noun(rng)}的{_noun(rng)}"
    if rng.random() < 0.6:
        body += f"，{_one(rng, _JOINS)}{_often(rng, _VERBS)}{_noun(rng)}"
    if rng.random() < 0.3:
        body += f"和{_noun(rng)}、{_noun(rng)}"
    return f"{begin}{body}。"


def _payment(rng: random.Random) -> str:
    return (
        f"{_party(rng)}于{day(rng)}前支付{_noun(rng)}{amount(rng)}，占合同总价的{int(rng.random() * 100)}%，"
        f"{_one(rng, _JOINS)}{_often(rng, _VERBS)}{_noun(rng)}；逾期每日按{rng.random():.2f}‰计收{_noun(rng)}。"
    )


def _goods(rng: random.Random) -> str:
    count, price = 1 + int(rng.random() ** 3 * 2000), 10 ** (1 + 4 * rng.random())
    model = f"{_one(rng, _LATIN)}-{_digits(rng, 3)}"
    return f"{_one(rng, _GOODS)} {model} {count}{_one(rng, _UNITS)} 单价{price:.2f} 金额{count * price:,.2f}"


def _place(rng: random.Random) -> str:
    return (
        f"{_one(rng, ['地址', '交货地点', '住所', '收货地址', '送达地址'])}：{_one(rng, _CITIES)}市{_rare(rng)}区{_one(rng, _ROADS)}"
        f"路{1 + int(rng.random() * 999)}号，联系人{person(rng)}，电话{_one(rng, ['13', '15', '18', '0'])}{_digits(rng, 9)}。"
    )


def _firm(rng: random.Random) -> str:
    return (
        f"{_one(rng, ['甲方', '乙方', '丙方', '委托方', '供方', '需方'])}：{company(rng)}，统一社会信用代码{_credit_code(rng)}，"
        f"法定代表人{person(rng)}，开户行{_one(rng, _CITIES)}{_one(rng, ['工商', '建设', '农业', '招商', '交通'])}银行{_rare(rng)}支行，账号{_digits(rng, 16)}。"
    )


def _minutes(rng: random.Random) -> str:
    return f"{day(rng)}，{person(rng)}、{person(rng)}就{contract_number(rng)}号合同的{_noun(rng)}与{company(rng)}{_often(rng, _VERBS)}，{_prose(rng)}"


_KINDS: tuple[tuple[float, Callable[[random.Random], str]], ...] = (
    (0.58, _prose),
    (0.70, _payment),
    (0.80, _goods),
    (0.87, _place),
    (0.93, _firm),
    (1.00, _minutes),
)


def title(rng: random.Random) -> str:
    """Return the title of a document."""
    return _one(rng, _GOODS) + _one(rng, _TITLES)


def page(rng: random.Random) -> str:
    """Return a page of 500 to 800 characters, lines broken as a scan is read: anywhere."""
    wanted, length, number = 500 + int(rng.random() * 300), 0, 1
    parts = []
    while length < wanted:
        drawn = rng.random()
        part = next(made for bound, made in _KINDS if drawn < bound)(rng)
        if rng.random() < 0.3:
            part = f"{number}、{part}" if rng.random() < 0.5 else f"第{number}条 {part}"
            number += 1
        parts.append(part)
        length += len(part)
    text = "".join(parts)[:wanted]
    width = 28 + int(rng.random() * 12)
    return "\n".join([text[start : start + width] for start in range(0, len(text), width)])
