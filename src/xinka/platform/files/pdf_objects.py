"""Reads the dictionaries of a PDF's objects, as far as it takes to find parts that nobody can look into.

An object stream (ISO 32000, 7.5.7) may be packed with a predictor (7.4.4.4): unpacked, it holds differences of bytes,
no names. Documents use predictors for pictures and for their table of places; only who hides something uses one here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_OBJECT = re.compile(rb"(?<![A-Za-z])obj(?![A-Za-z])")
_BLANK = re.compile(rb"[\s\x00%]")
_TOKEN = re.compile(rb"<<|>>|\(|/[^\s\x00()<>\[\]{}/%]*|<[^<>]*>|%[^\r\n]*|[\s\x00]+|[^\s\x00()<>/%]+|.", re.DOTALL)
_IN_STRING = re.compile(rb"\\.|[()]", re.DOTALL)
#: An object stream says where its first object begins; what undoes a predictor stands in one of the others.
_FIRST, _PARAMETERS = b"/First", frozenset((b"/DecodeParms", b"/DP"))
#: More tokens has no document of the size that is taken, and its dictionaries do not overlap.
MOST_TOKENS, _MOST_TIMES = 500_000, 4


class TooManyTokens(Exception):
    """The document has more objects than anybody would hand in."""


def has_predicted_objects(content: bytes) -> bool:
    """Say whether an object stream is packed with a predictor.

    Raises:
        TooManyTokens: there is more to read than an honest document has.
    """
    if _FIRST not in content or not any(name in content for name in _PARAMETERS):
        return False
    tokens_left, bytes_left = MOST_TOKENS, _MOST_TIMES * len(content)
    for start in _OBJECT.finditer(content):
        names, at = set(), start.end()
        for token, end in _tokens(content, at):
            tokens_left, bytes_left, at = tokens_left - 1, bytes_left - (end - at), end
            if min(tokens_left, bytes_left) < 0:
                raise TooManyTokens
            names.add(token)
        if _FIRST in names and not names.isdisjoint(_PARAMETERS):
            return True
    return False


def _tokens(content: bytes, at: int) -> Iterator[tuple[bytes, int]]:
    """Yield each token of the dictionary that begins at a place, if one does, and where it ends."""
    depth = 0
    while found := _TOKEN.match(content, at):
        token, at = found[0], found.end()
        if token == b"(":
            at = _after_string(content, at)
        depth += (token == b"<<") - (token == b">>")
        yield token, at
        if depth <= 0 and not _BLANK.match(token):
            return


def _after_string(content: bytes, at: int) -> int:
    """Return where a string in brackets, which may hold further ones, ends."""
    depth = 1
    for sign in _IN_STRING.finditer(content, at):
        depth += (sign[0] == b"(") - (sign[0] == b")")
        if not depth:
            return sign.end()
    return len(content)
