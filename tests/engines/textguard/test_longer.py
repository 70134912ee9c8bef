"""Longer lawful texts pass, or lead to a person at most; an offer in them is still found."""

from __future__ import annotations

import random
from array import array
from itertools import pairwise
from statistics import correlation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.textguard_blind import measure_long
from tools.textguard_corpus.lines import read_longer
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.longer import (
    DRIFT,
    FULLY,
    LONG,
    is_long,
    log_odds,
    longness,
    of_parts,
    of_whole,
    share,
    so_many,
    tells,
)
from xinka.engines.textguard.model import SHIPPED, TASKS, Model, Task, counting
from xinka.engines.textguard.model.features import Tables
from xinka.engines.textguard.model.longer_weights import LongWeights, pieces
from xinka.engines.textguard.model.table import NOTHING_LONG, LongTable, numbers_of, read
from xinka.engines.textguard.views import clean_text

#: A table of letters as they are.
_PLAIN = Tables("", "", "")
NOTHING = LongWeights(NOTHING_LONG, _PLAIN)


def weighed(text: str, by_lines: float, weights: LongWeights) -> float:
    """What is said of a text that the table of lines gives such a score."""
    return of_whole(by_lines, text, longness(text), weights)


def weights_of(of_lines: float = 1.0, of_warning: float = 0.0, bias: float = 0.0, **weights: float) -> LongWeights:
    """Return weights of a few pieces."""
    weights = weights or {"无": 0.0}
    data = array("f", weights.values()).tobytes()
    return LongWeights(LongTable("\n".join(weights), data, of_lines, of_warning, bias), _PLAIN)


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


@pytest.mark.parametrize(
    ("name", "task", "most"),
    [
        ("blind11", "listing", 0.05),
        ("blind11", "chat", 0.035),
        ("blind12", "listing", 0.075),
        ("blind12", "chat", 0.025),
        ("blind13", "listing", 0.045),
        ("blind13", "chat", 0.021),
    ],
)
def test_few_longer_lawful_texts_are_stopped_and_hardly_one_is_blocked(name: str, task: Task, most: float) -> None:
    figures = measure_long(GUARD, name, task)
    assert figures["false alarms"] <= most
    assert figures["blocked"] <= 0.02


@pytest.mark.parametrize(("task", "least"), [("listing", 0.99), ("chat", 0.98)])
def test_longer_bad_texts_of_a_hand_that_taught_nothing_are_found(task: Task, least: float) -> None:
    figures = measure_long(GUARD, "blind13", task)
    assert figures["bad"] == 124
    assert figures["recall, plain"] >= least
    assert figures["recall, evaded"] >= least
    assert figures["by score at 1 %, plain"] >= 0.96


def test_words_of_warning_excuse_the_parts_on_their_line_only() -> None:
    plain = "今天天气很好，我们去公园走走。" * 6 + "\n"
    text = "骗子会说这样的话，请当心。有人出钱收购你的卡。\n" + plain + "有人出钱收购你的卡。"
    first, last = text.index("有人"), text.rindex("有人")
    spans = [(first, first + 10), (last, last + 10)]
    told, alone = of_parts(iter([0.9, 0.9]), spans, text, NOTHING)
    assert told == pytest.approx(0.5)  # two different words: nine to one becomes one to one
    assert alone == pytest.approx(0.9)


def test_pieces_of_lawful_pages_lower_the_odds_of_a_part_within_bounds_and_never_raise_them() -> None:
    text = "今天天气很好，我们去公园走走。" * 6
    spans, n_found = [(0, 14)], len(pieces(text[:14]))
    for weight, lowered in ((-(n_found**0.5), 1.0), (5.0, 0.0), (-1000.0, 2.5)):
        (score,) = of_parts(iter([0.5]), spans, text, weights_of(天气=weight))
        assert log_odds(score) == pytest.approx(-lowered)
    assert list(of_parts(iter([0.5]), spans, text[:40], weights_of(天气=-1000.0))) == [
        0.5
    ]  # a short text has learnt lines


def test_each_text_takes_the_scores_of_its_own_parts() -> None:
    scores = iter([0.1, 0.2, 0.3])
    assert list(of_parts(scores, [(0, 5), (5, 9)], "短文", NOTHING)) == [0.1, 0.2]
    assert list(of_parts(scores, [(0, 5)], "短文", NOTHING)) == [0.3]


@given(st.floats(0, 1), st.integers(0, LONG))
def test_a_short_text_is_weighed_as_before(score: float, size: int) -> None:
    text = "字" * size
    assert not is_long(text)
    assert longness(text) == 0
    assert weighed(text, score, weights_of(0.0, 0.0, -9.0)) == score
    assert share(text) == 1
    assert not tells("骗子上当" * (size // 4))


def test_the_longer_the_more_its_like_says_without_a_step_and_an_offer_among_ten_lines_takes_no_more() -> None:
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 2_000)))
    lengths = (LONG, LONG + 1, (LONG + FULLY) // 2, FULLY, 400, 2_000)
    odds = [log_odds(weighed(many[:size], 0.99, weights_of(0.5, 0.0, -3.0))) for size in lengths]
    by_lines = log_odds(0.99)
    by_its_like = 0.5 * by_lines - 3.0
    assert odds[0] == pytest.approx(by_lines)
    assert abs(odds[1] - odds[0]) < 0.1
    measured = by_lines - DRIFT * (((LONG + FULLY) / 2) ** 0.5 - LONG**0.5)
    assert odds[2] == pytest.approx((measured + by_its_like) / 2)
    assert odds[3:] == pytest.approx([by_its_like] * 3)
    assert [share(many[:size]) for size in lengths] == pytest.approx([1.0, 1 - 1 / 120, 0.5, 0.0, 0.0, 0.0])
    assert [so_many(n) for n in (1, 2, 10)] == [1, 2, 10]
    assert 20 < so_many(20) < 30


def test_words_of_warning_count_up_to_four_and_scores_without_doubt_stay_within_bounds() -> None:
    page = "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
    odds = [
        log_odds(weighed(page + words, 0.5, weights_of(1.0, -1.0)))
        for words in ("", "骗子", "骗子上当", "骗子上当套路陷阱不得")
    ]
    assert odds == pytest.approx([0.0, -1.0, -2.0, -4.0])
    for score in (0.0, 1.0):
        assert weighed(page, score, NOTHING) == pytest.approx(score, abs=1e-8)


def test_a_piece_counts_once_and_is_of_one_to_four_letters() -> None:
    assert pieces("") == set()
    assert pieces("甲乙甲") == {"甲", "乙", "甲乙", "乙甲", "甲乙甲"}
    assert pieces("甲乙丙丁戊") >= {"甲乙丙丁", "乙丙丁戊"}
    assert max(map(len, pieces("甲乙丙丁戊"))) == 4
    assert weights_of(甲=1.0, 丙=9.0).mean("甲甲") == pytest.approx(1 / 2**0.5)


@pytest.mark.parametrize("task", TASKS)
def test_the_shipped_tables_of_longer_texts_are_whole_and_small(task: Task) -> None:
    shipped = read(SHIPPED).tasks[task]
    for table, most in ((shipped.longer, 6_000), (shipped.parts, 4_000)):
        names, weights = table.pieces.split("\n"), numbers_of("f", table.weights)
        assert len(names) == len(set(names)) == len(weights) <= most
        assert names == sorted(names)
        assert all(weights)
    assert 0 < shipped.longer.of_lines < 1.5  # what lines taught still counts
    assert shipped.longer.of_warning < 0


@pytest.mark.parametrize("task", TASKS)
def test_a_glance_says_of_a_page_what_the_table_of_lines_does_by_and_large(task: Task) -> None:
    model, weights = Model.load(), GUARD.model.longer(task).wholes  # type: ignore[union-attr]  # it has one
    pages = [clean_text(line.text) for line in read_longer() if line.writer == "zb"]
    pages = [page for page in pages if longness(page) == 1]
    glanced = [log_odds(weights.by_lines(model.glance(page, task))) for page in pages]
    asked = list(map(log_odds, model.scores(pages, task)))
    assert len(pages) > 300
    assert correlation(glanced, asked) > 0.9
    assert model.glance("\ue000".join(pages[0]), task) == pytest.approx(model.glance(pages[0], task))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("times", [5, 20, 100])
def test_who_repeats_an_offer_gains_nothing(task: Task, times: int) -> None:
    assert longness("好坏" * times) == 0
    assert GUARD.judge(f"{OFFERS[task]}。" * times, task).decision in {"review", "block"}


@pytest.mark.parametrize("task", TASKS)
def test_of_a_text_of_millions_of_characters_the_ends_are_judged_as_ever(task: Task) -> None:
    offer = OFFERS[task] + "。"
    assert GUARD.judge("字" * 8_000_000, task).decision == "allow"
    assert GUARD.judge(offer * 200_000, task).decision in {"review", "block"}
    assert GUARD.judge("骗子" * 3_000_000, task).decision != "block"


def test_pieces_of_a_longer_text_are_counted_as_if_made() -> None:
    chance = random.Random(4)
    for letters in ("甲乙丙丁戊己", "甲乙a1", "甲\U0001f600乙丁", "甲"):
        row = "".join(chance.choices(letters, k=counting.LONG + 40))
        sounds = row.replace("甲", "\ue000").replace("丁", "\ue001").replace("丙", "\ue000")
        heard = {sounds[at : at + size] for size in (2, 3) for at in range(len(sounds) - size + 1)}
        assert counting.n_pieces(row, sounds) == len(pieces(row) | heard)


@given(st.text(alphabet="甲乙丙a1\U0001f600\ud800", max_size=40) | st.text(alphabet="甲乙", min_size=counting.LONG))
def test_pieces_of_letters_are_counted_as_if_made(letters: str) -> None:
    assert counting.n_pieces_of_letters(letters) == len(pieces(letters))


@given(
    st.text(
        st.characters(min_codepoint=0x4E00, max_codepoint=0x4E20) | st.sampled_from("\U0001f600\ud800"), min_size=100
    )
)
def test_what_a_text_repeats_has_no_size(text: str) -> None:
    assert longness(text) == min(1.0, max(0, len(set(pairwise(text))) + 1 - LONG) / (FULLY - LONG))


def test_a_part_weighs_what_its_pieces_do_also_where_nothing_is_known() -> None:
    assert weights_of(甲=1.0, 甲乙=0.5, 寅=9.0).mean("甲乙甲丙乙") == 1.5 / len(pieces("甲乙甲丙乙")) ** 0.5
    assert NOTHING.mean("甲乙甲") == 0.0
    assert weights_of(甲=1.0).mean("") == 0.0


def test_a_longer_text_weighs_what_its_pieces_do() -> None:
    row = "甲乙丙丁戊己庚辛壬癸" * 10 + "子丑"
    assert weights_of(甲=1.0, 甲乙=0.5, 子丑=0.25, 寅=9.0).mean(row) == 1.75 / len(pieces(row)) ** 0.5
