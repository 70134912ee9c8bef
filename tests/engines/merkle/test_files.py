"""The log's files: what is private, which partial tiles go, and that a checkpoint is always there and whole."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.engines.merkle.conftest import entries, resources
from xinka.engines.merkle import FileStorage, Log, MemoryStorage, Signer, open_checkpoint
from xinka.engines.merkle.tiles import bundle_path, tile_path


def test_what_is_private_is_for_the_owner_alone(log: Log, place: Path) -> None:
    assert stat.S_IMODE((place / "private").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (place / "private").glob("journal.*")} == {0o600}


def test_partial_tiles_go_when_the_full_one_is_there(log: Log, place: Path) -> None:
    for size in (100, 100, 50):
        log.append(entries(size, log.size))
        log.checkpoint()
    assert set(resources(place)) == {
        "checkpoint",
        *(f"tile/0/000.p/{width}" for width in (100, 200, 250)),
        *(f"tile/entries/000.p/{width}" for width in (100, 200, 250)),
    }
    log.append(entries(10, log.size))
    log.checkpoint()
    log.close()
    assert set(resources(place)) == {
        "checkpoint", "tile/0/000", "tile/entries/000", "tile/0/001.p/4", "tile/entries/001.p/4", "tile/1/000.p/1",
    }  # fmt: skip


def test_partial_tiles_of_before_go_also_where_the_log_was_opened_anew(ada: Signer, log: Log, place: Path) -> None:
    log.append(entries(300))
    log.checkpoint()
    log.close()
    assert sorted(path.name for path in place.rglob("*.p")) == ["000.p", "001.p", "001.p"]
    with Log.open(FileStorage(place), ada) as again:
        again.append(entries(212, 300))
        again.checkpoint()
    assert [path.relative_to(place).as_posix() for path in place.rglob("*.p")] == ["tile/1/000.p"]


def test_only_what_has_partial_ones_beside_it_is_looked_through_for_them(ada: Signer) -> None:
    class Counting(MemoryStorage):
        dropped = list[str]()

        def drop_partials(self, path: str) -> None:
            self.dropped.append(path)
            super().drop_partials(path)

    storage = Counting()
    with Log.create(storage, ada) as log:
        log.append(entries(256 * 3 + 7))
        log.checkpoint()
        assert storage.dropped == []
        log.append(entries(256 * 2, 256 * 3 + 7))
        log.checkpoint()
    assert sorted(storage.dropped) == [tile_path(0, 3), bundle_path(3)]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_checkpoint_is_never_missing_or_torn_while_it_is_replaced(
    ada: Signer, log: Log, place: Path, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr("xinka.engines.merkle.files._exchange", lambda *_: -1)
    found: list[bytes] = []
    is_written = Event()

    def follow() -> None:
        while not is_written.wait(0.0005):  # a loop without rest would keep the writer from its turn
            found.append((place / "checkpoint").read_bytes())

    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(follow)
        try:
            for at in range(100):
                log.append(entries(1, at))
                log.checkpoint()
        finally:
            is_written.set()
        following.result()
    sizes = [open_checkpoint(note, ada.verifier)[0].size for note in [*found, (place / "checkpoint").read_bytes()]]
    assert sizes == sorted(sizes)
    assert sizes[-1] == 100
    assert len(set(sizes)) > 1
    assert not (place / "private" / "incoming").exists()
