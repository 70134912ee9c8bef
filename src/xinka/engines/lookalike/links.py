"""Addresses inside an address: where it leads on to, what a page or program in it names, what only its path shows."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

from xinka.engines.lookalike.hosts import read_host, split_address

#: Read of an address for what is inside it, and how many addresses in it are judged.
_LONGEST, _MOST = 20_000, 8
#: Undone so many times, an address for an address for an address is read.
_TIMES = 3
_AUTHORITY = r"""(?:[^\s"'<>/\\?#]{1,500}@)?[^\s"'<>/\\?#&;,)]{1,300}"""
_INNER = re.compile(rf"h(?:tt|xx)ps?:[/\\]{{1,3}}({_AUTHORITY})|[=(]\s*[\"']?//({_AUTHORITY})", re.IGNORECASE)
_PROGRAM = re.compile(
    r"(?:java|vb)script:|data:(?=\s*(?:text/(?:html|xml|javascript)|application/x?html|image/svg|[;,]))", re.IGNORECASE
)
_DATA = re.compile(r"\s*data:", re.IGNORECASE)
_CODED = re.compile(r";\s*base64\s*,([\w+/=%\s-]+)", re.IGNORECASE)
_NAMED = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,18}", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+")
#: From here on what is written is shown from right to left, and so read backwards.
_OVERRIDE, _POP = "\u202e", "\u202c"


def is_more_than_a_host(text: str) -> bool:
    """Say whether an address may hold or show another one."""
    return any(sign in text for sign in "/?#%:\\" + _OVERRIDE)


def is_program(text: str) -> bool:
    """Say whether an address is no place but a program or a page of its own (``javascript:``, ``data:text/html``)."""
    return _PROGRAM.match("".join(text[:_LONGEST].split())) is not None


def as_shown(text: str) -> str | None:
    """Return how a text with a sign that turns the direction of writing is read; None where there is none."""
    before, override, after = text[:_LONGEST].partition(_OVERRIDE)
    if not override:
        return None
    turned, _, rest = after.partition(_POP)
    return before + turned[::-1] + rest


def inner_hosts(text: str) -> list[str]:
    """Return the hosts of the addresses that an address hands on or holds, each once, the first few of them."""
    text = text[:_LONGEST].strip()
    whole = is_program(text) or _DATA.match(text) is not None
    part = text if whole else split_address(text)[1]
    found: dict[str, None] = {}
    for form in _undone(part):
        for inner in _INNER.finditer(form):
            found.setdefault(inner[1] or inner[2])
            if len(found) == _MOST:
                return list(found)
    return list(found)


def _undone(text: str) -> Iterator[str]:
    """Yield a text, and the same with its percent signs and its base64 undone."""
    for _ in range(_TIMES):
        yield text
        if coded := _CODED.search(text):
            yield _from_base64(coded[1])
        plain = unquote(text)
        if plain == text:
            return
        text = plain
    yield text


def _from_base64(text: str) -> str:
    packed = "".join(unquote(text).split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def shown_first(text: str) -> tuple[str, list[str]]:
    """Return the host that stands as the first thing in the path of an address, or nothing, and the words behind it.

    Also where it stands there as an address (``evil.example/https://example.com/login``).
    """
    rest = unquote(split_address(text[:_LONGEST])[1])
    first, _, behind = re.sub(r"^[/\\]+(?:https?:[/\\]*)?", "", rest, flags=re.IGNORECASE).partition("/")
    if not rest.startswith(("/", "\\")) or not _NAMED.fullmatch(first):
        return "", []
    return read_host(first).name, _WORD.findall(behind.lower())
