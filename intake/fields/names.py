"""What names look like: surnames, and the words that companies and institutions end with."""

import re

_SINGLE = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊"
    "纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁"
    "单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇"
    "栾暴甘厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲台从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍"
    "璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东殴殳沃利蔚越"
    "夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公肖闫付代覃覃岳苟缑佟仝佘揭谌兰原"
)
SURNAMES = (
    "欧阳", "上官", "司马", "司徒", "诸葛", "夏侯", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "长孙", "轩辕", "端木", "独孤", "南宫", "闻人",
    *_SINGLE,
)  # fmt: skip

_COMPANY = r"公司|集团|企业|厂|株式会社|Ltd\.?|Limited|Inc\.?|LLC|L\.L\.C\.|GmbH|Corp\.?|Corporation|Company|PLC|S\.A\.|AG|B\.V\.|Pte\.?|KG"
_OTHER = (
    r"合伙|有限合伙\)|普通合伙\)|特殊普通合伙\)|合作社|联合社|商行|商店|门市部?|经营部|工作室|事务所|超市|酒店|宾馆|饭店|餐厅|饭馆|药房|药店|农场|牧场|林场"
    r"|中心|研究所|研究院|设计院|医院|学校|大学|学院|中学|小学|幼儿园|协会|学会|商会|基金会|银行|支行|分行|信用社|委员会|管委会|办公室|分公司|办事处"
    r"|局|厅|政府|总队|支队|站|馆|社|店|行|院|所|部|会|室|场|队|University|Institute|Bank|Association"
)
COMPANY_END = re.compile(rf"(?:{_COMPANY})(?:\([^()]{{1,16}}\))?$", re.IGNORECASE)
ORGANISATION_END = re.compile(rf"(?:{_COMPANY}|{_OTHER})(?:\([^()]{{1,16}}\))?$", re.IGNORECASE)

#: A company's name inside a sentence, for patterns over running text (folded, simplified).
COMPANY = r"[\u4e00-\u9fffA-Za-z0-9()·&\-]{2,40}?(?:有限责任公司|股份有限公司|有限公司|集团公司|总公司|分公司|公司|厂|合作社|事务所|银行|研究院|研究所|大学|学院|医院|中心|商行|经营部|\(有限合伙\)|\(普通合伙\)|委员会|集团)(?:[\u4e00-\u9fff]{2,8}(?:分公司|支行|分行|分厂))?"
#: A person's name inside a sentence; what follows must be said by the pattern around it.
PERSON = rf"(?:{'|'.join(s for s in SURNAMES if len(s) == 2)}|[{_SINGLE}])[\u4e00-\u9fff]{{1,2}}"
