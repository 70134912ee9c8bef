"""How a visitor's language is found."""

from __future__ import annotations

import pytest

from xinka.platform.look.preferences import language_of, theme_of


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [
        ("en", "zh-CN", "en"),
        ("zh-hans", "en", "zh-hans"),
        ("fr", "en", "en"),
        ("", "", "zh-hans"),
        ("", "en-US,en;q=0.9", "en"),
        ("", "en-US,en;q=0.9,zh-CN;q=0.8", "zh-hans"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("", "fr,en;q=0.5", "zh-hans"),
        ("", "en;q=0.1,fr;q=0", "en"),
        ("", "en;q=nan", "zh-hans"),
        ("", "en;q=1e99", "zh-hans"),
        ("", ",;,=", "zh-hans"),
    ],
)
def test_the_cookie_decides_then_only_a_browser_without_chinese_gets_english(
    cookie: str, accept: str, language: str
) -> None:
    assert language_of(cookie, accept) == language


def test_only_two_themes_exist() -> None:
    assert [theme_of(word) for word in ("light", "dark", "", "pink")] == ["light", "dark", "", ""]
