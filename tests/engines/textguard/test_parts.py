"""An offer or a swindle among lawful sentences is found; what is lawful in every part is not taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.textguard_blind import rows
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.model import TASKS, Model, Task
from xinka.engines.textguard.model.parts import FIRST, LAST, LONGEST_PART, NO_PARTS, cut, fewer
from xinka.engines.textguard.reasons import report
from xinka.engines.textguard.views import clean_text

#: Shorter lines are joined with what follows them.
SHORTER = 11
GUARD = Guard(model=Model.load())
LAWFUL = {
    "listing": "手工牛皮卡包，头层牛皮，手缝蜡线。颜色有棕色和黑色，可以刻字。三天内发货，七天无理由退换。",
    "chat": "你好，昨天的快递我收到了，谢谢你。尺寸正好，颜色也喜欢。下次还来你家买，先祝你周末愉快。",
}
FORBIDDEN = {
    "listing": ["微信老号出售 实名可换绑", "企 鹅 小 号 批 发 量 大 优 惠", "王者全图透视辅助 日卡 防封"],
    "chat": ["把收到的短信验证码报给我，我帮你办退款", "兼职刷单 垫付返佣 日结三百", "加V信转账便宜一半，别走平台"],
}


@pytest.mark.parametrize(("task", "offer"), [(task, offer) for task in TASKS for offer in FORBIDDEN[task]])
@pytest.mark.parametrize(
    "write", ["{offer}。{lawful}{lawful}", "{lawful}{lawful}{offer}", "{lawful}\n{offer}\n{lawful}"]
)
def test_what_is_forbidden_by_itself_is_found_among_lawful_sentences(task: Task, offer: str, write: str) -> None:
    text = write.format(lawful=LAWFUL[task], offer=offer)
    verdict = GUARD.judge(text, task)
    assert verdict.decision in {"review", "block"}
    assert verdict.part is not None
    start = text.index(offer)
    assert verdict.part.start < start + len(offer)  # the part told is where the offer is
    assert verdict.part.end > start
    assert GUARD.judge_all([text] * 20, task) == [verdict] * 20


@pytest.mark.parametrize("task", TASKS)
def test_lawful_sentences_stay_lawful_however_many(task: Task) -> None:
    for times in (1, 5, 40):
        assert GUARD.judge(LAWFUL[task] * times, task).decision == "allow"


def test_the_part_is_told_with_its_place_in_the_original_in_both_languages() -> None:
    text = f"\u200b{LAWFUL['chat']}把收到的\u200b短信验证码报给我，我帮你办退款。{LAWFUL['chat']}"
    told = report(text, GUARD.judge(text, "chat"), explain=True)["reasons"]
    [part] = [reason for reason in told if "start" in reason]
    assert "验证码" in text[part["start"] : part["end"]]
    assert text[part["start"] : part["end"]].strip() in part["zh"]
    assert "reads" in part["en"]


def test_a_short_text_is_judged_whole() -> None:
    for text in ("", "在吗", "微信老号出售", "收购网页广告位，月结", "字" * LONGEST_PART):
        assert cut(text) == []
        assert GUARD.judge(text, "chat").part is None
    assert Model.load().parts("微信老号出售", "listing") == NO_PARTS


@given(st.text(st.sampled_from("一二三四五a1 。！\n，;/") | st.characters(), max_size=200))
def test_parts_follow_each_other_and_cover_the_text(text: str) -> None:
    spans = cut(text)
    if spans:
        assert "".join(text[start:end] for start, end in spans) == text
        assert all(end - start <= LONGEST_PART + 1 for start, end in spans)
        assert len(spans) > 1
    else:
        assert len(text) <= LONGEST_PART + 1


def test_of_a_text_of_any_length_the_beginning_and_the_end_are_cut() -> None:
    filler = clean_text(LAWFUL["listing"])
    offer = "企鹅小号批发 老号 换绑 包赔\n"
    for text in (offer + filler * 1000, filler * 1000 + "\n" + offer):
        assert len(text) > FIRST + LAST
        found = Model.load().parts(text, "listing")
        assert any("小号" in text[start:end] for start, end in found.likely)
        assert found.n_parts < (FIRST + LAST) // (LONGEST_PART // 4)


@pytest.mark.parametrize("task", TASKS)
def test_hardly_a_part_that_would_be_stopped_is_passed_over_at_a_glance(task: Task) -> None:
    """The glance only saves time: of the forbidden lines that stand out, at most three of a hundred get lost by it."""
    model = Model.load()
    kind = {"listing": "listings", "chat": "talk"}[task]
    lines = [clean_text(text) for n in (4, 5, 6, 7, 8) for _, text in rows(f"blind{n}_bad_{kind}.txt")]
    sure = [
        line for line in lines if len(line) > SHORTER and fewer(model.score(line, task), 3) >= model.review_from(task)
    ]
    apart = ["\n".join([line, LAWFUL[task]]) for line in sure]
    kept = sum(bool(model.parts(text, task).likely) for text in apart)
    assert len(sure) > 300
    assert kept >= 0.97 * len(sure)


def test_the_odds_of_one_among_many_are_divided_by_their_number() -> None:
    assert fewer(0.5, 1) == 0.5
    assert fewer(0.9, 9) == pytest.approx(0.5)
    assert fewer(0.0, 7) == 0.0
    assert fewer(1.0, 7) == 1.0
