"""Lines are read as they come, and answered before more is asked for."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from xinka.engines.guard import guard
from xinka.engines.lines import (
    NO_SUCH_FILE,
    WrongLine,
    judge_lines,
    judge_together,
    read_lines,
    read_ready,
    text_field,
)

PROGRAM = "from xinka.config.cli import main; import sys; sys.exit(main())"


class Pieces:
    """A source that has nothing but the next piece, each time it is asked."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self._content, self._sizes, self._turn = io.BytesIO(content), sizes, 0

    def read1(self, size: int, /) -> bytes:
        """Hand out the next piece."""
        self._turn += 1
        return self._content.read(min(size, self._sizes[self._turn % len(self._sizes)]))


def read_plainly(content: bytes, longest: int) -> list[tuple[int, bytes | None]]:
    lines = enumerate(content.split(b"\n"), 1)
    return [(n, None if len(line) > longest else line) for n, line in lines if len(line) > longest or line.strip()]


@given(
    st.lists(st.sampled_from([b"\n", b"a", b" ", b"bcd", "号".encode(), b"\r\n", b"x" * 9]), max_size=40).map(b"".join),
    st.lists(st.integers(1, 12), min_size=1, max_size=5),
    st.integers(1, 12),
)
def test_lines_are_the_same_in_whatever_pieces_they_come(content: bytes, sizes: list[int], longest: int) -> None:
    assert list(read_lines(Pieces(content, sizes), longest)) == read_plainly(content, longest)


def test_a_line_that_is_too_long_takes_no_memory() -> None:
    class Endless:
        left = 2_000

        def read1(self, _size: int, /) -> bytes:
            self.left -= 1
            return b"x" * 65_536 if self.left > 0 else b"\nnext" if self.left == 0 else b""

    tracemalloc.start()
    assert list(read_lines(Endless(), 1 << 20)) == [(1, None), (2, b"next")]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_what_comes_together_is_judged_together_and_a_wrong_line_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    sink, rows = io.BytesIO(), []

    def judge_all(found: list[int]) -> list[dict[str, int]]:
        rows.append(found)
        return [{"twice": 2 * number} for number in found]

    wrong = judge_together(lambda record: record["n"], judge_all, io.BytesIO(b'{"n":1}\nno\n\n{"n":3}'), sink)
    assert (rows, wrong) == ([[1], [3]], 1)  # the last line has no end, so it came when all had come
    assert sink.getvalue() == b'{"twice":2}\n{"twice":6}\n'
    assert capsys.readouterr().err.startswith("line 2 / 第 2 行: not JSON")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"text": "老号"}'.encode("gbk"), "not UTF-8; save the file as UTF-8 / 不是 UTF-8，请把文件另存为 UTF-8"),
        (b'{"text": "\xc3\x28"}', "not UTF-8; save the file as UTF-8 / 不是 UTF-8，请把文件另存为 UTF-8"),
        (
            '{"text": "a"}'.encode("utf-16")[2:],
            "UTF-16 or binary; save the file as UTF-8 / 是 UTF-16 或二进制内容，请把文件另存为 UTF-8",
        ),
        ('{"text": "a"}'.encode("utf-16"), "not UTF-8; save the file as UTF-8 / 不是 UTF-8，请把文件另存为 UTF-8"),
        (
            b'{"a":',
            (
                "not JSON (Input data was truncated); write one whole object a line"
                " / 不是有效的 JSON，请每行写一个完整的对象"
            ),
        ),
        (b"[1]", 'not a JSON object; write one {"id": \u2026} a line / 不是 JSON 对象，请每行写一个 {"id": \u2026}'),
    ],
)
def test_a_line_of_another_kind_is_told_how_to_mend_it(
    capsys: pytest.CaptureFixture[str], line: bytes, told: str
) -> None:
    assert judge_lines(lambda record: record, io.BytesIO(line), io.BytesIO()) == 1
    assert capsys.readouterr().err == f"line 1 / 第 1 行: {told}\n"


def test_empty_input_has_no_lines() -> None:
    assert list(read_ready(io.BytesIO(b""))) == []
    assert list(read_lines(io.BytesIO(b"\n\n"))) == []


def test_an_answer_comes_before_the_next_question() -> None:
    command = [sys.executable, "-c", PROGRAM, "guard", "text", "--task", "chat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None
        for n in range(3):
            asked.stdin.write(json.dumps({"id": n, "text": "晚上吃什么"}).encode() + b"\n")
            asked.stdin.flush()
            assert json.loads(asked.stdout.readline())["id"] == n
        asked.stdin.close()
        assert asked.wait() == 0


def texts_of(given: bytes) -> tuple[list[object], int]:
    """Return what is read from lines of ``{"text"}``, and how many lines were wrong."""
    sink = io.BytesIO()
    wrong = judge_together(
        lambda record: record["text"], lambda found: [{"t": t} for t in found], io.BytesIO(given), sink
    )
    return [json.loads(line)["t"] for line in sink.getvalue().splitlines()], wrong


def test_a_mark_before_the_first_line_is_no_fault() -> None:
    assert texts_of(b'\xef\xbb\xbf{"text":"a"}\r\n{"text":"b"}\r\n') == (["a", "b"], 0)


def test_half_a_character_costs_itself_and_not_its_line() -> None:
    given = rb'{"text":"\ud83d\ude00 \ud83d|\ude00|\\ud83d"}'
    assert texts_of(given) == (["\U0001f600 \ufffd|\ufffd|\\ud83d"], 0)


def test_a_line_nested_without_end_costs_itself_and_not_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    deep = b'{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert texts_of(deep + b'\n{"text":"b"}') == (["b"], 1)
    assert capsys.readouterr().err == "line 1 / 第 1 行: nested too deeply / 嵌套太深\n"


def test_a_stop_by_hand_is_told_from_skipped_lines_by_its_status() -> None:
    command = [sys.executable, "-c", PROGRAM, "guard", "accounts"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None
        asked.stdin.write(b'{"id":1,"posts":3}\n')
        asked.stdin.flush()
        assert json.loads(asked.stdout.readline())["id"] == 1
        asked.send_signal(signal.SIGINT)
        assert (asked.wait(), asked.communicate()[1]) == (130, "stopped / 已停止\n".encode())


_GIVEN = {
    "text": b'{"id":1,"text":"a"}\n',
    "prices": b'{"product":"a","seller":"b","price":1,"stock":1}\n',
    "accounts": b'{"id":1,"posts":3}\n',
}


@pytest.mark.parametrize("command", _GIVEN)
def test_answers_that_cannot_be_written_are_told_and_not_tried_again(command: str) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device, as a shell opens it
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "guard", command],
            input=_GIVEN[command],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert (
        done.stderr.decode() == "读写失败（磁盘已满） / Reading or writing failed: [Errno 28] No space left on device\n"
    )


@pytest.mark.parametrize("command", _GIVEN)
@pytest.mark.parametrize(("stream", "told"), [("stdin", "standard input is closed"), ("stdout", "标准输出已关闭")])
def test_a_closed_stream_is_told(command: str, stream: str, told: str) -> None:
    program = f"import sys; sys.{stream} = None; {PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program, "guard", command], input=_GIVEN[command], capture_output=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.decode().startswith("Error: ")
    assert told in done.stderr.decode()


@pytest.mark.parametrize("command", ["names", "domains"])
def test_a_list_of_official_ones_that_cannot_be_read_is_named(command: str) -> None:
    done = CliRunner().invoke(guard, [command, "--official", "/proc/self/mem"], input="")
    assert (done.exit_code, done.stderr) == (2, "Error: mem: cannot be read (Input/output error) / 无法读取\n")


def test_a_line_without_end_among_official_names_is_named_and_not_kept(tmp_path: Path) -> None:
    official = tmp_path / "official.txt"
    official.write_bytes(b"Steam Support\n" + b"a" * (64 * 1024 + 1) + b"\nGoogle Support\n")
    done = CliRunner().invoke(guard, ["names", "--official", str(official)], input="")
    assert done.exit_code == 2
    assert "line 2 is longer than 64 KiB" in done.stderr
    assert "第 2 行超过 64 KiB" in done.stderr


def test_what_a_wrong_line_holds_writes_no_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    def read(record: dict[str, object]) -> object:
        raise WrongLine(f"{record['path']}: 无法读取文件")

    judge_together(read, lambda _: [], io.BytesIO(rb'{"path":"a\nline 9: fine\u001b[2J"}'), io.BytesIO())
    assert capsys.readouterr().err == "line 1 / 第 1 行: a\\nline 9: fine\\x1b[2J: 无法读取文件\n"


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({}, '`text` is missing; write {"text": "…"} / 缺少字段 text，请写 {"text": "…"}'),
        ({"text": 5}, "`text` must be a text, in quotes / 字段 text 必须是文本，请加引号"),
        ({"text": None}, "`text` must be a text, in quotes / 字段 text 必须是文本，请加引号"),
    ],
)
def test_a_field_that_is_missing_is_told_from_one_of_another_type(record: dict[str, object], told: str) -> None:
    with pytest.raises(WrongLine) as refusal:
        text_field(record, "text")
    assert str(refusal.value) == told


@pytest.mark.parametrize("command", ["avatars", "images"])
def test_a_path_that_leads_nowhere_is_told_shortly_however_long_it_is(command: str, tmp_path: Path) -> None:
    picture = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(picture).ellipse((8, 8, 56, 40), fill="red")
    picture.save(tmp_path / "red.png")
    words = [command, "--official", str(tmp_path)] if command == "avatars" else [command]
    lines = [{"path": "no/such.png"}, {"path": "加微信" * 1_000_000}, {"path": str(tmp_path / "red.png")}]
    done = CliRunner().invoke(guard, words, input="".join(json.dumps(line) + "\n" for line in lines))
    assert (done.exit_code, done.stdout.count("\n")) == (1, 1)
    short, long = done.stderr.splitlines()
    assert short == f"line 1 / 第 1 行: no/such.png: {NO_SUCH_FILE}"
    assert long.startswith("line 2 / 第 2 行: 加微信")
    assert " … " in long
    assert len(long) < 700
