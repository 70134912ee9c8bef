"""A payment gateway (epay V1) with its own ledger and with moods, written apart from the shop's code to judge it by."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

PID = "1001"
KEY = "soak-key-0123456789abcdefghijklmnop"
CHANNEL = "soak"
#: Seconds between the tries of a notice that was not answered "success".
_TRIES = (0.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
_SLOW = 12.0


@dataclass
class Trade:
    """What the gateway knows of one payment; amounts are minor units of yuan."""

    number: str
    amount: int
    refunded: int = 0

    @property
    def status(self) -> int:
        """As the protocol writes it: 1 paid, 2 given back."""
        return 2 if self.refunded >= self.amount else 1


class Gateway:
    """Answers questions, gives money back, and sends notices; ``mood`` is ok, down, slow or wrong."""

    def __init__(self, seed: int) -> None:
        """Listen on a free port of this machine; ``seed`` decides which notices are lost."""
        self.trades: dict[str, Trade] = {}
        self.mood = "ok"
        self.shop_port = 0
        self.n_asked = self.n_refunds = self.n_notices = 0
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._over = threading.Event()
        handler = type("Handler", (_Handler,), {"gateway": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Where the shop asks."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        """Stop listening."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def pay(self, payment: str, amount: int) -> bool:
        """Take a buyer's money and return whether the shop will be told: one notice in ten never comes."""
        with self._lock:
            self.trades[payment] = Trade(payment, amount)
            is_lost = self._chance.random() < 0.1
        if not is_lost:
            threading.Thread(target=self._tell, args=(payment, amount), daemon=True).start()
        return not is_lost

    def answer(self, query: dict[str, str]) -> dict[str, object]:
        """Return what the protocol says to a question or a refund."""
        if query.get("pid") != PID or not hmac.compare_digest(query.get("key", ""), KEY):
            return {"code": -3, "msg": "wrong merchant or key"}
        number = query.get("out_trade_no") or query.get("trade_no", "").removeprefix("T")
        with self._lock:
            trade = self.trades.get(number)
            if trade is None:
                return {"code": -1, "msg": "订单号不存在 (no such order)"}
            if query.get("act") == "refund":
                self.n_refunds += 1
                cents = round(float(query["money"]) * 100)
                if trade.refunded + cents > trade.amount:
                    return {"code": -2, "msg": "more than was paid"}
                trade.refunded += cents
                return {"code": 1, "msg": "ok"}
            self.n_asked += 1
            return {"code": 1, "msg": "ok", **_facts(trade), "status": trade.status}

    def _tell(self, payment: str, amount: int) -> None:
        target = f"/pay/notify/{CHANNEL}?{urlencode(_signed(_facts(Trade(payment, amount))), quote_via=quote)}"
        for pause in _TRIES:
            if self._over.wait(pause) or (self.mood == "down" and not pause):
                continue
            if _get(self.shop_port, target) == b"success":
                self.n_notices += 1
                return


def _facts(trade: Trade) -> dict[str, str]:
    return {
        "pid": PID,
        "trade_no": f"T{trade.number}",
        "out_trade_no": trade.number,
        "type": "alipay",
        "name": "goods",
        "money": f"{trade.amount // 100}.{trade.amount % 100:02}",
    }


def _signed(facts: dict[str, str]) -> dict[str, str]:
    fields = {**facts, "trade_status": "TRADE_SUCCESS"}
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    return {
        **fields,
        "sign": hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest(),
        "sign_type": "HMAC-SHA256",
    }


def _get(port: int, target: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", target)
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


class _Handler(BaseHTTPRequestHandler):
    gateway: Gateway

    def do_GET(self) -> None:
        self._answer("")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

    def log_message(self, *_: object) -> None:  # the report says what there is to say
        """Keep quiet."""

    def _answer(self, body: str) -> None:
        mood = self.gateway.mood
        if mood == "down":
            self.close_connection = True
            return
        if mood == "slow":
            time.sleep(_SLOW)
        if mood == "wrong":
            said, kind, status = b"<html>502 Bad Gateway</html>", "text/html", random.choice((200, 500, 502))
        else:
            query = dict(parse_qsl(f"{urlsplit(self.path).query}&{body}"))
            said, kind, status = json.dumps(self.gateway.answer(query)).encode(), "application/json", 200
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
