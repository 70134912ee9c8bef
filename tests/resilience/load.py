"""Buyers who never give up: each sends the same request until it is answered, pays, and writes down what was promised.

What is answered 2xx goes into a book of our own, in this process, so that no crash of the shop can touch it.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from dataclasses import dataclass, field

from tests.resilience.client import Answer, Client, checkout_body, genuine


@dataclass
class Book:
    """What the shop has promised."""

    #: Request key → the order and payment that a 2xx named.
    orders: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: Payments whose notice was answered ``success``.
    paid: set[str] = field(default_factory=set)
    #: Answers that must never be given: a 500, or another order for the same request.
    scandals: list[str] = field(default_factory=list)
    #: How often a request got no answer or "try again", and was sent again.
    n_again: int = 0


class Buyers:
    """Threads that buy and pay until they are told to stop; each finishes what it began, or its patience ends."""

    def __init__(self, port: int, sku_id: int, *, n: int, seed: int) -> None:
        self.port, self.sku_id, self.seed = port, sku_id, seed
        self.book = Book()
        self._over = threading.Event()
        self._gone = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._buy, args=(number,)) for number in range(n)]

    def start(self) -> None:
        """Open the doors."""
        for thread in self._threads:
            thread.start()

    def stop(self, patience: float) -> None:
        """Let everybody finish what they began."""
        self._over.set()
        deadline = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        self._gone.set()
        for thread in self._threads:
            thread.join(120)

    @property
    def n_paid(self) -> int:
        """How many notices were answered ``success``."""
        return len(self.book.paid)

    def _buy(self, number: int) -> None:
        chance = random.Random(self.seed * 1000 + number)
        n = 0
        while not self._over.is_set():
            n += 1
            key = f"s{self.seed:05}b{number:05}n{n:05}"
            body = checkout_body(self.sku_id, contact=f"{key}@example.com", key=key)
            address = {"X-Forwarded-For": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"}
            answer = self._insist(lambda client, b=body, a=address: client.post_json("/checkout", b, a))
            if answer is None:
                return
            if answer.status != 200:
                self._note(f"checkout: {answer.status} {answer.body[:200]!r}")
                continue
            order, payment = answer.json()["order"], answer.json()["payment"]
            with self._lock:
                self.book.orders[key] = (order, payment)
            path = genuine(payment)
            answer = self._insist(lambda client, p=path: client.get(p))
            if answer is None:
                return
            if (answer.status, answer.body) != (200, b"success"):
                self._note(f"notice: {answer.status} {answer.body[:200]!r}")
                continue
            with self._lock:
                self.book.paid.add(payment)

    def _insist(self, send: object) -> Answer | None:
        """Send the same thing until somebody answers it; 503 means "again", anything else is an answer."""
        while not self._gone.is_set():
            try:
                with Client(self.port, timeout=20) as client:
                    answer: Answer = send(client)  # type: ignore[operator]  # a function of the client
            except (OSError, http.client.HTTPException):
                answer = None  # type: ignore[assignment]  # nobody there
            if answer is not None and answer.status != 503:
                return answer
            with self._lock:
                self.book.n_again += 1
            time.sleep(0.05)
        return None

    def _note(self, scandal: str) -> None:
        with self._lock:
            self.book.scandals.append(scandal)
