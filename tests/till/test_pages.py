"""Pages from memory, before a Django that is only pretended: what one visitor sends never reaches the next."""

from __future__ import annotations

import http.server
import os
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.resilience.client import Client
from tests.resilience.house import django_on, fresh_copy, open_till


class Echo(http.server.BaseHTTPRequestHandler):
    """A page that repeats whatever it was told, marked as fit for everybody, except under /order/ and /account/."""

    asked: list[str] = []
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        Echo.asked.append(self.path)
        told = "\n".join(f"{name.lower()}: {value}" for name, value in self.headers.items())
        body = f"{self.path}\n{told}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        if self.path.startswith(("/p/", "/order/")):
            self.send_header("X-Xinka-Cache", "product:1")
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """Return a name for a socket that has none."""
        return "unix"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Serves a unix socket, a thread for each connection."""

    daemon_threads = True


@pytest.fixture(scope="module")
def port(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker, migrated_template: str
) -> Iterator[int]:
    """A till before that page."""
    import shutil  # here, because only this fixture makes and removes a short directory
    import tempfile

    place = Path(tempfile.mkdtemp(prefix="xk-"))
    (place / "run").mkdir()
    server = UnixServer(str(place / "run" / "web.sock"), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    log = tmp_path_factory.mktemp("pages") / "till.log"
    ours = {"XINKA_DATA_DIR": str(place), "XINKA_MASTER_KEY": "ab" * 32}
    shop = fresh_copy(os.environ["DATABASE_URL"], migrated_template)
    try:
        with django_db_blocker.unblock(), shop as url, django_on(url), open_till(url, log, **ours) as till:
            yield till.port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        shutil.rmtree(place, ignore_errors=True)


def get(port: int, path: str, **headers: str) -> str:
    """Return a page as a visitor sees it."""
    with Client(port) as client:
        return client.get(path, {name.replace("_", "-"): value for name, value in headers.items()}).body.decode()


POISON = {
    "X_Forwarded_Host": "evil.example",
    "X_Forwarded_Proto": "evil",
    "X_Forwarded_For": "203.0.113.66",
    "Forwarded": "host=evil.example",
    "X_Real_Ip": "203.0.113.66",
    "X_Xinka_Client": "203.0.113.66",
    "X_Xinka_Scheme": "evil",
    "X_Xinka_Render": "evil",
    "X_Xinka_Anything": "evil",
}


@pytest.mark.parametrize("name", POISON)
def test_headers_that_only_the_till_may_say_are_not_passed_on(port: int, name: str) -> None:
    for path in ("/account/", f"/p/{name.lower()}"):
        seen = get(port, path, **{name: POISON[name]})
        assert POISON[name] not in seen.removeprefix(path)
        assert "x-xinka-client: 127.0.0.1" in seen
        assert "x-xinka-scheme: http" in seen


@pytest.mark.parametrize("name", ["x_xinka_client", "X_Xinka_Scheme", "x-xinka_client", "X_Forwarded_For", "x_other"])
def test_a_name_with_an_underscore_which_django_reads_as_a_hyphen_is_not_passed_on(port: int, name: str) -> None:
    with Client(port) as client:
        seen = client.get("/account/", {name: "203.0.113.66"}).body.decode()
    assert "203.0.113.66" not in seen
    assert "x-xinka-client: 127.0.0.1" in seen


UNKEYED = [
    ("User_Agent", "evil"),
    ("Referer", "http://evil"),
    ("X_Other", "evil"),
    ("Origin", "http://evil"),
    ("Cookie", "other=evil"),
    ("Cookie", "xk_lang=evil; xk_theme=evil"),
    ("Accept", "evil/evil"),
    ("Accept_Language", "evil"),
]


@pytest.mark.parametrize(("name", "value"), UNKEYED)
def test_nothing_a_visitor_sends_gets_into_the_page_of_the_next(port: int, name: str, value: str) -> None:
    path = f"/p/poison-{name.lower()}-{len(value)}"
    assert "evil" not in get(port, path, **{name: value}), "what a visitor sends is in a page that others will see"
    assert "evil" not in get(port, path)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:443", "127.0.0.1.evil.example", "127.0.0.1:80:80"])
def test_under_a_name_that_is_not_the_shops_the_till_answers_nothing_itself(port: int, host: str) -> None:
    """Django is asked, with the name as it came, and refuses; neither is anything kept for who comes next."""
    path = f"/p/named-{len(host)}"
    for _ in range(2):
        assert f"host: {host}" in get(port, path, Host=host)
    assert "evil" not in get(port, path)
    with Client(port) as client:
        asked = client.post_json("/checkout", {}, {"Host": host})
    assert asked.status == 501, "Django, whose stand-in knows no POST"


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST", "localhost.:8000", "[::1]:8000", "127.0.0.1:"])
def test_under_each_of_the_shops_own_names_pages_come_from_memory(port: int, host: str) -> None:
    path = f"/p/own-{len(host)}"
    first = get(port, path)
    assert get(port, path, Host=host) == first


def test_a_page_is_kept_for_each_language_and_colour_apart(port: int) -> None:
    for cookie in ("xk_lang=en", "xk_lang=zh-hans; xk_theme=dark", "xk_lang=en; xk_theme=light"):
        for _ in range(2):
            assert f"cookie: {cookie}" in get(port, "/p/apart", Cookie=cookie)


def test_the_mark_for_the_till_does_not_leave_the_house(port: int) -> None:
    with Client(port) as client:
        for path in ("/p/mark", "/order/ord_x", "/account/"):
            assert "x-xinka-cache" not in client.get(path).headers


def test_an_order_page_with_a_suffix_is_never_kept(port: int) -> None:
    for path in ("/order/ord_x/x.css", "/order/ord_x", "/order/ord_x%2fx.css", "/order/ord_x/..%2f..%2fp/x"):
        before = len(Echo.asked)
        get(port, path, Cookie="xk_order=cys")
        get(port, path)
        assert len(Echo.asked) == before + 2, f"{path} was answered from memory"


def test_who_is_signed_in_is_never_answered_from_memory(port: int) -> None:
    get(port, "/p/shared")
    before = len(Echo.asked)
    get(port, "/p/shared")
    assert len(Echo.asked) == before
    for cookie in ("xk_session=cys", "__Host-xk_session=cys", "messages=hello"):
        assert cookie in get(port, "/p/shared", Cookie=cookie)
    assert len(Echo.asked) == before + 3
