"""The linear model: what it says, that it says the same each time, and that nothing makes it slow or ill."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from array import array
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.model import SHIPPED, TASKS, Model, Task
from xinka.engines.textguard.model.features import LONGEST, bounded, features, pairs, shown, spelled
from xinka.engines.textguard.model.table import MAGIC, UnreadableModel, read
from xinka.engines.textguard.views import clean_view

CARD = json.loads((SHIPPED.parent / "card.json").read_text(encoding="utf-8"))
PERMISSIVE = {"Apache-2.0", "MIT"}


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load()


def clean(text: str) -> str:
    return clean_view(text).text


def test_the_card_is_that_of_the_shipped_file() -> None:
    assert hashlib.sha256(SHIPPED.read_bytes()).hexdigest() == CARD["sha256"]


def test_the_shipped_file_is_small() -> None:
    assert SHIPPED.stat().st_size <= 3_000_000


def test_only_own_and_permissively_licensed_text_went_into_the_shipped_table() -> None:
    used = {source for task in TASKS for source in CARD["tasks"][task]["rows"]}
    assert used == {"own", "own lines", "TeleAntiFraud", "ToxiBenchCN"}
    assert set(CARD["licences"]) == used
    assert set(CARD["licences"].values()) | set(CARD["character_tables"].values()) <= PERMISSIVE


@pytest.mark.parametrize("task", TASKS)
def test_the_table_gives_the_score_that_scikit_learn_gave_when_it_was_made(model: Model, task: Task) -> None:
    for text, score in CARD["tasks"][task]["samples"]:
        assert model.score(text, task) == pytest.approx(score, abs=1e-4)


def test_every_way_of_loading_gives_the_same_score(model: Model, tmp_path: Path) -> None:
    copy = tmp_path / "weights.bin"
    copy.write_bytes(SHIPPED.read_bytes())
    for text in ("", "加薇信看片abc123", "晚上吃什么"):
        for task in TASKS:
            assert Model.load(copy).score(text, task) == model.score(text, task)


@pytest.mark.parametrize(
    "text",
    [
        "您好，我是平台客服，您误开通了会员，每月扣八百，请下载会议软件共享屏幕，把余额转到安全账户",
        "加薇❤信 xhc593 看 片",
        "专业车队，卡接回U，支付宝跑分，诚信经营可担保 @abc12345",
    ],
)
def test_a_scam_is_worth_a_look(model: Model, text: str) -> None:
    assert model.score(clean(text), "chat") >= model.review_from("chat")


@pytest.mark.parametrize(
    "text",
    [
        "妈，我晚上不回家吃饭了",
        "验证码不要告诉任何人，客服也不会问你要",
        "哈哈哈哈笑死我了",
        "您的订单已发货，卡密请在订单详情里查看",
    ],
)
def test_ordinary_talk_is_not(model: Model, text: str) -> None:
    assert model.score(clean(text), "chat") < model.review_from("chat")


@pytest.mark.parametrize(
    "text",
    ["王者荣耀透视自瞄辅助月卡防封稳定自动发货", "QQ老号批发，实名可换绑，不找回", "毕业证学位证定制，学信网可查"],
)
def test_a_forbidden_listing_is_stopped(model: Model, text: str) -> None:
    assert Guard(model=model).judge(text).decision == "block"


@pytest.mark.parametrize(
    "text",
    ["爱奇艺黄金会员年卡，官方直充，自动发货", "手机性能跑分软件正版专业版", "纯棉四件套床上用品", "小号字体商用授权"],
)
def test_a_lawful_listing_is_not(model: Model, text: str) -> None:
    assert Guard(model=model).judge(text).decision == "allow"


@pytest.mark.parametrize("text", ["水房保温桶 开水 商用", "骑行车队队服定制 20件起", "木马病毒 科普 动画 小学"])
def test_a_lawful_listing_that_holds_a_word_of_the_trade_passes_with_the_model_and_not_without(
    model: Model, text: str
) -> None:
    assert Guard().judge(text).decision == "block"
    assert Guard(model=model).judge(text).decision == "allow"


@pytest.mark.parametrize("task", TASKS)
def test_both_limits_are_above_even_odds(model: Model, task: Task) -> None:
    assert 0.5 <= model.block_from(task) < 1
    assert 0.5 <= model.review_from(task) < 1


def test_the_reasons_are_pieces_of_the_text_heaviest_first(model: Model) -> None:
    text = clean("王者荣耀透视自瞄外挂月卡，防封")
    reasons = model.why(text, "listing", most=3)
    assert 1 <= len(reasons) <= 3
    letters = text.replace(",", "")
    assert all(_stands_in(piece, letters) for piece, _ in reasons)
    assert [weight for _, weight in reasons] == sorted((weight for _, weight in reasons), reverse=True)


def _stands_in(piece: str, letters: str) -> bool:
    """Whether a piece stands in the letters; of one with dots, whether its letters do so in their order."""
    first, apart, second = piece.partition("…")
    return second in letters.partition(first)[2] if apart else piece in letters


def test_no_reason_says_again_what_another_says(model: Model) -> None:
    reasons = [piece for piece, _ in model.why(clean("您好，退款失败，请加客服QQ处理，不然扣费"), "chat", most=8)]
    rows = [piece for piece in reasons if "…" not in piece]
    assert len(reasons) == 8
    assert 0 < len(rows) < 8
    assert not any(one in other for one in rows for other in rows if one != other)
    for at, (first, _, second) in enumerate(piece.partition("…") for piece in reasons):
        told = "".join(reasons[:at])
        assert not second or not (first in told and second in told)


def pairs_of(letters: str) -> set[str]:
    return {"".join(shown(pair)) for pair in pairs(letters)}


def test_letters_that_stand_a_few_places_apart_make_a_pair_in_their_order() -> None:
    assert pairs_of("退款加") == {"退加"}
    assert pairs_of("退款") == pairs_of("退") == pairs_of("") == set()
    assert "甲乙" in pairs_of("甲" + "x" * 15 + "乙")
    assert "甲乙" not in pairs_of("甲" + "x" * 16 + "乙")
    assert "乙甲" not in pairs_of("甲xx乙")


@given(st.text(max_size=80))
def test_the_pairs_of_a_message_are_those_of_a_plain_walk(letters: str) -> None:
    assume(max(letters, default="") <= "\uffff")
    walked = {letters[at] + letters[at + step] for step in range(2, 17) for at in range(len(letters) - step)}
    assert pairs_of(letters) == walked


def test_a_long_text_has_few_pairs_for_each_letter() -> None:
    row = "".join(chr(0x4E00 + at) for at in range(4000))
    assert len(pairs(row[:133])) == sum(133 - step for step in range(2, 17))
    assert len(pairs(row[:1000])) == 998 + 997
    assert len(pairs(row)) == 3998


@given(st.text())
def test_any_text_has_a_score_between_nought_and_one(text: str) -> None:
    for task in TASKS:
        assert 0 <= Model.load().score(clean(text), task) <= 1
        assert 0 <= Model.load().score(text, task) <= 1


SEVERAL = [
    *("", "好", "好的", "哈哈哈", "哈哈哈哈哈哈哈哈", "ok", "加薇信abc123看片", "123456", "一二一二一二", "a一b二c三"),
    *("今天晚上我们一起去吃火锅吧", "您好，我是平台客服，您的会员将自动扣费，请把余额转到安全账户" * 9),
    *(
        "😂😂😂",
        "😂好😂好",
        "\ue001\ue002",
        "\uf8a0\uf8a0\uf8a0",
        "\uf8b0\uf8a05",
        "\0\0a\0",
        "\ud800好",
        "㐀㐁㐀㐁𠀀𠀀",
    ),
]


@pytest.mark.parametrize("task", TASKS)
def test_the_short_way_of_weighing_gives_the_very_same_score(model: Model, task: Task) -> None:
    chance = Random(3)
    letters = "".join(SEVERAL)
    texts = SEVERAL + ["".join(chance.choices(letters, k=chance.randrange(1, 40))) for _ in range(60)]
    file = read(SHIPPED)
    table, tables = file.tasks[task], file.tables()
    weights = dict(zip(table.features.split("\n"), array("f", table.weights), strict=True))
    of_pairs = dict(zip(array("I", table.pairs), array("f", table.pair_weights), strict=True))
    for text in texts:
        found, apart = features(text, tables), pairs(spelled(bounded(text), tables).letters)
        mean = math.fsum(weights.get(feature, 0.0) for feature in found) / math.sqrt(len(found))
        mean += math.fsum(of_pairs.get(pair, 0.0) for pair in apart) / math.sqrt(max(1, len(apart)))
        steep = table.slope * (mean + table.bias) + table.shift
        assert model.score(text, task) == 1 / (1 + math.exp(-max(-40.0, min(40.0, steep)))), text


@given(st.text(max_size=60), st.randoms(use_true_random=False))
def test_saying_the_same_twice_scores_the_same(text: str, chance: Random) -> None:
    task = chance.choice(TASKS)
    assert Model.load().score(text, task) == Model.load().score(text, task)


def test_the_score_does_not_depend_on_the_order_in_which_python_keeps_a_set() -> None:
    program = (
        "from xinka.engines.textguard.model import Model; print(repr(Model.load().score('加薇信abc123看片', 'chat')))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


def test_no_more_than_the_two_ends_of_a_long_text_is_read(model: Model) -> None:
    ends = "甲" * (LONGEST // 2), "乙" * (LONGEST // 2)
    assert model.score(ends[0] + "外挂" * 5_000_000 + ends[1], "chat") == model.score("".join(ends), "chat")


def test_a_long_text_has_no_more_features_than_its_ends() -> None:
    tables = read(SHIPPED).tables()
    text = "".join(chr(0x4E00 + at % 20_000) for at in range(1_000_000))
    assert len(features(text, tables)) <= 8 * LONGEST
    assert len(pairs(spelled(bounded(text), tables).letters)) <= LONGEST


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "weights.bin"
    other.write_bytes(b"PK\x03\x04")
    with pytest.raises(UnreadableModel, match="not a textguard model"):
        read(other)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    cut = tmp_path / "weights.bin"
    cut.write_bytes(SHIPPED.read_bytes()[:-100])
    with pytest.raises(UnreadableModel, match="damaged"):
        read(cut)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    data = bytearray(SHIPPED.read_bytes())
    data[len(MAGIC) + 1000] ^= 1
    changed = tmp_path / "weights.bin"
    changed.write_bytes(data)
    with pytest.raises(UnreadableModel, match="damaged"):
        read(changed)


@pytest.mark.parametrize("task", TASKS)
def test_every_weight_is_a_number_and_every_feature_is_there_once(task: Task) -> None:
    table = read(SHIPPED).tasks[task]
    names = table.features.split("\n")
    weights = array("f", table.weights)
    assert len(names) == len(set(names)) == len(weights) == CARD["tasks"][task]["features"]
    assert all(abs(weight) < 1000 for weight in weights)
