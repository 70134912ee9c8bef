"""The grammars our labelled text is drawn from, and the tricks it is disguised with."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks.textguard_blind import OWN, rows
from tools.textguard_corpus import grammar as grammar_module
from tools.textguard_corpus.evasion import Tricks
from tools.textguard_corpus.grammar import Grammar
from tools.textguard_corpus.lines import (
    DISGUISED,
    ELSEWHERE,
    LINE_END,
    Line,
    dealt,
    earlier_lines,
    read_lines,
    read_longer,
    weighed,
)
from tools.textguard_corpus.longer_rows import OWN_PAGES, longer_rows_of, part_rows_of
from tools.textguard_corpus.rows import WRITTEN, Row
from tools.textguard_corpus.scaling import Met, trust, voices_of
from xinka.engines.textguard.longer import is_long, longness
from xinka.engines.textguard.views import clean_text, squeezed_text

GRAMMARS = Path(grammar_module.__file__).parent / "grammars"


def small() -> Grammar:
    grammar = Grammar()
    grammar.add("# a remark\nfruit: apple | pear\n\n= say\n(a/an) {fruit}[ please]\n{#digit} times {fruit}\n")
    return grammar


def test_all_grammars_are_complete() -> None:
    grammar = Grammar.read(GRAMMARS)
    assert {"bad", "good", "chat", "honest", "scam", "live", "ads", "sms"} == {
        name.partition(".")[0] for name in grammar.rules if "." in name
    }


def test_no_sentence_is_left_with_a_piece_of_grammar_in_it() -> None:
    grammar, chance = Grammar.read(GRAMMARS), Random(3)
    for name in grammar.rules:
        for sentence in grammar.rules[name]:
            text = grammar.expand(sentence, chance)
            assert "{" not in text
            assert "}" not in text


def test_a_sentence_is_drawn_from_its_alternatives() -> None:
    grammar = small()
    drawn = {grammar.draw("say", Random(seed)) for seed in range(200)}
    assert drawn >= {"a apple", "an apple", "a pear please", "an pear please", "1 times apple", "9 times pear"}
    assert len(drawn) == 8 + 18


def test_the_same_seed_says_the_same() -> None:
    grammar = Grammar.read(GRAMMARS)
    first, second = Random(5), Random(5)
    for name in ("scam.loose", "live.sign", "chat.talk"):
        assert grammar.draw(name, first) == grammar.draw(name, second)


def test_a_name_that_nothing_defines_is_refused() -> None:
    grammar = small()
    grammar.add("= other\n{vegetable}\n")
    with pytest.raises(ValueError, match="other: nothing defines 'vegetable'"):
        grammar.check()


def test_a_maker_that_does_not_exist_is_refused() -> None:
    grammar = small()
    grammar.add("= other\n{#vegetable}\n")
    with pytest.raises(ValueError, match="vegetable"):
        grammar.check()


def test_every_line_written_by_hand_is_its_own_and_of_a_known_kind() -> None:
    lines = read_lines()
    assert len(lines) > 10_000
    assert {(line.task, line.label) for line in lines} == {("listing", 0), ("listing", 1), ("chat", 0), ("chat", 1)}
    assert len({(line.task, line.text) for line in lines}) == len(lines)


#: Who wrote longer texts.
LONGER_HANDS = {"na", "nb", "nc", "za", "zb", "zc", OWN_PAGES}


def test_every_longer_text_is_its_own_keeps_its_lines_and_is_by_a_hand_of_its_own() -> None:
    longer = read_longer()
    assert len({(line.task, line.text) for line in longer}) == len(longer) > 1_000
    assert all(is_long(line.text) and LINE_END not in line.text for line in longer)
    assert sum("\n" in line.text for line in longer) > 800
    assert {line.writer for line in longer} == LONGER_HANDS
    assert not {line.writer for line in longer} & {line.writer for line in read_lines()}
    assert {(line.task, line.label) for line in longer} == {("listing", 0), ("listing", 1), ("chat", 0), ("chat", 1)}


def test_a_longer_text_is_read_with_its_line_ends(tmp_path: Path) -> None:
    (tmp_path / "chat_scam.tsv").write_text("1\tza01\t你好\\n请转账\n", encoding="utf-8")
    assert read_longer(tmp_path) == [Line("你好\n请转账", 1, "chat", "za01")]


def test_no_line_of_the_blind_sets_is_learnt() -> None:
    learnt = {squeezed_text(clean_text(line.text)) for line in read_lines() + read_longer() + earlier_lines()}
    blind = [
        text
        for name in (
            "blind4",
            "blind5",
            "blind6",
            "blind7",
            "blind8",
            "blind9",
            "blind10",
            "blind11",
            "blind12",
            "blind13",
        )
        for part in ("listings", "talk", "spam", "long", "long_listings", "long_talk")
        for kind in ("bad", "lawful")
        if (OWN / f"{name}_{kind}_{part}.txt").is_file()
        for _, text in rows(f"{name}_{kind}_{part}.txt")
    ]
    assert len(blind) == 1916 + 1903 + 1904 + 1909 + 1892 + 1012 + 2008 + 635 + 220 + 496
    assert [text for text in blind if squeezed_text(clean_text(text)) in learnt] == []


def test_a_writer_is_known_by_all_parts_of_his_hand() -> None:
    assert [Line("出小号", 1, "listing", hand).writer for hand in ("a01", "a17", "B02", "x-first")] == [
        "a",
        "a",
        "B",
        "x-first",
    ]


def test_all_of_one_writer_are_scored_by_fits_that_saw_none_of_him_and_parts_are_even() -> None:
    learnt = [(writer, n % 2, 1.0) for writer in "abcdefghij" for n in range(20)]
    parts = dealt(learnt, 5)
    assert len({(writer, part) for (writer, _, _), part in zip(learnt, parts, strict=True)}) == 10
    assert sorted(Counter(parts).values()) == [40] * 5


@pytest.mark.parametrize("line", ["2\ta01\t卖号", "1\ta01\t卖号 ", "1\t\t卖号", "卖号", "1\ta01\t卖\t号"])
def test_a_line_of_another_form_is_refused_by_place(line: str, tmp_path: Path) -> None:
    (tmp_path / "listing_accounts.tsv").write_text(f"1\ta01\t出小号\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"listing_accounts\.tsv:2"):
        read_lines(tmp_path)


def test_a_task_learns_its_own_lines_whole_worn_copies_less_and_the_other_task_s_least() -> None:
    lines = [Line("出微信老号", 1, "listing", "a01"), Line("晚上吃火锅", 0, "chat", "t01")]
    learnt = list(weighed(lines, "listing", Tricks({"出": "chu", "处": "chu"}, {"出": 9000, "处": 9000}), 7))
    assert learnt[0] == (lines[0], 1.0)
    assert learnt[-1] == (lines[1], 0.1)
    assert {(line.hand, line.label, weight) for line, weight in learnt[1:-1]} <= {("a01", 1, 0.3)}


def tricks() -> Tricks:
    readings = {"加": "jia", "家": "jia", "枷": "jia", "信": "xin", "新": "xin", "芯": "xin"}
    return Tricks(readings, {"加": 9000, "家": 9000, "信": 9000, "新": 9000})


def test_a_homophone_is_read_alike() -> None:
    assert {tricks().homophone("加信", Random(seed), 1.0) for seed in range(100)} == {
        first + second for first in "加家枷" for second in "信新芯"
    }


def test_a_number_in_groups_keeps_its_digits() -> None:
    for seed in range(30):
        spread = tricks().digits("加12345678", Random(seed))
        assert "".join(c for c in spread if c.isdigit()) == "12345678"


def test_the_same_seed_disguises_the_same() -> None:
    assert [tricks().evade("加微信看片12345678", Random(seed)) for seed in range(30)] == [
        tricks().evade("加微信看片12345678", Random(seed)) for seed in range(30)
    ]


def test_noise_leaves_most_of_a_text_as_it_is() -> None:
    text = "晚上一起吃火锅吗"
    unchanged = sum(tricks().noise(text, Random(seed)).startswith(text) for seed in range(200))
    assert unchanged > 120


def test_a_feature_of_many_voices_on_one_side_is_trusted_more_than_one_that_both_use_or_one_hand_uses_often() -> None:
    hands = np.array([0, 1, 2, 3, 4, 5, 6, 6, 6, 6, -1, -1])
    labels = np.array([1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    told, common, of_one, elsewhere = (0, 1, 2), (0, 1, 3, 4), (6, 7, 8, 9), (10, 11)
    met = [(text, at) for at, texts in enumerate((told, common, of_one, elsewhere)) for text in texts]
    texts, features = np.array(met).T
    trusted = trust(Met(texts, features, 12, 4), labels, hands)
    rare = 1 + np.log(12 / np.array([3, 4, 4, 2]))
    ratios = np.log(np.array([3.1 / 0.1, 2.1 / 2.1, 1.1 / 0.1, 1.0]))
    assert trusted == pytest.approx(rare * np.sqrt(0.03 + np.abs(ratios)))
    assert trusted[0] > trusted[2] > trusted[1]


def test_the_voice_of_a_row_is_its_writer_and_grammars_and_the_other_task_have_none() -> None:
    rows = [
        Row("出号", 1, "hand a", WRITTEN),
        Row("岀号", 1, "hand a", WRITTEN, DISGUISED),
        Row("在吗", 0, "hand b", WRITTEN, ELSEWHERE),
        Row("卖卡", 1, "live.sign 卖{}", "own"),
        Row("出号吗", 0, "hand b", WRITTEN),
    ]
    assert voices_of(rows).tolist() == [0, 0, -1, -1, 1]


def test_longer_texts_of_the_task_weigh_most_lawful_ones_of_the_other_half_and_bad_ones_of_the_other_nothing() -> None:
    rows, texts = longer_rows_of("listing", Path()), {line.text: line for line in read_longer()}
    assert {row.text for row in rows} == {
        line.text for line in texts.values() if line.task == "listing" or not line.label
    }
    for row in rows:
        line = texts[row.text]
        own_page, own_task = line.writer == OWN_PAGES, line.task == "listing"
        share = 1.0 if longness(clean_text(line.text)) == 1 else 0.5  # lines speak of the others too
        assert row.weight == share * (0.1 if own_page else 1.0 if own_task else 0.5)
        assert row.sentence == f"hand {line.writer}"


def test_parts_are_those_of_lawful_texts_beside_as_many_bad_as_harmless_lines() -> None:
    rows = part_rows_of("chat")
    parts, lines = ([r for r in rows if (r.sentence in LONGER_HANDS) is of_page] for of_page in (True, False))
    assert not any(row.label for row in parts)
    assert len(parts) > 5_000
    assert max(len(row.text) for row in parts) <= 45
    assert Counter(row.label for row in lines) == {0: 6_000, 1: 6_000}
    assert rows == part_rows_of("chat")
