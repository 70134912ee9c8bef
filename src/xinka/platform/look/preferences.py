"""A visitor's language, theme and keys, read from a request's headers alone.

No Django here: the till keys its cached pages by the same answer that the pages themselves were rendered with.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from xinka.kernel.cookies import Cookie

Theme = Literal["light", "dark", ""]

LANGUAGE_COOKIE: Final = Cookie("xk_lang", is_of_all=True)
THEME_COOKIE: Final = Cookie("xk_theme", is_of_all=True)
#: "off" where single keys shall do nothing in a workspace (WCAG 2.2, 2.1.4).
KEYS_COOKIE: Final = Cookie("xk_keys", is_of_all=True)
KEYS_OFF: Final = "off"
COOKIE_AGE: Final = 365 * 24 * 3600
CHINESE: Final = "zh-hans"
ENGLISH: Final = "en"
#: How much of ``Accept-Language`` is read.
_LONGEST: Final = 200


def language_of(cookie: str, accept: str) -> str:
    """Return the language to answer in: the cookie's, else English only for browsers that ask for it and not Chinese.

    ``accept`` is the ``Accept-Language`` header (RFC 9110, 12.5.4).
    """
    if cookie in {CHINESE, ENGLISH}:
        return cookie
    return _wanted(accept[:_LONGEST])


@lru_cache(maxsize=512)  # browsers send few different ones, and every request needs to know
def _wanted(accept: str) -> str:
    """Return the language that a browser's header asks for."""
    wanted = _accepted(accept)
    reads_chinese = any(tag.split("-")[0] == "zh" for tag in wanted)
    prefers_english = bool(wanted) and wanted[0].split("-")[0] == ENGLISH
    return ENGLISH if prefers_english and not reads_chinese else CHINESE


def theme_of(cookie: str) -> Theme:
    """Return the theme the visitor chose, or an empty string to follow the system."""
    if cookie == "light":
        return "light"
    return "dark" if cookie == "dark" else ""


def _accepted(header: str) -> list[str]:
    """Return the language tags of the header, best first; what cannot be read counts as not asked for."""
    weighted: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.lower().split(",")):
        tag, _, parameter = part.strip().partition(";")
        weight = _weight(parameter)
        if tag.strip() and weight > 0:
            weighted.append((-weight, place, tag.strip()))
    return [tag for _, _, tag in sorted(weighted)]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
