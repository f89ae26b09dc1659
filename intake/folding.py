"""Printed text made comparable, and what was found in it."""

import unicodedata
from dataclasses import dataclass

#: Optional white space between the parts of a value.
SPACE = r"[ \t]*"


@dataclass(frozen=True)
class Found:
    """A value and the half-open range of the text it was read from. certain: False where a character had to be guessed."""

    start: int
    end: int
    value: str
    certain: bool = True


def fold(text: str) -> str:
    """Return `text` with full-width characters narrowed, character by character.

    One character stays one character (NFKC only where it yields one), so offsets in the result are offsets in the print.
    """
    return "".join(n if len(n := unicodedata.normalize("NFKC", c)) == 1 else c for c in text)


#: Traditional characters of labels and of legal forms, for matching only: values stay as printed.
_TRADITIONAL = dict(
    zip(
        "稱類資營業執範圍註冊額單證號碼戶東電話傳開銀賬帳協議補變購銷產權賣買雙約訂簽條標設備務術許與國際貿總機關會實質讓導區縣鎮鄉樓層體個億萬圓貳參陸幣價還貸擔險運輸軟報書應聯絡當審評調經濟獨責發結構門項說歐"
        "長續終認驗鑒見復覆託屆滿職處檢檔確舉辦領競據庫緊離無時間過從對後來員將進動現為監護連帶違賠償損訴訟決稅貨啟賃團場園廠車誌誤讀誰論遲適選鄰釋鋼錄鏈閉闊陳陽階隨隊難雜飛馬駐點齊龍寶張歷壓廳廣廢強彙徵愛態慶"
        "戰掛採擇換揚撥擁擴攝敗數斷於極樣歸殘殺氣沒測準溝滬漲灣災熱燈爭牆狀獎獲環畫異療盡眾矽禮種積穩窮筆節籤糧紀紅納純紙級細紹組絕統絲綜綠維網線緣編緩練縮績織繳罰羅習聖聞聲聽肅腦臨舊艙蘇蘭虛裝複規視覺觀訊訓訪"
        "詢試詳誠請謝識豐負財貢貫貼費賀賓賞賴趕趙軌載輕辭農迴遠遷郵鄭醫釘鈔針鉛錢鍵鎖鐵閱陰隱靜順預頭題顏願顧風飯館騎魚鮮鳥麥黃齒",
        "称类资营业执范围注册额单证号码户东电话传开银账账协议补变购销产权卖买双约订签条标设备务术许与国际贸总机关会实质让导区县镇乡楼层体个亿万圆贰叁陆币价还贷担险运输软报书应联络当审评调经济独责发结构门项说欧"
        "长续终认验鉴见复复托届满职处检档确举办领竞据库紧离无时间过从对后来员将进动现为监护连带违赔偿损诉讼决税货启赁团场园厂车志误读谁论迟适选邻释钢录链闭阔陈阳阶随队难杂飞马驻点齐龙宝张历压厅广废强汇征爱态庆"
        "战挂采择换扬拨拥扩摄败数断于极样归残杀气没测准沟沪涨湾灾热灯争墙状奖获环画异疗尽众硅礼种积稳穷笔节签粮纪红纳纯纸级细绍组绝统丝综绿维网线缘编缓练缩绩织缴罚罗习圣闻声听肃脑临旧舱苏兰虚装复规视觉观讯训访"
        "询试详诚请谢识丰负财贡贯贴费贺宾赏赖赶赵轨载轻辞农回远迁邮郑医钉钞针铅钱键锁铁阅阴隐静顺预头题颜愿顾风饭馆骑鱼鲜鸟麦黄齿",
        strict=True,
    )
)


def matching(char: str) -> str:
    """Return the character that labels and patterns are matched against: narrow and simplified."""
    narrow = fold(char)
    return _TRADITIONAL.get(narrow, narrow)
