"""A monitor follows an honest log and tells which way a dishonest or a broken one went wrong."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


_HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (_HEAD + b"Content-Length: 8192\r\n\r\n" + b"x" * 4_000, "cut off"),
        (_HEAD + b"Content-Length: 8192\r\n\r\n", "cut off"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nx", "cut off"),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nx", "IncompleteRead"),
        (b"nonsense\r\n\r\n", "nonsense"),
        (b"", "closed"),
    ],
)
def test_an_answer_that_was_cut_off_is_asked_for_again_and_not_taken_for_damage(sent: bytes, why: str) -> None:
    with _saying(lambda link: link.sendall(sent)) as address, pytest.raises(SourceFailed, match=why):
        Website(address).read("tile/0/000")


@pytest.mark.parametrize("begin", [b"", _HEAD, _HEAD + b"X: ", _HEAD + b"Content-Length: 9999\r\n\r\n"])
def test_an_answer_that_comes_byte_by_byte_is_not_waited_for_without_end(begin: bytes) -> None:
    def drip(link: socket.socket) -> None:
        link.sendall(begin)
        with suppress(OSError):
            while True:
                link.sendall(b"x")
                time.sleep(0.02)

    before = time.monotonic()
    with _saying(drip) as address, pytest.raises(SourceFailed, match=r"too slow|timed out"):
        Website(address, 0.1).read("tile/0/000")
    assert time.monotonic() - before < 5


@contextmanager
def _saying(answer: Callable[[socket.socket], object], asked: list[bytes] | None = None) -> Iterator[str]:
    """Answer one request over a bare socket."""

    def serve() -> None:
        link, _ = server.accept()
        with link:
            request = link.recv(10_000)
            if asked is not None:
                asked.append(request)
            answer(link)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(("path", "is_fresh"), [("checkpoint", True), ("tile/0/000", False)])
def test_a_checkpoint_is_not_taken_out_of_a_cache_on_the_way(path: str, is_fresh: bool) -> None:
    asked: list[bytes] = []
    with _saying(lambda link: link.sendall(_HEAD + b"Content-Length: 1\r\n\r\nx"), asked) as address:
        assert Website(address).read(path) == b"x"
    assert [b"cache-control: no-cache" in each.lower() for each in asked] == [is_fresh]


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
