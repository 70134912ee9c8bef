"""Requests and responses as the till sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl

import msgspec

from xinka.kernel.cookies import Cookie
from xinka.kernel.errors import Refusal
from xinka.platform.look.preferences import LANGUAGE_COOKIE, language_of
from xinka.till.serving.exchange import Exchange
from xinka.till.serving.heads import PRIVATE, Headers, lines_of

_ENCODER = msgspec.json.Encoder()
PROBLEM = ("content-type", "application/problem+json")
TEXT = ("content-type", "text/plain; charset=utf-8")
_JSON = lines_of([("content-type", "application/json")]) + PRIVATE


class BodyTooLarge(Refusal):
    """The body is larger than this address takes."""

    code = "body_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    zh = "提交的内容太大。"
    en = "The request body is too large."


@dataclass(slots=True)
class Response:
    """An answer whose body is known; ``ready`` are header lines that were written before (``lines_of``)."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)
    ready: str = ""


class Request:
    """One request; what costs time is read only when asked for."""

    __slots__ = ("address", "exchange", "method", "path", "query")

    def __init__(self, exchange: Exchange, address: str) -> None:
        self.exchange = exchange
        self.method = exchange.method
        self.path = exchange.path
        self.query = exchange.query
        self.address = address

    def header(self, name: str) -> str:
        """Return a header, or nothing."""
        value = self.exchange.fields.get(name.encode())
        return value.decode("latin-1") if value else ""

    def host(self) -> str:
        """Return the name that was asked for, without port, as Django reads it."""
        host = self.header("host").lower()
        name, colon, port = host.rpartition(":")
        return (name if colon and (not port or port.isdigit()) else host).removesuffix(".")

    def headers(self) -> list[tuple[str, str]]:
        """Return all headers, names in lower case."""
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.exchange.fields.items()]

    def cookie(self, name: str) -> str:
        """Return a cookie, or nothing. Where one name comes twice, the first counts: its path is the longer one."""
        for part in self.header("cookie").split(";"):
            found, _, value = part.strip().partition("=")
            if found == name:
                return value
        return ""

    def kept(self, cookie: Cookie) -> str:
        """Return the value of a cookie of the shop, or nothing."""
        if b"cookie" not in self.exchange.fields:
            return ""
        return self.cookie(cookie.guarded) or self.cookie(cookie.plain)

    def language(self) -> str:
        """Return the language to answer in."""
        return language_of(self.kept(LANGUAGE_COOKIE), self.header("accept-language"))

    def wants_json(self) -> bool:
        """Whether the caller sent JSON, or asks for it and not for a page."""
        return self.header("content-type").startswith("application/json") or (
            "application/json" in self.header("accept") and "text/html" not in self.header("accept")
        )

    async def body(self, limit: int) -> bytes:
        """Read the body.

        Raises:
            BodyTooLarge: if it is larger than ``limit`` bytes; the rest is not read.
            HungUp: if the visitor closed the connection before its end.
        """
        length = self.header("content-length")
        if length:
            if not length.isdigit() or int(length) > limit:
                raise BodyTooLarge
            return await self.exchange.read_all()
        parts, size = [], 0
        async for part in self.exchange.parts():
            size += len(part)
            if size > limit:
                raise BodyTooLarge
            parts.append(part)
        return b"".join(parts)


def json_response(value: object, status: int = 200, headers: Headers | None = None) -> Response:
    """Return an answer in JSON that no cache keeps."""
    return Response(status, _ENCODER.encode(value), headers or [], _JSON)


def refusal_response(refusal: Refusal, language: str) -> Response:
    """Return a refusal as a problem document (RFC 9457)."""
    headers = [PROBLEM]
    if refusal.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers.append(("retry-after", str(refusal.params.get("retry_after", 2))))
    return Response(int(refusal.status), _ENCODER.encode(refusal.problem(language)), headers, PRIVATE)


def parse_form(body: bytes, max_fields: int = 20) -> dict[str, str]:
    """Return the fields of a form.

    Raises:
        ValueError: if it is not strict UTF-8, has a field twice, or more fields than allowed.
    """
    pairs = parse_qsl(
        body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=max_fields, strict_parsing=True
    )
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field comes twice")
    return fields


def client_address(peer: str, forwarded: str, trusted: tuple[str, ...]) -> str:
    """Return the visitor's address: the peer's, or behind trusted proxies the last that is none of theirs.

    ``forwarded`` is ``X-Forwarded-For``; whoever is not a trusted proxy can write into it what he likes, so it is read
    from the right and no further than trust goes.
    """
    if peer not in trusted:
        return peer
    for hop in reversed(forwarded.split(",")):
        if hop.strip() and hop.strip() not in trusted:
            return hop.strip()
    return peer
