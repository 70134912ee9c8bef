"""JSON lines in and out, each answered as soon as it is there; a wrong one is named and skipped, the rest goes on."""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, Protocol, TypeVar, cast

import msgspec

from xinka.engines.commands import Unusable

#: A longer line is refused unread, so that memory stays constant. In bytes.
LONGEST_LINE = 64 * 1024 * 1024
#: So many bytes are read at once, or as many as are there.
_READ_AT_ONCE = 1 << 17
#: A longer message is cut in its middle, for it may quote what a line holds. In characters.
_LONGEST_MESSAGE = 600
#: Why a line that names a file cannot be answered.
NO_SUCH_FILE = "no such file; paths begin where the command runs / 文件不存在，路径从运行命令的目录算起"
_Read = TypeVar("_Read")
#: An escape in JSON: a whole pair of surrogates, a lone one, or any other.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class Source(Protocol):
    """Where lines come from, such as ``sys.stdin.buffer``."""

    def read1(self, size: int, /) -> bytes:
        """Return what is there, waiting only if nothing is; nothing at the end."""


def standard_input() -> Source:
    """Return standard input, which is buffered and so hands out what is there.

    Raises:
        Unusable: whoever started the command closed it.
    """
    if sys.stdin is None:
        raise Unusable("standard input is closed; give it a file or a pipe / 标准输入已关闭，请用文件或管道提供")
    return cast(Source, sys.stdin.buffer)


def standard_output() -> BinaryIO:
    """Return standard output.

    Raises:
        Unusable: whoever started the command closed it.
    """
    if sys.stdout is None:
        raise Unusable("standard output is closed; give it a file or a pipe / 标准输出已关闭，请指定文件或管道")
    return sys.stdout.buffer


class WrongLine(ValueError):
    """A line cannot be judged; the message says why, in both languages."""


def read_ready(source: Source, longest: int = LONGEST_LINE) -> Iterator[list[tuple[int, bytes | None]]]:
    """Yield the lines that are there and hold something, with their numbers from 1; None is one that is too long.

    Nothing waits for more than the end of its own line.
    """
    number, begun, size = 0, list[bytes](), 0
    while piece := source.read1(_READ_AT_ONCE):
        first, *others = piece.split(b"\n")
        size += len(first)
        if size <= longest:
            begun.append(first)
        else:
            begun.clear()
        if not others:
            continue
        ended = [b"".join(begun) if size <= longest else None, *others[:-1]]
        numbered = enumerate((line if line is None or len(line) <= longest else None for line in ended), number + 1)
        number, begun, size = number + len(ended), [others[-1]], len(others[-1])
        yield [(at, line) for at, line in numbered if line is None or line.strip()]
    if size > longest:
        yield [(number + 1, None)]
    elif (last := b"".join(begun)).strip():
        yield [(number + 1, last)]


def read_lines(source: Source, longest: int = LONGEST_LINE) -> Iterator[tuple[int, bytes | None]]:
    """Yield each line that holds something with its number from 1; None stands for one that is too long."""
    for ready in read_ready(source, longest):
        yield from ready


def judge_lines(
    judge: Callable[[dict[str, Any]], dict[str, Any]],
    source: Source | None = None,
    sink: BinaryIO | None = None,
) -> int:
    """Read objects, write what ``judge`` makes of each, name the wrong ones on standard error; return how many were.

    ``judge`` raises ``WrongLine`` for an object that lacks something.
    """
    return judge_together(judge, lambda answers: answers, source, sink)


def judge_together(
    read: Callable[[dict[str, Any]], _Read],
    judge_all: Callable[[list[_Read]], Iterable[dict[str, Any]]],
    source: Source | None = None,
    sink: BinaryIO | None = None,
) -> int:
    """Do what ``judge_lines`` does, those lines together that have come together.

    Args:
        read: takes from an object what is judged; raises ``WrongLine`` for one that lacks something.
        judge_all: gives an answer for each of what was read, in its order.
        source: standard input by default.
        sink: standard output by default.
    """
    source, sink = source or standard_input(), sink or standard_output()
    decoder, encoder = msgspec.json.Decoder(), msgspec.json.Encoder()
    wrong = 0
    for ready in read_ready(source):
        found = []
        for number, line in _without_mark(ready):
            try:
                found.append(read(_object(decoder, line)))
            except WrongLine as refusal:
                wrong += 1
                sys.stderr.write(f"line {number} / 第 {number} 行: {_on_one_line(str(refusal))}\n")
        sink.write(encoder.encode_lines(list(judge_all(found))))
        sink.flush()  # whoever asked may be waiting for the answer before asking more
    return wrong


def _object(decoder: msgspec.json.Decoder[Any], line: bytes | None) -> dict[str, Any]:
    if line is None:
        raise WrongLine("longer than 64 MiB; split it / 超过 64 MiB，请拆分")
    try:
        found = _decoded(decoder, line)
    except RecursionError:
        raise WrongLine("nested too deeply / 嵌套太深") from None
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        raise WrongLine(_no_json(line, error)) from None
    if not isinstance(found, dict):
        raise WrongLine('not a JSON object; write one {"id": …} a line / 不是 JSON 对象，请每行写一个 {"id": …}')
    return found


def _no_json(line: bytes, error: Exception) -> str:
    """Return why a line is no JSON and how to mend it."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return "not UTF-8; save the file as UTF-8 / 不是 UTF-8，请把文件另存为 UTF-8"
    if b"\0" in line:  # every second byte of Latin letters in UTF-16, as some shells write it
        return "UTF-16 or binary; save the file as UTF-8 / 是 UTF-16 或二进制内容，请把文件另存为 UTF-8"
    return f"not JSON ({error}); write one whole object a line / 不是有效的 JSON，请每行写一个完整的对象"


def _on_one_line(text: str) -> str:
    """Return a message, cut if it is long, in which nothing a line held can begin another or steer a terminal."""
    if len(text) > _LONGEST_MESSAGE:
        text = f"{text[: _LONGEST_MESSAGE // 2]} … {text[-_LONGEST_MESSAGE // 2 :]}"
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _without_mark(lines: list[tuple[int, bytes | None]]) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines, the first of a file without the mark that some editors put before it (a BOM)."""
    for number, line in lines:
        yield number, line.removeprefix(codecs.BOM_UTF8) if line and number == 1 else line


def _decoded(decoder: msgspec.json.Decoder[Any], line: bytes) -> object:
    """Read a line; half a character (a lone surrogate, as of an emoji cut in two) becomes one unreadable character."""
    try:
        return decoder.decode(line)
    except msgspec.DecodeError:
        whole = _ESCAPE.sub(lambda escape: rb"\ufffd" if escape["lone"] else escape[0], line)
        if whole == line:
            raise
        return decoder.decode(whole)


def text_field(record: dict[str, Any], name: str) -> str:
    """Return a field that must be a text.

    Raises:
        WrongLine: it is missing or of another type.
    """
    value = record.get(name)
    if isinstance(value, str):
        return value
    if name not in record:
        raise WrongLine(f'`{name}` is missing; write {{"{name}": "…"}} / 缺少字段 {name}，请写 {{"{name}": "…"}}')
    raise WrongLine(f"`{name}` must be a text, in quotes / 字段 {name} 必须是文本，请加引号")
