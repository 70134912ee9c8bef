"""Ada keeps a log; Wim and Wanda are witnesses; Eve changes what she should not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.merkle.commanding import told
from xinka.engines.merkle import FileStorage, Kind, Log, MemoryStorage, Signer

ORIGIN = "shop.example/orders"


@pytest.fixture(scope="session")
def ada() -> Signer:
    """Ada's key."""
    return Signer(ORIGIN, Kind.ED25519, bytes(range(32)))


@pytest.fixture(scope="session")
def eve() -> Signer:
    """Eve's key, under the name of Ada's log."""
    return Signer(ORIGIN, Kind.ED25519, bytes(range(1, 33)))


@pytest.fixture(scope="session")
def wim() -> Signer:
    """Wim's cosigning key."""
    return Signer("witness.example/wim", Kind.COSIGNATURE, bytes([7] * 32))


@pytest.fixture(scope="session")
def wanda() -> Signer:
    """Wanda's key, safe from quantum computers."""
    return Signer("witness.example/wanda", Kind.ML_DSA_44, bytes([8] * 32))


@pytest.fixture
def memory(ada: Signer) -> Log:
    """An empty log in memory."""
    return Log.create(MemoryStorage(), ada)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where Ada's log is."""
    return tmp_path / "log"


@pytest.fixture
def log(place: Path, ada: Signer) -> Iterator[Log]:
    """An empty log in files."""
    with Log.create(FileStorage(place, create=True), ada) as made:
        yield made


def entries(count: int, first: int = 0) -> list[bytes]:
    """Return entries that differ in text and length."""
    return [b"entry %d " % at + b"x" * (at % 7) for at in range(first, first + count)]


@pytest.fixture
def vkey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The public key of a log in ``orders`` with four entries, where the test works."""
    monkeypatch.chdir(tmp_path)
    key = told("create", "orders", "--origin", "shop.example/orders").strip()
    told("append", "orders", given=b"one\ntwo\r\n\nthree\n\xff\xfe")
    return key


def resources(place: Path) -> dict[str, bytes]:
    """Return what a log shows to everybody, by its path."""
    files = [path for path in place.rglob("*") if path.is_file() and "private" not in path.parts]
    return {str(path.relative_to(place)): path.read_bytes() for path in files}
