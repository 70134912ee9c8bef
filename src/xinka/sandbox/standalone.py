"""A gateway's other side for benchmarks and tests, without Django or a database: trades in memory, answers at once.

    python -m xinka.sandbox.standalone --port 9801 --pid 1001 --key … [--delay-ms 20]

It speaks ``GET /api.php?act=order``. ``POST /paid`` takes one trade per line, ``out_trade_no money [trade_no]``, and
marks it as paid; it is for the load generator, so it asks for nothing. Listens on 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
from typing import Self
from urllib.parse import parse_qsl, urlsplit

_MAX_REQUEST = 1 << 20


class PretendGateway:
    """Trades in memory and an HTTP/1.1 server with keep-alive; an async context manager."""

    def __init__(self, pid: str, key: str, *, delay_seconds: float = 0.0) -> None:
        self.pid = pid
        self.key = key
        self.delay_seconds = delay_seconds
        self.port = 0
        self.n_asked = 0
        self._paid: dict[str, tuple[str, str, str]] = {}
        self._server: asyncio.Server | None = None

    def mark_paid(self, out_trade_no: str, money: str, trade_no: str = "") -> None:
        """Let a trade count as paid with ``money`` yuan from now on; it is found by either number."""
        facts = (out_trade_no, money, trade_no or f"S{out_trade_no}")
        self._paid[out_trade_no] = self._paid[facts[2]] = facts

    async def start(self, port: int = 0) -> None:
        """Listen; ``self.port`` is the port that was free."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def answer(self, method: str, target: str, body: bytes) -> dict[str, object]:
        """Return the reply to one request."""
        path, query = urlsplit(target)[2:4]
        if method == "POST" and path == "/paid":
            for line in body.decode().splitlines():
                self.mark_paid(*line.split())
            return {"code": 1}
        fields = dict(parse_qsl(query))
        if path != "/api.php" or fields.get("act") != "order":
            return {"code": -5, "msg": "No Act!"}
        if fields.get("pid") != self.pid or not hmac.compare_digest(fields.get("key", "").encode(), self.key.encode()):
            return {"code": -3, "msg": "wrong merchant or key"}
        return self._order(fields.get("trade_no") or fields.get("out_trade_no", ""))

    def _order(self, number: str) -> dict[str, object]:
        self.n_asked += 1
        if number not in self._paid:
            return {"code": -1, "msg": "订单号不存在 (no such order)"}
        out_trade_no, money, trade_no = self._paid[number]
        facts = {"trade_no": trade_no, "out_trade_no": out_trade_no, "type": "alipay", "pid": self.pid}
        return {"code": 1, "msg": "success", **facts, "money": money, "status": 1}


class _Connection(asyncio.Protocol):
    """One keep-alive connection; requests come one at a time, as our clients send them."""

    def __init__(self, gateway: PretendGateway) -> None:
        self._gateway = gateway
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, complete, rest = self._received.partition(b"\r\n\r\n")
        if len(self._received) > _MAX_REQUEST:
            self._close()
        elif complete and len(rest) >= _content_length(head):
            self._received = b""
            method, target, _ = head.partition(b"\r\n")[0].decode().split(" ", 2)
            answer = self._gateway.answer(method, target, rest)
            if self._gateway.delay_seconds:
                asyncio.get_running_loop().call_later(self._gateway.delay_seconds, self._reply, answer)
            else:
                self._reply(answer)

    def _reply(self, answer: dict[str, object]) -> None:
        body = json.dumps(answer).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(head.encode() + body)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


async def _serve(gateway: PretendGateway, port: int) -> None:
    await gateway.start(port)
    print(f"http://127.0.0.1:{gateway.port}/", flush=True)  # noqa: T201 - a command, whose caller reads the address
    await asyncio.Event().wait()


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description="Pretend epay gateway in memory, for benchmarks and tests.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--pid", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--delay-ms", type=float, default=0.0, help="how long every answer takes")
    options = parser.parse_args()
    gateway = PretendGateway(options.pid, options.key, delay_seconds=options.delay_ms / 1000)
    try:
        asyncio.run(_serve(gateway, options.port))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
