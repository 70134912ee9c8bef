"""The head of an answer, as bytes."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus

Headers = list[tuple[str, str]]

NO_STORE = ("cache-control", "no-store")
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


def response_head(status: int, headers: Headers, length: int | None, *, is_last: bool, always: str = "") -> bytes:
    """Return status line and headers; with a ``length``, any such header among ``headers`` gives way to it.

    ``always`` are whole header lines of the shop's own.

    Raises:
        ValueError: if a header holds a line break, which would let its author write headers, or pages, of his own.
    """
    lines = [f"{name}: {value}\r\n" for name, value in headers if length is None or name != "content-length"]
    text = "".join(lines)
    if text.count("\n") != len(lines) or text.count("\r") != len(lines):
        raise ValueError("a line break in a header")
    size = "" if length is None else f"content-length: {length}\r\n"
    last = "connection: close\r\n" if is_last else ""
    first = _LINES.get(status) or f"HTTP/1.1 {status} \r\n"
    return f"{first}{_clock.date()}{always}{size}{last}{text}\r\n".encode("latin-1", "replace")
