"""Texts whose layout, direction, brackets or alphabet hides the order and the characters that a reader reads."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.textguard_later_disguises import LATER_FAMILIES
from xinka.engines.textguard.added_parts import added_up
from xinka.engines.textguard.asides import without_asides
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.layouts import as_read
from xinka.engines.textguard.model import Model
from xinka.engines.textguard.spellings import DEPTHS
from xinka.engines.textguard.transcribed import as_characters
from xinka.engines.textguard.views import View, clean_text, clean_view

#: What the layouts here are made of, so that they are met often.
_TEXTS = (
    st.text(st.sampled_from("收微信老号实名a8 \n|【】()（）「」\u202e\u202c\u200bㄏㄠˋㄕㄨāoǎ－—+=."), max_size=60)
    | st.text()
)
GUARD = Guard(model=Model.load())


def read(text: str) -> View:
    return as_read(added_up(as_characters(text, clean_view(text))))


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("收\n微\n信\n老\n号", "收微信老号"),
        ("收|微|信|老|号", "收微信老号"),
        ("【收】【微】【信】 【老】【号】", "收微信 老号"),
        ("今天:\n| 收 | 微 |\n+---+---+\n| 信 | 号 |", "今天:收微信号"),
        ("出 实 验\n售 名 证\n微 秒 稳\n信 发 定", "出售微信实名秒发验证稳定"),
        ("秒 信 出\n发 老 售\n实 号 微", "出售微信老号秒发实"),
        ("出实验售\n售名证后\n微秒稳保\n信发定障", "出售微信实名秒发验证稳定售后保障"),
        ("收微\n......\n信老\n......\n号", "收微信老号"),
        ("收收微微信信老老号号 秒秒发发", "收微信老号 秒发"),
        ("收收收微微微信信信老老老号号号", "收微信老号"),
        ("\u202e信微收\u202c老号", "收微信老号"),
        ("微ㄒㄧㄣˋ 手ㄐㄧ", "微信手机"),
        ("微 xìn  mi mǎ", "微信密码"),
        ("马+佥讠+正石 + 马", "验证码"),
    ],
)
def test_a_text_is_read_as_its_layout_shows_it(written: str, plain: str) -> None:
    assert read(written).text == plain


@pytest.mark.parametrize(
    "written",
    [
        "尺码 S / M / L / XL / XXL",
        "出售微信\n实名秒发\n验证稳定",
        "企 鹅 毛 绒 玩 具",
        "第一行是这样的\n第二行是那样的",
        "爸爸妈妈哈哈,今天去哪里吃饭",
        "1\n2\n3\n4\n5",
        "ㄏㄏ 好好笑ㄛ",
        "café 拿铁 résumé",
        "可乐+薯条+鸡翅 套餐 1+1",
        "会员(年卡)充值",
    ],
)
def test_what_hides_nothing_is_left_as_it_is(written: str) -> None:
    assert read(written).text == clean_text(written)


@settings(deadline=None)
@given(_TEXTS)
def test_each_character_as_read_comes_from_its_own_place(text: str) -> None:
    clean = clean_view(text)
    shown = as_read(clean)
    views = [shown, around] if (around := without_asides(shown)) else [shown]
    for view in views:
        for at, letter in enumerate(view.text):
            start, end = view.span(at, at + 1)
            assert 0 <= start < end <= len(text)
            assert letter in clean_text(text[start:end])


@settings(deadline=None)
@given(_TEXTS)
def test_a_transcribed_syllable_stands_for_one_character_and_the_rest_is_left(text: str) -> None:
    clean = clean_view(text)
    heard = added_up(as_characters(text, clean))
    spans = [heard.span(at, at + 1) for at in range(len(heard.text))]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    for letter, (start, end) in zip(heard.text, spans, strict=True):
        written = clean_text(text[start:end])
        assert letter in written or (
            "\u3400" <= letter <= "\u9fff" and not any("\u3400" <= c <= "\u9fff" for c in written)
        )


def test_a_hit_in_a_vertical_text_is_a_span_of_the_original() -> None:
    text = "出\n售\n银\n行\n卡\n四\n件\n套"
    verdict = GUARD.judge(text, "listing")
    assert verdict.decision in {"review", "block"}
    assert {text[hit.start : hit.end] for hit in verdict.hits} & {"四\n件\n套", "银\n行\n卡\n四\n件\n套"}


@pytest.mark.parametrize(
    ("written", "sign", "view"),
    [("出售银ㄏㄤˊ卡 ㄙˋㄐㄧㄢˋㄊㄠˋ", "ㄏ", "pinyin"), ("出售 钅+艮行卡 四亻+牛套", "+", "split")],
)
def test_a_hit_is_as_deep_as_its_writing(written: str, sign: str, view: str) -> None:
    verdict = GUARD.judge(written, "listing")
    assert verdict.decision in {"review", "block"}
    views = {hit.view for hit in verdict.hits if sign in written[hit.start : hit.end]}
    assert min(views, key=DEPTHS.index) == view


def test_brackets_within_a_word_do_not_hide_what_stands_around_them() -> None:
    around = without_asides(clean_view("出售银行（正品保障）卡四件套（学习资料）"))
    assert around is not None
    assert around.text == "出售银行卡四件套"
    assert (
        GUARD.judge("出售微（正品保障 顺丰包邮）信老号 实（学习资料 支持正版）名可换绑", "listing").decision != "allow"
    )


@pytest.mark.parametrize("family", ["vertical", "table", "ruled", "boxed", "doubled", "turned", "columns"])
def test_a_lawful_listing_is_no_worse_for_its_layout(family: str) -> None:
    for text in ("高等数学 第七版 上册 九成新 有少量笔记", "手工编织围巾 羊毛 秋冬款 颜色可选"):
        written = LATER_FAMILIES[family](text, random.Random(5))
        assert GUARD.judge(written, "listing").decision == "allow"


@pytest.mark.parametrize("family", sorted(LATER_FAMILIES))
def test_texts_behind_later_disguises_are_judged_the_same_together_and_alone(family: str) -> None:
    texts = ["出售微信老号 实名可换绑 秒发", "手工编织围巾（羊毛）秋冬款", "把验证码（六位）发给我", "晚上吃火锅"] * 4
    written = [LATER_FAMILIES[family](text, random.Random(n)) for n, text in enumerate(texts)]
    assert GUARD.judge_all(written, "chat") == [GUARD.judge(text, "chat") for text in written]


@pytest.mark.parametrize(
    "text",
    [
        "啊" * 20_000,
        "爸爸妈妈" * 5_000,
        "收|" * 10_000,
        "=\n" * 10_000,
        "(" * 20_000,
        "\u202e" * 20_000,
        "ㄕㄕㄨ" * 330,
    ],
)
def test_no_layout_takes_long(text: str) -> None:
    read("ㄕㄡ|收|微|信")  # what is loaded once
    begun = time.process_time()
    without_asides(read(text))
    assert time.process_time() - begun < 1.0
