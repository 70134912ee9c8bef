"""`xinka log`: what it prints, what it refuses, in which words and with which exit code."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from tests.engines.merkle import reference
from tests.engines.merkle.commanding import run as _run
from tests.engines.merkle.commanding import told as _told

_ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_log_is_made_with_a_key_for_its_owner_alone(vkey: str) -> None:
    assert Path("orders/vkey").read_text().strip() == vkey
    assert stat.S_IMODE(Path("orders/private/key").stat().st_mode) == 0o600
    again = _run("create", "orders", "--origin", "shop.example/orders")
    assert (again.exit_code, again.stdout) == (2, "")
    assert again.stderr.startswith("这里已经有一个日志。")
    assert "\nThere is already a log here. " in again.stderr
    assert Path("orders/vkey").read_text().strip() == vkey


def test_a_log_whose_checkpoint_was_lost_is_not_begun_anew_but_publishes_it_again(vkey: str) -> None:
    note = Path("orders/checkpoint").read_bytes()
    Path("orders/checkpoint").unlink()
    again = _run("create", "orders", "--origin", "shop.example/orders")
    assert (again.exit_code, again.stdout, Path("orders/checkpoint").exists()) == (2, "", False)
    assert "xinka log checkpoint DIR publishes it again" in again.stderr
    assert _told("checkpoint", "orders").encode() == Path("orders/checkpoint").read_bytes() == note
    assert json.loads(_told("append", "orders", given=b"five\n"))["size"] == 5


@pytest.mark.parametrize("broken", ["write_key", "write_durably", "Log.create"])
def test_a_creation_that_was_cut_short_is_done_again(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as small:
        small.setattr(f"xinka.engines.merkle.commands_writing.{broken}", full)
        assert _run("create", "orders", "--origin", "shop.example/orders").exit_code == 3
    assert _run("append", "orders", given=b"one\n").exit_code == 2  # there is none yet, so none is damaged
    vkey = _told("create", "orders", "--origin", "shop.example/orders").strip()
    assert Path("orders/vkey").read_text().strip() == vkey
    assert json.loads(_told("append", "orders", given=b"one\n"))["size"] == 1


def test_a_key_that_could_not_be_written_leaves_no_half_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as small:
        small.setattr("xinka.engines.merkle.key_files.write_whole", full)
        full_disk = _run("create", "orders", "--origin", "shop.example/orders")
    assert full_disk.exit_code == 3
    assert full_disk.stderr == "读写失败（磁盘已满） / Reading or writing failed: [Errno 28] No space left on device\n"
    assert not Path("orders/private/key").exists()
    assert _told("create", "orders", "--origin", "shop.example/orders").startswith("shop.example/orders+")


def test_a_log_may_have_another_name_than_its_key(vkey: str) -> None:
    key_file = "orders/private/key"
    _told("create", "other", "--origin", "shop.example/other", "--key-file", key_file)
    _told("append", "other", "--key-file", key_file, given=b"one\n")
    assert _run("verify", "other", "--key", "orders/vkey").exit_code == 1
    assert json.loads(_told("verify", "other", "--key", vkey, "--origin", "shop.example/other"))["size"] == 1


def test_lines_are_entries_as_they_stand(vkey: str) -> None:
    root = reference.mth([b"one", b"two", b"three", b"\xff\xfe"])
    assert json.loads(_told("verify", "orders", "--key", "orders/vkey")) == {
        "holds": True,
        "origin": "shop.example/orders",
        "size": 4,
        "root": b64encode(root).decode(),
    }


def test_a_wrong_line_is_named_and_the_rest_is_logged(vkey: str) -> None:
    lines = b'{"a":1}\n{"a":\n' + b'"' + b"x" * 65_534 + b'"\n[2]\n'
    result = _run("append", "orders", "--format", "jsonl", given=lines)
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"first": 4, "added": 2, "size": 6, "wrong": 2}
    no_json, too_long = result.stderr.splitlines()
    assert no_json.startswith("line 2 / 第 2 行: not JSON; write one whole value a line, in UTF-8 / 不是有效的 JSON，")
    assert too_long.startswith("line 3 / 第 3 行: longer than 65,535 bytes; split it, or log its hash / 超过 65,535")


def test_a_line_nested_without_end_is_named_and_a_mark_before_the_first_is_no_part_of_it(vkey: str) -> None:
    deep = b"[" * 20_000 + b"]" * 20_000
    result = _run("append", "orders", "--format", "jsonl", given=b"\xef\xbb\xbf{}\n" + deep + b"\n[2]\n")
    assert result.stderr == "line 2 / 第 2 行: nested too deeply / 嵌套太深\n"
    assert (result.exit_code, json.loads(result.stdout)["added"]) == (1, 2)
    root = reference.mth([b"one", b"two", b"three", b"\xff\xfe", b"{}", b"[2]"])
    assert json.loads(_told("verify", "orders", "--key", vkey))["root"] == b64encode(root).decode()


_ON_A_SMALL_DISK = """
import resource, sys
from xinka.config.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
main(["log", "append", "orders", "--batch", "100"])
"""


def test_a_full_disk_is_told_as_such_with_how_many_entries_are_safe(vkey: str) -> None:
    lines = [b"%05d" % at + b"x" * 5_000 for at in range(400)]
    Path("lines").write_bytes(b"\n".join(lines))
    command = [sys.executable, "-c", _ON_A_SMALL_DISK, str(1_500_000)]
    with Path("lines").open("rb") as given:
        done = subprocess.run(command, stdin=given, capture_output=True, check=False)
    told = json.loads(done.stdout)
    assert (done.returncode, told) == (3, {"first": 4, "added": 200, "size": 204, "wrong": 0})
    assert "200 entries are durable. " in done.stderr.decode()
    assert "读写失败（文件超过允许的大小） / Reading or writing failed: [Errno 27]" in done.stderr.decode()
    assert json.loads(_told("append", "orders"))["size"] >= told["size"]  # opening it again signs what is safe
    root = reference.mth([b"one", b"two", b"three", b"\xff\xfe", *lines[:200]])
    assert json.loads(_told("verify", "orders", "--key", vkey))["root"] == b64encode(root).decode()


def test_a_monitor_stopped_by_hand_is_not_taken_for_a_refusal(vkey: str) -> None:
    words = ["log", "monitor", "orders", "--key", vkey, "--state", "state", "--follow", "60"]
    command = [sys.executable, "-c", "from xinka.config.cli import main; main()", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["size"] == 4
        following.send_signal(signal.SIGINT)
        assert (following.wait(), following.communicate()[1]) == (130, "stopped / 已停止\n".encode())


def test_an_append_stopped_by_hand_tears_no_batch_and_tells_exactly_what_is_in(vkey: str) -> None:
    command = [sys.executable, "-c", "from xinka.config.cli import main; main()", "log", "append", "orders"]
    size = 4
    for wait in (0, 3_000, 9_000):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as adding:
            assert adding.stdin is not None
            _write_until_refused(adding, wait)
            told = json.loads(adding.stdout.read() if adding.stdout else b"")
            assert (adding.wait(), adding.stderr.read() if adding.stderr else b"") == (
                130,
                "stopped / 已停止\n".encode(),
            )
        assert (told["first"], told["size"]) == (size, size + told["added"])
        size = told["size"]
        assert json.loads(_told("verify", "orders", "--key", vkey))["size"] == size


def _write_until_refused(adding: subprocess.Popen[bytes], stopped_after: int) -> None:
    """Write lines to a command, ask it to stop after so many batches are begun, and go on until it takes no more."""
    assert adding.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        for number in range(1_000_000):
            adding.stdin.write(b"%07d\n" % number)
            if number == stopped_after + 20_000:
                adding.send_signal(signal.SIGINT)
    with contextlib.suppress(BrokenPipeError):
        adding.stdin.close()


def test_a_closed_standard_input_is_told(vkey: str) -> None:
    program = "import sys; sys.stdin = None; from xinka.config.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "log", "append", "orders"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "standard input is closed" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_that_is_none_is_named(vkey: str) -> None:
    Path("shop.vkey").write_text(vkey, encoding="utf-8")
    for words in (
        ("checkpoint", "orders", "--witness", "http://[bad", "shop.vkey"),
        ("monitor", "http://[bad", "--key", "shop.vkey", "--state", "shop.state"),
    ):
        result = _run(*words)
        assert result.exit_code == 3, result.output
        assert "http://[bad" in result.stderr
        assert "应以 http:// 或 https:// 开头" in result.stderr


def test_a_witness_that_is_not_there_is_not_called_a_log(vkey: str) -> None:
    result = _run("witness", "nowhere", given=b"old 0\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "There is no witness here. Make one with xinka log witness DIR --create NAME." in result.stderr


def test_a_log_whose_journal_is_gone_is_damaged_and_stays_as_it_is(vkey: str) -> None:
    Path("kept").mkdir()
    for name in ("journal.0", "journal.1"):
        Path("orders/private", name).rename(Path("kept", name))
    result = _run("append", "orders", given=b"five\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "private/journal" in result.stderr
    for name in ("journal.0", "journal.1"):
        Path("kept", name).rename(Path("orders/private", name))
    assert json.loads(_told("append", "orders", given=b"five\n"))["size"] == 5


def test_binary_entries_stand_behind_their_lengths_and_a_cut_one_ends_the_reading(vkey: str) -> None:
    assert json.loads(_told("append", "orders", "--format", "binary", given=b"\0\x02\n\0\0\0\0\x01x"))["added"] == 3
    result = _run("append", "orders", "--format", "binary", "--batch", "1", given=b"\0\x01a\0\x05cut")
    assert result.exit_code == 2
    assert "entry 1 is cut off" in result.stderr
    assert json.loads(result.stdout) == {"first": 7, "added": 1, "size": 8, "wrong": 0}
    result = _run("append", "orders", "--format", "binary", given=b"\0\x01b\0\x01c\0")
    assert "entry 2 is cut off" in result.stderr
    assert json.loads(result.stdout) == {"first": 8, "added": 2, "size": 10, "wrong": 0}


def test_an_entry_may_be_of_any_length_however_its_line_ends(vkey: str) -> None:
    long = b"x" * 65_535
    result = _run("append", "orders", given=long + b"\r\n" + long + b"\n" + long + b"x\r\n" + long + b"\r\n")
    assert json.loads(result.stdout) == {"first": 4, "added": 3, "size": 7, "wrong": 1}
    assert result.stderr.startswith("line 3 / ")
    binary = b"\xff\xff" + long + b"\0\0"
    assert json.loads(_told("append", "orders", "--format", "binary", given=binary))["size"] == 9


def test_a_stream_is_written_down_as_it_comes_and_signed_while_it_is_open(vkey: str) -> None:
    command = [sys.executable, "-c", "from xinka.config.cli import main; main()", "log", "append", "orders"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        for size in (5, 6):
            writer.stdin.write(b"more\n")
            writer.stdin.flush()
            until = time.monotonic() + 30
            while f"\n{size}\n" not in Path("orders/checkpoint").read_text("utf-8"):
                assert time.monotonic() < until
                time.sleep(0.05)
        writer.stdin.write(b"last\n")
        assert json.loads(writer.communicate()[0]) == {"first": 4, "added": 3, "size": 7, "wrong": 0}
    assert json.loads(_told("verify", "orders", "--key", vkey))["size"] == 7


def test_files_that_are_no_text_are_named(vkey: str) -> None:
    Path("orders/private/origin").write_bytes(b"\xff\n")
    result = _run("append", "orders", given=b"five\n")
    assert (result.exit_code, "private/origin" in result.stderr) == (2, True)
    assert json.loads(_told("append", "orders", "--origin", "shop.example/orders", given=b"five\n"))["size"] == 5
    _told("witness", "w", "--create", "w.example/w")
    Path("w/logs").write_bytes(b"\xff\n")
    result = _run("witness", "w", given=b"old 0\n\n")
    assert (result.exit_code, "w/logs" in result.stderr) == (2, True)


def test_a_proof_is_made_without_a_key_and_verified_offline(vkey: str) -> None:
    Path("two.tlog-proof").write_text(_told("prove", "orders", "1"))
    for name in ("checkpoint", "tile"):
        Path("orders", name).rename(f"gone-{name}")
    told = json.loads(_told("verify", "two.tlog-proof", "--key", vkey, "--entry", "-", given=b"two"))
    assert (told["holds"], told["index"], told["size"]) == (True, 1, 4)
    forged = _run("verify", "two.tlog-proof", "--key", vkey, "--entry", "-", given=b"tow")
    assert (forged.exit_code, forged.stdout) == (1, "")
    assert forged.stderr.startswith("证明不成立")
    assert "The proof does not hold" in forged.stderr
    assert _run("verify", "two.tlog-proof", "--key", vkey).exit_code == 2


def test_a_damaged_directory_is_refused_with_the_name_of_what_is_wrong(vkey: str) -> None:
    bundle = Path("orders/tile/entries/000.p/4")
    bundle.write_bytes(bundle.read_bytes().replace(b"two", b"owt"))
    result = _run("verify", "orders", "--key", vkey)
    assert result.exit_code == 1
    assert "tile/entries/000.p/4" in result.stderr


@pytest.mark.parametrize("path", ["tile/0/000", "tile/1/000.p/1", "tile/entries/000", "tile/0/001.p/4"])
def test_a_tile_that_holds_more_than_it_may_is_refused_as_strict_readers_do(vkey: str, path: str) -> None:
    _told("append", "orders", given=b"more\n" * 256)
    with Path("orders", path).open("ab") as tile:
        tile.write(b"\0\1x" if "entries" in path else b"x")
    result = _run("verify", "orders", "--key", vkey)
    assert result.exit_code == 1
    assert path in result.stderr


def test_a_consistency_proof_is_printed(vkey: str) -> None:
    lines = _told("prove", "orders", "3", "--consistency").split()
    expected = reference.proof(3, [b"one", b"two", b"three", b"\xff\xfe"])
    assert [b64decode(line) for line in lines] == expected


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["prove", "orders", "4"], 2),
        (["prove", "nowhere", "0"], 2),
        (["append", "nowhere"], 2),
        (["verify", "orders", "--key", "no-such-file"], 2),
        (["verify", "orders", "--key", "a+b+c"], 2),
        (["monitor", "http://127.0.0.1:9", "--key", "orders/vkey", "--state", "s"], 3),
        (["witness", "nowhere"], 2),
        (["unknown"], 2),
    ],
)
def test_wrong_use_has_its_exit_codes_and_no_traceback(vkey: str, words: list[str], code: int) -> None:
    result = _run(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert "Traceback" not in result.stderr


def test_a_key_that_others_can_read_is_not_used(vkey: str) -> None:
    Path("orders/private/key").chmod(0o644)
    result = _run("append", "orders", given=b"five\n")
    assert (result.exit_code, "chmod 600" in result.stderr) == (2, True)
    assert json.loads(_told("verify", "orders", "--key", vkey))["size"] == 4


def test_a_known_checkpoint_is_continued_or_nothing_is_signed(vkey: str) -> None:
    Path("four.note").write_bytes(Path("orders/checkpoint").read_bytes())
    _told("append", "orders", "--no-checkpoint", given=b"five\n")
    assert "\n5\n" in _told("checkpoint", "orders", "--known", "four.note")
    Path("orders").rename("newer")
    _told("create", "orders", "--origin", "shop.example/orders", "--key-file", "newer/private/key")
    result = _run("checkpoint", "orders", "--known", "four.note", "--key-file", "newer/private/key")
    assert result.exit_code == 1
    assert "history was rewritten" in result.stderr


def test_a_monitor_goes_on_from_its_state(vkey: str) -> None:
    words = ["monitor", "orders", "--key", vkey, "--state", "state"]
    assert json.loads(_told(*words))["before"] == 0
    _told("append", "orders", given=b"five\n")
    told = json.loads(_told(*words))
    assert (told["before"], told["size"]) == (4, 5)


def test_a_monitor_keeps_the_two_notes_that_prove_a_rewritten_history(vkey: str) -> None:
    words = ["monitor", "orders", "--key", vkey, "--state", "state"]
    _told(*words)
    seen = Path("orders/checkpoint").read_bytes()
    _told("create", "fork", "--origin", "shop.example/orders", "--key-file", "orders/private/key")
    _told("append", "fork", "--key-file", "orders/private/key", given=b"1\n2\n3\n4\n5\n")
    words[1] = "fork"
    assert _run(*words).exit_code == 1
    assert Path("state.seen").read_bytes() == seen
    assert Path("state.contradicts").read_bytes() == Path("fork/checkpoint").read_bytes()
    assert "state.contradicts" in _run(*words).stderr


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in ("create", "append", "prove", "verify"))])
def test_help_shows_examples_and_imports_nothing_of_the_shop(words: list[str]) -> None:
    code = (
        "import sys\nfrom xinka.config.cli import main\n"
        f"try:\n    main({['log', *words]!r})\nexcept SystemExit:\n    pass\n"
        "sys.exit(sum(name.partition('.')[0] in {'django', 'psycopg', 'numpy', 'structlog'} for name in sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": f"{_ROOT / 'src'}"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0
    assert "xinka log " in done.stdout
