"""The load generator of a rush: people come at a rate of their own, however long others wait. Used by ``overload``.

So many checkouts begin each second, each on a connection that nobody uses just then (an open loop); where none is free,
somebody stands at the door and is counted. Who is let in pays at once, on a connection of the gateway's; who is told to
come again goes away. Run as ``python -m benchmarks.rush PORT SETTINGS.json``; the result is JSON on standard output.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.load import Client, Generator, percentile, whole_answer
from benchmarks.turns import interrupt_nobody


@dataclass
class Flood:
    """What the measured time brought, beside the orders."""

    sent: int = 0
    at_the_door: int = 0
    turned_away: list[float] = field(default_factory=list)
    other_answers: dict[str, int] = field(default_factory=dict)
    notices_refused: int = 0


class Rush(Generator):
    """Sends checkouts at a rate, and for each order that was placed the gateway's notice."""

    def __init__(self, port: int, settings: dict[str, Any]) -> None:
        super().__init__(port, settings)
        self.rate: float = settings["rate"]
        self.flood = Flood()
        #: Connections of the gateway are set apart: money does not wait for a buyer's connection.
        idle = list(self.clients.values())
        self.gateway, self.idle = idle[: settings["gateway_clients"]], idle[settings["gateway_clients"] :]
        self.to_pay: list[tuple[str, float]] = []

    def measure(self) -> dict[str, Any]:
        """Warm up, measure, and return the figures."""
        start = time.perf_counter()
        begin, end = start + self.settings["warm_up"], start + self.settings["warm_up"] + self.settings["seconds"]
        cpu_at_begin, is_measuring, come = time.process_time(), False, 0
        while (now := time.perf_counter()) < end:
            if not is_measuring and now >= begin:
                self.tally, self.flood = type(self.tally)(), Flood()
                is_measuring, cpu_at_begin = True, time.process_time()
                Path(self.settings["begun"]).touch()
            due = int((now - start) * self.rate)
            self.let_come(due - come, now)
            come = due
            for descriptor, _ in self.poll.poll(0.001):
                self.answer(self.clients[descriptor])
        seconds = time.perf_counter() - begin
        return self.figures(seconds, time.process_time() - cpu_at_begin) | self.figures_of_flood(seconds)

    def let_come(self, people: int, now: float) -> None:
        """Let so many begin a checkout; who finds no connection stands at the door and does not come in."""
        let_in = min(people, len(self.idle))
        self.flood.at_the_door += people - let_in
        self.flood.sent += let_in
        for _ in range(let_in):
            self.check_out(self.idle.pop(), now)

    def answer(self, client: Client) -> None:
        """Read an answer; what was ordered is to be paid, and the connection is free again."""
        data = whole_answer(client.socket)
        now = time.perf_counter()
        if client.is_paying:
            self.hear_of_money(client, data, now)
            return
        self.idle.append(client)
        place = data.find(b'"payment":"')
        if place >= 0:
            self.tally.checkouts.append(now - client.asked_at)
            self.to_pay.append((data[place + 11 : place + 41].decode(), client.started_at))
            self.pay_next(now)
        elif data.startswith(b"HTTP/1.1 503") and b"retry-after: " in data:
            self.flood.turned_away.append(now - client.asked_at)
        else:
            status = data[9:12].decode()
            self.flood.other_answers[status] = self.flood.other_answers.get(status, 0) + 1
            self.tally.first_refusal = self.tally.first_refusal or data[-300:].decode("utf-8", "replace")

    def hear_of_money(self, client: Client, data: bytes, now: float) -> None:
        """Take the answer to a notice."""
        self.tally.notices.append(now - client.asked_at)
        if data.endswith(b"success"):
            self.tally.orders.append(now - client.started_at)
        else:
            self.flood.notices_refused += 1
        self.gateway.append(client)
        self.pay_next(now)

    def pay_next(self, now: float) -> None:
        """Tell of the next payment, if the gateway has a connection for it."""
        if self.to_pay and self.gateway:
            payment, started_at = self.to_pay.pop()
            client = self.gateway.pop()
            client.started_at = started_at
            self.pay(client, payment, now)

    def figures_of_flood(self, seconds: float) -> dict[str, Any]:
        """Return what became of those who came; times in milliseconds."""
        turned_away = sorted(self.flood.turned_away)
        return {
            "offered_per_s": (self.flood.sent + self.flood.at_the_door) / seconds,
            "sent_per_s": self.flood.sent / seconds,
            "at_the_door_per_s": self.flood.at_the_door / seconds,
            "placed_per_s": len(self.tally.checkouts) / seconds,
            "turned_away_per_s": len(turned_away) / seconds,
            "turned_away_p50_ms": percentile(turned_away, 0.5),
            "turned_away_p99_ms": percentile(turned_away, 0.99),
            "other_answers": self.flood.other_answers,
            "notices_refused": self.flood.notices_refused,
            "unpaid_at_the_end": len(self.to_pay),
        }


def main() -> None:
    """Run as the benchmark's child."""
    gc.disable()  # it makes no circles, and its pauses must not be taken for the till's
    interrupt_nobody()
    settings = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    print(json.dumps(Rush(int(sys.argv[1]), settings).measure()))


if __name__ == "__main__":
    main()
