"""Reads a gateway's JSON in the one way that cannot be misread: no field twice, no NaN, no float near money."""

from __future__ import annotations

import json
from typing import Any


def read_object(body: bytes, *, numbers_as_text: bool = False) -> dict[str, Any]:
    """Return a JSON object; fractions, and with ``numbers_as_text`` integers too, as the text they were written in.

    Raises:
        ValueError: if it is not UTF-8, not one object, could be read in two ways, or holds half a character.
    """
    try:
        found = json.loads(
            body.decode("utf-8"),
            parse_int=str if numbers_as_text else _whole,
            parse_float=str,
            parse_constant=_refuse,
            object_pairs_hook=_without_duplicates,
        )
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of fault for the caller: unreadable
    if b"\\u" in body:
        # "\ud800" alone is no text: whoever encodes it later, to look at its signature for one, would fail there.
        json.dumps(found, ensure_ascii=False).encode()
    return found


def _whole(text: str) -> int:
    if len(text) > 20:
        raise ValueError("number too long")
    return int(text)


def _refuse(name: str) -> object:
    raise ValueError(name)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("duplicate field")
    return fields
