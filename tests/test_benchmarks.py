"""The till's measurement runs and proves what it sold; every one explains itself. How quick they are is no test's."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from benchmarks.arguments import Arguments, duration, whole
from xinka.config.cli.bench import BENCHMARKS, available

_CHINESE = re.compile(r"[\u4e00-\u9fff]")

#: Seconds of each part: enough to sell something.
_SHORT = "1"


def test_the_till_is_measured_and_what_it_sold_is_proved() -> None:
    command = [sys.executable, "-m", "benchmarks.till", "--clients", "8", "--seconds", _SHORT]
    done = subprocess.run(
        [*command, "--limit-seconds", _SHORT, "--json"], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert {name: told[name] for name in ("sold_twice", "undelivered", "ledger_sum", "broken_rules")} == {
        "sold_twice": 0, "undelivered": 0, "ledger_sum": 0, "broken_rules": [],
    }  # fmt: skip
    assert told["orders_checked"] > 0
    for name in ("orders_per_s", "p50_ms", "p99_ms", "limit_one_transaction_per_s", "limit_set_based_per_s"):
        assert told[name] > 0


@pytest.mark.parametrize("name", available())
def test_every_measurement_is_told_and_asked_for_in_both_languages(name: str) -> None:
    source = (BENCHMARKS / f"{name}.py").read_text(encoding="utf-8")
    assert _CHINESE.search(available()[name])
    assert "__main__" in source, "what cannot be run is a part of others"
    assert "argparse.ArgumentParser(" not in source, "it says what is wrong in English alone"
    assert not re.search(r"click\.(command|group)\((?!cls=)", source), "the same"
    helps = re.findall(r"help=\"([^\"]*)\"", source)
    assert [one for one in helps if not _CHINESE.search(one)] == []


@pytest.mark.parametrize(
    ("words", "english", "chinese"),
    [
        (["--clients", "x"], "argument --clients: invalid int value: 'x'", "参数 --clients：“x”不是整数"),
        (["--clients", "0"], "0 is less than 1", "0 小于 1"),
        (["--clients"], "argument --clients: expected one argument", "参数 --clients 需要一个值"),
        (["--seconds", "soon"], "argument --seconds: invalid float value: 'soon'", "参数 --seconds：“soon”不是数字"),
        (["--seconds", "nan"], "nan is not between 1 and 86400", "nan 不在 1 到 86400 之间"),
        (["--task", "no"], "invalid choice: 'no'", "参数 --task：“no”不可用，可选："),
        (["--json=1"], "ignored explicit argument '1'", "参数 --json 不带值"),
        (["--s", "3"], "ambiguous option: --s could match --seconds, --seeds", "不明确，可能是 --seconds, --seeds"),
        (["more"], "unrecognized arguments: more", "没有这样的参数：more"),
    ],
)
def test_what_is_wrong_with_a_measurements_arguments_is_said_in_both_languages(
    words: list[str], english: str, chinese: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = Arguments("/any/till.py", "How fast.\n\n多快。\n")
    parser.add_argument("--clients", type=whole(1))
    parser.add_argument("--seconds", type=duration)
    parser.add_argument("--seeds", type=whole(1))
    parser.add_argument("--task", choices=("chat", "listing"))
    parser.add_argument("--json", action="store_true")
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(words)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "usage: xinka bench till" in told
    assert english in told
    assert chinese in told
    assert "How fast. / 多快。" in parser.format_help()


def test_an_argument_that_is_missing_is_named_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    parser = Arguments("accounts.py", __doc__)
    parser.add_argument("--data", required=True)
    with pytest.raises(SystemExit):
        parser.parse_args([])
    assert "arguments are required: --data / 缺少参数 --data" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["till", "--clients", "x"], ["avatars", "--official", "x"]])
def test_the_command_hands_on_what_was_wrong(words: list[str]) -> None:
    command = [sys.executable, "-m", "xinka.config.cli", "bench", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "“x”不是整数" in done.stderr
    assert not done.stdout
