"""An address is judged by where it leads on to, what a page inside it names, and what its path shows."""

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinka.engines.lookalike import links
from xinka.engines.lookalike.domains import DomainIndex

INDEX = DomainIndex([("paypal.com", None), ("google.com", None), ("alipay.com", "ada")])
PAGE = base64.b64encode(b'<a href="https://accounts.google.com.evil-host.ru">').decode()


@pytest.mark.parametrize(
    ("text", "official", "code"),
    [
        ("https://trk.example.net/r?u=https://paypa1.com/login", "paypal.com", "leads on"),
        ("https://link.example.cn/?target=https%3A%2F%2Falipay-kefu.top%2F", "alipay.com", "leads on"),
        ("https://www.google.com/url?q=https%253A%252F%252Fpaypal.com.restore-id.app", "paypal.com", "leads on"),
        ("https://t.example.jp/click/?next=//paypal-login.top/free", "paypal.com", "leads on"),
        ("https://example.org/#https:\\\\paypal.com@evil.ru", "paypal.com", "leads on"),
        ("javascript:location.href='https://paypal-restore.app'", "paypal.com", "leads on"),
        (f"data:text/html;base64,{PAGE}", "google.com", "leads on"),
        ("data:text/html,<meta http-equiv=refresh content=0;url=https://paypa1.com/>", "paypal.com", "leads on"),
        ("https://secure-login.ru/www.paypal.com/signin", "paypal.com", "path"),
        ("http://203.0.113.7/paypal.com/a", "paypal.com", "path"),
        ("https://x9f.cc/https://accounts.google.com/ServiceLogin", "google.com", "path"),
        ("\u202emoc.kcol-di.moc.lapyap", "paypal.com", "turned"),
        ("https://\u202emoc.kcol-di.moc.lapyap\u202c/a", "paypal.com", "turned"),
    ],
)
def test_what_is_inside_an_address_is_found_and_told(text: str, official: str, code: str) -> None:
    verdict = INDEX.judge(text)
    assert (verdict.decision != "clear", verdict.official, verdict.reasons[0].code) == (True, official, code)


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/redirect?to=https://www.paypal.com/",
        "https://web.archive.org/web/2020/https://www.paypal.com/signin",
        "https://whois.example.org/paypal.com",
        "https://example.org/paypal-guide/login.html",
        "https://www.google.com/url?q=https://blog.example.org/post",
        "https://shop.example.jp/item?utm_source=paypal.com&next=/login",
        "https://www.google.com/paypal.com/login",
        "data:image/png;base64,iVBORw0KGgo=",
        "https://example.org/\u202e?a=b",
    ],
)
def test_official_addresses_inside_others_and_mentions_pass(text: str) -> None:
    assert INDEX.judge(text).decision == "clear"


@pytest.mark.parametrize("text", ["javascript:alert(1)", "JaVa\tScRiPt:a()", "data:text/html,<b>x</b>", "vbscript:x"])
def test_an_address_that_is_a_program_or_a_page_of_its_own_is_for_a_person(text: str) -> None:
    verdict = INDEX.judge(text)
    assert (verdict.decision, verdict.official, verdict.reasons[0].code) == ("review", None, "program")


def test_the_owner_may_lead_on_to_what_is_theirs() -> None:
    assert INDEX.judge("https://example.org/?u=https://alipay.net/", owner="ada").decision == "clear"
    assert INDEX.judge("https://example.org/?u=https://alipay.net/", owner="eve").official == "alipay.com"


def test_of_many_addresses_in_one_the_first_few_are_read() -> None:
    assert links.inner_hosts("https://a.org/?" + "&".join(f"u=https://b{n}.org/" for n in range(99))) == [
        f"b{n}.org" for n in range(8)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "https://a.org/?u=" + "https%3A%2F%2F" * 200_000,
        "https://a.org/?u=" + "%25" * 1_000_000,
        "data:text/html;base64," + "A" * 5_000_000,
        "data:;base64,%%%" + "==" * 1_000_000,
        "javascript:" + "(//" * 1_000_000,
        "https://a.org/" + "https://a@" * 300_000,
        "https://a.org/?u=%FF%FE%C0%80https://%FF%FE",
        "https://" + "\u202e\u202c" * 500_000,
        "https://a.org" + "/" * 3_000_000,
    ],
    ids=range(9),
)
def test_nothing_nested_or_broken_takes_a_second_or_fails(text: str) -> None:
    began = time.process_time()
    assert INDEX.judge(text).decision in {"clear", "review"}
    assert time.process_time() - began < 1


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("hxtps:/\\?=&%2F3a@(';,\u202e.abase64dat "), max_size=120))
def test_every_mix_of_signs_is_answered(text: str) -> None:
    for asked in (text, f"https://a.org/?{text}", f"data:{text}", f"javascript:{text}"):
        assert INDEX.judge(asked).decision in {"clear", "review", "impostor"}
