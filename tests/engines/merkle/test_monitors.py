"""A monitor follows an honest log and tells which way a dishonest or a broken one went wrong."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.engines.merkle import reference
from tests.engines.merkle.conftest import ORIGIN, entries
from xinka.engines.merkle import (
    Checkpoint,
    Directory,
    FileStorage,
    Kind,
    Log,
    MemoryStorage,
    Monitor,
    Signer,
    sign_note,
)
from xinka.engines.merkle.errors import (
    BadFormat,
    LogDamaged,
    LogMissing,
    MerkleError,
    ResourceMissing,
    SignatureRefused,
    SourceFailed,
    TreeRolledBack,
)
from xinka.engines.merkle.tiles import bundle_path, tile_path
from xinka.engines.merkle.web import Website


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A directory and the address it is served at."""

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path / "log"))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield tmp_path / "log", f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_monitor_sees_each_entry_once_and_remembers(ada: Signer, log: Log, place: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, list[bytes]]] = []
    for size in (10, 0, 300, 700):
        log.append(entries(size, log.size))
        log.checkpoint()
        before = log.size - size
        progress = Monitor(Directory(place), ada.verifier, tmp_path / "state").look(
            lambda first, found: seen.append((first, found))
        )
        assert (progress.before, progress.checkpoint) == (before, log.signed)
    assert [entry for _, found in seen for entry in found] == entries(1010)
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_a_log_is_followed_over_http(ada: Signer, served: tuple[Path, str], tmp_path: Path) -> None:
    place, address = served
    monitor = Monitor(Website(address), ada.verifier, tmp_path / "state")
    with Log.create(FileStorage(place, create=True), ada) as log:
        for size in (5, 600):
            log.append(entries(size, log.size))
            log.checkpoint()
            assert monitor.look().checkpoint == log.signed
    assert Website(address).read("tile/0/999") is None


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (gzip.compress(b"tile"), b"tile"),
        (gzip.compress(b"tile")[:-1], None),
        (b"tile", None),
        (gzip.compress(bytes(256 * 65_537 + 1)), None),
    ],
    ids=["good", "cut-off", "not-packed", "unpacks-to-too-much"],
)
def test_packed_answers_are_unpacked_with_care(sent: bytes, found: bytes | None) -> None:
    class Packed(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Packed) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        website = Website(f"http://127.0.0.1:{server.server_port}")
        try:
            if found is not None:
                assert website.read("tile/0/000") == found
            else:
                with pytest.raises(SourceFailed):
                    website.read("tile/0/000")
        finally:
            server.shutdown()
            thread.join()


def test_an_address_that_does_not_answer_may_be_asked_again_and_others_are_refused(ada: Signer) -> None:
    with pytest.raises(SourceFailed):
        Website("http://127.0.0.1:9/", 1).read("checkpoint")
    with pytest.raises(SourceFailed):
        Website("file:///etc")


_ADA = Signer(ORIGIN, Kind.ED25519, bytes(range(32)))
_EVE = Signer(ORIGIN, Kind.ED25519, bytes(range(1, 33)))


def _flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def _evil(history: list[bytes], size: int, signer: Signer) -> Callable[[Path], None]:
    """Return what replaces a log by another history under a signature."""

    def replace(place: Path) -> None:
        storage = MemoryStorage()
        fork = Log.create(storage, signer)
        fork.append(history[:size])
        fork.checkpoint()
        for path, data in storage.resources.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(data)

    return replace


@pytest.mark.parametrize(
    ("evil", "refusal"),
    [
        (lambda place: _flip(place / bundle_path(3)), LogDamaged),
        (lambda place: _flip(place / tile_path(0, 3)), LogDamaged),
        (lambda place: _flip(place / tile_path(1, 0, 4)), LogDamaged),
        (lambda place: (place / bundle_path(2)).unlink(), ResourceMissing),
        (lambda place: (place / tile_path(0, 3)).unlink(), ResourceMissing),
        (lambda place: (place / bundle_path(2)).write_bytes(b"\x00"), LogDamaged),
        (lambda place: (place / "checkpoint").unlink(), LogMissing),
        (lambda place: (place / "checkpoint").write_bytes(b"no"), BadFormat),
        (_evil([b"other", *entries(1100, 1)], 1100, _ADA), TreeRolledBack),
        (_evil([b"other", *entries(1100, 1)], 600, _ADA), TreeRolledBack),
        (_evil(entries(1100), 599, _ADA), TreeRolledBack),
        (_evil(entries(1100), 1100, _EVE), SignatureRefused),
    ],
    ids=[
        "entry-bit", "tile-byte", "upper-tile-byte", "no-bundle", "no-tile", "torn-bundle", "no-checkpoint", "garbage",
        "fork", "fork-of-same-size", "rollback", "eves-key",
    ],
)  # fmt: skip
def test_a_log_that_goes_wrong_is_named_and_nothing_of_it_remembered(
    ada: Signer, log: Log, place: Path, tmp_path: Path, evil: Callable[[Path], None], refusal: type[MerkleError]
) -> None:
    monitor = Monitor(Directory(place), ada.verifier, tmp_path / "state")
    log.append(entries(600))
    log.checkpoint()
    monitor.look()
    before = (tmp_path / "state").read_bytes()
    log.append(entries(500, 600))
    log.checkpoint()
    log.close()
    evil(place)
    for _ in range(2):
        with pytest.raises(refusal):
            monitor.look()
    assert (tmp_path / "state").read_bytes() == before
    with pytest.raises(refusal):
        Monitor(Directory(place), ada.verifier, tmp_path / "state").look()


def test_a_checkpoint_over_entries_that_do_not_lead_to_it_is_damage(
    ada: Signer, log: Log, place: Path, tmp_path: Path
) -> None:
    log.append(entries(300))
    log.checkpoint()
    log.close()
    forged = Checkpoint(ORIGIN, 300, reference.mth(entries(300, 1)))
    (place / "checkpoint").write_bytes(sign_note(forged.text, ada).encode())
    with pytest.raises(LogDamaged):
        Monitor(Directory(place), ada.verifier, tmp_path / "state").look()


def test_a_state_of_another_log_or_none_at_all_is_refused(
    ada: Signer, eve: Signer, log: Log, place: Path, tmp_path: Path
) -> None:
    Monitor(Directory(place), ada.verifier, tmp_path / "state").look()
    with pytest.raises(SignatureRefused):
        Monitor(Directory(place), eve.verifier, tmp_path / "state")
    (tmp_path / "state").write_bytes(b"{}")
    with pytest.raises(BadFormat):
        Monitor(Directory(place), ada.verifier, tmp_path / "state")
