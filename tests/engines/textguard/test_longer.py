"""Longer lawful texts pass, or lead to a person at most; an offer in them is still found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.textguard_blind import measure_long
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.longer import LONG, is_long, of_parts, of_whole, share, so_many, tells
from xinka.engines.textguard.model import TASKS, Model, Task
from xinka.engines.textguard.views import clean_text

GUARD = Guard(model=Model.load())
#: A page of help on cards and accounts, in which no part reads badly: what was stopped was its length.
HELP = """怎样查看提现进度
打开“我的账户”，点“资金明细”，可以看到每一笔提现现在走到了哪一步。
显示“审核中”，说明我们的同事正在核对，工作日两个小时之内会有结果。
显示“银行处理中”，说明钱已经交给银行，一般当天到账，遇到节假日会顺延到下一个工作日。
显示“已退回”，多半是收款账户的户名和实名不一样，改好以后再提交一次就行，钱会先回到余额里。
如果过了三天还没有收到，请把提现编号写在工单里，我们会向银行查询，查到以后在站内信里告诉您结果。
提现不收取任何押金，也不需要再验证一次身份，请不要相信别人的说法。"""
WARNING = """【提醒】近来有人冒充本店客服，谎称订单异常，诱骗顾客把短信验证码发给他，再盗刷银行卡。
还有骗子在群里招人跑分、收购银行卡、出租微信号，说是兼职，其实是帮人洗钱，已经有人被判处有期徒刑。
请大家记住：本店不会打电话，不会要验证码；凡是先垫付再返佣的刷单都是骗局；有人收卡，请拨打96110。
遇到外挂、破解软件的广告，请举报，不要下载，里面多半有盗号木马。上当的顾客请尽快报警，保留聊天记录。"""
OFFERS: dict[Task, str] = {"listing": "微信老号出售 实名可换绑 秒发", "chat": "把收到的短信验证码报给我，我帮你办退款"}


@pytest.mark.parametrize("task", TASKS)
def test_a_page_of_help_passes_and_an_offer_in_it_is_found(task: Task) -> None:
    assert GUARD.judge(HELP, task).decision == "allow"
    lines = HELP.split("\n")
    with_offer = "\n".join([*lines[:4], OFFERS[task], *lines[4:]])
    verdict = GUARD.judge(with_offer, task)
    assert verdict.decision in {"review", "block"}
    assert verdict.part is not None
    assert verdict.part.start < with_offer.index(OFFERS[task]) + len(OFFERS[task])
    assert verdict.part.end > with_offer.index(OFFERS[task])


@pytest.mark.parametrize("task", TASKS)
def test_a_warning_that_names_what_it_warns_of_is_for_a_person_at_most(task: Task) -> None:
    verdict = GUARD.judge(WARNING, task)
    assert len({hit.rule.id for hit in verdict.hits}) > 2  # it is full of words of the trade
    assert verdict.decision != "block"
    assert tells(clean_text(WARNING))
    assert GUARD.judge_all([WARNING, HELP] * 10, task) == [verdict, GUARD.judge(HELP, task)] * 10


@pytest.mark.parametrize(("task", "most"), [("listing", 0.19), ("chat", 0.06)])
def test_few_longer_lawful_texts_are_stopped_and_hardly_one_is_blocked(task: Task, most: float) -> None:
    figures = measure_long(GUARD, "blind11", task)
    assert figures["false alarms"] <= most
    assert figures["blocked"] <= 0.02


def test_words_of_warning_excuse_the_parts_on_their_line_only() -> None:
    plain = "今天天气很好，我们去公园走走。" * 6 + "\n"
    text = "骗子会说这样的话，请当心。有人出钱收购你的卡。\n" + plain + "有人出钱收购你的卡。"
    first, last = text.index("有人"), text.rindex("有人")
    spans = [(first, first + 10), (last, last + 10)]
    told, alone = of_parts(iter([0.9, 0.9]), spans, text)
    assert told == pytest.approx(0.5)  # two different words: nine to one becomes one to one
    assert alone == 0.9


def test_each_text_takes_the_scores_of_its_own_parts() -> None:
    scores = iter([0.1, 0.2, 0.3])
    assert list(of_parts(scores, [(0, 5), (5, 9)], "短文")) == [0.1, 0.2]
    assert list(of_parts(scores, [(0, 5)], "短文")) == [0.3]


@given(st.floats(0, 1), st.integers(0, LONG))
def test_a_short_text_is_weighed_as_before(score: float, size: int) -> None:
    text = "字" * size
    assert not is_long(text)
    assert of_whole(score, text) == score
    assert share(text) == 1
    assert not tells("骗子上当" * (size // 4))


def test_the_longer_the_more_it_takes_and_an_offer_among_ten_lines_takes_no_more() -> None:
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 2_000)))
    scores = [of_whole(0.99, many[:size]) for size in (LONG, LONG + 1, 200, 400, 2_000)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[1] < 0.001  # there is no step
    assert [so_many(n) for n in (1, 2, 10)] == [1, 2, 10]
    assert 20 < so_many(20) < 40
    assert of_whole(1.0, many) == 1.0


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("times", [5, 20, 100])
def test_who_repeats_an_offer_gains_nothing(task: Task, times: int) -> None:
    assert of_whole(0.9, "好坏" * times) == 0.9
    assert GUARD.judge(f"{OFFERS[task]}。" * times, task).decision in {"review", "block"}


@pytest.mark.parametrize("task", TASKS)
def test_of_a_text_of_millions_of_characters_the_ends_are_judged_as_ever(task: Task) -> None:
    offer = OFFERS[task] + "。"
    assert GUARD.judge("字" * 8_000_000, task).decision == "allow"
    assert GUARD.judge(offer * 200_000, task).decision in {"review", "block"}
    assert GUARD.judge("骗子" * 3_000_000, task).decision != "block"
