"""What is kept in the cache folder is believed only if it is whole and ours; without the folder all is made anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xinka.engines.textguard import prepared as room
from xinka.engines.textguard.prepared import prepared


class Maker:
    """Makes the same thing each time and counts how often it was asked to."""

    def __init__(self, made: bytes = b"made") -> None:
        self.made, self.times = made, 0

    def __call__(self) -> bytes:
        """Make it."""
        self.times += 1
        return self.made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XINKA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_what_was_made_once_is_read_the_next_time(folder: Path) -> None:
    make = Maker()
    assert [prepared("thing", b"source", make) for _ in range(3)] == [b"made"] * 3
    assert make.times == 1
    assert folder.stat().st_mode & 0o777 == 0o700


def test_another_source_or_kind_is_made_anew(folder: Path) -> None:
    make = Maker()
    for kind, source in (("thing", b"one"), ("thing", b"two"), ("other", b"one")):
        assert prepared(kind, source, make) == b"made"
    assert make.times == 3


@pytest.mark.parametrize("damage", [b"", b"XKTGP1\n", b"something else entirely, and long enough to hold a sum"])
def test_a_damaged_file_is_made_anew_and_replaced(folder: Path, damage: bytes) -> None:
    prepared("thing", b"source", Maker())
    only_file(folder).write_bytes(damage)
    make = Maker()
    assert [prepared("thing", b"source", make) for _ in range(2)] == [b"made"] * 2
    assert make.times == 1


def test_a_flipped_bit_is_seen(folder: Path) -> None:
    prepared("thing", b"source", Maker())
    file = only_file(folder)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    make = Maker()
    assert prepared("thing", b"source", make) == b"made"
    assert make.times == 1


def test_a_file_of_somebody_else_is_not_believed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared("thing", b"source", Maker(b"planted"))
    ours = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: ours + 1)
    assert prepared("thing", b"source", Maker()) == b"made"


def test_without_a_folder_everything_is_made_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINKA_CACHE", "")
    make = Maker()
    assert [prepared("thing", b"source", make) for _ in range(2)] == [b"made"] * 2
    assert make.times == 2


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XINKA_CACHE", str(tmp_path / "file" / "cache"))
    assert prepared("thing", b"source", Maker()) == b"made"


def test_old_files_go_when_new_ones_come(folder: Path) -> None:
    for number in range(10):
        prepared("thing", bytes([number]), Maker())
    assert len(list(folder.iterdir())) == room._MOST_KEPT


def test_the_folder_of_the_system_is_used_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XINKA_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert room._folder() == Path("/somewhere/xinka")
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", "/elsewhere")
    assert room._folder() == Path("/elsewhere/.cache/xinka")


PROGRAM = """
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.model import Model
from xinka.engines.textguard.reasons import report
guard = Guard(model=Model.load())
for text in ("出售QQ老号 加V：abc_12345", "看，子色 河马", "亻尔好zhanghao冭阳😂"):
    print(report(text, guard.judge(text)))
"""


def test_a_guard_from_the_cache_judges_as_one_that_was_built(tmp_path: Path) -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**os.environ, "XINKA_CACHE": where}, capture_output=True, check=True
        ).stdout
        for where in ("", str(tmp_path), str(tmp_path))
    ]
    assert said[0] == said[1] == said[2]
    assert b"accounts.kinds" in said[0]
    assert len(list(tmp_path.iterdir())) >= 3
