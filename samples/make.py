"""Makes samples/scans and samples/truth anew: `python -m samples.make`. The same seed gives the same scans.

Needs the fonts of Debian's fonts-noto-cjk, fonts-arphic-ukai, fonts-arphic-uming and fonts-wqy-zenhei, and chromium. The
results are committed, so only who changes a sample has to run this.
"""

import random
from collections.abc import Callable
from pathlib import Path

from samples import authorizations, contracts, digital, forms, licences
from samples.invented import Company, credit_code
from samples.paper import Sheet
from samples.scanner import Truth, jpeg, scan, write

ROOT = Path(__file__).parent
SEED = 20260219


def companies(rng: random.Random) -> dict[str, Company]:
    """Return the invented companies of the samples; places and banks are invented, too."""

    def company(name: str, region: str, head: str, address: str, bank: str, prefix: str = "91") -> Company:
        account = "".join(rng.choice("0123456789") for _ in range(16))
        return Company(
            name,
            credit_code(rng, prefix, region),
            head,
            address,
            bank,
            f"6217 {account[:4]} {account[4:8]} {account[8:12]}",
        )

    return {
        "own": company(
            "华岳实业集团有限公司", "330106", "岳承平", "临溪市经济开发区滨河路88号", "南浦商业银行临溪支行"
        ),
        "valve": company(
            "临溪市鼎川阀门有限公司", "330109", "丁立群", "临溪市城北区望江路216号3幢", "溪城农商银行城北支行"
        ),
        "freight": company(
            "澜江远帆物流股份有限公司", "320505", "闻人骏", "澜江市保税物流园区通港大道1号", "澜江银行港区支行"
        ),
        "software": company(
            "云桥智联信息技术有限公司", "440305", "苏明澈", "云桥市高新区科创路9号B座1203室", "云桥银行科创支行"
        ),
        "institute": company(
            "汀州市水利工程质量检测中心", "350203", "叶知秋", "汀州市水门街道堤防路35号", "汀州银行水门支行", "12"
        ),
        "cable": company(
            "瓯北星辉电缆桥架有限公司", "330382", "林若谷", "瓯北市工业园区纬五路29号", "瓯北农商银行园区支行"
        ),
        "steel": company("青泽北岭钢铁贸易有限公司", "370202", "葛长风", "青泽市市南区港湾路77号", "青泽银行港湾支行"),
        "office": company(
            "临溪新格办公设备有限公司", "330106", "康正川", "临溪市文汇街道学院路402号", "溪城农商银行文汇支行"
        ),
        "estate": company(
            "澜江工业园区建设发展有限公司", "320505", "戚广田", "澜江市工业园区纬四路1号", "澜江银行园区支行"
        ),
        "machining": company(
            "澜江恒锐精密机械有限公司", "320505", "秦子牧", "澜江市工业园区经六路52号", "澜江银行园区支行"
        ),
        "builder": company(
            "临溪安泰设备安装工程有限公司", "330106", "鲍建章", "临溪市江南区建业路63号", "溪城农商银行江南支行"
        ),
    }


class Maker:
    """Writes one file after another; each has dice of its own, so that changing one sample leaves the others alone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.firms = companies(random.Random(SEED))

    def scans(
        self,
        file: str,
        category: str,
        kind: str,
        draw: Callable[[random.Random], Sheet | list[Sheet]],
        *,
        quality: int = 62,
        skews: tuple[float, ...] = (0.0,),
        **how: object,
    ) -> None:
        rng = random.Random(f"{SEED} {file}")
        drawn = draw(rng)
        sheets = drawn if isinstance(drawn, list) else [drawn]
        rotations = how.pop("rotations", (0,) * len(sheets))
        truth = Truth(file, category, kind)
        for sheet, skew, rotation in zip(sheets, skews * len(sheets), rotations, strict=False):  # type: ignore[call-overload]
            truth.pages.append(scan(sheet, rng, skew=skew, rotation=rotation, **how))  # type: ignore[arg-type]
        write(truth, self.root, quality=quality)

    def all(self) -> None:
        f = self.firms
        # licences
        self.scans(
            "licence-portrait.jpg",
            "1.2",
            "licence",
            lambda r: licences.portrait(r, f["valve"]),
            mode="colour",
            skews=(1.1,),
        )
        self.scans(
            "licence-two-columns.jpg",
            "1.2",
            "licence",
            lambda r: licences.landscape(r, f["freight"]),
            mode="colour",
            skews=(-0.6,),
            quality=55,
        )
        self.scans(
            "licence-qr-sideways.jpg",
            "1.2",
            "licence",
            lambda r: licences.with_qr(r, f["software"]),
            mode="colour",
            skews=(0.4,),
            rotations=(90,),
            quality=50,
        )
        self.scans(
            "institution-certificate.jpg",
            "1.2",
            "licence",
            lambda r: licences.institution(r, f["institute"]),
            mode="colour",
            skews=(-1.3,),
            light=0.14,
        )
        # authorizations
        self.scans(
            "authorization.jpg",
            "1.4",
            "authorization",
            lambda r: authorizations.classic(r, f["valve"]),
            mode="colour",
            skews=(1.7,),
            noise=5,
        )
        self.scans(
            "authorization-own.jpg",
            "1.5",
            "authorization",
            lambda r: authorizations.our_own(r, f["own"], f["steel"].name),
            mode="colour",
            skews=(-0.8,),
        )
        self.scans(
            "authorization-upside-down.png",
            "1.4",
            "authorization",
            lambda r: authorizations.with_table(r, f["cable"]),
            mode="gray",
            skews=(0.7,),
            rotations=(180,),
            noise=0.8,
            light=0.03,
        )
        # contracts
        self.scans(
            "contract-purchase.pdf",
            "1.9",
            "contract",
            lambda r: contracts.purchase(r, f["valve"], f["own"]),
            skews=(0.9, -1.6),
            mode="colour",
            quality=50,
        )
        self.scans(
            "contract-tables.jpg",
            "1.9",
            "contract",
            lambda r: contracts.goods_table(r, f["own"], f["office"]),
            skews=(-2.2,),
            mode="colour",
        )
        self.scans(
            "contract-supply.jpg",
            "1.9",
            "contract",
            lambda r: contracts.supply(r, f["steel"], f["machining"]),
            skews=(2.4,),
            mode="gray",
            light=0.16,
            noise=5,
        )
        self.scans(
            "contract-lease.pdf",
            "1.9",
            "contract",
            lambda r: contracts.lease(r, f["estate"], f["machining"]),
            skews=(-0.5, 1.4),
            mode="gray",
        )
        self.scans(
            "contract-construction.tif",
            "1.9",
            "contract",
            lambda r: contracts.construction(r, f["own"], f["builder"]),
            skews=(0.3, -1.0, 0.8),
            mode="bilevel",
        )
        self.scans(
            "supplement.jpg",
            "1.9",
            "contract",
            lambda r: contracts.supplement(r, f["own"], f["valve"]),
            skews=(-1.9,),
            mode="colour",
            blur=0.8,
        )
        self.service_contract()
        self.mixed_contract()
        # what surrounds a contract
        self.scans(
            "acceptance.jpg",
            "1.10",
            "acceptance",
            lambda r: forms.acceptance(r, f["own"], f["valve"]),
            skews=(1.2,),
            mode="gray",
        )
        self.scans(
            "payment.jpg",
            "1.11",
            "voucher",
            lambda r: forms.payment(r, f["own"], f["valve"]),
            skews=(-0.4,),
            mode="colour",
        )
        self.scans(
            "credit-application.jpg",
            "5.1",
            "credit_application",
            lambda r: forms.credit_application(r, f["cable"]),
            skews=(0.6,),
            mode="gray",
            light=0.12,
        )

    def service_contract(self) -> None:
        """contract-digital.pdf: two pages of text layer, 委托方 and 受托方."""
        client, provider = self.firms["own"], self.firms["software"]
        first: list[str | list[list[str]]] = [
            "# {title|技术服务合同}",
            "> 合同编号：{contract_number|HY-XX-2026-0052}",
            "| 委托方（甲方）：{party_a|" + client.name + "}",
            "| 统一社会信用代码：{party_a_code|" + client.code + "}",
            "| 受托方（乙方）：{party_b|" + provider.name + "}",
            "| 统一社会信用代码：{party_b_code|" + provider.code + "}",
            "甲方委托乙方就设备物联监测平台提供专项技术服务，并支付相应的技术服务报酬。双方经过平等协商，在真实、充分地表达各自意愿的基础上，达成如下协议，并由双方共同恪守。",
            "第一条　服务内容：乙方为甲方部署设备物联监测平台，接入生产设备不少于二百台，提供数据采集、状态监测、故障预警和报表分析等功能，并对甲方人员进行不少于三次的集中培训。",
            "第二条　服务期限：自{term_from=2026-04-01|2026年4月1日}至{term_until=2027-03-31|2027年3月31日}。",
            "第三条　服务报酬：合同总额为人民币陆拾捌万元整（¥{amount=680000.00|680,000.00}），按下表分期支付：",
            [
                ["期次", "付款条件", "比例", "金额（元）"],
                ["一", "合同签订后十日内", "30%", "204,000.00"],
                ["二", "平台上线运行", "50%", "340,000.00"],
                ["三", "服务期满验收合格", "20%", "136,000.00"],
            ],
            "第四条　甲方应为乙方提供必要的工作条件，包括网络接入、服务器机位以及设备的通信协议资料。",
        ]
        second: list[str | list[list[str]]] = [
            "第五条　保密义务：双方对在合作过程中知悉的对方商业秘密和技术资料负有保密义务，保密期限为合同终止后三年。",
            "第六条　知识产权：乙方在服务过程中形成的专用软件成果归甲方所有，乙方原有的通用软件著作权仍归乙方所有。",
            "第七条　违约责任：乙方未按期完成服务的，每逾期一日按合同总额的千分之一支付违约金；甲方逾期付款的，承担同等责任。",
            "第八条　争议解决：因履行本合同产生的争议，提交临溪仲裁委员会，按照其现行仲裁规则进行仲裁。",
            "第九条　本合同一式四份，双方各执两份，自双方签字盖章之日起生效。",
            "| 甲方（盖章）：" + client.name,
            "| 授权代表：韩亦舟",
            "| 签订日期：{signed_on=2026-03-24|2026年3月24日}",
            "| 乙方（盖章）：" + provider.name,
            "| 授权代表：苏明澈",
            "| 签订日期：2026年3月24日",
        ]
        target = self.root / "scans" / "contract-digital.pdf"
        digital.print_pdf([digital.section(first), digital.section(second)], target)
        truth = Truth(
            target.name,
            "1.9",
            "contract",
            [digital.truth_page(target, 1, first), digital.truth_page(target, 2, second)],
        )
        truth.pages[0].values["currency"], truth.pages[0].places["currency"] = "CNY", truth.pages[0].places["amount"]
        truth.write(self.root)

    def mixed_contract(self) -> None:
        """contract-mixed.pdf: the body as it was typed, the signed last page as a scan."""
        seller, buyer = self.firms["cable"], self.firms["own"]
        body: list[str | list[list[str]]] = [
            "# {title|产品销售框架合同}",
            "| 合同编号：{contract_number|XH-KJ-2026-18}",
            "| 甲方：{party_a|" + seller.name + "}",
            "| 乙方：{party_b|" + buyer.name + "}",
            "甲乙双方本着长期合作、互惠互利的原则，就乙方向甲方采购电缆桥架及配件事宜，签订本框架合同。",
            "第一条　合同标的：电缆桥架、母线槽及安装配件，具体品种、数量以双方确认的订单为准。",
            "第二条　合同有效期：{term_from=2026-01-01|2026年1月1日}至{term_until=2026-12-31|2026年12月31日}。",
            "第三条　价格与金额：单价按附件价格表执行，本合同年度总金额预计为人民币{amount=1600000.00|160万元}，以实际订单结算金额为准。",
            "第四条　交货：甲方在收到订单后十五日内将货物送达乙方指定地点，运费由甲方承担。",
            "第五条　结算：每月二十五日对账，甲方开具增值税专用发票，乙方收到发票后六十日内付款。",
            "第六条　质量：产品应符合国家标准和双方确认的技术要求，质保期十二个月。",
            "第七条　违约责任：任何一方违反本合同约定，应赔偿对方因此遭受的直接损失。",
        ]
        rng = random.Random(f"{SEED} contract-mixed.pdf")
        last = Sheet(rng, dpi=200)
        y = contracts.clauses(
            last,
            30,
            [
                "第八条　争议解决：双方应友好协商解决，协商不成的，由乙方所在地人民法院管辖。",
                "第九条　本合同一式两份，双方各执一份，自双方签字并盖章之日起生效，复印件、扫描件与原件具有同等效力。",
                "（以下无正文，为签署页）",
            ],
            12,
            "song",
            leading=1.8,
        )
        y += 12
        for firm, mark in ((seller, "甲方"), (buyer, "乙方")):
            last.text(28, y, f"{mark}（盖章）：{firm.name}", 12, "song")
            last.text(28, y + 12, "代表人（签字）：", 12, "song")
            last.sign(60, y + 14, 26, 10)
            last.text(28, y + 24, "日期：{signed_on=2025-12-26|2025年12月26日}", 12, "song")
            last.seal(140, y + 12, firm.name, "合同专用章")
            y += 52
        page = scan(last, rng, skew=-1.2, mode="colour")
        target = self.root / "scans" / "contract-mixed.pdf"
        digital.print_pdf([digital.section(body), digital.picture(jpeg(page, 60))], target)
        truth = Truth(target.name, "1.9", "contract", [digital.truth_page(target, 1, body), page])
        truth.pages[0].values["currency"], truth.pages[0].places["currency"] = "CNY", truth.pages[0].places["amount"]
        truth.write(self.root)


def main() -> None:
    Maker(ROOT).all()
    files = sorted((ROOT / "scans").iterdir())
    print(f"{len(files)} files, {sum(f.stat().st_size for f in files) / 2**20:.1f} MiB in {ROOT / 'scans'}")


if __name__ == "__main__":
    main()
