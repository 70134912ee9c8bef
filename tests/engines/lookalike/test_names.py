"""Names made to pass for official ones are found, told why, and everybody else's pass."""

import random
import unicodedata
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinka.engines.lookalike import NameIndex, names, roles

OFFICIAL = [
    *("支付宝客服", "支付宝安全中心", "微信客服", "微信支付客服", "闲鱼官方客服", "招商银行客服", "5173客服"),
    *("IM2.0官方客服", "Steam Support", "Google Support", "Discord Support", "Netflix Help", "MetaMask Support"),
    *("第七大陆客服", "Notion Support"),
]


@pytest.fixture(scope="module")
def index() -> NameIndex:
    return NameIndex((name, "ada") for name in OFFICIAL)


@pytest.mark.parametrize(
    ("name", "official", "code"),
    [
        ("支付宝客服", "支付宝客服", "copy"),
        ("支付宝容服", "支付宝客服", "shape"),
        ("支付宝宫方客服", "支付宝客服", "shape"),
        ("闭鱼官方客服", "闲鱼官方客服", "shape"),
        ("魏信客服", "微信客服", "sound"),
        ("支付寶客服", "支付宝客服", "foreign"),
        ("支亻寸宝客服", "支付宝客服", "split"),
        ("zhifubao客服", "支付宝客服", "pinyin"),
        ("支fu宝客服", "支付宝客服", "pinyin"),
        ("五一七三客服", "5173客服", "numerals"),
        ("支\u200b付宝客服", "支付宝客服", "invisible"),
        ("\u202e服客宝付支", "支付宝客服", "bidi"),
        ("Stеam Support", "Steam Support", "foreign"),
        ("G00gle Support", "Google Support", "leet"),
        ("Di$cord Support", "Discord Support", "leet"),
        ("Góógle Support", "Google Support", "foreign"),
        ("Gooogle Support", "Google Support", "more"),
        ("Gogle Support", "Google Support", "missing"),
        ("Dsicord Support", "Discord Support", "swapped"),
        ("MetaMaslc Support", "MetaMask Support", "same"),
        ("🇸🇹🇪🇦🇲 Support", "Steam Support", "emoji"),
        ("S.t.e.a.m.S.u.p.p.o.r.t", "Steam Support", "same"),
        ("客服-支付宝", "支付宝客服", "same"),
        ("Verified 支付宝客服01", "支付宝客服", "added"),
        ("支付宝在线客服", "支付宝客服", "role"),
        ("支付付宝客服", "支付宝客服", "more"),
        ("zhi1 fu4 bao3 客服", "支付宝客服", "tones"),
        ("zhī fù bǎo kefu", "支付宝客服", "pinyin"),
        ("支付付付付宝客服", "支付宝客服", "repeated"),
        ("nettttflix help", "Netflix Help", "repeated"),
        ("支付宝ke服", "支付宝客服", "claim"),
        ("支付宝总部人工客服8号专员", "支付宝客服", "added"),
        ("24h Steam Support Desk №1", "Steam Support", "added"),
        ("⠎⠞⠑⠁⠍ support", "Steam Support", "foreign"),
        ("ʇɹoddns pɹoɔsᴉp", "Discord Support", "turned"),
        ("pᴉsɔoɹp snddoɹʇ", "Discord Support", "turned"),
        ("丂ㄒ乇卂爪 丂ㄩ卩卩ㄖ尺ㄒ", "Steam Support", "dressed"),
        ("รՇєค๓ รยקק๏гՇ", "Steam Support", "dressed"),
        ("ᔕTEᗩᗰ ᔕᑌᑭᑭOᖇT", "Steam Support", "foreign"),
        ("支ㄈㄨˋ宝客服", "支付宝客服", "bopomofo"),
        ("支付宝客ㄈㄨˊ", "支付宝客服", "bopomofo"),
        ("支付宝客fu", "支付宝客服", "half"),
        ("支F宝客服", "支付宝客服", "initial"),
        ("闲🐟官方客服", "闲鱼官方客服", "pictured"),
        ("招银行客服", "招商银行客服", "missing"),
        ("CMB招商银行客服", "招商银行客服", "added"),
        ("支付宝风控部", "支付宝客服", "role"),
        ("支付宝解封专区", "支付宝客服", "role"),
        ("支付宝 サポート", "支付宝客服", "role"),
        ("Steam Поддержка", "Steam Support", "role"),
        ("Steam Kundenservice", "Steam Support", "role"),
        ("Netflix الدعم الفني", "Netflix Help", "role"),
        ("Steam Support No. 3", "Steam Support", "added"),
        ("Support of Discord", "Discord Support", "added"),
        ("Support@discord.com", "Discord Support", "added"),
        ("Discord Cust. Care", "Discord Support", "role"),
        ("Diƨↄord Support", "Discord Support", "foreign"),
        ("支付宝客服A组", "支付宝客服", "added"),
        ("支付宝客服(3月)", "支付宝客服", "added"),
        ("有事找支付宝客服", "支付宝客服", "added"),
        ("支付宝客服-Lv9", "支付宝客服", "added"),
        ("Not\u200bion Support", "Notion Support", "invisible"),
        ("Not\u202eroppuS noi\u202ct", "Notion Support", "bidi"),
        ("第7大陆客服", "第七大陆客服", "variant"),
    ],
)
def test_an_imitation_is_found_with_the_name_meant_and_why(
    index: NameIndex, name: str, official: str, code: str
) -> None:
    verdict = index.judge(name)
    assert verdict.decision != "clear"
    assert verdict.official == official
    assert code in {reason.code for reason in verdict.reasons}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "小王",
            "爱用支付宝的小王",
            "Steam玩家",
            "ex-Google user",
            "客服小明",
            "Support Anna",
            "Мария 鈴木",
            "สมชาย92",
        ),
        *("team Steam", "Team Discord", "千山乙", "🐟的记忆", "ㄅㄆㄇ同学", "支F宝", "招商小王", "Aide Steamer"),
        *("非官方Steam粉丝站", "not Steam support", "曝光假冒支付宝客服", "Unofficial Discord Fans", "Google Pay fan"),
        *(
            "招商证券客服",
            "Discourse Support",
            "Metrics Support",
            "中信银行客服",
            "微医客服",
            "",
            " ",
            "\u200b",
            "客服",
            "Help",
        ),
    ],
)
def test_nicknames_mentions_disclaimers_and_other_firms_pass(index: NameIndex, name: str) -> None:
    assert index.judge(name).decision == "clear"


@pytest.mark.parametrize(
    ("name", "official", "code"),
    [
        ("メノレカリ事務局", "メルカリ事務局", "split"),
        ("めるかりサポート", "メルカリ事務局", "role"),
        ("公式メルカリ事務局", "メルカリ事務局", "added"),
        ("ソフトバソク サポートセンター", "ソフトバンクサポート", "shape"),
        ("비이버 고객센터", "네이버 고객센터", "shape"),
        ("공식 네이버 상담원", "네이버 고객센터", "added"),
        ("ㄴㅔ이버 고객센터", "네이버 고객센터", "jamo"),
        (unicodedata.normalize("NFD", "네이버") + " 고객센터", "네이버 고객센터", "same"),
        ("СБЕРБАНК ПОДДЕРЖКА", "Сбербанк Поддержка", "same"),
        ("Сбербанк Служба безопасности", "Сбербанк Поддержка", "role"),
        ("Сбербанк Suppоrt", "Сбербанк Поддержка", "role"),
        ("Сбербанк Подержка", "Сбербанк Поддержка", "claim"),
        ("ชอปปี้ ฝ่ายบริการลูกค้า", "ช้อปปี้ บริการลูกค้า", "role"),
        ("ไทยพานิชย์ บริการลูกค้า", "ไทยพาณิชย์ บริการลูกค้า", "shape"),
        ("Santander Soporte", "Santander Ayuda", "role"),
        ("Ayuda - Santander", "Santander Ayuda", "same"),
        ("Zalo Tổng đài", "Zalo Chăm sóc khách hàng", "role"),
    ],
)
def test_offices_are_known_in_other_languages(name: str, official: str, code: str) -> None:
    names_of_world = [
        "メルカリ事務局",
        "ソフトバンクサポート",
        "네이버 고객센터",
        "Сбербанк Поддержка",
        "Santander Ayuda",
    ]
    names_of_world += ["ช้อปปี้ บริการลูกค้า", "ไทยพาณิชย์ บริการลูกค้า", "Zalo Chăm sóc khách hàng"]
    index = NameIndex((one, None) for one in names_of_world)
    verdict = index.judge(name)
    assert verdict.decision != "clear"
    assert verdict.official == official
    assert code in {reason.code for reason in verdict.reasons}
    for harmless in (
        "メルカリ大好き",
        "非公式メルカリファンサポート",
        "네이버 비공식 팬카페 운영자",
        "Неофициально: Сбербанк поддержка",
        "네이트 고객센터",
    ):
        assert index.judge(harmless).decision == "clear"


def test_an_official_name_keeps_what_may_be_a_part_of_it() -> None:
    index = NameIndex([("同城会员服务客服", None), ("理赔中心", None)])
    assert index.judge("同城会员服务客服").official == "同城会员服务客服"
    assert index.judge("同城客服").decision == "clear"


def test_the_owner_carries_its_own_name_and_eve_does_not(index: NameIndex) -> None:
    assert index.judge("支付宝客服", owner="ada").decision == "clear"
    assert index.judge("支付宝客服", owner="eve").decision == "impostor"


def test_a_reason_says_where_in_the_name_it_is(index: NameIndex) -> None:
    reasons = {reason.code: reason for reason in index.judge("G0ogle Suppоrt").reasons}
    assert (reasons["leet"].start, reasons["leet"].end) == (1, 2)
    assert (reasons["foreign"].start, reasons["foreign"].end) == (11, 12)
    (shape,) = (reason for reason in index.judge(" 闭鱼官方客服").reasons if reason.code == "shape")
    assert (shape.start, shape.end, shape.english) == (1, 2, "闭 looks like 闲")


def test_an_index_after_updates_answers_as_one_built_anew() -> None:
    rest = ["天猫客服", "Stripe Support", "小米之家", "Elon Musk", "滴滴出行客服"]
    changed = NameIndex((name, None) for name in OFFICIAL)
    for name in rest:
        changed.add(name, "bo")
    changed.remove("微信客服")
    changed.rename("Steam Support", "Valve Support")
    anew = NameIndex()
    for name in OFFICIAL:
        if name not in {"微信客服", "Steam Support"}:
            anew.add(name)
    for name in [*rest, "Valve Support"]:
        anew.add(name, "bo" if name in rest else None)
    asked = [*OFFICIAL, *rest, "魏信客服", "Vaive Support", "天锚客服", "小米之傢", "EIon Musk", "Steam Help"]
    assert [changed.judge(name) for name in asked] == [anew.judge(name) for name in asked]
    assert len(changed) == len(anew) == 19
    assert Counter(verdict.decision for verdict in map(changed.judge, asked))["clear"] == 4


def test_many_updates_are_merged_and_answer_the_same() -> None:
    index = NameIndex()
    numbers = random.Random(4).sample(range(10**9), 3000)
    for number in numbers:
        index.add(f"品牌{number}客服")
    for number in numbers[::2]:
        index.remove(f"品牌{number}客服")
    assert len(index) == 1500
    assert index.judge(f"品牌{numbers[1]}官方客服").official == f"品牌{numbers[1]}客服"
    assert index.judge(f"品牌{numbers[0]}客服").official != f"品牌{numbers[0]}客服"


@pytest.mark.parametrize(
    "name", ["abc1 def2", "kf", "no1 fan", "8号楼", "waaaat", "哈哈哈哈", "⠓⠑⠇⠇⠕", "kefu Anna", "小明8号专员"]
)
def test_tone_digits_runs_of_letters_and_numbers_alone_are_no_imitation(index: NameIndex, name: str) -> None:
    assert index.judge(name).decision == "clear"


def test_names_loaded_at_once_answer_as_names_added_one_by_one() -> None:
    at_once = NameIndex((name, "ada") for name in [*OFFICIAL, *OFFICIAL[:3]])
    one_by_one = NameIndex()
    for name in OFFICIAL:
        one_by_one.add(name, "ada")
    asked = [*OFFICIAL, "魏信客服", "支村宝客服", "Stearn Support", "小王", "Eve"]
    assert [at_once.judge(name) for name in asked] == [one_by_one.judge(name) for name in asked]
    assert len(at_once) == len(one_by_one) == 15


def test_two_wrong_characters_and_two_in_each_others_place_are_found() -> None:
    index = NameIndex((name, None) for name in ("银联云闪付客服", "阿里云客服", "小米客服"))
    assert index.judge("银耿云问付客服").official == "银联云闪付客服"
    assert index.judge("阿云里客服").official == "阿里云客服"
    assert index.judge("客服小李").decision == "clear"


def test_a_score_is_a_probability_that_rises_with_nearness() -> None:
    steps = [step / 100 for step in range(50, 101)]
    chances = [names.probability_of(near) for near in steps]
    assert chances == sorted(chances)
    assert (chances[0], chances[15], chances[25], chances[-1]) == pytest.approx((0.55, 0.8, 0.95, 0.999))
    index = NameIndex([("支付宝客服", None)])
    assert index.judge("支付宝客服").score == pytest.approx(0.999)
    assert index.judge("小王").score == 0


def test_a_role_word_with_an_added_word_glued_on_is_one_role_word() -> None:
    index = NameIndex([("焊锡膏安全中心", None)])
    assert index.judge("焊锡膏安全中心官方").official == "焊锡膏安全中心"
    assert roles.words().whole("安全中心官方") == "安全中心"


def test_a_name_that_is_not_there_cannot_be_removed() -> None:
    index = NameIndex([("支付宝客服", None)])
    with pytest.raises(KeyError):
        index.remove("微信客服")
    assert index.judge("支付宝客服").official == "支付宝客服"


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_is_answered_and_every_place_lies_inside_it(index: NameIndex, text: str) -> None:
    for name in (text, text + "支付宝客服", "Steam" + text + "Support"):
        verdict = index.judge(name)
        assert verdict.decision in {"clear", "review", "impostor"}
        assert 0 <= verdict.score <= 1
        for reason in verdict.reasons:
            assert reason.start is None or 0 <= reason.start < reason.end <= len(name)


@pytest.mark.parametrize(
    "text", ["\u202e" * 10_000_000, "支付宝客服" * 2_000_000, "a\u0301" * 5_000_000, "1" * 10_000_000]
)
def test_a_text_of_ten_million_letters_is_answered(index: NameIndex, text: str) -> None:
    assert index.judge(text).decision in {"clear", "review", "impostor"}


def test_an_official_name_that_warns_itself_is_protected_like_any_other() -> None:
    index = NameIndex([("国家反诈中心", "police"), ("Anti Scam Centre", "police"), ("支付宝客服", "alipay")])
    for name in (
        "国家反诈中心",
        "国家反诈中心官方",
        "国家反诈中心客服",
        "Anti Scam Centre",
        "Anti Scam Centre Official",
    ):
        assert index.judge(name).decision == "impostor", name
    assert index.judge("国家反诈中心", owner="police").decision == "clear"
    for name in ("国家反诈中心粉丝", "支付宝客服非官方", "非官方国家反诈中心"):
        assert index.judge(name).decision == "clear", name


def test_a_name_cannot_be_renamed_into_somebody_elses() -> None:
    index = NameIndex([("Steam Support", "valve"), ("Cy's Shop", "cy")])
    with pytest.raises(ValueError, match="'Steam Support' is registered to somebody else"):
        index.rename("Cy's Shop", "Steam Support")
    assert (index.owner_of("Steam Support"), index.owner_of("Cy's Shop"), len(index)) == ("valve", "cy", 2)
    index.rename("Cy's Shop", "Cy's Shop")
    assert len(index) == 2


STAFFED = NameIndex(
    (name, "ada")
    for name in (
        "腾讯客服",
        "QQ安全中心",
        "国家反诈中心",
        "中国移动客服",
        "招商银行客服",
        "币安客服",
        "Binance Support",
    )
)


@pytest.mark.parametrize(
    ("name", "official"),
    [
        ("腾讯客服小王", "腾讯客服"),
        ("腾讯客服李娜", "腾讯客服"),
        ("腾讯客服 小李 工号8023", "腾讯客服"),
        ("腾迅客服王经理", "腾讯客服"),
        ("中国移动客服小张", "中国移动客服"),
        ("王经理 腾讯客服", "腾讯客服"),
        ("小美（腾讯客服）", "腾讯客服"),
        ("币安客服 Lily", "币安客服"),
        ("Binance Support John", "Binance Support"),
        ("Anna from Binance Support", "Binance Support"),
    ],
)
def test_an_official_name_with_a_persons_is_for_somebody_to_look_at(name: str, official: str) -> None:
    verdict = STAFFED.judge(name)
    assert (verdict.decision, verdict.official) == ("review", official)
    assert "person" in {reason.code for reason in verdict.reasons}
    assert STAFFED.judge(name, owner="ada").decision == "clear"


@pytest.mark.parametrize(
    ("name", "official"),
    [
        ("00安全中心", "QQ安全中心"),
        ("OQ安全中心", "QQ安全中心"),
        ("QQ安全中吣", "QQ安全中心"),
        ("国家反诈中吣", "国家反诈中心"),
        ("腾讯客服中吣", "腾讯客服"),
        ("中国移动10086", "中国移动客服"),
        ("中国移动客服10086", "中国移动客服"),
        ("10086中国移动", "中国移动客服"),
        ("招商银行95555", "招商银行客服"),
    ],
)
def test_zeros_for_q_a_character_that_holds_the_right_one_and_hotlines_are_seen_through(
    name: str, official: str
) -> None:
    verdict = STAFFED.judge(name)
    assert verdict.decision != "clear"
    assert verdict.official == official


@pytest.mark.parametrize(
    "name",
    [
        *(
            "腾讯小王",
            "腾讯老员工小王",
            "被腾讯客服气死",
            "找腾讯客服找了三天",
            "前腾讯客服小王",
            "腾讯客服谢谢",
            "腾讯客服方案",
        ),
        *(
            "客服小王",
            "小王客服工作室",
            "客服部小李（王府井店）",
            "中国移动营业厅小妹",
            "移动10086真难打",
            "中国移动950605",
        ),
        *("招行信用卡粉丝", "招商银行理财小王", "00后的安全感", "007安全", "反诈老陈", "Binance John", "Support John"),
        *("John supports Binance", "Kevin from support", "Binance fan club Amy"),
    ],
)
def test_people_who_only_name_a_firm_pass(name: str) -> None:
    assert STAFFED.judge(name).decision == "clear"


@pytest.mark.parametrize(
    "name",
    [
        "微信客月反",  # the right half of 服 is on no keyboard
        "支付宝宀吕方客服",
        "支付宝宀女全中心",  # 中心 beside split characters is not read as 忠
        "支付宝女全中心",  # 安 without its roof
        "微信客服处",
        "微信客服·夜班",
        "微信客服 工单#3321",
        "您好我是支付宝客服",
        "支付宝安全中心为您服务",
        "招商银行退款部",
        "Netflix Refund Unit",
    ],
)
def test_parts_as_they_are_typed_and_words_of_an_office_hide_no_imitation(index: NameIndex, name: str) -> None:
    verdict = index.judge(name)
    assert verdict.decision in {"review", "impostor"}
    assert verdict.official in OFFICIAL


@pytest.mark.parametrize(
    "name",
    [
        *(
            "微信女王中心",
            "微信女子中心",
            "口才训练中心",
            "忠心耿耿",
            "女全能王",
            "您好我是小王",
            "夜班护士",
            "支付宝粉丝群",
        ),
        *("Night Shift", "Unit Tests", "Netflix fans", "招商银行杭州分行"),
    ],
)
def test_the_same_words_without_an_official_name_are_nobodys(index: NameIndex, name: str) -> None:
    assert index.judge(name).decision == "clear"
