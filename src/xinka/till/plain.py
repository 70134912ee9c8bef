"""A page that the till writes itself when nobody else can: a few words in both languages, legible on a telephone.

It needs nothing from anywhere: while Django is away there are no stylesheets either.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
from html import escape
from urllib.parse import urlsplit

from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.till.http import TEXT, Request, Response
from xinka.till.serving.heads import PRIVATE, SAFE, lines_of

_STYLE = (
    ":root{color-scheme:light dark}body{max-width:32rem;margin:15vh auto 0;padding:0 1.25rem;font:1.0625rem/1.6 "
    "system-ui,sans-serif;overflow-wrap:anywhere}p+p{opacity:.75}a{display:inline-block;padding:.75rem 1.25rem;"
    "border:1px solid;border-radius:.625rem;color:inherit;text-decoration:none}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_SAFE = [(name, _POLICY if name == "content-security-policy" else value) for name, value in SAFE]
_PAGE = lines_of([("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"), *_SAFE])
#: All who read the page do not ask again in the same moment.
_JITTER = 4

_ORDERS = "/order/"
#: What begins otherwise names another host to a browser, which reads a backslash like a slash (URL standard, 4.4).
_IN_THE_SHOP = re.compile(r"/(?![/\\])")
_RETRY = {"zh-hans": "再试一次", "en": "Retry"}
_BACK = {"zh-hans": "返回", "en": "Go back"}
_TO_ORDER = {"zh-hans": "回到这一单", "en": "Back to the order"}
#: Nobody knows how far a form came whose answer is lost.
_SENT = {
    "zh-hans": "刚才提交的内容可能已经生效，也可能没有：先返回看一眼，再决定要不要重新提交。",
    "en": "What you have just sent may have been done or not: go back and look before you send it again.",
}


def plain_page(  # noqa: PLR0913 - what it says, in two languages, and when to come back
    request: Request,
    status: int,
    zh: str,
    en: str,
    *,
    retry_after: int = 0,
    asks_again: bool = False,
    was_done: bool = True,
) -> Response:
    """Return words for whoever asked: a page for people, plain text for everything else.

    With ``asks_again`` a page that was only looked at asks again by itself after ``retry_after`` seconds. A form is
    never sent again: it leads back, and unless it is known that nothing ``was_done``, it says to look first.
    """
    later = [("retry-after", str(retry_after))] if retry_after else []
    if not wants_page(request):
        # What a script fetches for a part of a page must not be put in its place: the page says that it failed.
        stays = [("hx-reswap", "none")] if request.header("hx-request") else []
        return Response(status, f"{zh}\n{en}\n".encode(), [TEXT, *later, *stays], PRIVATE)
    is_looking = request.method in ("GET", "HEAD")
    texts = {"zh-hans": zh, "en": en}
    if not is_looking and was_done:
        texts = {language: f"{text} {_SENT[language]}" for language, text in texts.items()}
    address, words = ("", _RETRY) if is_looking else _way_back(request)
    again = retry_after + random.randint(0, _JITTER)  # noqa: S311 - spreads a crowd, keeps no secret
    refresh = f'<meta http-equiv="refresh" content="{again}">' if is_looking and asks_again else ""
    document = _document(request.language(), texts, address, words, refresh)
    return Response(status, document.encode(), later, _PAGE)


def _document(own: str, texts: dict[str, str], address: str, words: dict[str, str], more: str) -> str:
    """Return the page: the visitor's ``own`` language first."""
    languages = [own, *(language for language in texts if language != own)]
    body = "".join(f'<p lang="{_lang(one)}">{escape(texts[one])}</p>' for one in languages)
    link = f'<a href="{escape(address)}">{escape(" · ".join(words[one] for one in languages))}</a>'
    return (
        f'<!doctype html><html lang="{_lang(own)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">{more}'
        f"<title>{escape(texts[own])}</title><style>{_STYLE}</style></head><body>{body}{link}</body></html>"
    )


def wants_page(request: Request) -> bool:
    """Whether a browser asks for something to show to a person, not a script for a part of a page."""
    return "text/html" in request.header("accept") and not request.header("hx-request")


def _lang(language: str) -> str:
    return "zh-Hans" if language == "zh-hans" else language


def _way_back(request: Request) -> tuple[str, dict[str, str]]:
    """Return where a form leads back to: its order's page, the page it stood on, or the shop."""
    if request.path.startswith(_ORDERS):
        shown = request.path[len(_ORDERS) :].partition("/")[0]
        try:
            ids.parse("ord", shown)
        except BadIdentifier:
            return "/", _BACK
        return _ORDERS + shown, _TO_ORDER
    return _page_of(request) or "/", _BACK


def _page_of(request: Request) -> str:
    """Return the address within the shop of the page that a form stood on, if its browser says so legibly."""
    try:
        came_from = urlsplit(request.header("referer"))
    except ValueError:  # brackets around what is no address (RFC 3986, section 3.2.2)
        return ""
    if came_from.netloc != request.header("host") or not _IN_THE_SHOP.match(came_from.path):
        return ""
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")
