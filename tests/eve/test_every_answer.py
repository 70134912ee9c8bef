"""What holds for the answer of every address there is: where it may lead, what it must carry, whom it believes."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client

from tests import cast
from tests.eve.addresses import Address, every_address
from tests.eve.walking import Parsed

pytestmark = pytest.mark.django_db

EVIL = "evil.example"
#: Ways to write another site that some part of a browser or a library takes for one (WHATWG URL, 4.4).
ELSEWHERE = (
    f"https://{EVIL}/",
    f"//{EVIL}",
    f"/\\{EVIL}",
    f"/\t/{EVIL}",
    f"https:{EVIL}",
    f"javascript:location='//{EVIL}'",
    f"/%0d%0aLocation:https://{EVIL}",
    f"/\r\nX-Evil: {EVIL}",
)
#: Names under which pages of this shop, or of any, are told where to go next.
NAMES = ("next", "to", "back", "url", "return", "return_to", "redirect", "continue", "from", "came", "page")
ONES_OWN_COOKIES = {"xk_lang", "xk_theme", "xk_keys"}


def browsers() -> dict[str, Client]:
    """Return the browser of a guest, and of somebody who may do whatever anybody may."""
    shop = cast.adas_shop()
    user = shop.memberships.get(role="owner").user
    user.is_staff, user.staff_roles = True, ["operator"]
    user.save()
    everybody = Client()
    everybody.force_login(user)
    return {"guest": Client(), "everybody": cast.proved(everybody)}


def answers(browser: Client, query: str = "", **headers: str) -> Iterator[tuple[Address, HttpResponse]]:
    for one in every_address():
        if one.name != "account_logout":
            yield one, browser.get(f"{one.path}{query}", headers=headers)


def leads_out(answer: HttpResponse) -> list[str]:
    """Return the places of an answer that lead a browser, or its form, to Eve."""
    told = [answer.get("Location", ""), answer.get("Refresh", ""), answer.get("HX-Redirect", "")]
    found = [place for place in told if _is_elsewhere(place)]
    if answer.get("Content-Type", "").startswith("text/html"):
        for tag, named in Parsed(answer.content.decode()).tags:
            found += [
                f"<{tag}> {named[name]}" for name in ("href", "action", "src") if _is_elsewhere(named.get(name, ""))
            ]
    return found


def _is_elsewhere(address: str) -> bool:
    plain = "".join(char for char in address if ord(char) > 32).replace("\\", "/")
    return plain.startswith(("javascript:", f"https:{EVIL}")) or EVIL in urlsplit(plain).netloc


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_no_address_sends_anybody_to_another_site(elsewhere: str) -> None:
    query = "?" + "&".join(f"{name}={quote(elsewhere, safe='')}" for name in NAMES)
    for who, browser in browsers().items():
        for one, answer in answers(browser, query, referer=f"https://{EVIL}/page"):
            assert leads_out(answer) == [], (who, one.name)
            assert "X-Evil" not in answer, (who, one.name)


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_no_form_sends_anybody_to_another_site(elsewhere: str) -> None:
    told = dict.fromkeys(NAMES, elsewhere)
    user = cast.person("cy@example.com")
    forms = {
        "/look/language": {"language": "en"},
        "/look/theme": {"theme": "dark"},
        "/account/login/": {"login": user.email, "password": cast.PASSWORD},
        "/account/logout/": {},
    }
    for path, form in forms.items():
        answer = Client().post(path, {**form, **told}, headers={"referer": f"https://{EVIL}/page"})
        assert answer.status_code in {302, 303}, path
        assert leads_out(answer) == [], path
    browser = Client()
    browser.force_login(user)
    answer = browser.post("/account/reauthenticate/", {"password": cast.PASSWORD, **told})
    assert answer.status_code == 302
    assert leads_out(answer) == []


def test_no_page_believes_what_a_visitor_says_the_shop_is_called() -> None:
    for who, browser in browsers().items():
        said = {
            "x-forwarded-host": EVIL,
            "x-forwarded-server": EVIL,
            "forwarded": f"host={EVIL}",
            "x-original-url": EVIL,
        }
        for one, answer in answers(browser, **said):
            assert EVIL not in answer.content.decode("utf-8", "replace"), (who, one.name)
            assert EVIL not in str(answer.headers), (who, one.name)


def test_under_another_name_the_shop_answers_nothing() -> None:
    browser = browsers()["everybody"]
    for one in every_address():
        answer = browser.get(one.path, HTTP_HOST=EVIL)
        assert answer.status_code == 400, one.name
        assert leads_out(answer) == [], one.name


def test_every_answer_carries_the_strict_headers_and_every_cookie_its_flags() -> None:
    for who, browser in browsers().items():
        for one, answer in answers(browser):
            policy = answer["Content-Security-Policy"]
            assert "'unsafe-inline'" not in policy, (who, one.name)
            assert "'unsafe-eval'" not in policy, (who, one.name)
            assert "frame-ancestors 'none'" in policy, (who, one.name)
            assert "base-uri" in policy, (who, one.name)
            assert answer["X-Content-Type-Options"] == "nosniff", (who, one.name)
            assert answer["Referrer-Policy"] == "same-origin", (who, one.name)
            assert answer["Cross-Origin-Opener-Policy"] == "same-origin", (who, one.name)
            assert "Access-Control-Allow-Origin" not in answer, (who, one.name)
            kind = answer.get("Content-Type", "")
            assert kind or answer.streaming or not answer.content, (who, one.name)
            assert "charset=utf-8" in kind or not kind.startswith("text/"), (who, one.name)
            assert answer["Cache-Control"] in {"no-store", "no-cache"} or "private" in answer["Cache-Control"], one.name
            if answer["Cache-Control"] == "no-cache":
                assert "X-Xinka-Cache" in answer, (who, one.name)
            for name, cookie in answer.cookies.items():
                assert cookie["samesite"] == "Lax", (who, one.name, name)
                assert cookie["httponly"] or name in ONES_OWN_COOKIES, (who, one.name, name)


def test_every_page_of_desk_and_office_shows_the_way_out() -> None:
    n_pages = 0
    for one, answer in answers(browsers()["everybody"]):
        is_page = answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html")
        if is_page and '<nav class="side"' in answer.content.decode():
            assert '<a href="/account/logout/">' in answer.content.decode(), one.name
            n_pages += 1
    assert n_pages > 15


def test_every_page_that_asks_for_a_sign_in_shows_the_way_out() -> None:
    """ASVS 5.0, V7.4.4: also where somebody only buys."""
    by_whom = browsers()
    asked = {one.path for one, answer in answers(by_whom["guest"]) if "/account/login/" in str(answer.headers)}
    shown, silent = set(), set()
    for one, answer in answers(by_whom["everybody"]):
        is_page = answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html")
        if one.path in asked and is_page:
            (shown if 'href="/account/logout/"' in answer.content.decode() else silent).add(one.path)
    assert silent == set()
    assert {"/orders", "/account/", "/account/email/", "/recommend"} <= shown


STRANGE = ("\x00", "a" * 5_000, "%", "\ud800", "-1", "9" * 40, "' OR 1=1 --", "../../etc/passwd", "٣", "😀", "[]", "")
ASKED = (
    "q",
    "page",
    "code",
    "sku",
    "quantity",
    "day",
    "from",
    "to",
    "who",
    "act",
    "after",
    "month",
    "currency",
    "kind",
)


@pytest.mark.parametrize("turn", range(0, len(STRANGE), 3))
def test_no_address_breaks_over_strange_words(turn: int) -> None:
    words = [quote(text.encode("utf-8", "surrogatepass"), safe="") for text in STRANGE]
    query = "&".join(f"{name}={words[(n + turn) % len(words)]}" for n, name in enumerate(ASKED))
    for one, answer in answers(browsers()["everybody"], f"?{query}"):
        assert answer.status_code < 500, one.name
