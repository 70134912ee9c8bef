"""A gateway that keeps its own count of what it was asked and what it gave back, and fails as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Trade:
    """One trade as the gateway knows it."""

    trade_no: str
    money: str
    status: str = "1"
    given_back: list[str] = field(default_factory=list)


@dataclass
class Gateway:
    """``mood`` decides how a refund ends: ``yes``, ``no``, ``silent`` (nothing done) or ``done_but_silent``."""

    trades: dict[str, Trade] = field(default_factory=dict)
    mood: str = "yes"
    is_down: bool = False
    shows_refunds: bool = True
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Where a channel finds it."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def n_given_back(self) -> int:
        """How often money really went back."""
        return sum(len(trade.given_back) for trade in self.trades.values())

    def answer(self, fields: dict[str, str]) -> dict[str, str] | None:
        """Return the reply, or ``None`` to hang up without a word."""
        if self.is_down:
            return None
        wanted = {fields.get("out_trade_no", ""), fields.get("trade_no", "")} - {""}
        number, trade = next(
            ((number, trade) for number, trade in self.trades.items() if wanted & {number, trade.trade_no}), ("", None)
        )
        if fields.get("act") == "order":
            self.asked.append(number or fields.get("out_trade_no", ""))
            if trade is None:
                return {"code": "-1", "msg": "订单号不存在"}
            known = {"trade_no": trade.trade_no, "out_trade_no": number, "money": trade.money, "status": trade.status}
            return {"code": "1", "pid": fields["pid"], **known}
        return self._refund(fields)

    def _refund(self, fields: dict[str, str]) -> dict[str, str] | None:
        trade = next((trade for trade in self.trades.values() if trade.trade_no == fields.get("trade_no")), None)
        if self.mood == "no" or trade is None:
            return {"code": "-1", "msg": "refunds are not supported"}
        if self.mood == "silent":
            return None
        trade.given_back.append(fields["money"])
        if self.shows_refunds:
            trade.status = "2"
        return None if self.mood == "done_but_silent" else {"code": "1", "msg": "ok"}


@contextmanager
def open_gateway() -> Iterator[Gateway]:
    """Run a gateway on a free port of this machine."""
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(dict(parse_qsl(urlsplit(self.path).query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._reply(dict(parse_qsl(urlsplit(self.path).query)) | dict(parse_qsl(body)))

        def _reply(self, fields: dict[str, str]) -> None:
            answer = gateway.answer(fields)
            if answer is None:
                self.close_connection = True
                return
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    gateway.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
