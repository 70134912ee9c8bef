"""A backup holds the whole database, opens with the master key only, and is restored whole or not at all."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from tests.resilience.house import fresh_copy
from xinka.config.backups import _address
from xinka.config.cli import main
from xinka.config.cli.backups import _write_whole
from xinka.config.environment import load

KEY = secrets.token_hex(32)


def xinka(*words: str, database: str, key: str = KEY, place: Path | None = None) -> Result:
    """Run a command on a database."""
    more = {"XINKA_DATA_DIR": str(place)} if place else {}
    return CliRunner().invoke(main, [*words], env={"DATABASE_URL": database, "XINKA_MASTER_KEY": key, **more})


def rows(database: str) -> dict[str, int]:
    """Return how many rows each table has."""
    with psycopg.connect(database) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone() for (name,) in tables}  # noqa: S608
    return {name: count[0] for name, count in counts.items() if count}


@pytest.fixture
def full(shop_database: str) -> str:
    """A shop's database with rows in it."""
    with psycopg.connect(shop_database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO outbox_event (kind, subject, at) SELECT 'order.delivered', gen_random_uuid(), now()"
            " FROM generate_series(1, 30000)"
        )
    return shop_database


@pytest.fixture(scope="module")
def of_tables(migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of a shop's tables without rows."""
    file = tmp_path_factory.mktemp("backups") / "shop.backup"
    with fresh_copy(os.environ["DATABASE_URL"], migrated_template) as shop:
        answer = xinka("backup", str(file), database=shop)
    assert answer.exit_code == 0, answer.output
    assert file.stat().st_mode & 0o077 == 0
    return file.read_bytes()


@pytest.fixture
def backup(of_tables: bytes, tmp_path: Path) -> Path:
    """A copy of it, to be harmed."""
    file = tmp_path / "shop.backup"
    file.write_bytes(of_tables)
    return file


def test_a_backup_brings_everything_back(full: str, tmp_path: Path, empty_database: str) -> None:
    backup = tmp_path / "shop.backup"
    before = rows(full)
    answer = xinka("backup", str(backup), database=full)
    assert answer.exit_code == 0, answer.output
    answer = xinka("restore", str(backup), database=empty_database)
    assert answer.exit_code == 0, answer.output
    assert rows(empty_database) == before
    assert before["outbox_event"] == 30_000
    assert xinka("check", database=empty_database).exit_code == 0
    with psycopg.connect(empty_database) as connection:  # what numbers rows goes on where it was
        added = connection.execute(
            "INSERT INTO outbox_event (kind, subject, at) VALUES ('order.delivered', gen_random_uuid(), now())"
            " RETURNING id > (SELECT max(id) FROM outbox_event)"
        ).fetchone()
    assert added == (True,)


def test_it_is_sealed(of_tables: bytes) -> None:
    assert of_tables.startswith(b"xinka-backup 1\n")
    assert b"PGDMP" not in of_tables
    assert bytes.fromhex(KEY) not in of_tables


@pytest.mark.parametrize("command", [["restore"], ["restore", "--check"]])
def test_another_master_key_opens_nothing(backup: Path, empty_database: str, command: list[str]) -> None:
    answer = xinka(*command, str(backup), database=empty_database, key="11" * 32)
    assert answer.exit_code == 1
    assert "another master key" in answer.output
    assert "另一个主密钥" in answer.output
    assert rows(empty_database) == {}


@pytest.mark.parametrize("command", [["restore"], ["restore", "--check"]])
@pytest.mark.parametrize("harm", ["cut", "flip", "foreign", "empty"])
def test_a_harmed_file_is_refused_before_anything_is_written(
    backup: Path, empty_database: str, harm: str, command: list[str]
) -> None:
    raw = backup.read_bytes()
    middle = len(raw) // 2
    harmed = {
        "cut": raw[:-1000],
        "flip": raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :],
        "foreign": b"PGDMP" + raw[5:],
        "empty": b"",
    }
    backup.write_bytes(harmed[harm])
    answer = xinka(*command, str(backup), database=empty_database)
    assert answer.exit_code == 1
    assert "no whole backup" in answer.output
    assert "不是完整的备份" in answer.output
    assert rows(empty_database) == {}


def test_a_check_reads_all_of_it_and_needs_no_database(backup: Path) -> None:
    answer = xinka("restore", "--check", str(backup), database="postgresql://nobody@127.0.0.1:1/nothing")
    assert answer.exit_code == 0, answer.output
    assert "whole: " in answer.output


def test_what_has_tables_is_not_restored_over(backup: Path, full: str) -> None:
    before = rows(full)
    answer = xinka("restore", str(backup), database=full)
    assert answer.exit_code == 1
    assert "nothing was changed" in answer.output
    assert rows(full) == before


def test_a_place_without_a_shop_is_said_to_be_one_and_none_is_made(empty_database: str, tmp_path: Path) -> None:
    answer = xinka("backup", str(tmp_path / "a"), database=empty_database)
    assert answer.exit_code == 1
    assert "nothing to back up" in answer.output
    nowhere = tmp_path / "nowhere"
    answer = xinka("backup", str(tmp_path / "a"), database="", place=nowhere)
    assert answer.exit_code == 1
    assert "there is no shop in" in answer.output
    assert list(tmp_path.iterdir()) == []


def test_a_dump_that_fails_half_way_leaves_no_file(full: str, tmp_path: Path) -> None:
    with psycopg.connect(full, autocommit=True) as connection:  # a table that the shop may not read
        connection.execute("CREATE TABLE of_another (id int)")
        connection.execute("ALTER TABLE of_another ENABLE ROW LEVEL SECURITY")
        connection.execute("ALTER TABLE of_another FORCE ROW LEVEL SECURITY")
    answer = xinka("backup", str(tmp_path), database=full)
    assert answer.exit_code == 1
    assert "PostgreSQL gave up" in answer.output
    assert "of_another" in answer.output
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_no_file(tmp_path: Path) -> None:
    def write(out: object) -> None:
        out.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        _write_whole(tmp_path / "a", write)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(full: str, tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_bytes(b"mine")
    answer = xinka("backup", str(file), database=full)
    assert answer.exit_code == 1
    assert "exists already" in answer.output
    assert file.read_bytes() == b"mine"


def test_a_directory_that_is_not_there_is_named_in_words(full: str, tmp_path: Path) -> None:
    result = xinka("backup", str(tmp_path / "nowhere" / "one.backup"), database=full)
    assert result.exit_code == 1
    assert "could not be read or written: No such file or directory. Nothing was changed" in result.output
    assert "请检查目录是否存在" in result.output
    assert "Errno" not in result.output


def test_of_a_directory_the_newest_are_kept_and_other_files_left_alone(full: str, tmp_path: Path) -> None:
    for name in ("xinka-20200101-000000.backup", "xinka-20210101-000000.backup", "mine.backup", "xinka-notes.txt"):
        (tmp_path / name).write_bytes(b"old")
    answer = xinka("backup", str(tmp_path), "--keep", "2", database=full)
    assert answer.exit_code == 0, answer.output
    names = sorted(file.name for file in tmp_path.iterdir())
    assert len(names) == 4
    assert {"mine.backup", "xinka-notes.txt", "xinka-20210101-000000.backup"} < set(names)
    assert xinka("backup", str(tmp_path / "one"), "--keep", "2", database=full).exit_code == 2


def test_the_password_of_the_database_stands_in_no_argument() -> None:
    url = "postgresql://xinka:s3cret@db.example:6543/shop?sslmode=require"
    address, password = _address(replace(load(), database_url=url))
    assert password == "s3cret"
    assert "s3cret" not in address
    assert {"user=xinka", "host=db.example", "port=6543", "dbname=shop", "sslmode=require"} == set(address.split())


def _told(database: str) -> list[tuple[bool, str | None, int | None, bool]]:
    """Return what the office knows of backups: whether the last was whole, name and size, and when one was whole."""
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT holds, details FROM audit_report WHERE name = 'backup'").fetchall()
    return [(holds, told.get("file"), told.get("bytes"), "whole_at" in told) for holds, told in found]


def test_the_office_hears_what_became_of_each_backup(shop_database: str, tmp_path: Path) -> None:
    missing = tmp_path / "gone" / "shop.backup"
    assert xinka("backup", str(missing), database=shop_database).exit_code == 1
    assert _told(shop_database) == [(False, None, None, False)]
    file = tmp_path / "shop.backup"
    assert xinka("backup", str(file), database=shop_database).exit_code == 0
    whole = ("shop.backup", file.stat().st_size, True)
    assert _told(shop_database) == [(True, *whole)]
    assert xinka("backup", str(missing), database=shop_database).exit_code == 1
    assert _told(shop_database) == [(False, *whole)], "of one that fails, the last whole one is still known"
    sent = xinka("backup", "-", database=shop_database)
    assert sent.exit_code == 0
    assert _told(shop_database) == [(True, "-", len(sent.stdout_bytes), True)]


def test_a_backup_is_whole_also_where_the_office_cannot_be_told(shop_database: str, tmp_path: Path) -> None:
    with psycopg.connect(shop_database) as connection:
        connection.execute("DROP TABLE audit_report")
    answer = xinka("backup", str(tmp_path / "shop.backup"), database=shop_database)
    assert answer.exit_code == 0
    assert "the office was not told" in answer.output
    assert (tmp_path / "shop.backup").stat().st_size > 0
