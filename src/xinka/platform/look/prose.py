"""Merchants write Markdown; buyers see a few harmless tags of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_TAGS = {
    "p", "br", "strong", "em", "del", "ul", "ol", "li", "blockquote", "code", "pre", "h3", "h4", "hr", "a", "table",
    "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
#: A page has its own headings; a merchant's begin below them.
_LOWERED = {"h1": "h3", "h2": "h3", "h5": "h4", "h6": "h4"}


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt  # here, because only the first page with prose needs it

    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    return reader.disable(["image", "html_block", "html_inline"])


def prose(text: str) -> SafeString:
    """Return Markdown as HTML: no pictures, no raw HTML, links only to the web and without a referrer."""
    if not text.strip():
        return SafeString("")
    import nh3  # here for the same reason as above

    tokens = _reader().parse(text)
    for token in tokens:
        token.tag = _LOWERED.get(token.tag, token.tag)
    html = _reader().renderer.render(tokens, _reader().options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer nofollow ugc",
    )
    return mark_safe(clean)  # noqa: S308  # what nh3 lets through is exactly the list above
