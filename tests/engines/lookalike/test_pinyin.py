"""Words in pinyin are told from others, in linear time."""

import time

import pytest

from xinka.engines.lookalike import pinyin


@pytest.mark.parametrize("word", ["xian", "zhuangshuangchuang", "nihao", "er", "lvse", "suningjiafang", "anan" * 15])
def test_syllables_are_pinyin(word: str) -> None:
    assert pinyin.is_pinyin(word)


@pytest.mark.parametrize("word", ["", "a", "login", "pay", "vip", "xiant", "bing3", "北京", "support", "n" * 60])
def test_others_are_not(word: str) -> None:
    assert not pinyin.is_pinyin(word)


def test_a_word_that_can_be_cut_in_many_ways_takes_no_time() -> None:
    began = time.process_time()
    for _ in range(100):
        assert not pinyin.is_pinyin("xianan" * 10 + "q")
    assert time.process_time() - began < 1


def test_lures_and_names_of_brands_are_pinyin_themselves() -> None:
    assert [word for word in pinyin.LURES.split() if not pinyin.is_pinyin(word)] == []
    assert [name for name in pinyin.names_of("icbc") + pinyin.names_of("qq") if not pinyin.is_pinyin(name)] == []
    assert pinyin.names_of("example") == ()
