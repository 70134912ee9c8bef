"""JSON lines in and out, one at a time: a wrong line is named and skipped, and the rest goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import msgspec

#: A longer line is refused unread, so that memory stays constant. In bytes.
LONGEST_LINE = 64 * 1024 * 1024


class WrongLine(ValueError):
    """A line cannot be judged; the message says why, in both languages."""


def read_lines(source: BinaryIO, longest: int = LONGEST_LINE) -> Iterator[tuple[int, bytes | None]]:
    """Yield each line that holds something with its number from 1; None stands for one that is too long."""
    number = 0
    while line := source.readline(longest + 1):
        number += 1
        if len(line) > longest and not line.endswith(b"\n"):
            while (rest := source.readline(longest)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        elif line.strip():
            yield number, line


def judge_lines(
    judge: Callable[[dict[str, Any]], dict[str, Any]],
    source: BinaryIO | None = None,
    sink: BinaryIO | None = None,
) -> int:
    """Read objects, write what ``judge`` makes of each, name the wrong ones on standard error; return how many were.

    ``judge`` raises ``WrongLine`` for an object that lacks something.
    """
    source, sink = source or sys.stdin.buffer, sink or sys.stdout.buffer
    decoder, encoder = msgspec.json.Decoder(), msgspec.json.Encoder()
    wrong = 0
    for number, line in read_lines(source):
        try:
            sink.write(encoder.encode(judge(_object(decoder, line))) + b"\n")
        except WrongLine as refusal:
            wrong += 1
            sys.stderr.write(f"line {number} / 第 {number} 行: {refusal}\n")
    sink.flush()
    return wrong


def _object(decoder: msgspec.json.Decoder[Any], line: bytes | None) -> dict[str, Any]:
    if line is None:
        raise WrongLine("longer than 64 MiB; split it / 超过 64 MiB，请拆分")
    try:
        found = decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WrongLine(f"not JSON ({error}) / 不是有效的 JSON") from None
    if not isinstance(found, dict):
        raise WrongLine("not a JSON object / 不是 JSON 对象")
    return found


def text_field(record: dict[str, Any], name: str) -> str:
    """Return a field that must be a text.

    Raises:
        WrongLine: it is missing or of another type.
    """
    value = record.get(name)
    if not isinstance(value, str):
        raise WrongLine(f"`{name}` must be a text / 字段 {name} 必须是文本")
    return value
