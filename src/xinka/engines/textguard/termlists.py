"""Reads a pack from a file: a rule pack, or a plain list of terms that somebody brings along."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from xinka.engines.textguard.packs import SHIPPED, TASKS, Pack, PackError, Rule, parse_pack, shared_lists
from xinka.engines.textguard.spellings import DEPTH, plain


def read_pack_file(file: Path) -> Pack:
    """Return the pack in a file: a rule pack in YAML, or a plain list of terms as a pack of one rule.

    A list may be one term a line, a YAML or JSON list, or JSON lines whose ``entities`` or ``terms`` are lists.

    Raises:
        PackError: it is neither.
    """
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PackError(file.name, "", "", "not UTF-8", "不是 UTF-8 文本") from None
    terms = listed_terms(text)
    if terms is None:
        return parse_pack(text, file.name, shared_lists(SHIPPED))
    return term_pack(terms, file.stem)


def listed_terms(text: str) -> list[str] | None:
    """Return the terms of a plain list; None if the text is a mapping, as rule packs are."""
    import yaml  # only who brings a list waits for it

    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if lines and lines[0].startswith("{"):
        return _from_json_lines(lines)
    if any(re.match(r"(pack|rules|lists)\s*:", line) for line in lines):
        return None
    if lines and lines[0][0] in "[-":
        try:
            data = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - as above
        except yaml.YAMLError:
            return lines
        return [str(item) for item in data] if isinstance(data, list) else lines
    if lines and re.fullmatch(r"(terms|entities)\s*:.*", lines[0]):
        data = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - as above
        return [str(item) for items in data.values() if isinstance(items, list) for item in items]
    return lines


def _from_json_lines(lines: list[str]) -> list[str]:
    terms: dict[str, None] = {}
    decode = msgspec.json.Decoder().decode
    try:
        records = [decode(line) for line in lines]
    except msgspec.DecodeError:
        records = [decode(" ".join(lines))]
    for record in records:
        for field in ("entities", "terms"):
            terms.update(dict.fromkeys(map(str, record.get(field) or ())))
        if isinstance(record.get("term"), str):
            terms[record["term"]] = None
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
