"""How fast pages are: a product page from the till's memory, its first visit, its weight, and how soon a change shows.

页面多快：内存里的商品页、首次访问、大小、改动多久可见。

Starts a throw-away shop (database, till, pages) with the demo goods, then asks for one product page over keep-alive
connections. Each answer is compared with the first, byte for byte. The first visit's CPU time is the pages process's
own, over many renderings with the memory emptied in between. Weight is what a browser loads first: the page and every
stylesheet, script and image of ours in it, compressed. The last line is JSON.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import select
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from benchmarks.arguments import Arguments, duration, whole
from benchmarks.stage import Stage, cpu_seconds, free_port, machine, run, stage, wait_ready

_AIM_PER_S, _AIM_CPU_MS, _AIM_KB = 8_000, 10.0, 60.0


def main() -> None:
    """Measure and print."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--seconds", type=duration, default=8.0, help="measured time of each part / 每段测多少秒")
    parser.add_argument("--clients", type=whole(1), default=64, help="people who buy at once / 同时下单的人数")
    parser.add_argument(
        "--workers", type=whole(1), default=os.cpu_count() or 1, help="processes of the till / 收银台进程数"
    )
    options = parser.parse_args()
    print(f"machine: {machine()}\n{__doc__}")
    with stage() as set_up:
        set_up.environment["XINKA_SANDBOX"] = "1"
        run(set_up.environment, "-m", "xinka.config.cli", "demo")
        with shop(set_up, options.workers) as (port, pages):
            path = _a_product(port)
            result = {"machine": machine(), "path": path, "till_workers": options.workers}
            result |= _from_memory(port, path, options)
            result |= _first_visit(set_up, port, path, pages)
            result |= _weight(port, path)
            result |= _staleness(set_up, port, path)
    result["aims"] = {"requests_per_s": _AIM_PER_S, "first_visit_cpu_ms": _AIM_CPU_MS, "first_load_kb": _AIM_KB}
    print(json.dumps(result))


@contextmanager
def shop(set_up: Stage, workers: int) -> Iterator[tuple[int, psutil.Process]]:
    """Start till and pages; yields the public port and the pages' process."""
    port = free_port()
    environment = {
        **set_up.environment,
        "XINKA_PORT": str(port),
        "XINKA_TILL_WORKERS": str(workers),
        "XINKA_SITE_URL": f"http://127.0.0.1:{port}",
    }
    run(environment, "-m", "django", "collectstatic", "--no-input", "-v", "0", "--settings", "xinka.config.settings")
    started = [
        subprocess.Popen([sys.executable, "-m", "xinka.config.serve", name], env=environment)
        for name in ("web", "till")
    ]
    try:
        wait_ready(port)
        _wait_for_pages(port)
        yield port, psutil.Process(started[0].pid)
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(30)


def _wait_for_pages(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            get(port, "/")
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def get(port: int, path: str, headers: dict[str, str] | None = None) -> bytes:
    """Return a page's body, as it came."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers or {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
    return body


def _a_product(port: int) -> str:
    found = re.findall(r'href="(/p/[^"?#]+)"', get(port, "/").decode())
    if not found:
        raise SystemExit("the home page shows no product")
    return str(found[0])


def _from_memory(port: int, path: str, options: argparse.Namespace) -> dict[str, Any]:
    """Ask for the page as fast as it comes, closed loop; every answer must be the very same bytes."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: br, gzip\r\n\r\n".encode()
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(options.clients)]
    poll, by_number = select.epoll(), {}
    for connection in sockets:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(connection.fileno(), select.EPOLLIN)
        by_number[connection.fileno()] = connection
        connection.sendall(request)
    expected = body_of(get_raw(port, request))
    n_pages, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < options.seconds:
        for number, _ in poll.poll(1):
            body = body_of(_read_answer(by_number[number]))
            if body != expected:
                raise SystemExit("an answer differs from the first")
            n_pages += 1
            by_number[number].sendall(request)
    seconds = time.perf_counter() - begin
    return {"requests_per_s": n_pages / seconds, "bytes_each": len(expected)}


def _read_answer(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        if end:
            length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            if len(body) >= length:
                return data
        more = connection.recv(65536)
        if not more:
            raise SystemExit("the till closed a connection")
        data += more


def get_raw(port: int, request: bytes) -> bytes:
    """Return one whole answer, head and body."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        return _read_answer(connection)


def body_of(answer: bytes) -> bytes:
    """Return what follows the head."""
    return answer.partition(b"\r\n\r\n")[2]


def _first_visit(set_up: Stage, port: int, path: str, pages: psutil.Process) -> dict[str, Any]:
    """Render the page many times, forgetting it in between; report the pages process's CPU time for one."""
    n_visits = 40
    with set_up.connect() as connection:
        processes = [pages, *pages.children(recursive=True)]
        get(port, f"{path}?warm=1")
        before, spent = cpu_seconds(processes), []
        for number in range(n_visits):
            connection.execute("SELECT pg_notify('xinka_pages', '')")
            begin = time.perf_counter()
            get(port, f"{path}?visit={number}")
            spent.append((time.perf_counter() - begin) * 1000)
        cpu = (cpu_seconds(processes) - before) / n_visits * 1000
    return {"first_visit_cpu_ms": cpu, "first_visit_p50_ms": statistics.median(spent)}


def _weight(port: int, path: str) -> dict[str, Any]:
    """Add up what a browser loads at the first visit, compressed; nothing may come from elsewhere."""
    page = get(port, path).decode()
    parts = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page))
    foreign = [url for url in re.findall(r'(?:src|href)="((?:https?:)?//[^"]+)"', page) if "127.0.0.1" not in url]
    total = len(get(port, path, {"Accept-Encoding": "br"}))
    for part in parts:
        total += (
            len(get(port, part, {"Accept-Encoding": "br"}))
            if ".svg" not in part
            else len(gzip.compress(get(port, part)))
        )
    return {"first_load_kb": total / 1000, "parts": len(parts) + 1, "foreign_requests": len(foreign)}


def _staleness(set_up: Stage, port: int, path: str) -> dict[str, Any]:
    """Change the product's title as the desk does, and time until the page shows it."""
    slug = path.rpartition("/")[2] or path.strip("/").rpartition("/")[2]
    title = f"Changed {time.time():.0f}"
    with set_up.connect() as connection:
        row = connection.execute("SELECT id FROM catalog_product WHERE slug = %s", (slug,)).fetchone()
        assert row is not None
        get(port, path)
        connection.execute("UPDATE catalog_product SET title = %s, title_en = '' WHERE id = %s", (title, row[0]))
        connection.execute("SELECT pg_notify('xinka_pages', %s)", (f"product:{row[0]}",))
    begin = time.perf_counter()
    while title not in get(port, path).decode():
        if time.perf_counter() - begin > 5:
            raise SystemExit("the change never showed")
    return {"change_shown_after_ms": (time.perf_counter() - begin) * 1000}


if __name__ == "__main__":
    main()
