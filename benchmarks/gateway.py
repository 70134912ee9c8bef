"""A pretend gateway for the MD5 channel's measurements: says of every order it is asked about that it was paid."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from benchmarks.stage import AMOUNT, KEY, PID, free_port


class _Gateway(asyncio.Protocol):
    """Answers ``api.php?act=order`` as epay V1 does, over connections that stay open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode("ascii")
            body = json.dumps(_answer(parse_qs(urlsplit(target).query))).encode()
            head_out = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write(head_out.encode() + body)


def _answer(asked: dict[str, list[str]]) -> dict[str, object]:
    # The load generator's trade numbers are "T" and what follows "pay_" in ours.
    number = asked.get("out_trade_no", [""])[0][4:] or asked.get("trade_no", [""])[0][1:]
    if asked.get("pid") != [PID] or asked.get("key") != [KEY]:
        return {"code": -1, "msg": "no"}
    return {
        "code": 1,
        "msg": "ok",
        "pid": PID,
        "trade_no": f"T{number}",
        "out_trade_no": f"pay_{number}",
        "type": "alipay",
        "name": "bench",
        "money": f"{AMOUNT / 100:.2f}",
        "status": 1,
    }


@contextmanager
def gateway() -> Iterator[str]:
    """Run the gateway in a process of its own; yields its address."""
    url = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.gateway", url.rpartition(":")[2]])
    try:
        _wait(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"{url}/api.php", timeout=2).close()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Gateway, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
