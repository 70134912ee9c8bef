"""Reads a pack from a file: a rule pack, or a plain list of terms that somebody brings along."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from xinka.engines.textguard.pack_files import PackError, read_yaml, shared_lists
from xinka.engines.textguard.packs import SHIPPED, TASKS, Pack, Rule, parse_pack
from xinka.engines.textguard.spellings import DEPTH, plain


def read_pack_file(file: Path) -> Pack:
    """Return the pack in a file: a rule pack in YAML, or a plain list of terms as a pack of one rule.

    A list may be one term a line, a YAML or JSON list, or JSON lines whose ``entities`` or ``terms`` are lists.

    Raises:
        PackError: it is neither, or holds nothing.
    """
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        english, chinese = (
            f"line {line} is not UTF-8; save the file as UTF-8",
            f"第 {line} 行不是 UTF-8，请另存为 UTF-8",
        )
        raise PackError(file.name, "", "", english, chinese) from None
    if file.suffix.lower() in {".yml", ".yaml"} and _is_meant_as_pack(read_yaml(text, file.name)):
        return parse_pack(text, file.name, shared_lists(SHIPPED))
    try:
        terms = listed_terms(text)
    except (msgspec.DecodeError, PackError, RecursionError) as error:
        raise PackError(file.name, "", "", f"not a list of terms ({error})", "不是词表") from None
    if terms is None:
        return parse_pack(text, file.name, shared_lists(SHIPPED))
    pack = term_pack(terms, file.stem)
    if not pack.rules[0].terms:
        raise PackError(file.name, "", "", "holds no terms; write one a line", "没有词，请每行写一个")
    return pack


def _is_meant_as_pack(data: object) -> bool:
    """Say whether what a file in YAML holds can only be a rule pack, however wrong: no list, text or list of terms."""
    return isinstance(data, dict) and not {"terms", "entities"}.issuperset(map(str, data))


def listed_terms(text: str) -> list[str] | None:
    """Return the terms of a plain list; None if the text is a mapping, as rule packs are.

    Raises:
        PackError, msgspec.DecodeError: it begins as YAML or JSON and is none.
        RecursionError: it is JSON nested thousands deep.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if lines and lines[0].startswith("{"):
        return _from_json_lines(lines)
    if any(re.match(r"(pack|rules|lists)\s*:", line) for line in lines):
        return None
    if lines and lines[0][0] in "[-":
        try:
            data = read_yaml(text, "")
        except PackError:
            return lines
        return [str(item) for item in data] if isinstance(data, list) else lines
    if lines and re.fullmatch(r"(terms|entities)\s*:.*", lines[0]):
        data = read_yaml(text, "terms")
        return [str(item) for items in data.values() if isinstance(items, list) for item in items]
    return lines


class _Terms(msgspec.Struct):
    """A line of a list of terms in JSON."""

    entities: list[str | int | float] | None = None
    terms: list[str | int | float] | None = None
    term: str | int | float | None = None


def _from_json_lines(lines: list[str]) -> list[str]:
    terms: dict[str, None] = {}
    decode = msgspec.json.Decoder(_Terms).decode
    try:
        records = [decode(line) for line in lines]
    except msgspec.DecodeError:
        records = [decode(" ".join(lines))]
    for record in records:
        terms.update(dict.fromkeys(map(str, (*(record.entities or ()), *(record.terms or ())))))
        if record.term is not None:
            terms[str(record.term)] = None
    return list(terms)


def term_pack(terms: Iterable[str], name: str = "terms") -> Pack:
    """Return a pack of one rule that looks for terms in every view, without intent or neighbours, for review."""
    plains = tuple(dict.fromkeys(t for t in map(plain, terms) if t))
    explain = {"zh": "“{term}”在词表中。", "en": "“{term}” is on the list of terms."}
    rule = Rule(
        id=f"{name}.terms",
        law=(),
        terms=plains,
        beside=(),
        needs_any=(),
        not_near=(),
        deepest=DEPTH["initials"],
        action="review",
        weight=0.9,
        tasks=frozenset(TASKS),
        reach=0,
        negatable=False,
        explain=explain,
        must_hit=(),
        must_pass=(),
    )
    return Pack(name, 1, {"zh": name, "en": name}, (rule,))
