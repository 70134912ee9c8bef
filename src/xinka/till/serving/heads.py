"""The head of an answer, as bytes."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

Headers = list[tuple[str, str]]

#: On every answer the till writes itself, those to what is no request included; pages bring their own from Django.
SAFE: Headers = [
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
]

_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


class _Clock:
    """The ``Date`` line, made once a second (RFC 9110, section 6.6.1)."""

    second = 0
    line = ""

    def date(self) -> str:
        """Return the line for now."""
        second = int(time.time())
        if second != self.second:
            self.second, self.line = second, f"date: {formatdate(second, usegmt=True)}\r\n"
        return self.line


_clock = _Clock()


def lines_of(headers: Headers) -> str:
    """Return headers as lines; what many answers bring is written once, and handed on as their ``ready`` lines.

    Raises:
        ValueError: if a header holds a line break, which would let its author write headers, or pages, of his own.
    """
    text = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if text.count("\n") != len(headers) or text.count("\r") != len(headers):
        raise ValueError("a line break in a header")
    return text


#: Ready lines of what is for one visitor only, which no cache keeps.
PRIVATE: Final = lines_of([("cache-control", "no-store"), *SAFE])


def response_head(
    status: int, headers: Headers, length: int | None, *, is_last: bool, always: str = "", ready: str = ""
) -> bytes:
    """Return status line and headers; with a ``length``, any such header among ``headers`` gives way to it.

    ``ready`` are the lines of further headers, and ``always`` those of the shop's own on every answer.

    Raises:
        ValueError: as ``lines_of``.
    """
    if length is not None and headers:
        headers = [header for header in headers if header[0] != "content-length"]
    size = "" if length is None else f"content-length: {length}\r\n"
    last = "connection: close\r\n" if is_last else ""
    first = _LINES.get(status) or f"HTTP/1.1 {status} \r\n"
    return f"{first}{_clock.date()}{always}{size}{last}{ready}{lines_of(headers)}\r\n".encode("latin-1", "replace")
