"""``xinka guard text`` and ``xinka guard pack test``, as a person calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = "from xinka.config.cli import main; import sys; sys.exit(main())"


def xinka(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, encoding="utf-8")


def test_each_line_is_answered_and_a_wrong_one_is_named_without_losing_the_rest() -> None:
    lines = [
        json.dumps({"id": "a", "text": "出售QQ老号 加V：abc_12345"}),
        "nonsense",
        json.dumps({"id": "b"}),
        json.dumps({"id": "c", "text": "QQ会员月卡 官方直充"}),
    ]
    done = xinka("guard", "text", given="\n".join(lines))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(a["id"], a["decision"]) for a in answers] == [("a", "block"), ("c", "allow")]
    assert answers[0]["masks"] == [{"start": 10, "end": 19, "kind": "wechat"}]
    assert {"rule": "accounts.kinds", "start": 4, "end": 6, "view": "clean"} in answers[0]["hits"]
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("line 2 / 第 2 行: ")
    assert done.stderr.splitlines()[1].startswith("line 3 / 第 3 行: ")


def test_a_pack_of_ones_own_is_a_list_of_terms(tmp_path: Path) -> None:
    pack = tmp_path / "own.txt"
    pack.write_text("紫色河马\n", encoding="utf-8")
    given = json.dumps({"id": 1, "text": "看，子色 河马"})
    answer = json.loads(xinka("guard", "text", "--task", "chat", "--pack", str(pack), "--explain", given=given).stdout)
    assert answer["hits"] == [{"rule": "own.terms", "start": 2, "end": 7, "view": "pinyin"}]
    assert answer["decision"] == "review"


def test_the_shipped_examples_are_run() -> None:
    done = xinka("guard", "pack", "test")
    assert done.returncode == 0
    assert done.stdout.endswith("0 failed / 失败 0 条\n")


def test_a_broken_pack_is_refused_with_its_place(tmp_path: Path) -> None:
    pack = tmp_path / "mine.yml"
    pack.write_text("pack: mine\nversion: 1\ntitle: {zh: 我, en: Me}\nrules: []\n", encoding="utf-8")
    done = xinka("guard", "pack", "test", str(pack))
    assert done.returncode == 1
    assert "mine.yml · rules: must list at least one rule / 至少要有一条规则" in done.stderr
