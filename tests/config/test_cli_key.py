"""The operator changes the master key of a stopped shop and seals everything anew; killed anywhere, it goes on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from xinka.config import supervisor
from xinka.config.environment import load
from xinka.config.starting import vouch_for
from xinka.platform.vault.envelope import Keyring, WrappedKey

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_KEY, _OTHER_KEY = "11" * 32, "22" * 32
_ADD_KEY = "INSERT INTO vault_data_key (scope, wrapped, created_at) VALUES (%s, %s, now()) RETURNING id"
_ADD_CODE = (
    "INSERT INTO stock_stockcode (id, sku_id, batch_id, fingerprint, envelope) VALUES (%s, 1, 1, gen_random_uuid(), %s)"
)
_TO_DO = """SELECT count(*) FROM stock_stockcode c JOIN vault_data_key k
    ON int4send(k.id) = substring(c.envelope FROM 2 FOR 4) WHERE k.retired_at IS NOT NULL"""


@pytest.fixture
def place(shop_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with a master key, and its database with two codes."""
    monkeypatch.setenv("XINKA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", shop_database)
    monkeypatch.delenv("XINKA_MASTER_KEY", raising=False)
    (tmp_path / "master.key").write_text(_KEY)
    ring = Keyring(bytes.fromhex(_KEY))
    with psycopg.connect(shop_database) as connection:
        wrapped = ring.wrap_new("merchant:1")
        [number] = connection.execute(_ADD_KEY, ["merchant:1", wrapped]).fetchone() or [0]
        ring.add([WrappedKey(number, "merchant:1", wrapped)])
        sealing = ring.current("merchant:1")
        assert sealing
        for code in (1, 2):
            envelope = sealing.seal(b"XK-%d" % code, b"stock_stockcode.envelope:%d" % code)
            connection.execute(_ADD_CODE, [code, envelope])
    return tmp_path


def _command(*arguments: str) -> Sequence[str]:
    return [sys.executable, "-c", "from xinka.config.cli import main; main()", *arguments]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(*arguments), capture_output=True, text=True, check=False, timeout=100)


def _codes() -> list[bytes]:
    """Return the codes as a process opens them that starts with the key in its place."""
    ring = Keyring(load().master_key)
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        keys = connection.execute("SELECT id, scope, wrapped FROM vault_data_key").fetchall()
        rows = connection.execute("SELECT id, envelope FROM stock_stockcode ORDER BY id").fetchall()
    ring.add(WrappedKey(*row) for row in keys)
    return [ring.open(envelope, b"stock_stockcode.envelope:%d" % code) for code, envelope in rows]


def test_a_key_is_changed_and_a_run_that_is_killed_in_the_middle_goes_on(place: Path) -> None:
    changed = _run("key", "change", "--yes")
    assert changed.returncode == 0, changed.stderr
    assert "xinka key reseal" in changed.stdout
    assert (place / "master.key").read_text() != _KEY
    assert (place / "master.key").stat().st_mode & 0o777 == 0o600
    [kept] = place.glob("master.key.until-*")
    assert kept.read_text() == _KEY
    assert not (place / "master.key.next").exists()
    with psycopg.connect(os.environ["DATABASE_URL"]) as other, psycopg.connect(os.environ["DATABASE_URL"]) as looking:
        looking.autocommit = True
        other.execute("SELECT 1 FROM stock_stockcode WHERE id = 2 FOR UPDATE")  # so that the run cannot end
        with subprocess.Popen(_command("key", "reseal"), stderr=subprocess.DEVNULL) as run:
            until = time.monotonic() + 60
            while looking.execute(_TO_DO).fetchone() != (1,):
                assert time.monotonic() < until
                time.sleep(0.05)
            run.kill()
    assert _codes() == [b"XK-1", b"XK-2"]
    rest = _run("key", "reseal")
    assert rest.returncode == 0, rest.stderr
    assert rest.stdout.startswith("1 sealed anew / 1 条已重新加密\n")
    assert "destroyed" in rest.stdout
    assert _codes() == [b"XK-1", b"XK-2"]


def test_a_command_that_was_killed_before_its_last_step_is_finished_by_the_next(place: Path) -> None:
    (place / "master.key.next").write_text(_OTHER_KEY)
    vouch_for(load())
    assert (place / "master.key").read_text() == _KEY, "killed before the database was changed: the old key stays"
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        old, new = Keyring(bytes.fromhex(_KEY)), Keyring(bytes.fromhex(_OTHER_KEY))
        for number, scope, wrapped in connection.execute("SELECT id, scope, wrapped FROM vault_data_key").fetchall():
            fresh = new.wrap(old.unwrap(WrappedKey(number, scope, wrapped)), scope)
            connection.execute("UPDATE vault_data_key SET wrapped = %s WHERE id = %s", [fresh, number])
    environment = load()
    assert environment.master_key == bytes.fromhex(_KEY)
    vouch_for(environment)
    assert environment.master_key == bytes.fromhex(_OTHER_KEY)
    assert (place / "master.key").read_text() == _OTHER_KEY
    assert not (place / "master.key.next").exists()
    assert _codes() == [b"XK-1", b"XK-2"]


def test_a_key_in_a_variable_is_changed_to_the_one_in_a_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "master.key").unlink()
    monkeypatch.setenv("XINKA_MASTER_KEY", _KEY)
    refused = _run("key", "change", "--yes")
    assert refused.returncode == 1
    assert "--to" in refused.stderr
    new = place / "new"
    new.write_text(_KEY)
    same = _run("key", "change", "--yes", "--to", str(new))
    assert "in use" in same.stderr
    assert _CHINESE.search(same.stderr)
    assert _codes() == [b"XK-1", b"XK-2"]
    new.unlink()
    changed = _run("key", "change", "--yes", "--to", str(new))
    assert changed.returncode == 0, changed.stderr
    assert str(new) in changed.stdout
    assert not (place / "master.key").exists()
    monkeypatch.setenv("XINKA_MASTER_KEY", new.read_text())
    assert _codes() == [b"XK-1", b"XK-2"]


def test_an_open_shop_and_a_no_change_nothing(place: Path) -> None:
    with supervisor.sole_supervisor(place):
        refused = _run("key", "change", "--yes")
    assert refused.returncode == 1
    assert "stop it" in refused.stderr
    assert _CHINESE.search(refused.stderr)
    declined = subprocess.run(_command("key", "change"), input="n\n", capture_output=True, text=True, check=False)
    assert declined.returncode == 1
    assert sorted(path.name for path in place.glob("master.key*")) == ["master.key"]
    assert _codes() == [b"XK-1", b"XK-2"]
