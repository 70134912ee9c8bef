"""Rule packs: what must not be sold or said, as data that anybody can read, check and change (YAML)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import msgspec

from xinka.engines.textguard.pack_files import PackError, read_yaml, shared_lists
from xinka.engines.textguard.prepared import prepared
from xinka.engines.textguard.spellings import DEPTH, plain

SHIPPED = Path(__file__).parent / "packs"
ACTIONS = ("block", "review")
TASKS = ("listing", "chat")
#: An expression may stand for so many terms.
_MOST_TERMS = 5_000
_RULE_FIELDS = frozenset(
    [
        "id",
        "law",
        "terms",
        "beside",
        "needs_any",
        "not_near",
        "deepest",
        "action",
        "weight",
        "tasks",
        "reach",
        "explain",
        "must_hit",
        "must_pass",
        "negatable",
    ]
)
_PACK_FIELDS = frozenset(("pack", "version", "title", "weighed", "lists", "rules"))
_GROUP = re.compile(r"\(([^()]*)\)|\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is forbidden: by which law, in which words, with which intent, next to what it is lawful."""

    id: str
    law: tuple[str, ...]
    terms: tuple[str, ...]
    beside: tuple[str, ...]
    needs_any: tuple[str, ...]
    not_near: tuple[str, ...]
    deepest: int
    action: str
    weight: float
    tasks: frozenset[str]
    reach: int
    negatable: bool
    explain: Mapping[str, str]
    must_hit: tuple[str, ...]
    must_pass: tuple[str, ...]
    weighed: bool = False  # its hits are weighed against the model, where there is one; others stand as they are


@dataclass(frozen=True, slots=True)
class Pack:
    """Rules that belong together, with a version that decisions are filed under."""

    name: str
    version: int
    title: Mapping[str, str]
    rules: tuple[Rule, ...]


class _Reader:
    """Reads one pack and says exactly where it is wrong."""

    def __init__(self, file: str, lists: Mapping[str, list[str]]) -> None:
        self._file, self._rule, self._weighed = file, "", False
        self._lists: dict[str, Sequence[str]] = dict(lists)

    def wrong(self, field: str, english: str, chinese: str) -> PackError:
        return PackError(self._file, self._rule, field, english, chinese)

    def pack(self, data: Any) -> Pack:
        if not isinstance(data, dict):
            raise self.wrong(
                "", "a pack is a mapping with `pack`, `version`, `rules`", "规则包必须包含 pack、version、rules"
            )
        self._only(data, _PACK_FIELDS)
        own = data.get("lists", {})
        if not isinstance(own, dict):
            raise self.wrong("lists", "must map names to texts", "必须是“名称: 文本列表”")
        for name in own:
            self._lists[name] = self.texts(own, name)
        version = data.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise self.wrong("version", "must be a whole number from 1", "必须是从 1 开始的整数")
        self._weighed = self._switch(data, "weighed", default=False)
        rules = data.get("rules")
        if not isinstance(rules, list) or not rules:
            raise self.wrong("rules", "must list at least one rule", "至少要有一条规则")
        return Pack(self.text(data, "pack"), version, self.words(data, "title"), tuple(self.rule(r) for r in rules))

    def rule(self, data: Any) -> Rule:
        if not isinstance(data, dict) or not isinstance(data.get("id"), str):
            raise self.wrong("id", "each rule is a mapping with an `id`", "每条规则都必须有 id")
        self._rule = data["id"]
        self._only(data, _RULE_FIELDS)
        action = data.get("action", "review")
        deepest, tasks = data.get("deepest", "swapped"), data.get("tasks", list(TASKS))
        if action not in ACTIONS:
            raise self.wrong("action", f"must be one of {', '.join(ACTIONS)}", "只能是 block 或 review")
        if not isinstance(deepest, str) or deepest not in DEPTH:
            raise self.wrong("deepest", f"must be one of {', '.join(DEPTH)}", f"只能是 {'、'.join(DEPTH)} 之一")
        if not isinstance(tasks, list) or not tasks or not all(task in TASKS for task in tasks):
            raise self.wrong("tasks", "must list listing, chat or both", "只能包含 listing、chat")
        return Rule(
            id=self._rule,
            law=self.texts(data, "law"),
            terms=self.expressions(data, "terms", required=True),
            beside=self.expressions(data, "beside"),
            needs_any=self.expressions(data, "needs_any"),
            not_near=self.expressions(data, "not_near"),
            deepest=DEPTH[deepest],
            action=action,
            weight=self._number(data, "weight", 0.6, 1.0),
            tasks=frozenset(tasks),
            reach=int(self._number(data, "reach", 24, 200)),
            negatable=self._switch(data, "negatable", default=True),
            explain=self.words(data, "explain"),
            must_hit=self.texts(data, "must_hit", required=True),
            must_pass=self.texts(data, "must_pass", required=True),
            weighed=self._weighed,
        )

    def _only(self, data: dict[Any, Any], known: frozenset[str]) -> None:
        for field in data:
            if field not in known:
                raise self.wrong(str(field), f"is no known field; known: {', '.join(sorted(known))}", "是未知字段")

    def _number(self, data: dict[str, Any], field: str, default: float, most: float) -> float:
        value = data.get(field, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= most:
            raise self.wrong(field, f"must be a number above 0, at most {most:g}", f"必须大于 0 且不超过 {most:g}")
        return value

    def _switch(self, data: dict[str, Any], field: str, *, default: bool) -> bool:
        value = data.get(field, default)
        if not isinstance(value, bool):
            raise self.wrong(field, "must be true or false", "必须是 true 或 false")
        return value

    def text(self, data: dict[str, Any], field: str) -> str:
        value = data.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(field, "must be a text", "必须是文本")
        return value

    def words(self, data: dict[str, Any], field: str) -> dict[str, str]:
        value = data.get(field)
        if (
            not isinstance(value, dict)
            or set(value) != {"zh", "en"}
            or not all(isinstance(v, str) for v in value.values())
        ):
            raise self.wrong(field, "must have a text `zh` and a text `en`", "必须同时有 zh 与 en 文本")
        return value

    def texts(self, data: dict[str, Any], field: str, required: bool = False) -> tuple[str, ...]:
        value = data.get(field, [])
        if not isinstance(value, list) or (required and not value):
            raise self.wrong(field, "must be a list of texts", "必须是文本列表")
        for item in value:
            if not isinstance(item, str) or not item.strip():
                raise self.wrong(field, f"{item!r} is no text; put quotes round it", f"{item!r} 不是文本，请加引号")
        return tuple(value)

    def expressions(self, data: dict[str, Any], field: str, required: bool = False) -> tuple[str, ...]:
        """Return every term that a list of expressions stands for: ``(a|b)c`` is two, ``{name}`` any of a list."""
        found: dict[str, None] = {}
        for expression in self.texts(data, field, required):
            found.update(dict.fromkeys(self._expand(field, expression)))
            self._not_too_many(field, len(found))
        return tuple(found)

    def _not_too_many(self, field: str, count: int) -> None:
        if count > _MOST_TERMS:
            raise self.wrong(field, f"stands for more than {_MOST_TERMS} terms", f"展开后超过 {_MOST_TERMS} 个词")

    def _listed(self, field: str, word: str) -> Sequence[str]:
        """Return the texts of a list for its ``{name}``, any other word as it is."""
        if not (word.startswith("{") and word.endswith("}")):
            return [word]
        if word[1:-1] not in self._lists:
            raise self.wrong(field, f"there is no list {word}", f"没有名为 {word} 的列表")
        return self._lists[word[1:-1]]

    def _expand(self, field: str, expression: str) -> Iterable[str]:
        pieces: list[list[str]] = []
        at = 0
        for match in _GROUP.finditer(expression):
            pieces.append([expression[at : match.start()]])
            group = match[0] if match[1] is None else match[1]
            pieces.append([way for word in group.split("|") for way in self._listed(field, word)])
            at = match.end()
        pieces.append([expression[at:]])
        self._not_too_many(field, prod(map(len, pieces)))  # before they are made: each group multiplies them
        terms = [plain("".join(way)) for way in product(*pieces)]
        if not all(terms):
            raise self.wrong(field, f"{expression!r} holds nothing to look for", f"{expression!r} 没有可匹配的文字")
        return terms


def parse_pack(content: bytes | str, file: str, lists: Mapping[str, list[str]] | None = None) -> Pack:
    """Return the pack that a YAML text holds.

    Raises:
        PackError: it is no YAML, or a field is missing or wrong.
    """
    return _Reader(file, lists or {}).pack(read_yaml(content, file))


def load_packs(folder: Path = SHIPPED) -> tuple[Pack, ...]:
    """Return every pack of a folder, in the order of file names.

    Raises:
        PackError: one cannot be used, two rules have the same id, or there is no pack, so that nothing would be found.
    """
    files = [(file.name, file.read_bytes()) for file in sorted(folder.glob("*.yml"))]
    if not any(name != "lists.yml" for name, _ in files):
        raise PackError(folder.name, "", "", "holds no pack (*.yml)", "里没有规则包（*.yml）")
    kept = prepared(
        "packs", msgspec.msgpack.encode(files), lambda: msgspec.msgpack.encode(_parsed(files, shared_lists(folder)))
    )
    return msgspec.msgpack.decode(kept, type=tuple[Pack, ...])


def _parsed(files: Iterable[tuple[str, bytes]], lists: Mapping[str, list[str]]) -> tuple[Pack, ...]:
    return with_ids_once(tuple(parse_pack(content, name, lists) for name, content in files if name != "lists.yml"))


def with_ids_once(packs: tuple[Pack, ...]) -> tuple[Pack, ...]:
    """Return the packs.

    Raises:
        PackError: two rules have the same id, so that nobody could tell which of them a decision names.
    """
    seen: set[str] = set()
    for pack in packs:
        for rule in pack.rules:
            if rule.id in seen:
                raise PackError(pack.name, rule.id, "id", "is used twice", "规则编号重复")
            seen.add(rule.id)
    return packs
