"""The same lines give the same answers, in whatever pieces they arrive."""

from __future__ import annotations

import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from xinka.engines.lines import judge_lines
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.reasons import report

GUARD = Guard()
LINES = b"".join(
    json.dumps({"id": n, "text": text}, ensure_ascii=n % 2 == 0).encode() + b"\n"
    for n, text in enumerate(["出售QQ老号", "加V：abc_12345", "", "你好😂", "跑分软件 安兔兔"])
)


class Pieces(io.RawIOBase):
    """Hands out its content in pieces of the given sizes, again and again."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        super().__init__()
        self._content, self._sizes, self._turn = io.BytesIO(content), sizes, 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Hand out the next piece."""
        self._turn += 1
        piece = self._content.read(min(len(buffer), self._sizes[self._turn % len(self._sizes)]))
        buffer[: len(piece)] = piece
        return len(piece)


def answers(source: io.BufferedIOBase) -> bytes:
    sink = io.BytesIO()
    judge_lines(lambda r: {"id": r["id"], **report(r["text"], GUARD.judge(r["text"]))}, source, sink)  # type: ignore[arg-type]
    return sink.getvalue()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_any_split_of_the_stream_gives_the_same_answers(sizes: list[int]) -> None:
    whole = answers(io.BytesIO(LINES))
    assert whole.count(b"\n") == 5
    assert answers(io.BufferedReader(Pieces(LINES, sizes), buffer_size=16)) == whole
