"""A shop is prepared again whenever something it was prepared with has changed, and only then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from xinka.config import prepared


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    for name in ("run", "static"):
        (tmp_path / name).mkdir()
    return tmp_path


def _lose_static_files(data_dir: Path, _url: str) -> None:
    (data_dir / "static").rmdir()


def _restore_an_older_database(_data_dir: Path, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'sessions'")


def _lose_the_tables(_data_dir: Path, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE django_migrations")


def test_what_was_noted_holds_as_long_as_nothing_changes(data_dir: Path, shop_database: str) -> None:
    assert not prepared.is_prepared(data_dir, shop_database, demo=False)
    prepared.note_prepared(data_dir, shop_database, demo=False)
    assert prepared.is_prepared(data_dir, shop_database, demo=False)
    assert not prepared.is_prepared(data_dir, shop_database, demo=True)


def test_a_demo_shop_at_another_address_is_prepared_again(
    data_dir: Path, shop_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINKA_PORT", "8000")
    prepared.note_prepared(data_dir, shop_database, demo=True)
    assert prepared.is_prepared(data_dir, shop_database, demo=True)
    monkeypatch.setenv("XINKA_PORT", "8001")
    assert not prepared.is_prepared(data_dir, shop_database, demo=True)


@pytest.mark.parametrize("change", [_lose_static_files, _restore_an_older_database, _lose_the_tables])
def test_a_loss_is_noticed(data_dir: Path, shop_database: str, change: Callable[[Path, str], None]) -> None:
    prepared.note_prepared(data_dir, shop_database, demo=False)
    change(data_dir, shop_database)
    assert not prepared.is_prepared(data_dir, shop_database, demo=False)


def test_a_new_migration_or_static_file_changes_the_fingerprint(tmp_path: Path) -> None:
    seen = {prepared.fingerprint(tmp_path)}
    for name in ("migrations/0001_initial.py", "static/xinka.css"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x", encoding="utf-8")
        seen.add(prepared.fingerprint(tmp_path))
    (tmp_path / "views.py").write_text("x", encoding="utf-8")
    seen.add(prepared.fingerprint(tmp_path))
    assert len(seen) == 3
