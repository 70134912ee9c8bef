"""A wrong setting, database, key or directory stops the start with a sentence in both languages and makes nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from socket import create_server
from tempfile import TemporaryDirectory

import psycopg
import pytest
from click.testing import CliRunner
from pytest_django import Settings

from xinka.config.cli import main
from xinka.config.environment import BadEnvironment, load
from xinka.config.starting import remarks, vouch_for
from xinka.platform.vault.envelope import Keyring

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_KEY, _OTHER_KEY = "11" * 32, "22" * 32


def _run(*arguments: str, as_nobody: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call ``xinka`` as the operator does, with only these variables of ours."""
    ours = {name: text for name, text in os.environ.items() if name not in {"DATABASE_URL", "XINKA_SANDBOX"}}
    command = [sys.executable, "-c", "from xinka.config.cli import main; main()", *arguments]
    return subprocess.run(
        command,
        env={**ours, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        user=65534 if as_nobody else None,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XINKA_PORT", "many"),
        ("XINKA_PORT", "65536"),
        ("XINKA_SITE_URL", "https://shop.example/sub"),
        ("XINKA_SITE_URL", "https://shop.example:99999"),
        ("XINKA_WEB_THREADS", "none"),
        ("XINKA_WORKER_MAILS", "0"),
        ("XINKA_WORKER_JOBS", "x"),
        ("XINKA_WORKER_STALLED_AFTER", "x"),
        ("XINKA_SANDBOX", "perhaps"),
        ("XINKA_STAFF_NEEDS_MFA", "perhaps"),
        ("XINKA_DISPUTE_BUYER_HOURS", "0"),
        ("XINKA_PAYOUT_MINIMUM", "ten"),
        ("XINKA_PAYOUT_MINIMUM", "CNY:1000 USD:0"),
        ("XINKA_PAYOUT_FOUR_EYES_FROM", "CNY:500000 USD"),
        ("XINKA_REFUND_FOUR_EYES_FROM", "CNY:5 CNY:6"),
        ("XINKA_CUSTODY", "mine"),
        ("XINKA_MAIL_CODES", "both"),
        ("XINKA_CLAMD", "yes"),
        ("XINKA_TRUSTED_PROXIES", "proxy.example"),
        ("XINKA_METRICS_FROM", "10.0.0.0/8"),
        ("XINKA_BREACHED_PASSWORDS_FILE", "/nowhere/at/all"),
        ("EMAIL_URL", "imap://mail.example"),
        ("DATABASE_URL", "mysql://ada:hidden@db.example/shop"),
        ("DATABASE_URL", "postgresql://ada:hid#den@db.example/shop"),
    ],
)
def test_a_wrong_setting_stops_the_start_before_anything_is_made(name: str, value: str, tmp_path: Path) -> None:
    result = _run("run", XINKA_DATA_DIR=str(tmp_path / "data"), **{name: value})
    assert result.returncode == 1
    assert result.stderr.startswith(f"xinka: {name}: ")
    assert _CHINESE.search(result.stderr)
    assert "Traceback" not in result.stderr
    assert "hid" not in result.stderr
    assert not (tmp_path / "data" / "postgres").exists()


@pytest.mark.parametrize("command", ["run", "check", "migrate"])
def test_a_database_that_does_not_answer_is_said_in_one_sentence(command: str, tmp_path: Path) -> None:
    url = f"postgresql://ada:hidden@/shop?host={tmp_path}"
    result = _run(command, XINKA_DATA_DIR=str(tmp_path / "data"), DATABASE_URL=url)
    assert result.returncode == 1
    assert result.stderr.startswith("xinka: DATABASE_URL: no connection (")
    assert _CHINESE.search(result.stderr)
    assert "Traceback" not in result.stderr
    assert "hidden" not in result.stderr


def test_a_place_that_is_no_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = str(tmp_path / "file" / "data")
    for command, why in {"run": "Not a directory", "check": "there is no shop in"}.items():
        result = _run(command, XINKA_DATA_DIR=place)
        assert result.returncode == 1
        assert why in result.stderr
        assert place in result.stderr
        assert "Traceback" not in result.stderr


_COMMANDS = (
    ["check"],
    ["merchant", "team", "ada"],
    ["account", "close", "cy@shop.example"],
    ["maintenance", "status"],
    ["key", "change"],
    ["key", "reseal"],
    ["manage", "createsuperuser", "--email", "dee@shop.example"],
)


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_who_forgot_to_name_the_shop_is_told_so_and_gets_no_empty_one(command: list[str], tmp_path: Path) -> None:
    """A new database with a new master key looks like the shop, and says there is nothing of all that was sold."""
    place = tmp_path / "var"
    result = _run(*command, XINKA_DATA_DIR=str(place))
    assert result.returncode == 1
    assert f"there is no shop in {place}; XINKA_DATA_DIR or DATABASE_URL names it" in result.stderr
    assert "请用 XINKA_DATA_DIR 或 DATABASE_URL 指明" in result.stderr
    assert not place.exists()


@pytest.fixture
def of_somebody_else() -> Iterator[Path]:
    """The data directory of another user: root's for nobody, or, where the tests are not root, one without rights."""
    with TemporaryDirectory() as name:
        place = Path(name)
        (place / "master.key").write_text(_KEY, encoding="ascii")
        place.chmod(0o700 if os.geteuid() == 0 else 0o000)
        yield place
        place.chmod(0o700)


@pytest.mark.parametrize(
    "command", [["run"], ["backup", "-"], ["restore", "--check", __file__], *_COMMANDS], ids=" ".join
)
def test_another_user_is_told_whose_directory_it_is(command: list[str], of_somebody_else: Path) -> None:
    result = _run(*command, as_nobody=os.geteuid() == 0, XINKA_DATA_DIR=str(of_somebody_else))
    assert result.returncode == 1
    assert f"XINKA_DATA_DIR: {of_somebody_else} cannot be written (Permission denied)" in result.stderr
    assert "命令也要用这个用户来执行" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def sealed_database(shop_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with a data key that ``_KEY`` wraps."""
    monkeypatch.setenv("XINKA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", shop_database)
    monkeypatch.delenv("XINKA_MASTER_KEY", raising=False)
    wrapped = Keyring(bytes.fromhex(_KEY)).wrap_new("contacts")
    with psycopg.connect(shop_database) as connection:
        connection.execute(
            "INSERT INTO vault_data_key (scope, wrapped, created_at) VALUES ('contacts', %s, now())", [wrapped]
        )
    return shop_database


def test_a_sealed_database_without_its_key_is_not_opened_and_gets_no_new_key(
    sealed_database: str, tmp_path: Path
) -> None:
    with pytest.raises(BadEnvironment, match=f"XINKA_MASTER_KEY: there is none.*{tmp_path}"):
        vouch_for(load())
    for command in (["run"], ["check"], ["manage", "showmigrations"]):
        result = _run(*command, XINKA_DATA_DIR=str(tmp_path), DATABASE_URL=sealed_database)
        assert result.returncode == 1
        assert "XINKA_MASTER_KEY: there is none" in result.stderr
    assert not (tmp_path / "master.key").exists()


def test_only_the_key_that_sealed_a_database_opens_it(
    sealed_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "master.key").write_text(_OTHER_KEY)
    with pytest.raises(BadEnvironment, match="is not the one"):
        vouch_for(load())
    monkeypatch.setenv("XINKA_MASTER_KEY", _KEY)  # the variable wins over the file
    vouch_for(load())
    monkeypatch.delenv("XINKA_MASTER_KEY")
    (tmp_path / "master.key").write_text(_KEY)
    vouch_for(load())


def test_a_database_in_which_nothing_is_sealed_takes_any_key(
    shop_database: str, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINKA_DATA_DIR", str(tmp_path))
    for url in (shop_database, empty_database):
        monkeypatch.setenv("DATABASE_URL", url)
        vouch_for(load())
    assert not (tmp_path / "master.key").exists()


def test_a_key_that_cannot_be_read_is_named_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINKA_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("XINKA_MASTER_KEY", raising=False)
    (tmp_path / "master.key").mkdir()  # who runs the tests as root may read every file
    with pytest.raises(BadEnvironment, match=f"XINKA_MASTER_KEY: {tmp_path}/master.key cannot be read"):
        _ = load().master_key
    (tmp_path / "master.key").rmdir()
    (tmp_path / "master.key").write_bytes(b"\xff" * 64)
    with pytest.raises(BadEnvironment, match="64 hexadecimal digits"):
        _ = load().master_key


def test_a_key_that_others_may_read_is_remarked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINKA_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("XINKA_MASTER_KEY", raising=False)
    assert remarks(load()) == []  # none yet
    (tmp_path / "master.key").write_text(_KEY)
    (tmp_path / "master.key").chmod(0o640)
    [words] = remarks(load())
    assert words.count(f"chmod 600 {tmp_path}/master.key") == 2
    (tmp_path / "master.key").chmod(0o600)
    assert remarks(load()) == []


@pytest.mark.parametrize(
    "command",
    [["check"], ["ledger", "balance"], ["merchant", "open", "ada", "--name", "艾达", "--owner", "ada@shop.example"]],
    ids=" ".join,
)
def test_a_database_that_was_never_prepared_is_told_in_one_sentence(
    command: list[str], empty_database: str, tmp_path: Path
) -> None:
    result = _run(*command, XINKA_DATA_DIR=str(tmp_path), DATABASE_URL=empty_database)
    assert result.returncode == 1
    assert "run `xinka migrate` first" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_database_of_another_version_is_told_in_one_sentence(shop_database: str, tmp_path: Path) -> None:
    with psycopg.connect(shop_database) as connection:
        connection.execute("ALTER TABLE stock_unsold DROP COLUMN code_id CASCADE")
    result = _run("check", "stock", XINKA_DATA_DIR=str(tmp_path), DATABASE_URL=shop_database)
    assert result.returncode == 1
    assert "not of this version" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_mail_for_a_trial_that_is_not_taken_is_told_in_one_sentence(shop_database: str, tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    mail = f"smtp://127.0.0.1:{port}"
    command = ["manage", "sendtestemail", "ada@shop.example"]
    result = _run(*command, XINKA_DATA_DIR=str(tmp_path), DATABASE_URL=shop_database, EMAIL_URL=mail)
    assert result.returncode == 1
    assert "the mail was not sent: [Errno 111] Connection refused" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_mail_for_a_trial_that_only_became_a_file_is_not_taken_for_sent(shop_database: str, tmp_path: Path) -> None:
    place = {"XINKA_DATA_DIR": str(tmp_path), "DATABASE_URL": shop_database, "EMAIL_URL": f"file://{tmp_path}/mail"}
    result = _run("manage", "sendtestemail", "ada@shop.example", **place)
    assert result.returncode == 0, result.stderr
    assert f"the mail is a file in {tmp_path}/mail and went nowhere" in result.stdout
    assert _CHINESE.search(result.stdout)


def test_a_mail_for_a_trial_that_was_taken_says_by_whom(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Silence would say nothing of which server, and from whom, a mail is to be looked for that does not arrive."""
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_FILE_PATH = "mail.example", 587, None
    settings.DEFAULT_FROM_EMAIL = "no-reply@shop.example"
    monkeypatch.setattr("xinka.config.cli.database.open_database", nullcontext)
    result = CliRunner().invoke(main, ["manage", "sendtestemail", "ada@shop.example"])
    assert result.exit_code == 0, result.output
    assert "mail.example:587 took the mail, from no-reply@shop.example" in result.output
    assert "mail.example:587 已收下" in result.output


def test_ctrl_c_while_tables_are_made_is_quiet_and_the_next_start_goes_on(empty_database: str, tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": empty_database, "XINKA_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "xinka.config.prepare"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "tables" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == -signal.SIGINT
    assert said == ""
    again = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=100)
    assert again.returncode == 0, again.stderr
