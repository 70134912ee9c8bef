"""Many texts together are judged as each alone, however they are dealt into rows."""

from __future__ import annotations

import random
import tracemalloc
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.textguard_evasion import FAMILIES
from xinka.engines.textguard import slots, views
from xinka.engines.textguard.blocks import LONGEST_TOGETHER, blocks
from xinka.engines.textguard.glancing import everyday, ordinary
from xinka.engines.textguard.guard import CONTEXT, Guard
from xinka.engines.textguard.model import SHIPPED, TASKS, Model, Task
from xinka.engines.textguard.model.features import HEAD, LONGEST, TAIL, pairs
from xinka.engines.textguard.model.rows import pairs_apart
from xinka.engines.textguard.model.table import GRID, read
from xinka.engines.textguard.model.weighing_many import ManyWeights, _WholeWeights
from xinka.engines.textguard.signs import squeeze_table

GUARD = Guard(model=Model.load())
EXAMPLES = [text for p in GUARD.rules.packs for r in p.rules for text in (*r.must_hit, *r.must_pass)]
EVERYDAY = sorted(everyday())
PIECES = [
    *"的我你好吗在卖号，。 12qq３一二两😂\u200b\U00020000\ue000\uf8ff\ufffd\ud800\n\x00",
    "哈哈哈哈哈哈",
    "abcdefg",
    "0000",
]
WRITTEN = st.lists(st.sampled_from(PIECES + EXAMPLES) | st.characters(), max_size=25).map("".join)
ORDINARY = st.lists(st.sampled_from(EVERYDAY + EXAMPLES), max_size=30).map("".join)
TEXTS = st.lists(WRITTEN | ORDINARY, min_size=12, max_size=60)


def cleaned(texts: list[str]) -> list[str]:
    return [views.clean_text(text) for text in texts]


@settings(deadline=None, max_examples=150)
@given(TEXTS, st.sampled_from(TASKS))
def test_texts_weigh_the_same_together_and_alone(texts: list[str], task: Task) -> None:
    model = Model.load()
    assert model.scores(cleaned(texts), task) == [model.score(text, task) for text in cleaned(texts)]


@given(st.text(st.sampled_from("退款加扣q0") | st.characters(exclude_characters="\0"), min_size=1, max_size=300))
def test_rows_of_numbers_hold_the_pairs_of_a_text_of_any_length(letters: str) -> None:
    assert pairs_apart(letters).tolist() == sorted(pairs(letters))


@settings(deadline=None)
@given(st.text(st.sampled_from("退款加扣群\U00020000") | st.sampled_from(EVERYDAY), min_size=80, max_size=300))
def test_pairs_of_a_long_text_weigh_what_they_weigh_one_by_one(letters: str) -> None:
    weights = Model.load()._weights_of("chat").pairs
    found = pairs(letters)
    one_by_one = sum(weights.by_pair.get(pair, 0.0) for pair in sorted(found)) / len(found) ** 0.5
    assert weights.mean(letters) == one_by_one


def test_long_and_empty_texts_and_whole_blocks_weigh_the_same_together_and_alone() -> None:
    model, chance = Model.load(), random.Random(3)
    texts = cleaned(["", "。", "一", " ", "".join(chance.choices(EXAMPLES, k=4000)), "哈" * (LONGEST + 1), *EXAMPLES])
    assert sum(map(len, texts)) > LONGEST_TOGETHER
    for task in TASKS:
        assert model.scores(texts, task) == [model.score(text, task) for text in texts]


@pytest.mark.parametrize("task", TASKS)
def test_a_block_of_texts_without_any_letter_weighs_the_same_too(task: Task) -> None:
    model = Model.load()
    assert model.scores(["。"] * 6 + [""] * 7, task) == [model.score("。", task)] * 6 + [model.score("", task)] * 7


@pytest.mark.parametrize("task", TASKS)
def test_shipped_weights_lie_on_the_grid_that_makes_sums_exact(task: Task) -> None:
    table = read(SHIPPED).tasks[task]
    weights = [*array("f", table.weights), *array("f", table.pair_weights)]
    assert all((weight / GRID).is_integer() for weight in weights)
    assert max(map(abs, weights)) * 2 * 8 * LONGEST < GRID * 2**53  # no sum has more bits than a float


def test_a_model_with_more_beginnings_of_words_than_numbers_for_them_is_refused() -> None:
    names = (f"{HEAD}{chr(0x3400 + n % 300)}{chr(0x4E00 + n // 300)}{TAIL}" for n in range(1 << 16))
    with pytest.raises(ValueError, match="too many whole words"):
        _WholeWeights(dict.fromkeys(names, 1.0))


def test_few_texts_do_not_wait_for_what_many_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ManyWeights, "means", lambda *_: pytest.fail("texts were weighed together"))
    model = Model.load()
    assert model.scores(["在吗"] * 3, "chat") == [model.score("在吗", "chat")] * 3


@settings(deadline=None, max_examples=100)
@given(TEXTS, st.sampled_from(TASKS), st.integers(1, 60))
def test_texts_are_judged_the_same_together_and_alone_however_they_are_dealt(
    texts: list[str], task: Task, size: int
) -> None:
    alone = [GUARD.judge(text, task) for text in texts]
    assert GUARD.judge_all(texts, task) == alone
    rows = [texts[at : at + size] for at in range(0, len(texts), size)]
    assert [verdict for row in rows for verdict in GUARD.judge_all(row, task)] == alone


@pytest.mark.parametrize("task", TASKS)
def test_every_example_and_disguises_are_judged_the_same_together_and_alone(task: Task) -> None:
    chance = random.Random(9)
    texts = EXAMPLES + [write(text, chance) for text in chance.sample(EXAMPLES, 40) for write in FAMILIES.values()]
    assert GUARD.judge_all(texts, task) == [GUARD.judge(text, task) for text in texts]


def test_what_the_caller_knows_of_each_text_counts_for_that_one() -> None:
    texts = ["微信小号出售", "晚上吃什么"] * 10
    contexts = [dict.fromkeys(CONTEXT, n % 3 == 0) if n % 2 else None for n in range(20)]
    alone = [GUARD.judge(text, "listing", context) for text, context in zip(texts, contexts, strict=True)]
    assert GUARD.judge_all(texts, "listing", contexts) == alone
    assert len({verdict.score for verdict in alone[1::2]}) == 1  # a harmless text stays so
    with pytest.raises(ValueError, match="as many contexts"):
        GUARD.judge_all(texts, "listing", contexts[1:])


def test_no_texts_have_no_verdicts() -> None:
    assert GUARD.judge_all([]) == []


def test_most_ordinary_texts_are_passed_at_a_glance_and_none_in_which_something_leads() -> None:
    quiet = ["今天晚上一起吃饭吗", "我下午三点到，等我一下", "那就这样吧"]
    loud = ["微信小号出售", "威信晓号出手", "微小信号", "弓长三", "加v", "zhanghao", "莪们", "😂"]
    assert GUARD.rules.quiet(cleaned(quiet + loud)) == [True] * len(quiet) + [False] * len(loud)


def test_no_view_but_sounds_and_digits_changes_what_is_everyday() -> None:
    assert ordinary() < everyday()
    assert set("0123456789一两") <= everyday()
    signs = frozenset(map(chr, squeeze_table()))
    changed = {chr(c) for c, plain in views.martian_table().items() if plain}
    assert everyday().isdisjoint(set("abcdefghijklmnopqrstuvwxyz") | changed | (slots.odd() - signs))


@given(st.lists(st.text(max_size=9), max_size=30), st.integers(1, 7), st.integers(1, 30))
def test_blocks_hold_every_text_once_and_no_more_than_they_may(texts: list[str], most: int, longest: int) -> None:
    rows = list(blocks(texts, most, longest))
    assert [text for row in rows for text in row] == texts
    assert all(row and len(row) <= most and sum(map(len, row[:-1])) < longest for row in rows)


def test_a_long_text_full_of_terms_takes_no_more_memory_among_others_than_alone() -> None:
    tracemalloc.start()
    try:
        assert GUARD.rules.quiet(["微信老号出售" * 20_000, "在吗"]) == [False, True]
        assert tracemalloc.get_traced_memory()[1] < 4 << 20  # each of its places was kept: sixteen times as much
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("task", TASKS)
def test_a_longer_text_and_its_parts_weigh_the_same_together_and_alone(task: Task) -> None:
    model = Model.load()
    text = "出售老号，微信联系。今天晚上一起吃饭吗？请把验证码发给我，我帮您退款；" * 8
    likely = [text[start:end] for start, end in model.parts(text, task).likely]
    assert len(likely) >= 4
    assert model.scores([text, *likely], task) == [model.score(one, task) for one in (text, *likely)]
