"""Each view reads what an evader wrote, and points back to the original."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinka.engines.textguard import views
from xinka.engines.textguard.views import View, clean_view


def every_view(text: str) -> list[View]:
    clean = clean_view(text)
    squeezed = views.squeezed_view(clean)
    return [
        clean,
        squeezed,
        views.martian_view(clean),
        views.digits_view(squeezed),
        views.split_view(squeezed),
        views.sound_view(clean),
        views.reversed_view(squeezed),
    ]


_PIECES = st.sampled_from(
    [
        "微",
        "信",
        "亻尔",
        "女子",
        "zhong",
        "guo",
        "xian",
        "ｗｘ",
        "①",
        "1️⃣",
        "🇶🇶",
        "\u200b",
        "e\u0301",
        "ﷺ",
        "裏",
        "莪",
        "🐧",
        "。",
        " ",
        "\ud800",
        "\ue000",
        "Ⅷ",
        "½",
    ]
)
_TEXTS = st.lists(_PIECES | st.characters(), max_size=30).map("".join)


@settings(deadline=None)
@given(_TEXTS)
def test_each_character_of_each_view_comes_from_a_span_of_the_original(text: str) -> None:
    for view in every_view(text):
        assert len(view.start_of) == len(view.end_of) == len(view.text)
        assert all(0 <= a < b <= len(text) for a, b in zip(view.start_of, view.end_of, strict=True))


@settings(deadline=None)
@given(_TEXTS)
def test_the_span_of_a_clean_piece_is_cleaned_to_that_piece_again(text: str) -> None:
    view = clean_view(text)
    for i in range(len(view.text)):
        start, end = view.span(i, i + 1)
        assert view.text[i] in clean_view(text[start:end]).text


@settings(deadline=None)
@given(_TEXTS)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean_view(text).text
    assert clean_view(once).text == once


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Ｗ微\u200b信①②⑧", "w微信128"),
        ("🅰🇶🇶1️⃣", "aqq1"),
        ("𝓗𝓮𝓵𝓵𝓸 раураӏ", "hello paypal"),
        ("裏面後臺乾淨", "里面后台干净"),
        ("⼈⽹⺡氵", "人网氵氵"),
        ("㈠⑴⒈", "一11"),
    ],
)
def test_decorated_text_becomes_plain(written: str, plain: str) -> None:
    assert clean_view(written).text == plain


def test_parts_are_put_together_and_point_to_both_parts() -> None:
    text = "加亻尔 弓长"
    view = views.split_view(views.squeezed_view(clean_view(text)))
    assert view.text == "加你张"
    assert [text[slice(*view.span(i, i + 1))] for i in range(3)] == ["加", "亻尔", "弓长"]


def test_typed_pinyin_and_han_of_the_same_sound_are_one_text() -> None:
    assert views.sound_view(clean_view("weixin")).text == views.sound_view(clean_view("威 兴")).text
    assert views.sound_view(clean_view("hello")).text == "hello"


def test_martian_script_is_read() -> None:
    assert views.martian_view(clean_view("莪湜伱+V")).text == "我是你加v"
