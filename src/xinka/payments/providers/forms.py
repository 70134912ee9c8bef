"""Reads form-encoded notices in the one way that cannot be misread; what could be read in two ways is refused.

``k=v&k=v`` signatures are ambiguous: ``name="x&out_trade_no=A"`` signs like two fields. So the raw bytes are parsed
here and nowhere else: separators inside values, duplicates, arrays, a query and a body together are refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from xinka.payments.providers.errors import MalformedNotice
from xinka.payments.providers.protocol import RawNotice

MAX_BYTES = 16 * 1024
_CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029"
#: What no value may hold: ``&`` would begin another field of the signed text.
SEPARATORS = re.compile(f"[{_CONTROLS}&]")
#: The same for gateways whose values are plain words, where an equals sign has no business either.
ALL_SEPARATORS = re.compile(f"[{_CONTROLS}&=]")

_FORM = "application/x-www-form-urlencoded"
_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_]{1,32}", re.ASCII)


def payload(notice: RawNotice, methods: Collection[str] = ("GET", "POST")) -> bytes:
    """Return the query of a GET or the form of a POST, never a mix of both; raises ``MalformedNotice``."""
    method, query, body, content_type, _ = notice
    if len(query) > MAX_BYTES or len(body) > MAX_BYTES:
        raise MalformedNotice(why="too large")
    if method == "GET" and "GET" in methods and not body:
        # Some gateways write their links for HTML; "&amp;" cannot be data, since "&" ends a field.
        return query.replace(b"&amp;", b"&")
    if method == "POST" and "POST" in methods and not query:
        kind, _, charset = content_type.lower().partition(";")
        if kind.strip() == _FORM and charset.strip() in ("", "charset=utf-8"):
            return body
        raise MalformedNotice(why="content type")
    raise MalformedNotice(why="method, or query and body together")


def read_form(
    raw: bytes, *, known: Collection[str] = (), max_fields: int = 32, refused: re.Pattern[str] = SEPARATORS
) -> dict[str, str]:
    """Return the fields of a form; names in ``known`` need not be looked at.

    Raises:
        MalformedNotice: if it is not strict UTF-8 form encoding, or a value holds what ``refused`` finds.
    """
    if _STRAY_PERCENT.search(raw):
        raise MalformedNotice(why="percent")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise MalformedNotice(why="utf-8") from None
    pairs = [pair.partition("=") for pair in text.split("&")]
    if len(pairs) > max_fields:
        raise MalformedNotice(why="too many fields")
    for name, equals, _ in pairs:
        if not equals or (name not in known and not _NAME.fullmatch(name)):
            raise MalformedNotice(why="field name")
    fields = {name: value for name, _, value in pairs}
    if len(fields) != len(pairs):
        raise MalformedNotice(why="duplicate field")
    if "%" in text or "+" in text:
        fields = {name: _decode(value) for name, value in fields.items()}
    if refused.search("".join(fields.values())):
        raise MalformedNotice(why="separator or control character in a value")
    return fields


def _decode(value: str) -> str:
    """Return a value without its form encoding. Each run of escapes is text by itself, since what lies between is."""
    try:
        return _ESCAPES.sub(_unescape, value.replace("+", " "))
    except UnicodeDecodeError:
        raise MalformedNotice(why="utf-8") from None


def _unescape(run: re.Match[str]) -> str:
    return bytes.fromhex(run[0].replace("%", "")).decode()
