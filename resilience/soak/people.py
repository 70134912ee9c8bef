"""Who uses the shop meanwhile: buyers, people who only look, a merchant who stocks up and gives money back."""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from resilience.soak.gateway import CHANNEL, Gateway

PASSWORD = "try-the-xinka-demo"  # noqa: S105 - public, of every demo
MERCHANT = "xinghe"
#: Share of the orders that are paid, and that are looked at again afterwards.
_PAID, _LOOKED_AT = 0.85, 0.2
#: Seconds in which a buyer asks again for an answer before the shop counts as gone.
_PATIENCE = 240.0
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_AGAIN = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Ware:
    """What is bought: a variant, its price in minor units, and its product's address."""

    sku: int
    price: int
    slug: str


@dataclass
class Book:
    """What the shop has said, written down where no fault of the shop's can touch it."""

    #: Order → the payment that a 2xx named with it, and the buyer's address.
    orders: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: Answers that must never be given.
    scandals: list[str] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    last_delivered_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def scandal(self, words: str) -> None:
        """Write down what must not happen."""
        with self.lock:
            if len(self.scandals) < 100:
                self.scandals.append(words)


class Browser:
    """Cookies, redirects and forms; a connection per request, for the shop is killed all the time."""

    def __init__(self, port: int, address: str) -> None:
        """Come from ``address``, as the proxy in front of a shop would say."""
        self._port = port
        self._address = address
        self._cookies: dict[str, str] = {}

    def send(self, method: str, path: str, body: str = "", kind: str = "") -> tuple[int, str, str]:
        """Send one request; return status, body and where it leads. Status 0: there was no whole answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=45)
        headers = {"X-Forwarded-For": self._address, "Accept-Language": "en"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if kind:
            headers["Content-Type"] = kind
        try:
            connection.request(method, path, body.encode() if body else None, headers)
            response = connection.getresponse()
            said = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return 0, "", ""
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        return response.status, said, response.headers.get("Location") or ""

    def get(self, path: str) -> tuple[int, str, str]:
        """Look at a page."""
        return self.send("GET", path)

    def submit(self, page: str, path: str = "", **fields: str) -> tuple[int, str, str]:
        """Fill in the form of a page and send it to ``path``."""
        status, said, _ = self.get(page)
        found = _TOKEN.search(said)
        if status != 200 or found is None:
            return status, said, ""
        body = urlencode({"csrfmiddlewaretoken": found[1], **fields})
        return self.send("POST", path or page, body, "application/x-www-form-urlencoded")


class People:
    """Threads that use the shop until they are told to stop."""

    def __init__(self, port: int, ware: Ware, gateway: Gateway, *, seed: int, buyers: int, pause: float) -> None:
        """Take where the shop is, what is bought there, and how many buy, with how many seconds between two orders."""
        self.book = Book()
        self._port, self._ware, self._gateway, self._seed, self._pause = port, ware, gateway, seed, pause
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._buy, args=(number,), daemon=True) for number in range(buyers)]
        self._threads += [threading.Thread(target=self._look, args=(number,), daemon=True) for number in range(2)]
        self._threads.append(threading.Thread(target=self._trade, daemon=True))

    def start(self) -> None:
        """Open the doors."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish what they began."""
        self._over.set()
        for thread in self._threads:
            thread.join(_PATIENCE)

    def _browser(self, chance: random.Random) -> Browser:
        return Browser(self._port, f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}")

    def _note(self, what: str, status: int, said: str) -> None:
        with self.book.lock:
            self.book.answers[f"{what} {status or 'no answer'}"] += 1
        if status == 500:
            words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said))
            self.book.scandal(f"{what}: 500 {words[:200]}")

    def _buy(self, number: int) -> None:
        chance, n = random.Random(f"{self._seed}-buyer-{number}"), 0
        while not self._over.wait(chance.uniform(0.5, 1.5) * self._pause):
            n += 1
            key = f"soak{self._seed:06}b{number:04}n{n:06}"
            browser = self._browser(chance)
            placed = self._place(browser, key)
            if placed is None:
                continue
            order, payment, amount = placed
            with self.book.lock:
                self.book.orders[order] = (payment, f"{key}@example.com")
            if chance.random() > _PAID:
                continue
            if not self._gateway.pay(payment, amount):
                continue  # the shop will find out by asking, and the buyer comes back another day
            self._wait_for_goods(browser, order)
            if chance.random() < _LOOKED_AT:
                status, said, _ = browser.get(f"/order/{order}")
                self._note("order page", status, said)

    def _place(self, browser: Browser, key: str) -> tuple[str, str, int] | None:
        """Order, and ask again with the same key until there is an answer that is one."""
        body = {
            "sku": self._ware.sku,
            "quantity": 1,
            "contact": f"{key}@example.com",
            "channel": CHANNEL,
            "expected": self._ware.price,
            "request_key": key,
        }
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            status, said, _ = browser.send("POST", "/checkout", json.dumps(body), "application/json")
            self._note("checkout", status, said)
            if status == 200:
                answer = json.loads(said)
                return answer["order"], answer["payment"], answer["amount"]
            if status and status not in _AGAIN:
                return None
            time.sleep(0.5)
        self.book.scandal(f"checkout: no answer in {_PATIENCE:.0f} s")
        return None

    def _wait_for_goods(self, browser: Browser, order: str) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            status, said, _ = browser.get(f"/order/{order}/status?after=awaiting_payment")
            self._note("status", status, said)
            if status == 200 and json.loads(said)["state"] == "delivered":
                with self.book.lock:
                    self.book.delivered.add(order)
                    self.book.last_delivered_at = time.monotonic()
                return
            time.sleep(0.5)

    def _look(self, number: int) -> None:
        chance = random.Random(f"{self._seed}-visitor-{number}")
        pages = ("/", f"/p/{self._ware.slug}", "/search?q=card", "/orders/find", "/gift-cards", "/account/login/")
        while not self._over.wait(chance.uniform(0.2, 0.8)):
            page = chance.choice(pages)
            status, said, _ = self._browser(chance).get(page)
            self._note("page", status, said)

    def _trade(self) -> None:
        """Ada signs in, stocks up, looks at orders and gives the money of one in thirty back."""
        chance, n = random.Random(f"{self._seed}-merchant"), 0
        browser, is_in = self._browser(chance), False
        while not self._over.wait(3):
            n += 1
            if not is_in:
                status, said, to = browser.submit("/account/login/", login="ada@demo.xinka.example", password=PASSWORD)
                self._note("sign in", status, said)
                is_in = status == 302
                continue
            status, said, to = browser.get(f"/desk/{MERCHANT}/orders")
            self._note("desk", status, said)
            is_in = not (status in {302, 303} and "login" in to)
            if n % 3 == 1:
                self._stock_up(browser, chance)
            if n % 2:
                self._give_back(browser, chance)

    def _stock_up(self, browser: Browser, chance: random.Random) -> None:
        place = f"/desk/{MERCHANT}/stock/{self._ware.sku}/import"
        codes = "\n".join(f"SOAK-{chance.randrange(16**12):012X}" for _ in range(150))
        status, said, to = browser.submit(place, pasted=codes)
        self._note("upload", status, said)
        if status != 302:
            return
        _, said, _ = browser.get(to)
        reading = re.search(r'name="reading" value="([^"]*)"', said)
        status, said, _ = browser.submit(to, f"{to}/confirm", reading=reading[1] if reading else "")
        self._note("import", status, said)

    def _give_back(self, browser: Browser, chance: random.Random) -> None:
        with self.book.lock:
            known = sorted(self.book.delivered)
        if not known or chance.random() > 0.3:
            return
        place = f"/desk/{MERCHANT}/orders/{chance.choice(known)}"
        status, said, _ = browser.get(place)
        key = re.search(r'name="key" value="([^"]+)"', said)
        amount = re.search(r'name="amount" value="([^"]+)"', said)
        if status == 200 and key and amount:
            status, said, _ = browser.submit(place, f"{place}/give-back", key=key[1], amount=amount[1])
            self._note("give back", status, said)
