"""Finds the texts to translate, keeps the ``.po`` files in step with them, and compiles them, all in Python.

The texts themselves are English; every application keeps its Chinese beside its code, in ``locale/zh_Hans``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent
#: The application that keeps the texts of rooms which are no applications themselves.
FALLBACK = PACKAGE / "platform" / "look"
_PO = Path("locale") / "zh_Hans" / "LC_MESSAGES" / "django.po"
_TEMPLATES = {".html", ".txt", ".xml", ".svg"}
_KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), None),
    # Rooms that know no Django: what a failure is raised with, and what is marked in them.
    **dict.fromkeys(("ProviderError", "OutcomeUnknown", "NotOffered", "sentence"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w*)\}")
_HEADER = """msgid ""
msgstr ""
"Language: zh_Hans\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""

Key = tuple[str | None, str]


@dataclass(frozen=True)
class Text:
    """A text that the code asks a translation of."""

    context: str | None
    singular: str
    plural: str | None
    place: str

    @property
    def key(self) -> Key:
        """What gettext looks it up by."""
        return (self.context, self.singular)

    @property
    def id(self) -> str | tuple[str, str]:
        """The msgid as babel takes it."""
        return (self.singular, self.plural) if self.plural else self.singular


def applications(package: Path = PACKAGE) -> list[Path]:
    """Return the directories that keep translations: every one that is a Django application."""
    found = {path.parent for path in package.rglob("apps.py")} | {path.parent for path in package.rglob("templates")}
    return sorted(path for path in found if (path / "__init__.py").exists())


def _owner(path: Path, apps: list[Path]) -> Path:
    enclosing = [app for app in apps if app in path.parents]
    return max(enclosing, key=lambda app: len(app.parts), default=FALLBACK)


def _read(path: Path) -> bytes:
    """Return a source as Python: templates are turned into it by Django's own translator."""
    if path.suffix == ".py":
        return path.read_bytes()
    from django.utils.translation.template import templatize  # here, because only this chore needs Django's parser

    return str(templatize(path.read_text(encoding="utf-8"), origin=str(path))).encode()


def texts_in(path: Path) -> Iterator[Text]:
    """Yield the texts of one source file."""
    from babel.messages.extract import extract  # here, because babel's extractor is slow to import

    with_offset = extract("python", io.BytesIO(_read(path)), keywords=_KEYWORDS)
    for _line, message, _comments, context in with_offset:
        singular, plural = message if isinstance(message, tuple) else (message, None)
        yield Text(context, singular, plural, path.name)


def extract_all(package: Path = PACKAGE) -> dict[Path, dict[Key, Text]]:
    """Return each application's texts by their key."""
    apps = applications(package)
    found: dict[Path, dict[Key, Text]] = {app: {} for app in apps}
    for path in sorted(package.rglob("*")):
        is_source = path.suffix == ".py" or (path.suffix in _TEMPLATES and "templates" in path.parts)
        if is_source and "migrations" not in path.parts:
            texts = found.setdefault(_owner(path, apps), {})
            for text in texts_in(path):
                texts.setdefault(text.key, text)
    return found


def _catalogue(app: Path) -> Any:
    from babel.messages.catalog import Catalog  # here for the same reason as above
    from babel.messages.pofile import read_po

    path = app / _PO
    if not path.exists():
        return Catalog("zh_Hans")
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans", abort_invalid=True)


def _known(app: Path) -> dict[Key, Any]:
    messages = (message for message in _catalogue(app) if message.id)
    return {(m.context, m.id[0] if isinstance(m.id, tuple) else m.id): m for m in messages}


def update(package: Path = PACKAGE) -> list[Path]:
    """Bring every ``.po`` file in step with the sources; translations of texts that stayed are kept."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    written = []
    for app, texts in extract_all(package).items():
        if not texts:
            continue
        known, fresh = _known(app), Catalog("zh_Hans")
        for key, text in sorted(texts.items(), key=lambda item: (item[0][1], item[0][0] or "")):
            old = known.get(key)
            fresh.add(text.id, old.string if old else None, flags=old.flags if old else (), context=text.context)
        path = app / _PO
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(_HEADER.encode())
            write_po(file, fresh, width=110, no_location=True, omit_header=True)
        written.append(path)
    return written


def _strings(message: Any) -> list[str]:
    return list(message.string) if isinstance(message.string, (tuple, list)) else [message.string or ""]


def _faults_of(text: Text, message: Any) -> Iterator[str]:
    if message is None:
        yield f"missing: {text.singular!r} ({text.place})"
        return
    if "fuzzy" in message.flags:
        yield f"unsure (fuzzy): {text.singular!r}"
    for string in _strings(message):
        if not string.strip():
            yield f"not translated: {text.singular!r} ({text.place})"
        elif not _placeholders(string) <= _placeholders(text.singular) | _placeholders(text.plural or ""):
            yield f"unknown placeholder: {text.singular!r}"
        elif not text.plural and _placeholders(string) != _placeholders(text.singular):
            yield f"lost placeholder: {text.singular!r}"


def _placeholders(text: str) -> set[str]:
    return {found.group(0) for found in _PLACEHOLDER.finditer(text)}


def faults(package: Path = PACKAGE) -> list[str]:
    """Return what keeps the translations from being complete: missing, empty, unsure, stale, at odds."""
    found = []
    for app, texts in extract_all(package).items():
        name = app.relative_to(package.parent)
        known = _known(app)
        for key, text in sorted(texts.items(), key=lambda item: item[0][1]):
            found += [f"{name}: {fault}" for fault in _faults_of(text, known.get(key))]
        found += [f"{name}: stale: {key[1]!r}" for key in sorted(known.keys() - texts.keys(), key=str)]
    return found + list(_said_in_two_ways(package))


def _said_in_two_ways(package: Path) -> Iterator[str]:
    """Yield the texts that two applications translate differently: Django shows the first one's on every page."""
    said: dict[Key, tuple[Path, list[str]]] = {}
    for app in applications(package):
        for key, message in _known(app).items():
            strings = _strings(message)
            other, before = said.setdefault(key, (app, strings))
            if before != strings and all(before) and all(strings):
                where = app.relative_to(package.parent)
                yield f"{where}: said in two ways: {key[1]!r} is {strings[0]!r} here, {before[0]!r} in {other.name}"


def compile_stale(package: Path = PACKAGE) -> int:
    """Compile the ``.po`` files that are newer than their ``.mo``; return how many there were."""
    stale = []
    for source in package.rglob("*.po"):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            stale.append((source, target))
    if stale:
        from babel.messages.mofile import write_mo  # here, because mostly nothing is stale
        from babel.messages.pofile import read_po

        for source, target in stale:
            with source.open("rb") as file:
                catalogue = read_po(file, locale="zh_Hans")
            draft = target.with_suffix(".mo.new")
            with draft.open("wb") as file:
                write_mo(file, catalogue)
            draft.replace(target)
    return len(stale)
