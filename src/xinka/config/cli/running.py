"""``xinka run`` and ``xinka demo``: open the shop, with or without demo goods."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from xinka.config import prepared, supervisor
from xinka.config.cli.shop import embedded_database, open_shop, refusals_told, room
from xinka.config.environment import Environment, load, read, read_int, read_port
from xinka.config.listening import PortTaken, lend, take_port
from xinka.config.processes import THRIFTY, Child
from xinka.config.starting import look_over, remarks, see_that_it_is_ours, vouch_for
from xinka.config.translations import compile_stale
from xinka.platform.database.embedded import DatabaseDidNotStart, EmbeddedPostgres

_DEMO_LOGINS = "demo-logins.txt"


@click.command()
@click.option(
    "--demo",
    is_flag=True,
    help="Fill an empty shop with demo merchants and goods, and open the pretend gateway. "
    "/ 装入演示商家和商品，并开启沙盒网关",
)
@click.option(
    "--host", default=lambda: read("XINKA_HOST", "127.0.0.1"), help="Where to listen. [127.0.0.1] / 监听的地址"
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Which port to listen on. [the first free one from 8000] / 监听的端口，默认从 8000 起第一个空闲的",
)
def run(*, demo: bool, host: str, port: int | None) -> None:
    """Serve the shop until Ctrl-C: database, till, web server and worker.

    启动商店（数据库、收银台、网页与后台任务），按 Ctrl-C 停止。
    """
    environment = load()
    look_over(environment)
    see_that_it_is_ours(environment)
    for words in remarks(environment):
        click.echo(words, err=True)
    try:
        with supervisor.sole_supervisor(environment.data_dir):
            sys.exit(_serve(host, _take_port(host, port), demo=demo))
    except supervisor.AlreadyRunning as error:
        raise click.ClickException(f"a shop already runs on {error} / 这个数据目录的商店已经在运行") from None
    except DatabaseDidNotStart as error:
        raise click.ClickException(f"{error}\n数据库没有启动成功。") from None


def _take_port(host: str, wanted: int | None) -> Sequence[socket.socket]:
    n_tills = read_int("XINKA_TILL_WORKERS", 1, least=1)
    try:
        return take_port(host, wanted or read_port(), n_tills)
    except PortTaken as error:
        raise click.ClickException(
            f"cannot listen on {error}; choose another --port or --host / 无法监听该地址或端口，请换一个"
        ) from None


def _serve(host: str, sockets: Sequence[socket.socket], *, demo: bool) -> int:
    """Prepare the shop, run its processes, and return the exit status."""
    port = sockets[0].getsockname()[1]
    shown_host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
    os.environ.setdefault("XINKA_SITE_URL", f"http://{shown_host}:{port}")
    os.environ |= {"XINKA_HOST": host, "XINKA_PORT": str(port)}
    if demo:
        os.environ["XINKA_SANDBOX"] = "1"
        os.environ.setdefault("XINKA_STAFF_NEEDS_MFA", "0")
    environment = load()
    os.environ["XINKA_DATA_DIR"] = str(environment.data_dir)
    os.environ["PYTHONUNBUFFERED"] = "1"
    compile_stale()
    database = embedded_database(environment)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)  # until the supervisor takes over
    try:
        if database is not None:
            if not database.directory.exists():
                click.echo("Creating the database … / 正在创建数据库 …", err=True)
            os.environ["DATABASE_URL"] = database.start()
        vouch_for(load())
        return _prepare(environment.data_dir, demo=demo) or _supervise(environment, database, sockets, demo=demo)
    finally:
        _be_deaf()
        if database is not None:
            database.stop()


def _leave(number: int, _frame: object) -> None:
    _be_deaf()
    raise SystemExit(128 + number)


def _be_deaf() -> None:
    """Hear no signal any more: whoever is impatient asks again, and a database half told to stop would stay behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _supervise(
    environment: Environment, database: EmbeddedPostgres | None, sockets: Sequence[socket.socket], *, demo: bool
) -> int:
    host, port = sockets[0].getsockname()[:2]
    surroundings = THRIFTY | os.environ  # what the operator says of memory comes first
    children = [
        Child(name, command, surroundings, is_late=name == "worker") for name, command in supervisor.commands().items()
    ]
    till = next(child for child in children if child.name == "till")
    till.environment = surroundings | lend(sockets)
    till.descriptors = [one.fileno() for one in sockets]
    watcher = supervisor.Supervisor(
        children,
        database=database,
        lent=sockets,
        is_ready=lambda: (
            supervisor.answers(host, port) and supervisor.answers_behind(environment.web_socket, environment.site_host)
        ),
        when_ready=lambda: _welcome(environment.site_url, environment.data_dir, demo=demo),
    )
    return watcher.run()


def _prepare(data_dir: Path, *, demo: bool) -> int:
    """Prepare the shop in a process of its own unless nothing has changed; return the exit status."""
    url = os.environ["DATABASE_URL"]
    if prepared.is_prepared(data_dir, url, demo=demo):
        return 0
    command = [sys.executable, "-m", "xinka.config.prepare", *(["--demo"] if demo else [])]
    status = subprocess.run(command, check=False).returncode  # noqa: S603 - our own module
    if not status:
        prepared.note_prepared(data_dir, url, demo=demo)
    return status if status >= 0 else 128 - status  # as shells tell of a signal


def _welcome(site_url: str, data_dir: Path, *, demo: bool) -> None:
    supervisor.note_running(data_dir, site_url)
    lines = [f"\n  Shop 商店     {site_url}/\n  Desk 商家     {site_url}/desk/\n  Office 后台   {site_url}/office/"]
    logins = data_dir / _DEMO_LOGINS
    if demo and logins.exists():
        lines.append("\n" + logins.read_text(encoding="utf-8").rstrip())
    with suppress(OSError):  # the shop is open, whether or not there is room to say so
        click.echo("\n".join([*lines, "\n  Ctrl-C stops it. / 按 Ctrl-C 停止。\n"]))


@click.command()
def demo() -> None:
    """Fill the shop with demo merchants, goods and stock; what is there already stays.

    装入演示商家、商品与库存；已有的数据不变。
    """
    note = load().data_dir / "run" / "xinka.json"
    if note.exists():  # the pretend gateway is reached where the shop runs or ran last
        os.environ.setdefault("XINKA_SITE_URL", json.loads(note.read_text(encoding="utf-8"))["url"])
    with open_shop(may_be_new=True):
        room("xinka.config.prepare").migrate()
        with refusals_told():
            changed = room("xinka.config.demo").load()
    click.echo("loaded / 已装入" if changed else "nothing to do / 无需更新")
