"""The pages that the till writes itself: for people legible and with a way on, for scripts and programs as before."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tests.resilience.client import Answer
from tests.till.counter import Counter

#: What a telephone's browser sends.
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "zh-CN,zh;q=0.9"}
ORDER = "ord_01m8pwysdtf1xb19wq3g2mbc9z"


def get(counter: Counter, path: str, **more: str) -> Answer:
    """Ask as a browser; the counter's Django is away."""
    with counter.client() as client:
        return client.get(path, BROWSER | more)


def post(counter: Counter, path: str, **more: str) -> Answer:
    """Send a form as a browser."""
    with counter.client() as client:
        return client.post_form(path, {"a": "b"}, BROWSER | more)


def link_of(answer: Answer) -> str:
    """Return where the page's one link leads."""
    (found,) = re.findall(r'<a href="([^"]*)">', answer.body.decode())
    return str(found)


@pytest.mark.parametrize("path", [f"/order/{ORDER}/pay", "/orders/find", "/p/star-300", "/checkout/refused?code=x"])
def test_while_pages_are_away_a_person_reads_so_on_a_telephone_and_the_page_asks_again(
    counter: Counter, path: str
) -> None:
    answer = get(counter, path)
    text = answer.body.decode()
    assert (answer.status, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    assert "width=device-width" in text
    assert "订单和付款不受影响" in text
    assert "Orders and payments are safe" in text
    assert text.index("订单和付款不受影响") < text.index("Orders and payments are safe"), "their own language first"
    (seconds,) = re.findall(r'http-equiv="refresh" content="(\d+)"', text)
    assert 3 <= int(seconds) <= 10
    assert link_of(answer) == "", "the same address again"


def test_its_style_is_the_one_that_its_policy_allows_and_nothing_else_is_allowed(counter: Counter) -> None:
    answer = get(counter, "/orders/find")
    (style,) = re.findall(r"<style>(.*?)</style>", answer.body.decode())
    sum_of_it = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"].split("; ")
    assert f"style-src 'sha256-{sum_of_it}'" in policy
    assert "default-src 'none'" in policy
    assert "script" not in answer.headers["content-security-policy"]


def test_who_reads_english_reads_english_first(counter: Counter) -> None:
    text = get(counter, "/orders/find", **{"Accept-Language": "en-GB"}).body.decode()
    assert text.index("Pages are restarting") < text.index("页面服务正在重启")
    assert '<html lang="en">' in text


@pytest.mark.parametrize(
    ("path", "referer", "way_back"),
    [
        (f"/order/{ORDER}/cancel", "", f"/order/{ORDER}"),
        (f"/order/{ORDER}/help", "http://{host}/somewhere", f"/order/{ORDER}"),
        ("/orders/find", "http://{host}/orders/find?a=1", "/orders/find?a=1"),
        ("/orders/find", "https://evil.example/x", "/"),
        ("/orders/find", "http://{host}//evil.example/x", "/"),
        ("/orders/find", "http://{host}/\\evil.example/x", "/"),
        ("/orders/find", "http://[", "/"),
        ("/orders/find", "http://{host}]/x", "/"),
        ("/orders/find", "", "/"),
        ('/order/"><script>/x', "", "/"),
    ],
)
def test_a_form_whose_answer_is_lost_leads_back_to_look_and_is_never_sent_again(
    counter: Counter, path: str, referer: str, way_back: str
) -> None:
    host = f"127.0.0.1:{counter.port}"
    answer = post(counter, path.replace('"><script>', "%22%3E%3Cscript%3E"), Referer=referer.format(host=host))
    text = answer.body.decode()
    assert answer.status == 503
    assert "http-equiv" not in text
    assert "先返回看一眼" in text
    assert "look before you send it again" in text
    assert link_of(answer) == way_back
    assert "<script" not in text


@pytest.mark.parametrize("more", [{"Accept": "*/*"}, {"HX-Request": "true"}, {"Accept": "application/json"}])
def test_scripts_and_programs_get_plain_words(counter: Counter, more: dict[str, str]) -> None:
    answer = get(counter, f"/order/{ORDER}/goods", **more)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body.decode().splitlines()[1].startswith("Pages are restarting")
    assert ("hx-reswap" in answer.headers) == ("HX-Request" in more)


def test_a_person_whom_the_till_itself_refuses_reads_words_and_no_document_for_programs(counter: Counter) -> None:
    answer = get(counter, f"/order/{ORDER}/status")
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "No such order" in answer.body.decode()
    assert get(counter, f"/order/{ORDER}/status", Accept="application/json").json()["code"] == "order_not_found"
