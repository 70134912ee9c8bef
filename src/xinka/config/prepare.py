"""What must be done before a shop opens: tables, static files, demo goods. Run as ``python -m xinka.config.prepare``.

It is a process of its own, so that the supervisor need not keep Django in memory. Of several that start at once on one
database, one migrates and the others wait for it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xinka.platform.logs import only_warnings

if TYPE_CHECKING:
    from django.db.migrations.loader import MigrationLoader

#: Migrations are numbered; of two with one number neither is the newer.
_NUMBER = 4
_MOST_NAMED = 5


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)


def migrate() -> bool:
    """Bring the tables up to date, while other machines may sell on them; return whether there was anything to do.

    Raises:
        SystemExit: with what to do, if a newer version has changed them already, or somebody keeps one of them.
    """
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from xinka.platform.database import migrating

    with migrating.alone(connection):
        executor = MigrationExecutor(connection)
        _refuse_newer(executor.loader)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        say("Creating or changing tables … / 正在更新数据库 …")
        try:
            migrating.patiently(lambda: call_command("migrate", verbosity=0, interactive=False), connection, say)
        except migrating.TablesAreBusy as error:
            raise SystemExit(
                f"xinka: a table could not be changed, it was in use all the time: {error}. What is done stays done; "
                "end that (a backup, an open psql) and start again\n"
                "信卡：有数据表一直在使用，没能更新（见上一行）。已完成的会保留；请结束占用它的程序（备份、psql），再启动"
            ) from None
        return True


def _refuse_newer(loader: MigrationLoader) -> None:
    """Refuse tables that a newer version of the shop, or of a package in it, has changed already."""
    latest: dict[str, str] = {}
    for app, name in loader.disk_migrations or ():
        latest[app] = max(latest.get(app, ""), name[:_NUMBER])
    newer = [f"{app}.{name}" for app, name in loader.applied_migrations or () if name[:_NUMBER] > latest.get(app, "")]
    if newer:
        raise SystemExit(
            f"xinka: the tables are newer than this version of the shop ({', '.join(sorted(newer)[:_MOST_NAMED])}): "
            "update the checkout on this machine too, or restore the backup from before the update\n"
            "信卡：数据表比这个版本的程序新（见上一行）：请把这台机器的程序也升级，或恢复升级之前的备份"
        )


def collect_static() -> bool:
    """Copy the static files under their hashed names when any of them changed; return whether that was so."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    root = Path(settings.STATIC_ROOT)
    mark = root.with_name("static.mark")
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            digest.update(f"{path}:{found.st_mtime_ns}:{found.st_size}\n".encode())
    fingerprint = digest.hexdigest()
    if root.exists() and mark.exists() and mark.read_text(encoding="ascii") == fingerprint:
        return False
    mark.unlink(missing_ok=True)  # first, for this may end at any point
    say("Collecting static files … / 正在整理静态文件 …")
    shutil.rmtree(root, ignore_errors=True)
    call_command("collectstatic", verbosity=0, interactive=False)
    mark.write_text(fingerprint, encoding="ascii")
    return True


def set_demo(*, wanted: bool) -> None:
    """Fill an empty shop with the demo's people and goods, or see to it that nothing of a demo is left open."""
    from xinka.config import demo  # here, because Django must be ready
    from xinka.kernel.errors import Refusal

    if not wanted:
        demo.close()
        return
    try:
        if demo.load():
            say("The demo is loaded. / 演示数据已装入。")
    except Refusal as refusal:
        raise SystemExit(f"xinka: {refusal.message('en')}\n信卡：{refusal.message('zh-hans')}") from None


def main(arguments: list[str]) -> None:
    """Prepare the shop; with ``--demo``, as a demo."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinka.config.settings")
    import django

    django.setup()
    only_warnings()
    migrate()
    collect_static()
    set_demo(wanted="--demo" in arguments)


if __name__ == "__main__":
    # Ctrl-C ends it where it is, as any signal does: PostgreSQL takes back what was not committed, and the next start
    # goes on there. An exception would have to find its way out through statements that are half sent.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    main(sys.argv[1:])
