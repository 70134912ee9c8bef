"""What leaves the machine in clear is refused at the start, in words that say what to write instead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xinka.config.database_url import as_django
from xinka.config.environment import BadEnvironment, load
from xinka.config.in_clear import refuse_clear_text

MAIL, DATABASE, SCANNER = "EMAIL_URL", "DATABASE_URL", "XINKA_CLAMD"


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINKA_DATA_DIR", str(tmp_path))
    for name in (MAIL, DATABASE, SCANNER, "XINKA_CLEAR_TEXT_TO", "PGSSLMODE", "PGHOST", "PGHOSTADDR"):
        monkeypatch.delenv(name, raising=False)


def start(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Load all settings in a process of its own, as each of the shop's does; return what it says."""
    monkeypatch.setenv(name, value)
    command = [sys.executable, "-c", "import xinka.config.settings"]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == bool(done.stderr)
    return done.stderr


@pytest.mark.parametrize(
    ("name", "value", "host", "better"),
    [
        (MAIL, "smtp://shop:secret@mail.example:25", "mail.example", "smtp+starttls://"),
        (DATABASE, "postgresql://shop:secret@db.example/shop", "db.example", "sslmode=verify-full&sslrootcert=system"),
        (SCANNER, "scanner.example:3310", "scanner.example", "on this machine"),
    ],
)
def test_what_would_go_over_a_network_in_clear_is_refused(
    name: str, value: str, host: str, better: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = start(name, value, monkeypatch)
    assert f"xinka: {name}: what goes to {host} could be read on the way" in said
    assert f"信卡：{name}：发往 {host} 的内容会在路上被看到" in said
    assert better in said
    assert "secret" not in said
    monkeypatch.setenv("XINKA_CLEAR_TEXT_TO", f"other.example {host.upper()}")
    assert start(name, value, monkeypatch) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (MAIL, "smtps://mail.example:465"),
        (MAIL, "smtp+starttls://mail.example:587"),
        (MAIL, "smtp://127.0.0.1:2525"),
        (SCANNER, "/run/clamav/clamd.ctl"),
        (SCANNER, "localhost:3310"),
    ],
)
def test_what_stays_here_or_is_sealed_on_the_way_starts(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert start(name, value, monkeypatch) == ""


@pytest.mark.parametrize(
    ("where", "is_fine"),
    [
        ("/shop?host=/run/postgresql", True),
        ("localhost/shop", True),
        ("127.0.0.1:5432/shop", True),
        ("[::1]/shop", True),
        ("db.example/shop?sslmode=verify-full&sslrootcert=system", True),
        ("db.example/shop?sslmode=verify-ca", True),
        ("db.example/shop?sslmode=require", False),  # sealed, for whoever answers
        ("db.example/shop?sslmode=prefer", False),
        ("192.0.2.7/shop", False),
        ("/shop?host=localhost,db.example", False),
        ("localhost/shop?hostaddr=192.0.2.7", False),
    ],
)
def test_a_database_elsewhere_must_prove_who_it_is(
    where: str, monkeypatch: pytest.MonkeyPatch, *, is_fine: bool
) -> None:
    monkeypatch.setenv(DATABASE, f"postgresql://shop@{where}")
    if is_fine:
        assert as_django(load())["NAME"] == "shop"
    else:
        with pytest.raises(BadEnvironment, match="DATABASE_URL: what goes to"):
            as_django(load())


def test_what_libpq_reads_from_its_own_variable_counts_and_what_stands_in_the_url_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv(DATABASE, "postgresql://shop@db.example/shop")
    assert as_django(load())["HOST"] == "db.example"
    monkeypatch.setenv(DATABASE, "postgresql://shop@db.example/shop?sslmode=disable")
    with pytest.raises(BadEnvironment):
        as_django(load())


@pytest.mark.parametrize(
    ("name", "url"), [("PGHOST", "postgresql:///shop"), ("PGHOSTADDR", "postgresql://localhost/shop")]
)
def test_where_libpq_goes_by_its_own_variables_is_looked_at_too(
    name: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATABASE, url)
    monkeypatch.setenv(name, "192.0.2.7")
    with pytest.raises(BadEnvironment, match=r"what goes to 192\.0\.2\.7"):
        as_django(load())
    monkeypatch.setenv(DATABASE, "postgresql:///shop?host=/run/postgresql&hostaddr=127.0.0.1")
    assert as_django(load())["NAME"] == "shop", "what stands in the address wins"
    monkeypatch.delenv(DATABASE)
    assert as_django(load())["NAME"] == "xinka", "the shop's own database is named later, whole"


@pytest.mark.parametrize("host", ["127.0.0.1.example", "10.0.0.5", "localhost.example"])
def test_a_name_that_only_looks_like_this_machine_is_another_one(host: str) -> None:
    with pytest.raises(BadEnvironment):
        refuse_clear_text("EMAIL_URL", host, better_en="x", better_zh="x")
