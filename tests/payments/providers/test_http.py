"""Headers, bodies and downloads over a real socket; what goes wrong on the way is in the tests of epay's client."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from xinka.kernel.errors import ProviderError
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
