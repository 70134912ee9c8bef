"""``xinka guard text`` and ``xinka guard pack test``, as a person calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from xinka.engines.guard import guard

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
    assert done.returncode == 2
    assert "mine.yml · rules: must list at least one rule / 至少要有一条规则" in done.stderr


def test_what_the_caller_knows_is_read_or_refused_by_name() -> None:
    written = [{"id": 1, "text": "你好", "context": known} for known in ("new", {"new_sellr": True}, {"qr": "no"})]
    fine = {"id": 4, "text": "你好", "context": {"new_seller": True, "qr": False}}
    done = xinka("guard", "text", given="\n".join(map(json.dumps, [*written, fine, {**fine, "context": None}])))
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [4, 4]
    told = done.stderr.splitlines()
    assert told[0].endswith("`context` must be an object / 字段 context 必须是对象")
    assert "`context` does not know `new_sellr`; it knows new_seller, contact, price_bait, qr" in told[1]
    assert told[2].endswith("`context.qr` must be true or false / context.qr 必须是 true 或 false")


def test_two_rules_of_one_name_are_refused_before_anything_is_judged(tmp_path: Path) -> None:
    pack = tmp_path / "again.yml"
    rule = (
        "{id: cheats.strong, terms: [紫色河马], explain: {zh: 词, en: word}, must_hit: [紫色河马], must_pass: [河马]}"
    )
    pack.write_text(f"pack: again\nversion: 1\ntitle: {{zh: 我, en: Me}}\nrules:\n- {rule}\n", encoding="utf-8")
    done = xinka("guard", "text", "--pack", str(pack), given=json.dumps({"id": 1, "text": "河马"}))
    assert (done.returncode, done.stdout) == (2, "")
    assert "again · cheats.strong · id: is used twice / 规则编号重复" in done.stderr


@pytest.mark.parametrize("command", ["accounts", "prices"])
@pytest.mark.parametrize("figure", ["[1]", "{}", "1" + "0" * 400, "true" * 2, '"many"'])
def test_figures_of_a_wrong_kind_are_named_and_the_rest_is_answered(command: str, figure: str) -> None:
    fine = {"id": 2, "posts": 3, "product": "a", "seller": "b", "price": 1}
    given = f'{{"id": 1, "posts": {figure}, "product": "a", "seller": "b", "price": {figure}}}\n{json.dumps(fine)}'
    result = CliRunner().invoke(guard, [command], input=given)
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [2]
    assert result.stderr.startswith("line 1 / 第 1 行: ")
    assert result.exit_code == 1
