"""Calls over a real socket to a gateway that misbehaves."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.epay.client import AsyncEpayClient, EpayClient
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.epay.signing import SignType
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.http import MAX_REPLY_BYTES
from xinka.payments.providers.protocol import PayBy, PaymentRequest, RefundRequest

KEY = "b7Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7"
REFUND = RefundRequest("pay_1", 9310, "CNY", trade_no="T1")
ORDER = {"code": 1, "pid": "1001", "trade_no": "T1", "out_trade_no": "pay_1", "money": "93.10", "status": "1"}


class BadGateway:
    """A gateway on a real socket; ``respond`` writes whatever the test wants, and what was asked is kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        self.connections = 0
        self.respond: Callable[[BaseHTTPRequestHandler], None] = BaseHTTPRequestHandler.log_request
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                gateway.connections += 1
                super().setup()

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                gateway.asked.append((self.command, self.path, body))
                try:
                    gateway.respond(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client had enough, as it should

            do_POST = do_GET  # noqa: N815 - the name that http.server looks for

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def answers(self, answer: object, status: int = 200, **headers: str) -> None:
        """Give one ordinary answer from now on."""
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()

        def respond(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.respond = respond


@pytest.fixture
def gateway() -> Iterator[BadGateway]:
    """A gateway whose answers a test decides."""
    bad = BadGateway()
    thread = threading.Thread(target=bad.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield bad
    bad.server.shutdown()
    bad.server.server_close()
    thread.join()


@pytest.fixture
def config(gateway: BadGateway) -> EpayConfig:
    """The settings of a channel at that gateway."""
    return EpayConfig(gateway.url, "1001", KEY, SignType.HMAC_SHA256, plain_http=True)


def test_one_order_is_asked_for_with_number_and_key(gateway: BadGateway, config: EpayConfig) -> None:
    gateway.answers(ORDER)
    assert EpayProvider(config).query("pay_1").paid
    ((method, path, _),) = gateway.asked
    assert (method, urlsplit(path).path) == ("GET", "/api.php")
    assert dict(parse_qsl(urlsplit(path).query)) == {
        "act": "order", "pid": "1001", "key": KEY, "out_trade_no": "pay_1",
    }  # fmt: skip


def test_a_channel_set_to_the_api_gets_a_qr_code(gateway: BadGateway, payment: PaymentRequest) -> None:
    config = EpayConfig(gateway.url, "1001", KEY, by_api=True, plain_http=True)
    gateway.answers(json.dumps({"code": "1", "trade_no": "T1", "qrcode": "https://qr.example/1"}))
    way = EpayProvider(config).prepare(payment)
    assert (way.by, way.target, way.trade_no) == (PayBy.QR, "https://qr.example/1", "T1")
    ((method, path, body),) = gateway.asked
    assert (method, path) == ("POST", "/mapi.php")
    assert config.signer.agrees(dict(parse_qsl(body.decode())))


def test_a_refund_is_asked_for_once_by_post(gateway: BadGateway, config: EpayConfig) -> None:
    gateway.answers({"code": 1, "msg": "ok"})
    EpayProvider(config).refund(REFUND)
    ((method, path, body),) = gateway.asked
    assert (method, path) == ("POST", "/api.php?act=refund")
    assert dict(parse_qsl(body.decode())) == {"pid": "1001", "key": KEY, "trade_no": "T1", "money": "93.10"}


def test_a_refused_refund_is_an_ordinary_error(gateway: BadGateway, config: EpayConfig) -> None:
    gateway.answers({"code": -1, "msg": "余额不足"})
    with pytest.raises(ProviderError, match="余额不足") as failed:
        EpayClient(config).refund(REFUND)
    assert failed.value.permanent
    assert not isinstance(failed.value, OutcomeUnknown)


@pytest.mark.parametrize(
    "answer",
    [b"<html>502</html>", b"", b'{"code":', b"{}", b'{"error": "timed out"}', b'{"code": null}', b'{"code": ""}'],
)
def test_a_refund_without_a_clear_answer_is_not_asked_for_again(
    gateway: BadGateway, config: EpayConfig, answer: bytes
) -> None:
    gateway.answers(answer)
    with pytest.raises(OutcomeUnknown) as failed:
        EpayClient(config).refund(REFUND)
    assert failed.value.permanent
    assert len(gateway.asked) == 1


def test_the_account_is_asked_about(gateway: BadGateway, config: EpayConfig) -> None:
    gateway.answers({"code": 1, "pid": "1001", "money": 12.50})
    assert EpayClient(config).merchant()["money"] == "12.5"


def test_a_redirect_is_not_followed(gateway: BadGateway, config: EpayConfig) -> None:
    gateway.answers(ORDER, 302, Location=f"{gateway.url}elsewhere")
    with pytest.raises(ProviderError, match="302"):
        EpayClient(config).query("pay_1")
    assert len(gateway.asked) == 1


def test_a_large_answer_is_cut_off(gateway: BadGateway, config: EpayConfig) -> None:
    gateway.answers(b" " * (MAX_REPLY_BYTES + 1) + json.dumps(ORDER).encode())
    with pytest.raises(ProviderError, match="too large"):
        EpayClient(config).query("pay_1")


def test_a_compressed_answer_cannot_swell(gateway: BadGateway, config: EpayConfig) -> None:
    gateway.answers(b"\x1f\x8b\x08", Content_Encoding="gzip")
    with pytest.raises(ProviderError, match="JSON"):
        EpayClient(config).query("pay_1")


@pytest.mark.parametrize("part", ["nothing", "head", "body"])
def test_a_slow_answer_is_given_up_in_time_even_if_it_drips(gateway: BadGateway, config: EpayConfig, part: str) -> None:
    given_up = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        if part == "body":
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
        drop = {"nothing": b"", "head": b"H", "body": b" "}[part]
        while not given_up.wait(0.02):
            handler.wfile.write(drop)
            handler.wfile.flush()
        handler.close_connection = True

    gateway.respond = drip
    with pytest.raises(ProviderError) as failed:
        EpayClient(config, total_seconds=0.3).query("pay_1")
    given_up.set()  # until now it would have dripped for ever
    assert not failed.value.permanent


def test_a_gateway_that_is_not_there_is_worth_another_try(gateway: BadGateway) -> None:
    config = EpayConfig("http://127.0.0.1:1/", "1001", KEY, plain_http=True)
    with pytest.raises(ProviderError) as failed:
        EpayClient(config).query("pay_1")
    assert not failed.value.permanent
    assert KEY not in str(failed.value)


def test_a_channel_with_tls_never_falls_back_to_plain_http(gateway: BadGateway) -> None:
    config = EpayConfig(gateway.url.replace("http:", "https:"), "1001", KEY)
    with pytest.raises(ProviderError):
        EpayClient(config, total_seconds=2).query("pay_1")
    assert gateway.asked == []


def test_a_certificate_that_nobody_vouches_for_is_refused(gateway: BadGateway, tmp_path: Path) -> None:
    gateway.answers(ORDER)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    gateway.server.socket = context.wrap_socket(gateway.server.socket, server_side=True, do_handshake_on_connect=False)
    config = EpayConfig(gateway.url.replace("http:", "https:"), "1001", KEY)
    with pytest.raises(ProviderError, match="certificate is not valid: self-signed certificate"):
        EpayClient(config, total_seconds=2).query("pay_1")
    assert gateway.asked == []


def _self_signed(place: Path) -> Path:
    """Return a file with a key and a certificate for 127.0.0.1 that only vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    path = place / "gateway.pem"
    path.write_bytes(pem)
    return path


def test_no_log_and_no_error_holds_the_key(
    gateway: BadGateway, config: EpayConfig, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        gateway.answers(ORDER)
        EpayClient(config).query("pay_1")
        gateway.answers(b"oops", 500)
        with pytest.raises(ProviderError) as failed:
            EpayClient(config).query("pay_1")
        with pytest.raises(ProviderError) as unreachable:
            EpayClient(EpayConfig("http://127.0.0.1:1/", "1001", KEY, plain_http=True)).query("pay_1")
    for text in (caplog.text, *map(repr, _chain(failed.value)), *map(repr, _chain(unreachable.value))):
        assert KEY not in text


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and every error a report would show with it."""
    yield error
    following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if following is not None:
        yield from _chain(following)


def test_a_session_keeps_its_connection(gateway: BadGateway, config: EpayConfig) -> None:
    gateway.answers(ORDER)

    async def ask() -> list[bool]:
        async with AsyncEpayClient(config) as client:
            return [(await client.query("pay_1")).paid for _ in range(5)]

    assert asyncio.run(ask()) == [True] * 5
    assert gateway.connections == 1


def test_a_connection_the_gateway_hung_up_is_replaced_without_a_word(gateway: BadGateway, config: EpayConfig) -> None:
    gateway.answers(ORDER)
    ordinary = gateway.respond

    def answer_and_hang_up(handler: BaseHTTPRequestHandler) -> None:
        ordinary(handler)
        handler.close_connection = True  # without saying so in a header, as servers do after an idle while

    gateway.respond = answer_and_hang_up

    async def ask() -> list[bool]:
        async with AsyncEpayClient(config) as client:
            return [(await client.query("pay_1")).paid for _ in range(5)]

    assert asyncio.run(ask()) == [True] * 5
    assert len(gateway.asked) == 5


def test_money_never_goes_over_a_connection_that_may_have_gone_stale(gateway: BadGateway, config: EpayConfig) -> None:
    gateway.answers(ORDER)

    async def ask() -> None:
        async with AsyncEpayClient(config) as client:
            await client.query("pay_1")
            await client.refund(REFUND)

    asyncio.run(ask())
    assert gateway.connections == 2


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%.0x%b",
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b",
    ],
)
def test_every_framing_of_http_is_understood(gateway: BadGateway, config: EpayConfig, raw: bytes) -> None:
    body = json.dumps(ORDER).encode()

    def respond(handler: BaseHTTPRequestHandler) -> None:
        text = raw.replace(b"%.0x", b"").replace(b"%b", body).replace(b"%x", b"%x" % len(body))
        handler.wfile.write(text.replace(b"%d", b"%d" % len(body)))
        handler.close_connection = True

    gateway.respond = respond
    assert EpayClient(config).query("pay_1").paid


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"",
    ],
)
def test_an_answer_that_is_broken_off_or_no_http_is_an_error(
    gateway: BadGateway, config: EpayConfig, raw: bytes
) -> None:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(raw)
        handler.close_connection = True

    gateway.respond = respond
    with pytest.raises(ProviderError) as failed:
        EpayClient(config).query("pay_1")
    assert not failed.value.permanent
