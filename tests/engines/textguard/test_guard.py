"""The guard blocks what is plainly forbidden, asks a person where it is disguised, and lets lawful neighbours pass."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.model import Model
from xinka.engines.textguard.model.parts import NO_PARTS
from xinka.engines.textguard.packs import Pack, load_packs, parse_pack
from xinka.engines.textguard.reasons import report
from xinka.engines.textguard.termlists import term_pack

GUARD = Guard()


def found(text: str, guard: Guard = GUARD, task: str = "listing") -> set[tuple[str, str]]:
    verdict = guard.judge(text, "chat" if task == "chat" else "listing")
    return {(text[h.start : h.end], h.view) for h in verdict.hits}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("出售QQ老号 五年 可改密", "accounts.kinds"),
        ("跑分平台 日结", "laundering.strong"),
        ("吃鸡透视自瞄 天卡", "cheats.strong"),
        ("代收各类验证码 长期", "codes.receive"),
    ],
)
def test_a_plain_offer_is_blocked_by_name(text: str, rule: str) -> None:
    verdict = GUARD.judge(text)
    assert verdict.decision == "block"
    assert rule in {hit.rule.id for hit in verdict.hits}


def test_a_space_within_a_lawful_neighbour_makes_it_no_less_lawful() -> None:
    for written in ("出售外挂字幕", "出售外挂字 幕", "出售外挂 字·幕"):
        assert "cheats.traded" not in {hit.rule.id for hit in GUARD.judge(written).hits}, written
    assert GUARD.judge("不 加V聊 更便宜").hits == ()


def test_a_lawful_neighbour_does_not_begin_in_one_sentence_and_end_in_the_next() -> None:
    assert "cheats.traded" in {hit.rule.id for hit in GUARD.judge("出售外挂字。幕").hits}
    assert {hit.rule.id for hit in GUARD.judge("去不？加V聊 更便宜").hits} == {"offplatform.contact"}


@pytest.mark.parametrize(
    "text",
    [
        "外挂字幕 蓝光电影",
        "手机跑分软件 安兔兔",
        "小号字体素材",
        "纯棉四件套 床品",
        "接码头 船票",
        "Q币充值 10个",
        "本店不卖外挂",
    ],
)
def test_a_lawful_neighbour_passes(text: str) -> None:
    verdict = GUARD.judge(text)
    assert (verdict.decision, verdict.hits) == ("allow", ())


def test_support_that_warns_of_codes_passes_and_a_thief_who_asks_for_one_does_not() -> None:
    assert GUARD.judge("请不要告诉任何人验证码", "chat").decision == "allow"
    assert GUARD.judge("把短信验证码发给我，我帮您退款", "chat").decision == "review"


TERMS = Guard([term_pack(["同性恋", "舔狗", "歧视", "黑名单", "中国人", "活该", "讨厌"])])


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("他是舔 狗", ("舔 狗", "squeezed")),
        ("妳就是舔\u200b狗", ("舔\u200b狗", "clean")),
        ("都是忝狗啊犭句", None),
        ("列入黑夕口单", ("黑夕口单", "split")),
        ("这么qi shi他", ("qi shi", "pinyin")),
        ("是同⭐恋", ("同⭐恋", "emoji")),
        ("是个txl吧", ("txl", "initials")),
        ("人国中吧", ("人国中", "reversed")),
        ("更加讨更厌", ("讨更厌", "swapped")),
        ("🔥该你", ("🔥该", "emoji")),
    ],
)
def test_a_disguised_term_is_found_where_it_stands(text: str, hit: tuple[str, str] | None) -> None:
    if hit:
        assert hit in found(text, TERMS)
    else:
        assert {written for written, _ in found(text, TERMS)} <= {"忝狗"}


@pytest.mark.parametrize("text", ["其实没什么", "中国很大", "这个活动该参加", "ok的", "骑士 其实"])
def test_ordinary_words_of_the_same_sound_are_left_alone(text: str) -> None:
    assert found(text, TERMS) == set()


_ALPHABET = "同性恋舔狗歧视出售老号微信qQvx加我 tx人国🔥⭐👍①1️⃣。，\u200b亻尔夕口黑名单\ud800ﷺ"


@settings(deadline=None, max_examples=150)
@given(
    st.text(
        alphabet=st.sampled_from(_ALPHABET),
        max_size=40,
    )
)
def test_every_hit_and_mask_is_a_span_of_the_original(text: str) -> None:
    for guard in (GUARD, TERMS):
        verdict = guard.judge(text)
        for span in (*verdict.hits, *verdict.masks):
            assert 0 <= span.start < span.end <= len(text)
        assert 0 <= verdict.score <= 1
        assert verdict == guard.judge(text)


@pytest.mark.parametrize(
    "piece",
    ["微信", "出售老号", "a", "qi shi", "😂", "1 ", "@a.", "亻尔", "\u0301", "((((", "同⭐", "黑夕口", "\ud800", "加"],
)
def test_a_text_of_any_length_is_judged(piece: str) -> None:
    verdict = GUARD.judge(piece * (200_000 // len(piece)))
    assert len(verdict.hits) <= 400


def test_the_report_gives_law_and_sentence_in_both_languages() -> None:
    text = "高价收银行卡 四件套"
    data = report(text, GUARD.judge(text), explain=True)
    first = data["reasons"][0]
    assert first["rule"] == "laundering.strong"
    assert "刑法 第191条" in first["law"]
    assert first["zh"].startswith("“高价收银行卡”")
    assert first["en"].startswith("“高价收银行卡”")
    assert data["reasons"][-1] == {"zh": "拦截。", "en": "Must not be published."}


def test_what_passes_although_words_were_found_is_not_said_to_hold_nothing() -> None:
    text = "新闻：警方打掉一个网络赌博团伙"
    verdict = saying(0.1).judge(text)
    assert (verdict.decision, bool(verdict.hits)) == ("allow", True)
    *told, last = report(text, verdict, explain=True)["reasons"]
    assert [one["rule"] for one in told] == list(dict.fromkeys(hit.rule.id for hit in verdict.hits))
    assert last["en"] == "Passes: the words above are there, and they are not enough to act on."
    assert report("你好", saying(0.1).judge("你好"), explain=True)["reasons"][-1]["en"] == "Nothing was found."


@pytest.mark.parametrize("guard", [Guard(()), GUARD])
def test_a_slip_of_the_caller_is_an_error_and_lets_nothing_through(guard: Guard) -> None:
    judge: Any = guard.judge
    judge_all: Any = guard.judge_all
    with pytest.raises(ValueError, match="there is no task 'forum'; known: listing, chat"):
        judge("出售QQ老号", task="forum")
    with pytest.raises(ValueError, match="there is no task 'forum'"):
        judge_all(["出售QQ老号"], task="forum")
    with pytest.raises(ValueError, match="context does not know new_sellr; known: new_seller, contact, price_bait, qr"):
        judge("出售QQ老号", context={"new_sellr": True})
    with pytest.raises(ValueError, match="context does not know new_sellr"):
        judge_all(["a", "b"], contexts=[None, {"new_sellr": True}])


def saying(score: float, packs: tuple[Pack, ...] | None = None) -> Guard:
    """A guard whose model always says the same, with the shipped packs or others."""
    limits = {"review_from": lambda *_: 0.9, "block_from": lambda *_: 0.8}
    return Guard(packs, Mock(scores=lambda texts, _: [score] * len(texts), parts=lambda *_: NO_PARTS, **limits))


@pytest.mark.parametrize("said", [0.0, 0.01, 0.3, 0.5, 0.95, 0.9999, 1.0])
def test_a_broken_rule_never_lowers_what_the_model_says(said: float) -> None:
    verdict = saying(said).judge("把短信验证码发给我，我帮您退款", "chat")
    assert verdict.hits
    assert verdict.score >= said


def test_a_text_without_hits_has_the_score_of_the_model() -> None:
    assert saying(0.123456).judge("晚上吃火锅", "chat").score == 0.123456


def test_a_model_that_reads_a_lawful_text_outweighs_a_word_of_a_shipped_pack() -> None:
    text = "跑分平台 日结"
    decisions = [saying(said).judge(text).decision for said in (0.01, 0.75, 0.9)]
    assert decisions == ["allow", "block", "block"]
    assert GUARD.judge(text).decision == "block"


def test_what_the_model_doubts_is_not_blocked_for_a_word_but_seen_by_a_person() -> None:
    text = "把短信验证码发给我，我帮您退款"
    assert [saying(said).judge(text, "chat").decision for said in (0.01, 0.5, 0.9)] == ["allow", "allow", "review"]


OWN = """
pack: own
version: 1
title: {zh: "自定", en: "Own"}
rules:
  - id: own.boost
    terms: ["代练"]
    action: block
    explain: {zh: "“{term}”本店不卖。", en: "“{term}” is not sold here."}
    must_hit: ["王者代练"]
    must_pass: ["陪玩"]
"""


def test_a_rule_of_a_pack_of_one_s_own_stands_whatever_the_model_says() -> None:
    guard = saying(0.0, (parse_pack(OWN, "own.yml"),))
    assert guard.judge("王者代练").decision == "block"
    assert guard.judge("陪玩").decision == "allow"


def test_every_shipped_pack_but_that_of_forbidden_goods_is_weighed_against_the_model() -> None:
    weighed = {pack.name: {rule.weighed for rule in pack.rules} for pack in load_packs()}
    assert weighed.pop("contraband") == {False}
    assert set(map(frozenset, weighed.values())) == {frozenset({True})}


def test_forbidden_goods_named_plainly_are_looked_at_however_lawful_the_model_reads_them() -> None:
    lawful = saying(0.0)
    [goods] = [pack for pack in load_packs() if pack.name == "contraband"]
    named = [text for rule in goods.rules if rule.tasks == {"listing"} for text in rule.must_hit]
    assert len(named) > 80
    assert {lawful.judge(text, "listing").decision for text in named} <= {"review", "block"}
    assert {lawful.judge(text, "chat").decision for text in named} == {"allow"}  # people talk of what they may not sell


@pytest.mark.parametrize(
    "text", ["百家乐 餐具", "老虎机 存钱罐", "六和 酱油 酿造", "特码 服饰 大码 女装", "收分 积分 系统"]
)
def test_goods_that_share_their_name_with_a_forbidden_trade_are_let_pass(text: str) -> None:
    assert Guard(model=Model.load()).judge(text, "listing").decision == "allow"


def test_scores_near_one_stay_apart() -> None:
    scores = [saying(said).judge("晚上吃火锅", "chat").score for said in (0.99991, 0.99993, 0.99996)]
    assert scores == [0.99991, 0.99993, 0.99996]


@pytest.mark.parametrize("text", ["有没有卖迷药的", "收不收老QQ号", "要不要代开发票", "有没有人要翻墙梯子，便宜"])
def test_a_question_is_no_warning(text: str) -> None:
    assert Guard().judge(text, "chat").hits != ()


@pytest.mark.parametrize("text", ["没有卖迷药的", "不收老QQ号", "不要代开发票"])
def test_a_denial_is_none_of_the_trade(text: str) -> None:
    assert Guard().judge(text, "chat").hits == ()
