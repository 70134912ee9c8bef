"""A closed shop takes no new orders, and nothing that was ordered stands still; before and after it sells."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from django.utils import timezone

from tests.resilience.client import checkout_body, genuine
from tests.resilience.house import eventually
from tests.till.counter import Counter
from xinka.platform.maintenance.actions import close_shop, open_shop
from xinka.platform.maintenance.state import Maintenance
from xinka.till.closed import PATH, ClosedPages
from xinka.till.http import Request, Response
from xinka.till.upstream import Upstream

WINDOWS = ["/", "/p/star-300", "/p/star-300?sku=1&quantity=2", "/c/games", "/search?q=x", "/code"]


@pytest.fixture
def opens_again(counter: Counter) -> Iterator[None]:
    """Whatever a test does, the next finds the shop open."""
    yield
    open_shop(None)
    eventually(lambda: said(counter, "/livez") == "ok\n", "the till to hear that the shop is open")


def said(counter: Counter, path: str) -> str:
    with counter.client() as client:
        return client.get(path).body.decode()


def close(counter: Counter, **more: Any) -> None:
    """Close the shop for an hour, and wait until the till has heard it."""
    values = {"begins_at": None, "until": timezone.now() + timedelta(hours=1), **more}
    close_shop(None, **values)
    eventually(lambda: said(counter, "/livez") == "ok\nmaintenance\n", "the till to hear that the shop is closed")


@pytest.mark.usefixtures("opens_again")
def test_new_orders_are_refused_with_the_reason_as_json_and_as_a_form(counter: Counter) -> None:
    close(counter, words_zh="数据库升级。", words_en="We move to a larger database.")
    with counter.untouched():
        answer = counter.order()
        assert answer.status == 503
        assert 3_500 < int(answer.headers["retry-after"]) <= 3_600
        problem = answer.json()
        assert problem["code"] == "shop_closed"
        assert problem["message_en"].startswith("We move to a larger database. It is expected back at 20")
        assert problem["message_zh"].startswith("数据库升级。预计 20")
        assert "have not been charged" in problem["message_en"]
        with counter.client() as client:
            form = "&".join(f"{name}={value}" for name, value in checkout_body(counter.sku).items()).encode()
            answer = client.post_form("/checkout", form)
    assert answer.status == 303
    assert answer.headers["location"].startswith("/checkout/refused?code=shop_closed&")
    assert "database" not in answer.headers["location"], "no sentence stands in an address"
    assert "set-cookie" not in answer.headers


@pytest.mark.usefixtures("opens_again")
def test_a_payment_under_way_is_settled_and_delivered_while_the_shop_is_closed(counter: Counter) -> None:
    order = counter.order().json()
    close(counter)
    with counter.client() as client:
        answer = client.get(genuine(order["payment"]))
        assert (answer.status, answer.body) == (200, b"success")
        assert client.get(f"/stock?sku={counter.sku}").status == 200
    assert counter.state_of_payment(order["payment"]) == "delivered"


@pytest.mark.usefixtures("opens_again")
def test_whoever_watches_the_shop_hears_that_it_is_well_and_closed(counter: Counter) -> None:
    with counter.client() as client:
        assert "xinka_maintenance 0" in client.get("/metrics").body.decode()
        close(counter)
        for path in ("/livez", "/readyz"):
            answer = client.get(path)
            assert (answer.status, answer.body) == (200, b"ok\nmaintenance\n")
        assert "xinka_maintenance 1" in client.get("/metrics").body.decode()


@pytest.mark.usefixtures("opens_again")
@pytest.mark.parametrize("path", WINDOWS)
def test_in_front_of_the_goods_stands_a_page_and_programs_get_a_document(counter: Counter, path: str) -> None:
    close(counter)
    with counter.client() as client:
        answer = client.get(path)  # nobody is behind this till: it says it itself, in both languages
        assert answer.status == 503
        assert 3_500 < int(answer.headers["retry-after"]) <= 3_600
        assert answer.headers["cache-control"] == "no-store"
        text = answer.body.decode()
        assert "商店正在维护" in text
        assert "closed for maintenance" in text
        told = client.get(path, {"accept": "application/json"})
        assert (told.status, told.json()["code"]) == (503, "shop_closed")
        assert client.send("HEAD", path).status == 503
        assert client.post_form(path, b"x=1").status == 503


@pytest.mark.usefixtures("opens_again")
def test_it_opens_by_somebodys_word_and_not_by_the_clock(counter: Counter) -> None:
    begun = timezone.now() - timedelta(hours=2)
    close(counter, begins_at=begun, until=timezone.now() + timedelta(seconds=1))
    eventually(lambda: "longer than expected" in said(counter, "/"), "the time to pass")
    answer = counter.order()
    assert answer.status == 503
    assert "longer than expected" in answer.json()["message_en"]
    assert answer.headers["retry-after"] == "300"
    open_shop(None)
    eventually(lambda: counter.order().status == 200, "orders to be taken again")


@pytest.mark.usefixtures("opens_again")
def test_before_its_time_an_announced_closure_refuses_nothing(counter: Counter) -> None:
    close_shop(None, begins_at=timezone.now() + timedelta(seconds=3), until=None)
    assert counter.order().status == 200
    eventually(lambda: counter.order().status == 503, "the time to come")
    assert counter.order().headers["retry-after"] == "300", "nobody has said until when"


def test_a_till_that_starts_while_the_shop_is_closed_knows_it(counter: Counter, tmp_path: Any) -> None:
    from tests.resilience.client import Client  # here, because only this test opens another till
    from tests.resilience.house import open_till

    try:
        close_shop(None, begins_at=None, until=None)
        with open_till(counter.url, tmp_path / "till.log") as till, Client(till.port) as client:
            assert client.get("/readyz").body == b"ok\nmaintenance\n"
            assert client.post_json("/checkout", checkout_body(counter.sku)).status == 503
    finally:
        open_shop(None)


@dataclass
class PretendedDjango:
    """What the page is made by; ``answers`` are what it says, one after another, the last again and again."""

    answers: list[Response]
    asked: list[tuple[str, str]] = field(default_factory=list)

    @asynccontextmanager
    async def turn(self, _request: Request) -> AsyncIterator[None]:
        """Nobody else is here."""
        yield

    async def fetch(self, _request: Request, headers: list[tuple[str, str]], path: str) -> Response:
        """Answer."""
        self.asked.append((path, dict(headers)["cookie"]))
        await asyncio.sleep(0.01)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Visit:
    """As much of a request as is looked at."""

    def __init__(self, language: str) -> None:
        self._language = language

    def wants_json(self) -> bool:
        """A browser."""
        return False

    def language(self) -> str:
        """What was chosen."""
        return self._language

    def header(self, _name: str) -> str:
        """None was sent."""
        return ""

    def kept(self, _cookie: object) -> str:
        """No theme was chosen."""
        return ""


PAGE = Response(503, b"calm", [("content-type", "text/html; charset=utf-8"), ("retry-after", "1"), ("x-a", "b")])
AWAY = Response(503, b"restarting", [("content-type", "text/plain; charset=utf-8")])


def ask(pages: ClosedPages, *languages: str) -> list[Response]:
    """Return what visitors who come at once are answered."""
    now = datetime.now(UTC)
    closure = Maintenance(now, now + timedelta(minutes=30), "", "")

    async def story() -> list[Response]:
        return await asyncio.gather(
            *(pages.answer(cast("Request", Visit(language)), closure) for language in languages)
        )

    return asyncio.run(story())


def test_the_page_is_made_once_in_each_language_for_all_who_come() -> None:
    django = PretendedDjango([PAGE])
    answers = ask(ClosedPages(cast("Upstream", django)), *["zh-hans"] * 50, *["en"] * 50)
    assert {(answer.status, answer.body) for answer in answers} == {(503, b"calm")}
    assert django.asked == [(PATH, "xk_lang=zh-hans"), (PATH, "xk_lang=en")]
    headers = answers[0].headers
    assert ("x-a", "b") in headers
    assert [int(value) > 1_700 for name, value in headers if name == "retry-after"] == [True]


def test_while_django_is_away_the_page_stays_and_before_it_was_made_plain_words_do(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("xinka.till.closed.FRESH_FOR", -1.0)
    pages = ClosedPages(cast("Upstream", PretendedDjango([AWAY, PAGE, AWAY])))
    [plain], [made], [kept] = ask(pages, "en"), ask(pages, "en"), ask(pages, "en")
    assert "商店正在维护" in plain.body.decode()
    assert (made.body, kept.body) == (b"calm", b"calm")
    pages.drop()
    assert b"calm" not in ask(pages, "en")[0].body
    assert not [line for line in caplog.records if line.levelno >= logging.WARNING]
