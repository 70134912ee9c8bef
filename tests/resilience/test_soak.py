"""The soak's own gateway speaks the protocol, and its proof finds what is wrong, or it would prove nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from resilience.soak import gateway as pretend
from resilience.soak import proof
from resilience.soak.faults import FAULTS, World, possible
from resilience.soak.gateway import KEY, PID, Gateway
from resilience.soak.mailbox import Mailbox
from resilience.soak.people import Book
from resilience.soak.shop import Figures, Shop
from tests.resilience.house import eventually
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.epay.client import EpayClient
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.epay.notice import verify_notice
from xinka.payments.providers.protocol import RefundRequest, TradeStatus

PAYMENT = "pay_01m8nj1axxeemv0bxef9g8y4qv"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """A gateway whose slow answers are quick enough for a test."""
    monkeypatch.setattr(pretend, "_SLOW", 3.0)
    made = Gateway(seed=2)
    yield made
    made.close()


def _config(gateway: Gateway) -> EpayConfig:
    facts = {"base_url": gateway.address, "pid": PID, "key": KEY, "sign_type": "HMAC-SHA256", "plain_http": True}
    return EpayConfig.from_settings(facts)


def _world(place: Path, gateway: Gateway) -> World:
    mailbox = Mailbox()
    mailbox.close()
    return World(Shop(place, mailbox.port), gateway, mailbox, has_small_disk=False)


def test_the_shop_and_the_soaks_gateway_understand_one_another(gateway: Gateway) -> None:
    client = EpayClient(_config(gateway), total_seconds=1.0)
    assert client.query(PAYMENT).status is TradeStatus.NOT_FOUND
    gateway.pay(PAYMENT, 4900)
    found = client.query(PAYMENT)
    assert (found.status, found.amount_minor, found.trade_no) == (TradeStatus.PAID, 4900, f"T{PAYMENT}")
    client.refund(RefundRequest(PAYMENT, 4900, "CNY", trade_no=f"T{PAYMENT}"))
    assert (client.query(PAYMENT).status, gateway.trades[PAYMENT].refunded) == (TradeStatus.REFUNDED, 4900)
    for mood in ("down", "slow", "wrong"):
        gateway.mood = mood
        with pytest.raises(ProviderError):
            client.query(PAYMENT)


def test_its_notices_are_genuine(gateway: Gateway) -> None:
    came: list[str] = []

    class Till(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"success")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Till) as till:
        threading.Thread(target=till.serve_forever, daemon=True).start()
        gateway.shop_port = till.server_port
        for number in range(20):
            gateway.pay(f"{PAYMENT[:-2]}{number:02}", 4900)
        eventually(lambda: gateway.n_notices >= 15, "most of the notices", 20)
        till.shutdown()
    assert len(came) < 20, "some are lost on purpose"
    fields = dict(parse_qsl(urlsplit(came[0]).query))
    notice = verify_notice(_config(gateway), fields)
    assert (notice.out_trade_no, notice.amount_minor, notice.is_paid) == (fields["out_trade_no"], 4900, True)


@pytest.mark.parametrize(
    ("facts", "end"),
    [
        (("delivered", 1, 0, 4900, 0), "goods"),
        (("refunded", 1, 4900, 4900, 4900), "goods, then money back"),
        (("refunded", 0, 4900, 4900, 4900), "money back"),
        (("expired", 0, 4900, 4900, 4900), "money back"),
        (("awaiting_payment", 0, 0, 4900, 0), "awaiting_payment with 0 codes and 0 of 4900 back"),
        (("delivered", 2, 0, 4900, 0), "delivered with 2 codes and 0 of 4900 back"),
        (("delivered", 0, 0, 4900, 0), "delivered with 0 codes and 0 of 4900 back"),
        (("refunded", 1, 4900, 4900, 0), "the shop says 4900 went back, the gateway 0"),
    ],
)
def test_only_goods_or_money_back_once_and_on_both_sides_is_a_good_end(
    facts: tuple[str, int, int, int, int], end: str
) -> None:
    assert proof._end_of(*facts) == end


def test_what_grows_is_found(tmp_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    world = _world(tmp_path, gateway)
    (world.shop.data / "postgres").mkdir(parents=True)
    world.shop.log.write_bytes(b"x" * 9_000_000)
    (world.shop.data / "postgres/server.log").write_bytes(b"")
    rows: dict[str, list[tuple[object, ...]]] = {
        "FROM procrastinate_jobs j": [("mail.goods", "down", 3, False), ("shop.tidy", "down", 1, True)],
        "pg_class": [],
    }

    def ask(_shop: Shop, statement: str) -> list[tuple[object, ...]]:
        return next((answer for part, answer in rows.items() if part in statement), [(5000,)])

    monkeypatch.setattr(Shop, "ask", ask)
    verdict = proof.Verdict()
    before, after = (
        {"till": Figures(50, 30), "web": Figures(90, 40)},
        {"till": Figures(400, 31), "web": Figures(95, 900)},
    )
    proof.bounded(world, before, after, 15.0, verdict)
    assert {line.split(":")[0].partition(" (at most")[0] for line in verdict.wrong} == {
        *("till", "web", "dead letters", "the shop's log"),
        *(f"rows that wait in {table}" for table in proof._WAITING),
    }


def test_what_was_answered_and_is_not_there_is_found(
    tmp_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, book, verdict = _world(tmp_path, gateway), Book(), proof.Verdict()
    book.orders["ord_01m8nj1axxeemv0bxef9g8y4qv"] = (PAYMENT, "cy@example.com")
    book.scandal("checkout: 500")
    gateway.pay(PAYMENT, 4900)
    monkeypatch.setattr(Shop, "ask", lambda _shop, statement: [(1,)] if "DISTINCT code_id" in statement else [])
    proof.money_and_goods(world, book, verdict)
    assert len(verdict.wrong) == 4, verdict.wrong


def test_a_machine_that_cannot_is_asked_for_less(
    tmp_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = _world(tmp_path, gateway)
    assert "the disk is full" not in possible(world)
    world.has_small_disk = True
    monkeypatch.setenv("PATH", str(tmp_path))
    world.shop.place = tmp_path / "without"
    left_out = set(FAULTS) - set(possible(world))
    assert left_out == {name for name in FAULTS if "clock" in name}
