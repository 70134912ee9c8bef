"""Headers, bodies and downloads over a real socket; what goes wrong on the way is in the tests of epay's client."""

from __future__ import annotations

import hashlib
import io
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from xinka.kernel.errors import ProviderError
from xinka.payments.providers import http
from xinka.payments.providers.http import Call, ask, download

FILE = b"a line of a bill\n" * 20_000


class Gateway:
    """Keeps what it was asked and answers with what a test wants."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.status, self.body = 200, b"{}"
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                gateway.asked.append((self.command, self.path, headers, body))
                self.send_response(gateway.status)
                self.send_header("Request-Id", "r1")
                self.send_header("X-Twice", "a")
                self.send_header("X-Twice", "b")
                self.send_header("Content-Length", str(len(gateway.body)))
                self.end_headers()
                self.wfile.write(gateway.body)

            do_POST = do_PATCH = do_GET  # noqa: N815 - the names that http.server looks for

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway on a real socket."""
    found = Gateway()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_json_goes_out_as_it_is_with_the_headers_of_the_call(gateway: Gateway, method: str) -> None:
    reply = ask(Call(method, f"{gateway.url}/v1/pay", headers={"Authorization": "secret-1"}, content=b'{"a":"\xe9"}'))
    ((said, path, headers, body),) = gateway.asked
    assert (said, path, body) == (method, "/v1/pay", b'{"a":"\xe9"}')
    assert (headers["authorization"], headers["content-type"]) == ("secret-1", "application/json")
    assert (reply.status, reply.headers["request-id"], reply.headers["x-twice"]) == (200, "r1", "a, b")


def test_the_query_of_an_address_stays_as_it_is_written(gateway: Gateway) -> None:
    ask(Call("GET", f"{gateway.url}/a:b/c?token=%2Fx%3D&mchid=1", query={"k": "测"}))
    assert gateway.asked[0][1] == "/a:b/c?token=%2Fx%3D&mchid=1&k=%E6%B5%8B"


def test_headers_and_content_are_never_printed() -> None:
    call = Call("POST", "https://pay.example/", headers={"Authorization": "secret-1"}, content=b"secret-2")
    assert "secret" not in repr(call)


def test_a_header_that_would_smuggle_another_is_refused(gateway: Gateway) -> None:
    with pytest.raises(ProviderError):
        ask(Call("GET", gateway.url, headers={"X-Note": "a\r\nX-Other: b"}))
    assert gateway.asked == []


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_bill_is_written_and_hashed_on_the_way(gateway: Gateway, algorithm: str) -> None:
    gateway.body = FILE
    into = io.BytesIO()
    found = download(Call("GET", f"{gateway.url}/bill?day=1"), into, algorithm=algorithm)
    assert into.getvalue() == FILE
    assert (found.size, found.digest) == (len(FILE), hashlib.new(algorithm, FILE).hexdigest())


def test_a_bill_larger_than_allowed_is_given_up(gateway: Gateway) -> None:
    gateway.body = FILE
    into = io.BytesIO()
    with pytest.raises(ProviderError, match="too large"):
        download(Call("GET", gateway.url), into, max_bytes=1000)
    assert len(into.getvalue()) <= 1000


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_error_page_is_not_a_bill(gateway: Gateway, status: int) -> None:
    gateway.status, gateway.body = status, FILE
    into = io.BytesIO()
    with pytest.raises(ProviderError, match=str(status)):
        download(Call("GET", gateway.url), into)
    assert into.getvalue() == b""


def _certificate(place: Path, *, name: str = "localhost", days: tuple[int, int] = (-1, 30)) -> Path:
    """Write a certificate for a name, with its key, which nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=min(days) - 1))
        .not_valid_after(now + timedelta(days=max(days)))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = place / f"{name}{days[1]}.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


@contextmanager
def _serving(gateway: Gateway, certificate: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool) -> Iterator[str]:
    """Put the gateway behind TLS; whether this machine trusts who signed the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    gateway.server.socket = context.wrap_socket(gateway.server.socket, server_side=True)
    ours = ssl.create_default_context(cafile=str(certificate) if trusted else None)
    monkeypatch.setattr(http, "_trusted", lambda: ours)
    yield f"https://localhost:{gateway.server.server_port}"


@pytest.mark.parametrize(
    ("facts", "trusted", "why"),
    [
        ({"days": (-30, -1)}, True, "certificate has expired"),
        ({"name": "other.example"}, True, "Hostname mismatch, certificate is not valid for 'localhost'."),
        ({}, False, "self-signed certificate"),
    ],
)
def test_what_is_wrong_with_a_gateways_certificate_is_told_and_nothing_is_sent(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], trusted: bool, why: str
) -> None:
    with _serving(gateway, _certificate(tmp_path, **facts), monkeypatch, trusted=trusted) as url:
        with pytest.raises(ProviderError) as failure:
            ask(Call("POST", f"{url}/refund", form={"key": "secret"}))
        assert str(failure.value) == f"the gateway's certificate is not valid: {why}"
        assert not failure.value.permanent, "once it is renewed, what waits goes on by itself"
    assert gateway.asked == []


def test_a_valid_certificate_is_answered(gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _serving(gateway, _certificate(tmp_path), monkeypatch, trusted=True) as url:
        assert ask(Call("GET", url)).body == b"{}"


def test_a_name_that_is_not_known_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(http.asyncio, "open_connection", unknown)
    with pytest.raises(ProviderError, match=r"^the gateway's host name is not known: Name or service not known$"):
        ask(Call("GET", "https://gateway.example/"))
