"""Rule packs are data: each example holds, each mistake is named, a change takes effect without a restart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xinka.engines.textguard.examples import check_examples
from xinka.engines.textguard.pack_files import PackError
from xinka.engines.textguard.packs import load_packs, parse_pack
from xinka.engines.textguard.reloading import LiveGuard
from xinka.engines.textguard.termlists import listed_terms, read_pack_file

PACK = """
pack: tea
version: 3
title: {zh: 茶, en: Tea}
lists: {leaf: [普洱, 龙井]}
rules:
  - id: tea.fake
    law: [食品安全法]
    terms: ["假({leaf}|茶叶)"]
    needs_any: [出售]
    not_near: [打假]
    explain: {zh: 假茶, en: False tea}
    must_hit: [出售假茶叶]
    must_pass: [出售茶叶]
"""


def test_every_example_of_every_shipped_rule_holds() -> None:
    n_examples, failures = check_examples(load_packs())
    assert failures == []
    assert n_examples >= 200


def test_a_failing_example_is_named() -> None:
    pack = parse_pack(PACK.replace("must_pass: [出售茶叶]", "must_pass: [出售假茶叶]"), "tea.yml")
    _, failures = check_examples([pack])
    assert failures == ["tea · tea.fake: '出售假茶叶' must pass, tea.fake hits '假茶叶' / 不应命中"]


def test_an_expression_stands_for_all_its_terms() -> None:
    [rule] = parse_pack(PACK.replace("({leaf}|茶叶)", "{leaf}(茶|)"), "tea.yml").rules
    assert rule.terms == ("假普洱茶", "假普洱", "假龙井茶", "假龙井")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("version: 3", "version: new", "tea.yml · version"),
        ("needs_any: [出售]", "needs: [出售]", "tea.yml · tea.fake · needs"),
        ("needs_any: [出售]", "needs_any: [5]", "tea.yml · tea.fake · needs_any"),
        ("terms: [", "action: burn\n    terms: [", "tea.yml · tea.fake · action"),
        ("terms: [", "deepest: hell\n    terms: [", "tea.yml · tea.fake · deepest"),
        ("{leaf}", "{leaves}", "tea.yml · tea.fake · terms"),
        ("explain: {zh: 假茶, en: False tea}", "explain: {zh: 假茶}", "tea.yml · tea.fake · explain"),
        ("must_hit: [出售假茶叶]", "must_hit: []", "tea.yml · tea.fake · must_hit"),
        ("pack: tea", "pack: [", "tea.yml"),
        ("terms: [", "deepest: [pinyin]\n    terms: [", "tea.yml · tea.fake · deepest"),
        ("terms: [", "tasks: [[chat]]\n    terms: [", "tea.yml · tea.fake · tasks"),
        ("terms: [", "negatable: never\n    terms: [", "tea.yml · tea.fake · negatable"),
        ("version: 3", "version: 3\nweighed: perhaps", "tea.yml · weighed"),
        ("terms: [", f"terms: [{'(a|b|c|d)' * 40}, ", "tea.yml · tea.fake · terms"),
    ],
)
def test_a_mistake_is_named_by_file_rule_and_field_in_both_languages(old: str, new: str, place: str) -> None:
    assert old in PACK
    with pytest.raises(PackError) as refusal:
        parse_pack(PACK.replace(old, new), "tea.yml")
    assert str(refusal.value).startswith(place + ": ")
    assert " / " in str(refusal.value)


@pytest.mark.parametrize(
    "deep",
    [
        "pack: tea\nrules: " + "[" * 60_000 + "]" * 60_000,
        "pack: tea\nrules: " + "{a: " * 60_000 + "}" * 60_000,
        "pack: tea\nrules:\n" + "- " * 60_000 + "x",
        "terms: " + "[" * 60_000 + "]" * 60_000,
        '{"terms": [], "more": ' + "[" * 60_000 + "]" * 60_000 + "}",
    ],
)
def test_a_file_nested_thousands_deep_is_refused_and_takes_nobody_down(deep: str, tmp_path: Path) -> None:
    file = tmp_path / "deep.yml"
    file.write_text(deep, encoding="utf-8")
    with pytest.raises(PackError, match=r"^deep\.yml: .* / "):
        read_pack_file(file)


def test_a_changed_pack_takes_effect_and_a_broken_one_leaves_the_old_in_force(tmp_path: Path) -> None:
    file = tmp_path / "tea.yml"
    file.write_text(PACK, encoding="utf-8")
    now = [0.0]
    live = LiveGuard(tmp_path, clock=lambda: now[0])
    assert [h.rule.id for h in live.guard.judge("出售假龙井").hits] == ["tea.fake"]
    file.write_text(PACK.replace("龙井", "毛尖绿茶"), encoding="utf-8")
    assert live.guard.judge("出售假毛尖绿茶").hits == ()  # not yet looked at
    now[0] = 5.0
    assert [h.rule.id for h in live.guard.judge("出售假毛尖绿茶").hits] == ["tea.fake"]
    file.write_text("pack: tea\nversion: none at all", encoding="utf-8")
    now[0] = 10.0
    assert [h.rule.id for h in live.guard.judge("出售假毛尖绿茶").hits] == ["tea.fake"]
    assert live.problem.startswith("tea.yml · version: ")
    file.write_text(PACK, encoding="utf-8")
    now[0] = 15.0
    assert [h.rule.id for h in live.guard.judge("出售假龙井").hits] == ["tea.fake"]
    assert live.problem == ""


@pytest.mark.parametrize(
    "written",
    [
        "舔狗\n黑人\n",
        "# our list\n舔狗\n黑人",
        "[舔狗, 黑人]",
        "- 舔狗\n- 黑人\n",
        "terms: [舔狗, 黑人]",
        '["舔狗", "黑人"]',
        '{"terms": ["舔狗", "黑人"]}',
        '{"text": "x", "entities": ["舔狗"]}\n{"text": "y", "entities": ["黑人"]}\n',
    ],
)
def test_a_plain_list_of_terms_is_a_pack(written: str, tmp_path: Path) -> None:
    assert listed_terms(written) == ["舔狗", "黑人"]
    file = tmp_path / "mine.txt"
    file.write_text(written, encoding="utf-8")
    [rule] = read_pack_file(file).rules
    assert (rule.id, rule.terms, rule.action) == ("mine.terms", ("舔狗", "黑人"), "review")


@pytest.mark.parametrize(
    "written", ['{"terms": [', '{"terms": 5}', '{"terms": ["a"]}\n[1]', "terms: [a\n- b", "", "# none\n", "！！"]
)
def test_a_list_that_cannot_be_read_or_holds_nothing_is_refused_by_name(written: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text(written, encoding="utf-8")
    with pytest.raises(PackError, match=r"^mine\.txt: .+ / .+"):
        read_pack_file(file)


@pytest.mark.parametrize("harm", ["lists: [", "lists", None])
def test_whatever_happens_to_the_lists_of_a_folder_the_old_rules_stay_in_force(
    harm: str | None, tmp_path: Path
) -> None:
    (tmp_path / "tea.yml").write_text(PACK, encoding="utf-8")
    now = [0.0]
    live = LiveGuard(tmp_path, clock=lambda: now[0])
    if harm is None:
        (tmp_path / "lists.yml").mkdir()  # there, and not to be read
    else:
        (tmp_path / "lists.yml").write_text(harm, encoding="utf-8")
    now[0] = 5.0
    assert [h.rule.id for h in live.guard.judge("出售假龙井").hits] == ["tea.fake"]
    assert "lists.yml" in live.problem


def test_a_folder_without_a_pack_is_refused_and_an_emptied_one_leaves_the_old_rules_in_force(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"holds no pack \(\*\.yml\) / 里没有规则包"):
        LiveGuard(tmp_path / "misspelt")
    (tmp_path / "tea.yml").write_text(PACK, encoding="utf-8")
    now = [0.0]
    live = LiveGuard(tmp_path, clock=lambda: now[0])
    (tmp_path / "tea.yml").unlink()
    now[0] = 5.0
    assert [h.rule.id for h in live.guard.judge("出售假龙井").hits] == ["tea.fake"]
    assert "holds no pack" in live.problem


@pytest.mark.parametrize(
    ("name", "written", "told"),
    [
        ("broken.yml", b"id: x\n  bad: [", "broken.yml: not YAML"),
        ("other.yaml", b"id: x\nterms: [a]\n", "other.yaml"),
        ("words.txt", "加微信\n私聊\n".encode() + "老号\n".encode("gbk"), "words.txt: line 3 is not UTF-8"),
    ],
)
def test_a_pack_with_a_fault_is_not_taken_for_a_list_of_words(
    name: str, written: bytes, told: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(written)
    with pytest.raises(PackError, match=re.escape(told)) as refusal:
        read_pack_file(tmp_path / name)
    assert re.search("[\u4e00-\u9fff]", str(refusal.value))


@pytest.mark.parametrize("written", ["- 加微信\n- 私聊\n", "terms: [加微信, 私聊]\n", "加微信\n私聊\n"])
def test_a_list_of_words_may_be_in_a_file_of_yaml(written: str, tmp_path: Path) -> None:
    (tmp_path / "words.yml").write_text(written, encoding="utf-8")
    [rule] = read_pack_file(tmp_path / "words.yml").rules
    assert rule.terms == ("加微信", "私聊")
