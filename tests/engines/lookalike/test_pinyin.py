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


def test_lures_are_pinyin_themselves_and_no_name_of_a_brand_is_given_twice_to_one_label() -> None:
    assert [word for word in pinyin.LURES.split() if not pinyin.is_pinyin(word)] == []
    assert all(len(set(labels)) == len(labels) for labels in pinyin.called().values())
