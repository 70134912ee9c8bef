"""Walks through the site as a person does, from page to page by their links, and looks at what each page holds."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve

#: Of one kind of page so many are looked at: the others differ by their numbers alone.
_OF_A_KIND = 2
_NOT_FOLLOWED = ("/sandbox/", "/static/", "/look/", "/account/logout/")


@dataclass
class Form:
    """A form that a page offers: where it is sent, and what each of its fields may say, what it says now first."""

    action: str
    method: str = "get"
    fields: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


class Parsed(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self._select: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag."""
        named = {name: value or "" for name, value in attrs}
        self.tags.append((tag, named))
        if tag == "form":
            self.forms.append(Form(named.get("action", ""), named.get("method", "get").lower()))
        elif self.forms and tag in {"input", "textarea", "select", "button"} and named.get("name"):
            values = self.forms[-1].fields.setdefault(named["name"], [])
            self.forms[-1].kinds[named["name"]] = named.get("type", tag)
            self._select = values if tag == "select" else None
            if tag in {"input", "button"}:
                values.append(named.get("value", "on" if named.get("type") == "checkbox" else ""))
        elif tag == "option" and self._select is not None:
            self._select.insert(0 if "selected" in named else len(self._select), named.get("value", ""))

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return [named["href"] for tag, named in self.tags if tag == "a" and "href" in named]


def walk(browser: Client, *starts: str) -> Iterator[tuple[str, HttpResponse]]:
    """Yield every page that can be reached by links, a few of each kind."""
    waiting, seen, kinds = deque(starts), set(starts), Counter[str]()
    while waiting:
        path = waiting.popleft()
        kind = _kind(path)
        kinds[kind] += 1
        if not kind or kinds[kind] > _OF_A_KIND:
            continue
        answer = browser.get(path, follow=True)
        yield path, answer
        if not answer.get("Content-Type", "").startswith("text/html"):
            continue
        here = answer.redirect_chain[-1][0] if answer.redirect_chain else path
        for link in Parsed(answer.content.decode()).links:
            there = urldefrag(urljoin(here, link)).url
            if there.startswith("/") and not there.startswith(_NOT_FOLLOWED) and there not in seen:
                seen.add(there)
                waiting.append(there)


def _kind(path: str) -> str:
    """Return what a page is one of: its name, and which of its questions are asked."""
    parts = urlsplit(path)
    try:
        found = resolve(parts.path)
    except Resolver404:
        return ""
    return f"{found.view_name}?{'&'.join(sorted(one.partition('=')[0] for one in parts.query.split('&')))}"


def body(answer: HttpResponse) -> str:
    """Return the whole of an answer as text."""
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return whole.decode("utf-8", "replace")
