"""The embedded PostgreSQL comes up, is shared, survives kills, and keeps people's data out of its log."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from xinka.platform.database import embedded
from xinka.platform.database.embedded import SOCKET_PATH_LIMIT, DatabaseDidNotStart, EmbeddedPostgres
from xinka.platform.database.embedded_settings import TUNED_FOR_BENCHMARKS, as_file

_START_AND_WAIT = """
import sys
from pathlib import Path
from xinka.platform.database.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.postmaster_pid, flush=True)
sys.stdin.read()
server.stop()
"""


def _ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def _another_user_of(directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _START_AND_WAIT, str(directory)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_committed_row_survives_kill_minus_nine_of_the_server(
    durable_postgres: Callable[[], EmbeddedPostgres],
) -> None:
    server = durable_postgres()
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE sold (code text)")
        connection.execute("INSERT INTO sold VALUES ('A')")
    killed = server.postmaster_pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    server.start()
    assert server.postmaster_pid not in {None, killed}
    assert _ask(server.url(), "SELECT string_agg(code, ',') FROM sold") == "A"


def test_whoever_stands_in_the_directory_of_a_killed_server_is_neither_waited_for_nor_killed(
    durable_postgres: Callable[[], EmbeddedPostgres], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = durable_postgres()
    monkeypatch.setattr(embedded, "_PATIENCE", 1.0)
    with subprocess.Popen(["sleep", "100"], cwd=server.directory) as shell:
        killed = server.postmaster_pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        server.start()
        is_there = shell.poll() is None
        shell.kill()
    assert is_there


def test_a_server_whose_processes_cannot_be_ended_is_not_waited_for_without_limit(
    durable_postgres: Callable[[], EmbeddedPostgres], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that waits for a disk hears no signal, not even the last one."""
    server = durable_postgres()
    server.stop()
    with subprocess.Popen(["sleep", "100"]) as stuck:
        monkeypatch.setattr(embedded, "_PATIENCE", 0.2)
        with monkeypatch.context() as deaf:
            deaf.setattr(os, "kill", lambda *_: None)
            deaf.setattr(embedded, "_processes_in", lambda _: [stuck.pid])
            with pytest.raises(DatabaseDidNotStart, match=f"do not end: {stuck.pid}"):
                server.start()
        stuck.kill()
    server.start()
    assert server.is_running()


def test_a_mark_whose_number_went_to_another_process_does_not_block_the_start(
    durable_postgres: Callable[[], EmbeddedPostgres],
) -> None:
    server = durable_postgres()
    server.stop()
    (server.directory / "postmaster.pid").write_text(f"{os.getpid()}\n{server.directory}\n", encoding="ascii")
    assert not server.is_running()
    server.start()
    assert server.is_running()


def test_a_server_that_is_hidden_from_this_process_is_used_and_keeps_its_marks(
    durable_postgres: Callable[[], EmbeddedPostgres], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from a backup whose service is shown no process of others: without its marks PostgreSQL stops itself."""
    server = durable_postgres()
    marks = server.directory / "postmaster.pid"
    before, pid = marks.read_bytes(), server.postmaster_pid
    monkeypatch.setattr(embedded, "_PROC", tmp_path)
    beside = EmbeddedPostgres(server.directory)
    assert beside.start() == server.url()
    assert (beside.postmaster_pid, marks.read_bytes()) == (pid, before)
    assert _ask(beside.url(), "SELECT 1") == 1
    beside.stop()
    assert marks.read_bytes() == before, "the other process still works with it"


def test_where_nothing_is_shown_a_process_that_is_no_server_is_left_alone_and_the_start_says_so(
    durable_postgres: Callable[[], EmbeddedPostgres], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = durable_postgres()
    server.stop()
    monkeypatch.setattr(embedded, "_PROC", tmp_path)
    monkeypatch.setattr(embedded, "_PATIENCE", 0.3)
    with subprocess.Popen(["sleep", "100"]) as stranger:
        (server.directory / "postmaster.pid").write_text(f"{stranger.pid}\n", encoding="ascii")
        with pytest.raises(DatabaseDidNotStart, match=f"process {stranger.pid} is hidden"):
            server.start()
        assert stranger.poll() is None
        stranger.kill()
    server.start()
    assert _ask(server.url(), "SELECT 1") == 1


def test_the_second_start_is_quick_and_finds_the_same_cluster(durable_postgres: Callable[[], EmbeddedPostgres]) -> None:
    server = durable_postgres()
    before = _ask(server.admin_url, "SELECT system_identifier::text FROM pg_control_system()")
    server.stop()
    assert not server.is_running()
    assert server.start() == server.url()
    assert _ask(server.admin_url, "SELECT system_identifier::text FROM pg_control_system()") == before


def test_two_processes_that_start_at_once_share_one_server_and_the_last_one_stops_it(short_directory: Path) -> None:
    directory = short_directory / "postgres"
    first, second = _another_user_of(directory), _another_user_of(directory)
    assert first.stdout is not None
    assert second.stdout is not None
    pids = {int(first.stdout.readline()), int(second.stdout.readline())}
    assert pids == {EmbeddedPostgres(directory).postmaster_pid}
    first.communicate(timeout=60)
    assert EmbeddedPostgres(directory).postmaster_pid in pids
    second.communicate(timeout=60)
    assert not EmbeddedPostgres(directory).is_running()


def test_a_server_left_by_a_killed_process_is_adopted_and_stopped(short_directory: Path) -> None:
    directory = short_directory / "postgres"
    first = _another_user_of(directory)
    assert first.stdout is not None
    pid = int(first.stdout.readline())
    first.kill()
    first.communicate(timeout=60)
    heir = EmbeddedPostgres(directory)
    heir.start()
    assert heir.postmaster_pid == pid
    heir.stop()
    assert not heir.is_running()


def test_half_a_cluster_from_an_interrupted_first_start_is_replaced(short_directory: Path) -> None:
    draft = short_directory / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n", encoding="ascii")
    with EmbeddedPostgres(short_directory / "postgres", durable=False) as server:
        assert _ask(server.url(), "SELECT current_user::text") == "xinka"
    assert not draft.exists()


def test_a_long_data_directory_gets_its_socket_elsewhere(short_directory: Path) -> None:
    directory = short_directory / ("d" * 120) / "postgres"
    with EmbeddedPostgres(directory, durable=False) as server:
        assert len(str(server.socket_directory / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
        assert _ask(server.url(), "SELECT 1") == 1
        mode = server.socket_directory.stat().st_mode
        assert stat.S_IMODE(mode) == 0o700
    assert not server.socket_directory.exists()


def test_the_socket_place_laid_out_by_a_stranger_is_refused(short_directory: Path) -> None:
    server = EmbeddedPostgres(short_directory / ("d" * 120) / "postgres", durable=False)
    server.socket_directory.symlink_to(short_directory)
    try:
        with pytest.raises(PermissionError):
            server.start()
    finally:
        server.socket_directory.unlink()


def test_the_shop_is_durable_checksummed_off_the_network_and_no_superuser(
    durable_postgres: Callable[[], EmbeddedPostgres],
) -> None:
    server = durable_postgres()
    expected = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on"}
    expected |= {"listen_addresses": "", "jit": "off", "server_encoding": "UTF8"}
    assert {name: _ask(server.url(), f"SHOW {name}") for name in expected} == expected
    assert _ask(server.url(), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700


def test_a_refused_row_leaves_no_value_in_the_log(durable_postgres: Callable[[], EmbeddedPostgres]) -> None:
    server = durable_postgres()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE sold (code text UNIQUE)")
        connection.execute("INSERT INTO sold VALUES (%s)", ["SECRET-CODE"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO sold VALUES (%s)", ["SECRET-CODE"])
    time.sleep(0.1)
    log = server.log.read_text(encoding="utf-8")
    assert "duplicate key" in log
    assert "SECRET-CODE" not in log


def test_settings_of_the_caller_win_and_quotes_stay_quoted() -> None:
    assert "shared_buffers = '512MB'" in as_file(TUNED_FOR_BENCHMARKS)
    assert "application_name = 'Ada''s'" in as_file({"application_name": "Ada's"})


@pytest.mark.parametrize(
    ("words", "looks"),
    [
        ("the database system is not yet accepting connections", 120),
        ("the database system is starting up", 120),
        ("role does not exist", 10),
    ],
)
def test_a_server_that_says_it_recovers_gets_time_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, looks: int
) -> None:
    seconds = [0.0]
    postgres = EmbeddedPostgres(tmp_path / "postgres")

    def refuse() -> None:
        seconds[0] += 1
        raise psycopg.OperationalError(f"connection failed: FATAL:  {words}")

    monkeypatch.setattr(postgres, "is_running", lambda: True)
    monkeypatch.setattr(postgres, "_ensure_shop_database", refuse)
    monkeypatch.setattr("xinka.platform.database.embedded.time.monotonic", lambda: seconds[0])
    monkeypatch.setattr("xinka.platform.database.embedded.time.sleep", lambda _: None)
    with pytest.raises(DatabaseDidNotStart):
        postgres._ensure_running()
    assert seconds[0] == looks + 1
