"""The operator changes the master key of a stopped shop and seals everything anew; killed anywhere, it goes on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from xinka.config import behind, supervisor
from xinka.config.cli import key
from xinka.config.environment import load
from xinka.config.starting import vouch_for
from xinka.platform.vault import keys
from xinka.platform.vault.envelope import Keyring, WrappedKey, key_id_of

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_KEY, _OTHER_KEY = "11" * 32, "22" * 32
_ADD_KEY = "INSERT INTO vault_data_key (scope, wrapped, created_at) VALUES (%s, %s, now()) RETURNING id"
_ADD_CODE = (
    "INSERT INTO stock_stockcode (id, sku_id, batch_id, fingerprint, envelope) VALUES (%s, 1, 1, gen_random_uuid(), %s)"
)
#: What `xinka key reseal` does, without stepping back behind all other processes of this machine.
_RESEAL = """
from xinka.config.cli.shop import set_up_django
set_up_django()
from xinka.flows.master_key.resealing import destroy_unused, reseal
done = {str(step.place): step.done for step in reseal()}
print(sum(done.values()), destroy_unused(set()))
"""
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


def _refused(*arguments: str) -> str:
    """Return with what words a command is refused that comes no further than its own questions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key, "open_shop", nullcontext)
        answer = CliRunner().invoke(key.key, arguments)
    assert answer.exit_code == 1
    assert _CHINESE.search(answer.output)
    return answer.output


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
        with subprocess.Popen([sys.executable, "-c", _RESEAL]) as run:
            until = time.monotonic() + 60
            while looking.execute(_TO_DO).fetchone() != (1,):
                assert time.monotonic() < until
                time.sleep(0.05)
            run.kill()
    assert _codes() == [b"XK-1", b"XK-2"]
    rest = subprocess.run([sys.executable, "-c", _RESEAL], capture_output=True, text=True, check=True)
    assert rest.stdout == "1 {}\n", "one was left, and no key stays"
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
    refused = _refused("change", "--yes")
    assert "--to" in refused
    new = place / "new"
    new.write_text(_KEY)
    assert "in use" in _refused("change", "--yes", "--to", str(new))
    new.unlink()
    changed = _run("key", "change", "--yes", "--to", str(new))
    assert changed.returncode == 0, changed.stderr
    assert str(new) in changed.stdout
    assert not (place / "master.key").exists()
    monkeypatch.setenv("XINKA_MASTER_KEY", new.read_text())
    assert _codes() == [b"XK-1", b"XK-2"]


def test_an_open_shop_and_a_no_change_nothing(place: Path) -> None:
    with supervisor.sole_supervisor(place):
        assert "stop it" in _refused("change", "--yes")
    assert "leave --to out" in _refused("change", "--yes", "--to", str(place / "new"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key, "open_shop", nullcontext)
        declined = CliRunner().invoke(key.key, ["change"], input="n\n")
    assert declined.exit_code == 1
    assert sorted(path.name for path in place.glob("master.key*")) == ["master.key"]
    assert _codes() == [b"XK-1", b"XK-2"]


def test_what_the_database_refuses_leaves_no_key_behind(place: Path) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], application_name="xinka-web"):
        is_open = _run("key", "change", "--yes")
    assert (is_open.returncode, "xinka-web" in is_open.stderr) == (1, True)
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("ALTER TABLE mfa_authenticator RENAME COLUMN data TO other")
    of_another_version = _run("key", "change", "--yes")
    assert (of_another_version.returncode, "xinka migrate" in of_another_version.stderr) == (1, True)
    assert [path.name for path in place.glob("master.key*")] == ["master.key"]
    assert _codes() == [b"XK-1", b"XK-2"]


def test_a_connection_lost_at_the_commit_keeps_both_keys(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_old: bytes, _new: bytes) -> None:
        raise OSError

    monkeypatch.setattr(key, "open_shop", nullcontext)
    monkeypatch.setattr(key, "_change", lost)
    assert isinstance(CliRunner().invoke(key.key, ["change", "--yes"]).exception, OSError)
    assert (place / "master.key").read_text() == _KEY
    assert len(list(place.glob("master.key.*"))) == 2, "the next and the old, of which the database has one"


@pytest.mark.django_db
def test_the_command_says_what_was_done_what_does_not_open_and_what_still_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.conf import settings  # here, because the tests above start processes that read their own

    from tests import cast
    from xinka.platform.vault.changing import wrap_all_anew
    from xinka.stock.models import StockCode

    monkeypatch.setattr(key, "open_shop", nullcontext)
    for politeness in ("lead_a_session", "step_behind", "connections_step_behind"):
        monkeypatch.setattr(behind, politeness, lambda *_: None)
    cast.ware(cast.adas_shop(), 3)
    ring = Keyring(settings.ENVIRONMENT.master_key)
    wrap_all_anew(ring, ring, settings.ENVIRONMENT.derive)
    keys.forget()
    first, second = StockCode.objects.order_by("pk")[:2]
    good = bytes(first.envelope)
    StockCode.objects.filter(pk=first.pk).update(envelope=second.envelope)
    damaged = CliRunner().invoke(key.key, ["reseal"])
    assert damaged.exit_code == 1
    assert f"stock_stockcode.envelope {first.pk}" in damaged.output
    StockCode.objects.filter(pk=first.pk).update(envelope=good)
    monkeypatch.setattr("xinka.stock.actions.keys_of_waiting_files", lambda: {key_id_of(good)})
    waiting = CliRunner().invoke(key.key, ["reseal"])
    assert waiting.exit_code == 0
    assert waiting.stdout.startswith("1 sealed anew / 1 条已重新加密\nKept for uploads that wait to be imported: 1;")
    monkeypatch.setattr("xinka.stock.actions.keys_of_waiting_files", set)
    done = CliRunner().invoke(key.key, ["reseal"])
    assert done.stdout == "0 sealed anew / 0 条已重新加密\nKeys of before are destroyed / 以前的数据密钥已销毁\n"
