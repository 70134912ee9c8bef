"""Pages stay light, and no template has style or script of its own."""

from __future__ import annotations

import re
from pathlib import Path

import brotli
import pytest
from django.test import Client

import xinka

_PACKAGE = Path(xinka.__file__).parent
_STATIC = _PACKAGE / "platform" / "look" / "static" / "xinka"
#: Every page; letters are no pages (mail programs read no style sheets, so they carry their looks in attributes).
_TEMPLATES = sorted(path for path in _PACKAGE.rglob("*.html") if "templates" in path.parts and "mail" not in path.parts)
#: Attributes and elements that the Content-Security-Policy would block.
_FORBIDDEN = re.compile(r"\sstyle\s*=|\son[a-z]+\s*=|<style|<script(?![^>]*\ssrc=)|javascript:|\shx-on", re.IGNORECASE)


def _sent(content: bytes) -> int:
    return len(brotli.compress(content, quality=5))


def test_a_first_visit_is_at_most_60_kilobytes(site: Client) -> None:
    page = site.get("/page").content
    assets = {name: _sent((_STATIC / name).read_bytes()) for name in _assets(page)}
    assert {"xinka.css", "xinka.js"} <= set(assets)
    with_htmx = assets | {"htmx.min.js": _sent((_STATIC / "htmx.min.js").read_bytes())}
    assert _sent(page) + sum(with_htmx.values()) <= 60_000


def _assets(page: bytes) -> set[str]:
    return {name.decode() for name in re.findall(rb"/static/xinka/([\w.]+)", page)}


@pytest.mark.parametrize(("name", "most"), [("xinka.js", 8_000), ("trade.js", 8_000), ("xinka.css", 40_000)])
def test_our_own_files_keep_their_budget(name: str, most: int) -> None:
    assert len((_STATIC / name).read_bytes()) <= most


def test_the_page_asks_no_other_site_for_anything(site: Client) -> None:
    page = site.get("/page").content.decode()
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)


@pytest.mark.parametrize("path", _TEMPLATES, ids=lambda path: str(path.relative_to(_PACKAGE)))
def test_a_template_has_no_style_and_no_script_of_its_own(path: Path) -> None:
    assert not _FORBIDDEN.findall(re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "bad",
    ['<p style="x">', "<b onclick=x>", "<script>x</script>", "<style>", '<a href="javascript:x">', "<i hx-on:click=x>"],
)
def test_the_search_above_finds_what_it_looks_for(bad: str) -> None:
    assert _FORBIDDEN.search(bad)


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z]+)"', (_STATIC / "sprite.svg").read_text(encoding="utf-8")))
    named = {
        name
        for path in _TEMPLATES
        for name in re.findall(r'(?:\{% icon |\bicon=)"([a-z]+)"', path.read_text(encoding="utf-8"))
    }
    assert named - drawn == set()
