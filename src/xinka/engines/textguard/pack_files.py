"""Reads the YAML that packs and lists are written in, and refuses what is none by file and place."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

#: A pack nests five deep; far deeper files would take the loader's stack, and the process, down.
_DEEPEST_YAML = 50


class PackError(ValueError):
    """A pack cannot be used; the message names file, rule and field, in both languages."""

    def __init__(self, file: str, rule: str, field: str, english: str, chinese: str) -> None:
        place = " · ".join(part for part in (file, rule, field) if part)
        super().__init__(f"{place}: {english} / {chinese}")
        self.file, self.rule, self.field = file, rule, field


def read_yaml(content: bytes | str, file: str) -> Any:
    """Return what a YAML text holds.

    Raises:
        PackError: it is no YAML, or nested too deep.
    """
    import yaml  # packs that were read before do not wait for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if _is_too_deep(yaml.parse(content, loader)):
            english = f"nested more than {_DEEPEST_YAML} deep; look for a bracket or dash too many"
            raise PackError(file, "", "", english, f"嵌套超过 {_DEEPEST_YAML} 层，请检查是否多了括号或短横线")
        return yaml.load(content, loader)  # noqa: S506 - both are the safe loader
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())[:200]
        raise PackError(file, "", "", f"not YAML ({said})", "不是有效的 YAML") from None


def _is_too_deep(events: Iterable[Any]) -> bool:
    """Say whether a YAML text nests too deep; its events come one after the other, however deep that is."""
    depth = 0
    for event in events:
        depth += _NESTING.get(type(event).__name__, 0)
        if depth > _DEEPEST_YAML:
            return True
    return False


_NESTING = {"SequenceStartEvent": 1, "MappingStartEvent": 1, "SequenceEndEvent": -1, "MappingEndEvent": -1}


def shared_lists(folder: Path) -> dict[str, list[str]]:
    """Return the lists that all packs of a folder may use (``lists.yml``); none if there is no such file."""
    place = folder / "lists.yml"
    if not place.is_file():
        return {}
    data = read_yaml(place.read_bytes(), place.name)
    if not isinstance(data, dict) or not all(isinstance(v, list) for v in data.values()):
        raise PackError(place.name, "", "", "must map names to lists of texts", "必须是“名称: 文本列表”")
    return {name: [str(item) for item in items] for name, items in data.items()}
