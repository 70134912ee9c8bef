"""A log at an address, read over HTTP; and the post to a witness. What they bring is verified elsewhere."""

from __future__ import annotations

import io
import socket
import time
import zlib
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, Request, build_opener

from xinka.engines.merkle.errors import SourceFailed
from xinka.engines.merkle.hashing import TILE_WIDTH
from xinka.engines.merkle.tiles import CHECKPOINT, LONGEST_ENTRY
from xinka.engines.merkle.witnessing import Answer

#: Seconds to wait for something to come.
PATIENCE = 10.0
#: So many times that long a whole answer may take: else one byte now and then would hold a monitor for ever.
_WHOLE = 6
#: No resource of a log is larger. In bytes.
LARGEST = TILE_WIDTH * (LONGEST_ENTRY + 2)


class Website:
    """Reads a log whose prefix is served at an address.

    Raises:
        SourceFailed: the address is not one of HTTP.
    """

    def __init__(self, prefix: str, patience: float = PATIENCE) -> None:
        self.prefix = _web_address(prefix).rstrip("/")
        self._patience = patience

    def read(self, path: str) -> bytes | None:
        """Return the bytes at a path, or None where there is nothing.

        Raises:
            SourceFailed: there was no answer, or one that is no resource.
        """
        address = f"{self.prefix}/{path}"
        asked = {"Accept-Encoding": "gzip, identity"}
        if path == CHECKPOINT:
            asked["Cache-Control"] = "no-cache"  # an older one out of somebody's cache would look like a rollback
        status, headers, body = _fetch(Request(address, headers=asked), self._patience)  # noqa: S310 - the scheme was looked at
        if status in (404, 410):
            return None
        if status != 200:
            raise SourceFailed(path=address, why=f"HTTP {status}")
        return _plain(body, address) if headers.get("Content-Encoding") == "gzip" else body


class Post:
    """Hands requests to the witness whose submission prefix this is."""

    def __init__(self, prefix: str, patience: float = PATIENCE) -> None:
        self._address = f"{_web_address(prefix).rstrip('/')}/add-checkpoint"
        self._patience = patience

    def __call__(self, request: bytes) -> Answer:
        """Post a request; return what the witness answered.

        Raises:
            SourceFailed: there was no answer.
        """
        status, headers, body = _fetch(Request(self._address, data=request, method="POST"), self._patience)  # noqa: S310 - as above
        return Answer(status, body, headers.get("Content-Type", ""))


def _web_address(address: str) -> str:
    try:
        scheme = urlsplit(address).scheme
    except ValueError:  # as of http://[::1 without its end
        scheme = ""
    if scheme not in ("http", "https"):
        raise SourceFailed(path=address, why="http:// or https:// expected / 应以 http:// 或 https:// 开头")
    return address


class _InTime(io.RawIOBase):
    """What comes over a socket, if all of it comes in time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._patience = sock.gettimeout() or PATIENCE
        self._end = time.monotonic() + _WHOLE * self._patience

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any, /) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("too slow / 太慢")
        self._sock.settimeout(min(self._patience, left))
        return self._raw.readinto(into)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        unlimited, self.fp = self.fp, io.BufferedReader(_InTime(sock))
        unlimited.close()


class _Plain(HTTPConnection):
    response_class = _Response


class _Secure(HTTPSConnection):
    response_class = _Response


class _PlainHandler(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_Plain, req)


class _SecureHandler(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(_Secure, req)


def _fetch(request: Request, patience: float) -> tuple[int, Mapping[str, str], bytes]:
    try:
        try:
            answer = build_opener(_PlainHandler, _SecureHandler).open(request, timeout=patience)
        except HTTPError as refusal:
            answer = refusal
        with answer:
            body = answer.read(LARGEST + 1)
            is_cut = len(body) <= LARGEST and bool(answer.length)  # what was announced and did not come
    except (OSError, HTTPException, ValueError) as error:
        raise SourceFailed(path=request.full_url, why=_why(error)) from None
    if is_cut or len(body) > LARGEST:
        raise SourceFailed(path=request.full_url, why="cut off / 不完整" if is_cut else "too long / 过长")
    return int(answer.status), answer.headers, body


def _why(error: Exception) -> str:
    """Return why nothing was fetched, in both languages where it is one of the common reasons."""
    reason = getattr(error, "reason", error)  # urllib wraps what the system says
    if isinstance(reason, ConnectionRefusedError):
        return "connection refused / 连接被拒绝"
    if isinstance(reason, socket.gaierror):
        return "no such host / 找不到主机"
    return str(reason)


def _plain(body: bytes, address: str) -> bytes:
    try:
        # A bundle that unpacks to more than any bundle holds is somebody's trap.
        unpacker = zlib.decompressobj(wbits=31)
        plain = unpacker.decompress(body, LARGEST)
    except zlib.error as error:
        raise SourceFailed(path=address, why=str(error)) from None
    if not unpacker.eof:
        raise SourceFailed(path=address, why="too long or cut off / 过长或不完整")
    return plain
