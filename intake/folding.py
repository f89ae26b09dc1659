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


#: Traditional characters of labels and of legal forms and what they are in simplified print; values stay as printed.
SIMPLIFIED = dict(
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
_MORE = (
    "優优 僅仅 偉伟 傑杰 僑侨 儀仪 儲储 兒儿 劃划 劉刘 劑剂 勞劳 勝胜 勢势 勵励 勻匀 匯汇 卻却 厭厌 吳吴 嚴严 喬乔 嘗尝 圖图 塊块 塵尘 墊垫 壯壮 夢梦 奪夺 奮奋 婦妇 孫孙 寧宁 寫写 專专 尋寻 屬属 "
    "島岛 峽峡 嶺岭 師师 廈厦 廬庐 彈弹 徑径 恆恒 悅悦 惡恶 憑凭 憲宪 憶忆 懷怀 拋抛 掃扫 揮挥 搖摇 撐撑 撲扑 擊击 擋挡 擬拟 擺摆 攜携 攔拦 敵敌 暫暂 暢畅 曉晓 棟栋 楊杨 榮荣 槍枪 樂乐 樞枢 橋桥 "
    "橫横 歡欢 歲岁 殼壳 毀毁 淨净 淺浅 減减 湯汤 溫温 滅灭 潔洁 潛潜 潤润 濕湿 瀏浏 灑洒 煙烟 煉炼 煩烦 爐炉 爛烂 爾尔 牽牵 犧牺 獻献 瑪玛 瓊琼 畝亩 畢毕 疊叠 盜盗 盤盘 碼码 磚砖 礎础 礦矿 窩窝 "
    "築筑 簡简 籃篮 糾纠 紋纹 紡纺 紛纷 給给 綱纲 綁绑 綢绸 緒绪 締缔 縫缝 縱纵 繞绕 繩绳 繪绘 繼继 罷罢 義义 脈脉 脫脱 腳脚 膠胶 興兴 艦舰 莊庄 華华 萊莱 葉叶 蒼苍 蓋盖 蔣蒋 蔥葱 蕭萧 薩萨 藍蓝 "
    "藝艺 藥药 蘋苹 蟲虫 蠟蜡 衛卫 衝冲 襯衬 觸触 討讨 記记 詞词 該该 語语 課课 諒谅 諮咨 講讲 譽誉 譯译 貝贝 貞贞 販贩 貯贮 貴贵 賜赐 賢贤 賦赋 贈赠 贊赞 躍跃 軋轧 軍军 軸轴 較较 輔辅 輛辆 輝辉 "
    "輪轮 輯辑 轄辖 轉转 辯辩 這这 達达 遙遥 遞递 遺遗 邊边 鄧邓 醬酱 釀酿 鈉钠 鈣钙 鋪铺 銅铜 銘铭 銳锐 鋁铝 鋒锋 錦锦 錯错 鍋锅 鍍镀 鍛锻 鍾钟 鏡镜 鐘钟 鑄铸 鑽钻 閃闪 閘闸 闖闯 陸陆 隸隶 雞鸡 "
    "雲云 霧雾 靈灵 鞏巩 韓韩 韻韵 響响 頂顶 須须 頌颂 頻频 顆颗 顯显 飄飘 飲饮 飾饰 飽饱 養养 馮冯 馳驰 駛驶 驅驱 驚惊 鬧闹 魯鲁 鮑鲍 鴻鸿 鵬鹏 鶴鹤 麗丽 黨党 齡龄 倉仓 側侧 傷伤 債债 創创 則则 "
    "剛刚 廟庙 徹彻 慮虑 憤愤 懸悬 戲戏 擠挤 晉晋 時时 樁桩 檢检 漁渔 滯滞 漸渐 濱滨 瀘泸 狹狭 獅狮 現现 縮缩 葦苇 蓮莲 蘆芦 蝦虾 裡里 覽览 詩诗 誼谊 諾诺 譚谭 貳贰 賈贾 贏赢 軌轨 輕轻 鈞钧 鉆钻 "
    "鎮镇 閣阁 陝陕 韋韦 頁页 顧顾 飼饲 餘余 鬆松 鳳凤 麵面 產产 稅税 說说 緻致 莖茎 顏颜 證证 彙汇 滬沪 癒愈 盧卢 羣群 脅胁 臺台 薦荐 袞衮 辭辞 鋅锌 鎢钨 鎳镍 鉻铬 鈦钛 鎂镁 銑铣 鏜镗 軒轩 轎轿 "
    "輻辐 轆辘 鍊炼 窪洼 峯峰 啓启 綫线 衆众 裏里 爲为 眞真 緣缘 縉缙 紹绍 緯纬 弔吊 勳勋 嘆叹 園园 擔担 棧栈 欄栏 澤泽 濾滤 煥焕 瑩莹 皺皱 瞭了 禎祯 穎颖 筍笋 筆笔 範范 絨绒 綸纶 練练 織织 脹胀 "
    "艙舱 蘊蕴 蝸蜗 襪袜 謙谦 謹谨 譜谱 豔艳 賓宾 趨趋 跡迹 軀躯 輿舆 邏逻 鄔邬 釣钓 鈕钮 鉤钩 錢钱 鍵键 闡阐 雖虽 霽霁 頸颈 頗颇 驕骄 驛驿 鰲鳌 鷹鹰 鹽盐 "
    "兩两 兌兑 茲兹 內内 況况 凱凯 別别 參参 呂吕 嶼屿 嵐岚 慣惯 滄沧 潯浔 騰腾 蝕蚀 計计 談谈 賒赊 鄒邹 鏽锈 頒颁 爺爷 禦御 稱称 壞坏 懇恳 誘诱 議议 讀读 賴赖 鬱郁 "
)
SIMPLIFIED.update({pair[0]: pair[1] for pair in _MORE.split()})


def matching(char: str) -> str:
    """Return the character that labels and patterns are matched against: narrow and simplified."""
    narrow = fold(char)
    return SIMPLIFIED.get(narrow, narrow)
