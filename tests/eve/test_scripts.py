"""Scripts of ours make no markup out of texts and no code out of words, and leave nothing lying in the browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import xinka

SOURCE = Path(xinka.__file__).parent
SCRIPTS = sorted(one for one in SOURCE.rglob("*.js") if ".min." not in one.name and "sandbox" not in one.parts)
#: What makes markup or code of a text, talks to other windows, or keeps what outlives the session.
SINKS = re.compile(
    r"\.(?:inner|outer)HTML|insertAdjacentHTML|document\.write|srcdoc|createContextualFragment|\beval\(|new Function"
    r"|set(?:Timeout|Interval)\(\s*[\"'`]|postMessage|localStorage|indexedDB|serviceWorker|__proto__|window\.opener"
)


def test_they_are_all_looked_at() -> None:
    assert {"xinka.js", "shop.js", "desk.js", "accounts.js"} <= {one.name for one in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_has_none_of_what_makes_markup_or_code_of_texts(script: Path) -> None:
    assert SINKS.findall(script.read_text(encoding="utf-8")) == []


def test_no_template_holds_a_script_or_calls_one() -> None:
    inline = re.compile(r"<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:|hx-on|style=", re.IGNORECASE)
    data = re.compile(r"<script type=.application/(?:ld\+)?json")
    for page in sorted(SOURCE.rglob("templates/**/*.html")):
        if "mail" in page.parts or "sandbox" in page.parts:  # mail has neither; the sandbox is another site
            continue
        found = inline.findall(data.sub("", page.read_text(encoding="utf-8")))
        assert found == [], page.name
