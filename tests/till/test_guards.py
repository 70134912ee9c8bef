"""The till's own guards: headers nobody may send, pages nobody may poison, queues that never grow without end."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections import Counter as Tally
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from psycopg import sql

from tests.resilience.client import Client, checkout_body, genuine
from tests.resilience.house import PATIENCE, eventually, open_till
from tests.till.counter import CANARY_CODE, Counter
from xinka.till.engine import CHECKOUTS_WAITING, MAX_BATCH
from xinka.till.http import client_address


def test_every_answer_of_the_till_forbids_framing_sniffing_and_caching(counter: Counter) -> None:
    with counter.client() as client:
        answers = [
            counter.order(),
            counter.order(expected=1),
            client.get("/pay/notify/strong"),
            client.get("/pay/notify/nobody"),
            client.get("/order/ord_x/status"),
            client.get("/stock?sku=1"),
            client.get("/livez"),
            client.get("/readyz"),
            client.post_form("/checkout", b"x=1"),
            client.get("/checkout"),
            client.post_form("/order/ord_x/status", b""),
            client.post_form("/account/login/", b"", {"Content-Length": "300000000"}),
        ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers


def test_only_neighbours_read_the_figures(counter: Counter) -> None:
    with counter.client() as client:
        assert client.get("/metrics", {"X-Forwarded-For": "203.0.113.9"}).status == 404
        figures = client.get("/metrics")
    assert figures.status == 200
    for secret in (CANARY_CODE.encode(), b"@example.com", b"ord_", b"pay_"):
        assert secret not in figures.body


@pytest.mark.parametrize(("path", "said"), [("/readyz", b"database"), ("/metrics", b"xinka_database_up 0")])
def test_whoever_watches_hears_soon_that_the_database_is_stuck_and_that_it_is_not_any_more(
    counter: Counter, path: str, said: bytes
) -> None:
    with psycopg.connect(counter.url) as stuck, counter.client() as client:
        stuck.execute("LOCK TABLE orders_order, mail_letter IN ACCESS EXCLUSIVE MODE")
        for _ in range(3):  # asked again and again, as a monitor does: no more than one connection waits
            begun = time.monotonic()
            assert said in client.get(path).body
            assert time.monotonic() - begun < 6
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        assert counter.number(waiting) == 1
        stuck.rollback()
        eventually(lambda: said not in client.get(path).body, "the database to be there again")


def test_every_figure_is_told_of_in_the_form_that_prometheus_reads(counter: Counter) -> None:
    assert counter.order().status == 200
    with counter.client() as client:
        answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(answer.body.decode())}
    assert [name for name, family in families.items() if not family.documentation or family.type == "unknown"] == []
    assert {"xinka_till_batches", "xinka_till_seconds", "xinka_maintenance", "xinka_workers_alive"} <= set(families)
    assert [sample.value for sample in families["xinka_database_up"].samples] == [1]
    checkout = {
        (sample.name, sample.labels.get("le")): sample.value
        for sample in families["xinka_till_seconds"].samples
        if sample.labels["route"] == "checkout"
    }
    assert checkout["xinka_till_seconds_count", None] == checkout["xinka_till_seconds_bucket", "+Inf"] >= 1


def test_a_till_whose_database_is_gone_lives_and_is_not_ready_until_it_is_back(counter: Counter) -> None:
    dbname = psycopg.conninfo.conninfo_to_dict(counter.url)["dbname"]
    name = sql.Identifier(str(dbname))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server, counter.client() as client:
        assert (client.get("/readyz").status, client.get("/livez").status) == (200, 200)
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        try:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = user", [dbname]
            )
            eventually(lambda: client.get("/readyz").status == 503, "the till to notice")
            assert client.get("/readyz").body == b"database\n"
            assert client.get("/livez").status == 200, "starting it again would not bring the database back"
            figures = {one.name: one for one in text_string_to_metric_families(client.get("/metrics").body.decode())}
            assert [sample.value for sample in figures["xinka_database_up"].samples] == [0]
            assert "xinka_workers_alive" not in figures
        finally:
            server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
        eventually(lambda: client.get("/readyz").status == 200, "the till to sell again")


def test_a_proxy_that_nobody_named_is_no_neighbour_and_is_told_of_once(shop_database: str, tmp_path: Path) -> None:
    log = tmp_path / "till.log"
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    with (
        open_till(
            shop_database, log, XINKA_SITE_URL="https://shop.example", XINKA_TRUSTED_PROXIES="", PYTHONUNBUFFERED="1"
        ) as till,
        Client(till.port) as client,
    ):
        assert client.get("/metrics", proxied).status == 404
        assert client.get("/livez", proxied).status == 200
        assert client.get("/metrics").status == 200
    lines = [json.loads(line) for line in log.read_text().splitlines() if "proxy.not_trusted" in line]
    assert [(line["address"], line["setting"]) for line in lines] == [("127.0.0.1", "XINKA_TRUSTED_PROXIES")]


def test_a_monitor_elsewhere_reads_the_figures_from_the_addresses_that_are_named_and_no_other(
    shop_database: str, tmp_path: Path
) -> None:
    with (
        open_till(
            shop_database, tmp_path / "till.log", XINKA_TRUSTED_PROXIES="127.0.0.1", XINKA_METRICS_FROM="198.51.100.7"
        ) as till,
        Client(till.port) as client,
    ):
        assert client.get("/metrics", {"X-Forwarded-For": "198.51.100.7"}).status == 200
        for other in ("198.51.100.8", "198.51.100.7, 203.0.113.9"):
            assert client.get("/metrics", {"X-Forwarded-For": other}).status == 404


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("198.51.100.7", "1.2.3.4", (), "198.51.100.7"),
        ("198.51.100.7", "1.2.3.4", ("127.0.0.1",), "198.51.100.7"),
        ("127.0.0.1", "1.2.3.4, 198.51.100.7", ("127.0.0.1",), "198.51.100.7"),
        ("127.0.0.1", "127.0.0.1, 198.51.100.7, 127.0.0.1", ("127.0.0.1",), "198.51.100.7"),
        ("127.0.0.1", "", ("127.0.0.1",), "127.0.0.1"),
        ("127.0.0.1", " , ,", ("127.0.0.1",), "127.0.0.1"),
        ("2001:db8::1", "1.2.3.4", (), "2001:db8::1"),
    ],
)
def test_who_is_no_trusted_proxy_cannot_name_another_address(
    peer: str, forwarded: str, trusted: tuple[str, ...], address: str
) -> None:
    assert client_address(peer, forwarded, trusted) == address


def raw(port: int, message: bytes) -> bytes:
    """Send bytes as they are and return the first line of what comes back, or nothing if it hung up."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        try:
            line.sendall(message)
            line.shutdown(socket.SHUT_WR)
            return _read(line).split(b"\r\n", 1)[0]
        except OSError:
            return b""


SMUGGLED = {
    "two lengths": b"POST /checkout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "length and chunked": b"POST /checkout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "signed length": b"POST /checkout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: +3\r\n\r\nabc",
    "negative length": b"POST /checkout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    "odd length": b"POST /checkout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \xb2\r\n\r\nab",
    "NUL in a header": b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: \x00\r\n\r\n",
    "no host": b"GET /livez HTTP/1.1\r\n\r\n",
    "space before colon": b"GET /livez HTTP/1.1\r\nHost : a\r\n\r\n",
    "huge header": b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 2_000_000 + b"\r\n\r\n",
    "many headers": b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    + b"".join(b"X-%d: a\r\n" % n for n in range(5000))
    + b"\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 200,
}


@pytest.mark.parametrize("message", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_requests_that_two_readers_would_read_differently_do_no_harm(counter: Counter, message: bytes) -> None:
    with counter.untouched():
        line = raw(counter.port, message)
    assert not line.startswith(b"HTTP/1.1 5"), line
    with counter.client() as client:
        assert client.get("/livez").status == 200


def test_many_who_never_finish_their_request_keep_nobody_else_out(counter: Counter) -> None:
    slow = [socket.create_connection(("127.0.0.1", counter.port), timeout=PATIENCE) for _ in range(200)]
    try:
        for n, line in enumerate(slow):
            head = b"POST /checkout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            line.sendall(head + (b"Content-Length: 90\r\n" if n % 2 else b"Content-Length: 90\r\n\r\n{"))
        payment = counter.payment()
        with counter.client() as client:
            assert client.get(genuine(payment)).body == b"success"
    finally:
        for line in slow:
            line.close()
    with counter.client() as client:
        assert client.get("/readyz").status == 200


#: What a visitor may write into a request, chosen to hit the seams.
TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "0", "-1", "1e9", "NaN", "null", "１", "\x00", "a@b.cc", "12345678", "9" * 30, "{}", "[]"]),
)
VALUE = st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), TEXT, st.lists(TEXT, max_size=3))
NAMES = ["sku", "quantity", "contact", "channel", "expected", "chosen", "password", "request_key", "x"]


def test_no_json_a_program_can_write_makes_the_till_fail(counter: Counter) -> None:
    with counter.client() as client:

        @given(st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=9))
        @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
        def send(body: dict[str, object]) -> None:
            raw_body = json.dumps(body).encode("utf-8", "surrogatepass")
            answer = client.post_json("/checkout", raw_body)
            assert answer.status in (409, 410, 422), answer.body

        with counter.untouched():
            send()


def test_no_form_a_browser_can_send_makes_the_till_fail(counter: Counter) -> None:
    with counter.client() as client:

        @given(st.binary(max_size=200))
        @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
        def send(body: bytes) -> None:
            assert client.post_form("/checkout", body).status == 303

        with counter.untouched():
            send()


def test_no_notice_and_no_question_makes_the_till_fail(counter: Counter) -> None:
    letters = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#")
    with counter.client() as client:

        @given(
            st.sampled_from(["/pay/notify/strong?", "/stock?", "/order/", "/pay/notify/"]),
            st.text(letters, max_size=60),
        )
        @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
        def send(start: str, rest: str) -> None:
            tail = "/status" if start == "/order/" else ""
            answer = client.get(start + rest.replace("?", "") + tail if tail else start + rest)
            assert answer.status < 500, (start, rest, answer.body)

        with counter.untouched():
            send()


N_RUSH = 2_600


def test_a_rush_beyond_what_can_be_served_is_refused_at_once_and_money_is_still_taken(counter: Counter) -> None:
    """The database is held still, so that the queue must fill; then it goes on, and all who waited are served."""
    payment = counter.payment()
    with psycopg.connect(counter.url) as blocker, contextlib.ExitStack() as lines:
        blocker.execute("LOCK TABLE orders_order IN ACCESS EXCLUSIVE MODE")
        rush = [lines.enter_context(_knock(counter, n)) for n in range(N_RUSH)]
        last = _read(rush.pop())
        assert last.startswith(b"HTTP/1.1 503")
        assert b"retry-after" in last.lower()
        with counter.client() as client:
            page = client.post_form("/checkout", b"not even a form", {"Accept": "text/html"})
        assert (page.status, page.headers["retry-after"]) == (503, "2"), (
            "no page of Django's for each, and nothing read"
        )
        assert "现在排队的人太多，没有扣款" in page.body.decode()
        with ThreadPoolExecutor(1) as thread:
            paid = thread.submit(_pay, counter.port, payment)
            blocker.rollback()
            assert paid.result(PATIENCE) == b"success"
        codes = Tally(int(_read(line)[9:12]) for line in rush)
    assert set(codes) <= {200, 409, 503}
    assert codes[503] >= N_RUSH - 1 - CHECKOUTS_WAITING - MAX_BATCH
    assert codes[200] > 0


def _knock(counter: Counter, n: int) -> socket.socket:
    """Send a checkout and do not wait for its answer."""
    line = socket.create_connection(("127.0.0.1", counter.port), timeout=PATIENCE)
    body = json.dumps(checkout_body(counter.sku, contact=f"rush{n}@example.com"))
    line.sendall(
        f"POST /checkout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-Forwarded-For: 10.9."
        f"{n // 250}.{n % 250}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
    )
    return line


def _read(line: socket.socket) -> bytes:
    """Read to the end of an answer."""
    return b"".join(iter(lambda: line.recv(65_536), b""))


def _pay(port: int, payment: str) -> bytes:
    with Client(port) as client:
        return client.get(genuine(payment)).body


@contextlib.contextmanager
def _shut(counter: Counter) -> Iterator[None]:
    """Let nobody into the shop's database, and end whoever is in."""
    name = urlsplit(counter.url).path[1:]
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    elsewhere = urlunsplit(urlsplit(counter.url)._replace(path="/postgres"))
    with psycopg.connect(elsewhere, autocommit=True) as administrator:
        administrator.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = user", [name]
        )
        try:
            yield
        finally:
            administrator.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_a_buyer_is_told_and_can_buy_again_when_it_is_back(counter: Counter) -> None:
    form = urlencode(checkout_body(counter.sku, contact="lin@example.com")).encode()
    with counter.client() as browser, _shut(counter), ThreadPoolExecutor(1) as thread:
        begun = time.monotonic()
        ordering = thread.submit(counter.order)
        answer = browser.post_form("/checkout", form)
        told_after = time.monotonic() - begun
        program = ordering.result(PATIENCE)
    assert (answer.status, answer.headers["location"].partition("&")[0]) == (
        303,
        "/checkout/refused?code=database_away",
    )
    assert told_after < PATIENCE, "whoever orders is not left alone with a page that loads"
    assert (program.status, program.json()["code"]) == (503, "database_away")
    assert program.headers["retry-after"]
    assert "数据库" in program.json()["message_zh"]
    deadline = time.monotonic() + PATIENCE
    while (again := counter.order()).status == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert again.status in {200, 409}, "it sells again, or says that the tests before have bought all there was"
