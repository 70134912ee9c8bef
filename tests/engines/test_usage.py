"""Wrong use of the engines' commands is told in both languages, with what to write instead."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from xinka.config.cli import main


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the commands run in a directory of their own that holds a file and a directory."""
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("Steam Support\n", encoding="utf-8")
    Path("folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "chinese"),
    [
        ("--nope", "没有选项 --nope"),
        ("nope", "没有命令 nope"),
        ("guard --nope", "没有选项 --nope"),
        ("guard nope", "没有命令 nope"),
        ("guard text --nope", "没有选项 --nope"),
        ("guard text more", "多出参数：more"),
        ("guard text --task mail", "参数 '--task'：“mail”不可用，可选：'listing', 'chat'"),
        ("guard text --task", "选项 --task 需要一个值"),
        ("guard text --explain=yes", "选项 --explain 不带值"),
        ("guard text --pack nowhere", "参数 '--pack'：文件“nowhere”不存在"),
        ("guard names", "缺少选项 --official"),
        ("guard names --official folder", "参数 '--official'：“folder”是目录，请给出文件"),
        ("guard avatars --official file", "参数 '--official'：“file”是文件，请给出目录"),
        ("guard avatars --official nowhere", "参数 '--official'：目录“nowhere”不存在"),
        ("guard pack test nowhere.yml", "文件“nowhere.yml”不存在"),
        ("log nope", "没有命令 nope"),
        ("log create", "缺少参数 DIR"),
        ("log create orders", "缺少选项 --origin"),
        ("log append orders --format xml", "“xml”不可用，可选：'lines', 'jsonl', 'binary'"),
        ("log append orders --batch 0", "0 超出范围 1<=x<=100000"),
        ("log append orders --batch many", "“many”不是整数"),
        ("log prove orders x", "参数 'INDEX'：“x”不是整数"),
        ("log prove orders -- -1", "-1 超出范围 x>=0"),
        ("log monitor orders --key k --state s --follow soon", "“soon”不是数字"),
        ("log checkpoint orders --witness a", "选项 --witness 需要 2 个值"),
        ("log mend orders --known nowhere", "文件“nowhere”不存在"),
        ("log prove ftp://log.example 0", "请给出目录、http:// 或 https://"),
    ],
)
def test_wrong_use_is_told_in_both_languages(words: str, chinese: str) -> None:
    done = CliRunner().invoke(main, words.split())
    assert (done.exit_code, done.stdout) == (2, "")
    (error,) = (line for line in done.stderr.splitlines() if line.startswith("Error: "))
    english, _, told = error.partition(" / ")
    assert re.search("[a-z]", english)
    assert "valid integer range" not in english
    assert told.endswith(chinese)


def test_what_says_so_already_is_left_as_it_is() -> None:
    CliRunner().invoke(main, ["log", "create", "orders", "--origin", "shop.example/orders"])
    CliRunner().invoke(main, ["log", "append", "orders"], input=b"one\n")
    proof = CliRunner().invoke(main, ["log", "prove", "orders", "0"]).stdout
    Path("proof").write_text(proof, encoding="utf-8")
    done = CliRunner().invoke(main, ["log", "verify", "proof", "--key", "orders/vkey"])
    assert done.exit_code == 2
    assert "--entry is missing: a proof is about an entry / 缺少 --entry：请给出被证明的记录\n" in done.stderr


_WITHOUT = """
import sys


class OnlyEngines:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("django", "psycopg", "uvicorn"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, OnlyEngines())
from xinka.config.cli import main

main()
"""


@pytest.mark.parametrize("words", [["manage", "check"], ["check"], ["migrate"]])
def test_a_command_of_the_shop_says_where_the_shop_is_missing(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'xinka[shop]'" in done.stderr
    assert "此命令需要完整的商店" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "chinese"),
    [
        (["log", "create", "/proc/nowhere/x", "--origin", "shop.example/orders"], "文件或目录不存在"),
        (["log", "create", "file/x", "--origin", "shop.example/orders"], "路径中有一段不是目录"),
    ],
)
def test_a_place_that_is_not_there_is_wrong_use_and_not_to_be_tried_again(words: list[str], chinese: str) -> None:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"读写失败（{chinese}） / Reading or writing failed: ")


def test_entries_that_are_durable_are_told_where_standard_output_takes_nothing() -> None:
    run = [sys.executable, "-c", "from xinka.config.cli import main; main()", "log"]
    subprocess.run([*run, "create", "orders", "--origin", "shop.example/orders"], check=True, capture_output=True)
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device, as a shell opens it
        done = subprocess.run([*run, "append", "orders"], input=b"one\ntwo\n", stdout=full, stderr=-1, check=False)
    assert done.returncode == 3
    assert done.stderr.decode().splitlines() == [
        '{"first":0,"added":2,"size":2,"wrong":0}',
        "读写失败（磁盘已满） / Reading or writing failed: [Errno 28] No space left on device",
    ]
