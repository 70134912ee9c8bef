"""The load generator: closed loop, keep-alive, one process, no thread. Used by the till's benchmark.

Each client is a socket in an epoll set. It posts a checkout, reads the answer, signs the gateway's notice for the
payment in it, sends that, reads ``success``, and starts again; it never has more than one request under way. Requests
are put together from bytes, so that the generator costs little beside what it measures; its own CPU time is reported.
At full load it takes its turn on the processors as a batch job does, and does not interrupt the till at each answer it
is sent: buyers on machines of their own do not either.
Run as ``python -m benchmarks.load PORT SETTINGS.json``; the result is JSON on standard output.
"""

from __future__ import annotations

import gc
import hmac
import json
import random
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.turns import interrupt_nobody

_GATEWAY_NAME = "bench"


@dataclass
class Client:
    """One buyer after another on one connection."""

    socket: socket.socket
    number: int
    round: int = 0
    is_paying: bool = False
    started_at: float = 0.0
    asked_at: float = 0.0


@dataclass
class Tally:
    """What the measured time brought."""

    orders: list[float] = field(default_factory=list)
    checkouts: list[float] = field(default_factory=list)
    notices: list[float] = field(default_factory=list)
    refused: int = 0
    first_refusal: str = ""


class Generator:
    """Drives all clients until the time is over."""

    def __init__(self, port: int, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.skus: list[int] = settings["skus"]
        self.key = settings["key"].encode()
        self.digest = "sha256" if settings["sign_type"] != "MD5" else "md5"
        self.run = random.getrandbits(48)
        self.random = random.Random(self.run)
        self.tally = Tally()
        self.poll = select.epoll()
        self.clients: dict[int, Client] = {}
        self.pause = settings.get("pause", 0.0)
        self.sleeping: list[tuple[float, Client]] = []
        for number in range(settings["clients"]):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.clients[connection.fileno()] = Client(connection, number)
            self.poll.register(connection.fileno(), select.EPOLLIN)

    def measure(self) -> dict[str, Any]:
        """Warm up, measure, and return the figures."""
        start = time.perf_counter()
        begin, end = start + self.settings["warm_up"], start + self.settings["warm_up"] + self.settings["seconds"]
        for client in self.clients.values():
            self.check_out(client, start)
        cpu_at_begin, is_measuring = time.process_time(), False
        while True:
            now = time.perf_counter()
            if now >= end:
                break
            if not is_measuring and now >= begin:
                self.tally, is_measuring, cpu_at_begin = Tally(), True, time.process_time()
                Path(self.settings["begun"]).touch()
            for descriptor, _ in self.poll.poll(0.001 if self.sleeping else 0.1):
                self.answer(self.clients[descriptor])
            self.wake()
        return self.figures(time.perf_counter() - begin, time.process_time() - cpu_at_begin)

    def wake(self) -> None:
        """Let those go on whose pause is over (only in runs below full load)."""
        now = time.perf_counter()
        due = [entry for entry in self.sleeping if entry[0] <= now]
        if due:
            self.sleeping = [entry for entry in self.sleeping if entry[0] > now]
            for _, client in due:
                self.check_out(client, now)

    def check_out(self, client: Client, now: float) -> None:
        """Post the next checkout."""
        client.round += 1
        client.is_paying = False
        client.started_at = client.asked_at = now
        name = f"{self.run:x}.{client.number}.{client.round}"
        key = f"{time.time_ns() // 1_000_000:012x}{self.random.getrandbits(80):020x}"  # as the product page makes it
        sku = self.skus[0] if len(self.skus) == 1 else self.random.choice(self.skus)
        body = (
            f'{{"sku":{sku},"quantity":1,"contact":"{name}@mail.example","channel":"{self.settings["channel"]}",'
            f'"expected":{self.settings["amount"]},"request_key":"{key}"}}'
        )
        number = self.random.getrandbits(24)
        client.socket.sendall(
            (
                f"POST /checkout HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                f"X-Forwarded-For: 10.{number >> 16}.{number >> 8 & 255}.{number & 255}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )

    def pay(self, client: Client, payment: str, now: float) -> None:
        """Send the gateway's notice for a payment."""
        client.is_paying = True
        client.asked_at = now
        money = self.settings["money"]
        signed = (
            f"money={money}&name={_GATEWAY_NAME}&out_trade_no={payment}&pid={self.settings['pid']}"
            f"&trade_no=T{payment[4:]}&trade_status=TRADE_SUCCESS&type=alipay"
        )
        sign = self.sign(signed)
        client.socket.sendall(
            (
                f"GET /pay/notify/{self.settings['channel']}?{signed}&sign={sign}"
                f"&sign_type={self.settings['sign_type']} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            ).encode()
        )

    def sign(self, signed: str) -> str:
        """Sign as the gateway does: HMAC-SHA256, or MD5 with the key behind the text."""
        if self.digest == "sha256":
            return hmac.digest(self.key, signed.encode(), "sha256").hex()
        import hashlib  # here, because only runs of the weak channel need it

        return hashlib.md5(signed.encode() + self.key).hexdigest()  # noqa: S324 - the wire format says so

    def answer(self, client: Client) -> None:
        """Read an answer and go on with the next step."""
        data = whole_answer(client.socket)
        now = time.perf_counter()
        if client.is_paying:
            self.tally.notices.append(now - client.asked_at)
            if data.endswith(b"success"):
                self.tally.orders.append(now - client.started_at)
            else:
                self.refuse(data)
            self.go_on(client, now)
            return
        place = data.find(b'"payment":"')
        if place < 0:
            self.refuse(data)
            self.go_on(client, now)
            return
        self.tally.checkouts.append(now - client.asked_at)
        self.pay(client, data[place + 11 : place + 41].decode(), now)

    def go_on(self, client: Client, now: float) -> None:
        """Start the next order, after the pause if the run is to stay below full load."""
        if self.pause:
            self.sleeping.append((now + self.random.expovariate(1 / self.pause), client))
        else:
            self.check_out(client, now)

    def refuse(self, data: bytes) -> None:
        """Count what was not taken; the first is kept as an example."""
        self.tally.refused += 1
        self.tally.first_refusal = self.tally.first_refusal or data[-300:].decode("utf-8", "replace")

    def figures(self, seconds: float, cpu: float) -> dict[str, Any]:
        """Return the figures of the measured time; latencies in milliseconds."""
        orders = sorted(self.tally.orders)
        return {
            "orders": len(orders),
            "seconds": seconds,
            "orders_per_s": len(orders) / seconds,
            "p50_ms": percentile(orders, 0.5),
            "p99_ms": percentile(orders, 0.99),
            "checkout_p99_ms": percentile(sorted(self.tally.checkouts), 0.99),
            "notice_p50_ms": percentile(sorted(self.tally.notices), 0.5),
            "notice_p99_ms": percentile(sorted(self.tally.notices), 0.99),
            "refused": self.tally.refused,
            "first_refusal": self.tally.first_refusal,
            "load_cpu_share": cpu / seconds,
        }


def percentile(ordered: list[float], share: float) -> float:
    """Return a percentile of sorted seconds, in milliseconds."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else float("nan")


def whole_answer(line: socket.socket) -> bytes:
    """Return an answer that has begun to come, when it has come to its end."""
    data = line.recv(8192)
    while b"\r\n\r\n" not in data or not _is_whole(data):
        more = line.recv(8192)
        if not more:
            raise SystemExit("the till closed a connection")
        data += more
    return data


def _is_whole(data: bytes) -> bool:
    """Whether an answer has come to its end."""
    end = data.find(b"\r\n\r\n")
    place = data.find(b"content-length: ", 0, end)  # the till writes its headers in lower case
    return place < 0 or len(data) - end - 4 >= int(data[place + 16 : data.find(b"\r", place)])


def main() -> None:
    """Run as the benchmark's child."""
    gc.disable()  # it makes no circles, and its pauses must not be taken for the till's
    settings = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    if not settings.get("pause"):  # below full load processors have time, and what counts is how soon an answer is seen
        interrupt_nobody()
    print(json.dumps(Generator(int(sys.argv[1]), settings).measure()))


if __name__ == "__main__":
    main()
