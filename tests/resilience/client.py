"""A buyer's browser and a gateway's notices on a real socket, written apart from the shop's own code."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

from tests.cast import KEY

PRICE = 4900
PID = "1001"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body as JSON."""
        return dict(json.loads(self.body))


class Client:
    """One connection that is kept alive, and opened again when the other side has closed it."""

    def __init__(self, port: int, timeout: float = 60.0) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def __enter__(self) -> Self:
        """For a ``with`` block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Send one request and read its whole answer."""
        try:
            self._connection.request(method, path, body, headers or {})
            response = self._connection.getresponse()
            content = response.read()
        except BaseException:
            self._connection.close()
            raise
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """Send a GET."""
        return self.send("GET", path, None, headers)

    def post_json(self, path: str, body: object, headers: dict[str, str] | None = None) -> Answer:
        """Send JSON; bytes go as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", path, raw, {"Content-Type": "application/json", **(headers or {})})

    def post_form(self, path: str, fields: dict[str, Any] | bytes, headers: dict[str, str] | None = None) -> Answer:
        """Send a form; bytes go as they are."""
        raw = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        return self.send("POST", path, raw, {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})


def checkout_body(
    sku: int, *, contact: str = "cy@example.com", channel: str = "strong", key: str = "", **more: Any
) -> dict[str, Any]:
    """Return the JSON of a checkout of one piece."""
    body = {"sku": sku, "quantity": 1, "contact": contact, "channel": channel, "expected": PRICE}
    return {**body, **({"request_key": key} if key else {}), **more}


def signed(fields: dict[str, str], *, sign_type: str = "HMAC-SHA256", key: str = KEY) -> dict[str, str]:
    """Return the fields of a notice with the signature that a gateway with this key would put on them."""
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name])
    if sign_type == "MD5":
        sign = hashlib.md5((text + key).encode()).hexdigest()  # noqa: S324 - the wire format says so
    else:
        sign = hmac.new(key.encode(), text.encode(), "sha256").hexdigest()
    return {**fields, "sign": sign, "sign_type": sign_type}


def notice_fields(payment: str, *, money: str = "49.00", trade_no: str = "", **more: str) -> dict[str, str]:
    """Return what a gateway says when a payment was made."""
    fields = {
        "pid": PID,
        "trade_no": trade_no or f"T{payment[4:]}",
        "out_trade_no": payment,
        "type": "alipay",
        "name": "goods",
        "money": money,
        "trade_status": "TRADE_SUCCESS",
    }
    return {**fields, **more}


def notice_path(fields: dict[str, str], channel: str = "strong") -> str:
    """Return the address a gateway calls with these fields."""
    return f"/pay/notify/{channel}?{urlencode(fields, quote_via=quote)}"


def genuine(payment: str, **more: str) -> str:
    """Return the address of a genuine notice of the strong channel."""
    return notice_path(signed(notice_fields(payment, **more)))
