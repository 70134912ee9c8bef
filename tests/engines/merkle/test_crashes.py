"""What a killed writer, a torn journal and a loss of power leave, and that nothing acknowledged is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.merkle import reference
from tests.engines.merkle.conftest import entries
from xinka.engines.merkle import (
    Checkpoint,
    Directory,
    FileStorage,
    Log,
    MemoryStorage,
    Signer,
    audit,
)
from xinka.engines.merkle.errors import (
    LogDamaged,
    MerkleError,
)
from xinka.engines.merkle.frontier import Frontier


def _resources(place: Path) -> dict[str, bytes]:
    files = [path for path in place.rglob("*") if path.is_file() and "private" not in path.parts]
    return {str(path.relative_to(place)): path.read_bytes() for path in files}


@pytest.mark.parametrize("has_syncfs", [True, False])
def test_a_journal_turned_over_many_times_still_gives_back_everything(
    ada: Signer, place: Path, monkeypatch: pytest.MonkeyPatch, has_syncfs: bool
) -> None:
    flushed: list[int] = []
    fsync = os.fsync
    if not has_syncfs:
        monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: None)
        monkeypatch.setattr(os, "fsync", lambda file: (flushed.append(file), fsync(file)))
    with Log.create(FileStorage(place, create=True, enough=5_000), ada) as log:
        for _ in range(30):
            log.append(entries(100, log.size))
            log.checkpoint()
    assert bool(flushed) != has_syncfs or len(flushed) > 30
    shutil.copytree(place, place.with_name("crashed"))
    for path in place.rglob("journal.*"):
        assert path.stat().st_size <= 1 << 20
    with Log.open(FileStorage(place.with_name("crashed")), ada) as again:
        assert (again.size, again.signed) == (3000, log.signed)
        assert again.checkpoint().root == reference.mth(entries(3000))


@pytest.mark.parametrize("unsigned", [0, 5, 700])
def test_after_a_loss_of_power_unsettled_tiles_are_made_again(ada: Signer, place: Path, unsigned: int) -> None:
    with Log.create(FileStorage(place, create=True), ada) as log:
        log.append(entries(1000))
        log.checkpoint()
        log.append(entries(unsigned, 1000))
    whole = _resources(place)
    for path in whole:  # the worst that a file system may leave of files that were not flushed
        (place / path).write_bytes(b"" if path != "checkpoint" else log.note)
    with Log.open(FileStorage(place), ada) as again:
        assert (again.size, again.signed) == (1000 + unsigned, log.signed)
    audit(Directory(place), again.signed, Frontier())
    found = _resources(place)
    assert {path: data for path, data in whole.items() if path in found} == found
    assert set(whole) - set(found) == ({"tile/0/003.p/232", "tile/entries/003.p/232"} if unsigned == 700 else set())


_WRITER = """
import sys
from pathlib import Path
from tests.engines.merkle.conftest import entries
from xinka.engines.merkle import FileStorage, Kind, Log, Signer
log = Log.open(FileStorage(Path(sys.argv[1]), enough=40_000), Signer.parse(sys.argv[2]))
print(log.size, log.signed.size, flush=True)
for size in [1, 7, 90, 300, 2, 513] * 1000:
    log.append(entries(size, log.size))
    print("a", log.size, flush=True)
    if size != 7:
        print("c", log.checkpoint().size, flush=True)
"""


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_a_writer_killed_at_any_moment_loses_nothing_it_had_acknowledged(ada: Signer, log: Log, place: Path) -> None:
    log.close()
    acknowledged = signed = 0
    for n_lines in (2, 3, 5, 8, 13, 40, 41, 42, 60, 77):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(place), ada.secret], stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[3], env={**os.environ, "PYTHONPATH": "src:."},
        )  # fmt: skip
        assert writer.stdout is not None
        opened, opened_signed = map(int, writer.stdout.readline().split())
        assert opened >= acknowledged
        assert opened_signed >= signed
        lines = [writer.stdout.readline() for _ in range(n_lines)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
        writer.wait()
        writer.stdout.close()
        for kind, size in (line.split() for line in lines if line.endswith("\n")):
            acknowledged = max(acknowledged, int(size))
            signed = int(size) if kind == "c" else signed
        # Readers find a whole log in whatever moment it was left.
        note = (place / "checkpoint").read_bytes()
        published = Checkpoint.parse(note.decode().partition("\n\n")[0] + "\n")
        assert published.size >= signed
        audit(Directory(place), published, Frontier())
    with Log.open(FileStorage(place), ada) as again:
        assert again.size >= acknowledged
        assert again.checkpoint().root == reference.mth(entries(again.size))


_TELLS_HEADS = """
import os, sys
from pathlib import Path
from xinka.engines.merkle import FileStorage, Log, Signer
log = Log.open(FileStorage(Path(sys.argv[1])), Signer.parse(sys.argv[2]))
print("open", flush=True)
for size in [1, 1, 5, 300, 2] * 1000:
    log.append([os.urandom(24) for _ in range(size)])
    head = log.checkpoint()
    print(head.size, head.root.hex(), flush=True)
"""


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_no_two_heads_of_one_size_whatever_is_written_after_a_death(ada: Signer, log: Log, place: Path) -> None:
    """What a writer writes is its own: a head that was given out and then forgotten would come with another root."""
    log.close()
    heads: dict[int, set[bytes]] = {}
    for n_lines in (1, 1, 2, 3, 4, 6, 9, 14, 23, 24, 25, 60):
        writer = subprocess.Popen(
            [sys.executable, "-c", _TELLS_HEADS, str(place), ada.secret], stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[3], env={**os.environ, "PYTHONPATH": "src:."},
        )  # fmt: skip
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        lines = [writer.stdout.readline() for _ in range(n_lines)]
        writer.send_signal(signal.SIGKILL)
        lines += writer.stdout.readlines()
        writer.wait()
        writer.stdout.close()
        for size, root in (line.split() for line in lines if line.endswith("\n")):
            heads.setdefault(int(size), set()).add(bytes.fromhex(root))
        # Readers may have seen one more than its writer lived to tell.
        published = Checkpoint.parse((place / "checkpoint").read_bytes().decode().partition("\n\n")[0] + "\n")
        heads.setdefault(published.size, set()).add(published.root)
    assert len(heads) > 100
    assert {size: roots for size, roots in heads.items() if len(roots) > 1} == {}
    with Log.open(FileStorage(place), ada) as again:
        assert again.size >= max(heads)
        kept = [again.entry(index) for index in range(max(heads))]
    for size in sorted(heads)[:: len(heads) // 8]:
        assert heads[size] == {reference.mth(kept[:size])}


def _damage_in(place: Path) -> MerkleError | None:
    """Return what opening says of a journal whose very beginning is torn, and see that it was left as it was."""
    before = [path.read_bytes() for path in sorted((place / "private").glob("journal.*"))]
    try:
        FileStorage(place).close()
    except LogDamaged as refusal:
        assert [path.read_bytes() for path in sorted((place / "private").glob("journal.*"))] == before
        return refusal
    return None


@pytest.mark.crash
@given(cut=st.integers(0, 6_000), flip=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_journal_torn_anywhere_gives_back_a_prefix(
    ada: Signer, tmp_path_factory: pytest.TempPathFactory, cut: int, flip: bool
) -> None:
    place = tmp_path_factory.mktemp("torn") / "log"
    log = Log.create(FileStorage(place, create=True), ada)
    for size in (3, 40, 1, 200, 5):
        log.append(entries(size, log.size))
    log.close()
    (journal,) = (path for path in (place / "private").glob("journal.*") if path.read_bytes()[:4] == b"XKJ1")
    data = bytearray(journal.read_bytes())
    if flip:
        data[cut] ^= 0x40
    else:
        data[cut:] = bytes(len(data) - cut)
    journal.write_bytes(data)
    if cut < 400 and (damaged := _damage_in(place)):
        assert damaged.code == "log_damaged"
        return
    with Log.open(FileStorage(place), ada) as again:
        size = again.size
        assert size in (0, 3, 43, 44, 244, 249)
        again.append(entries(7, size))
        assert again.checkpoint().root == reference.mth(entries(size + 7))
    with Log.open(FileStorage(place), ada) as again:
        assert again.size == size + 7


def test_opening_drops_no_partial_tile_that_is_still_to_come(ada: Signer, place: Path) -> None:
    storage = MemoryStorage()
    log = Log.create(storage, ada)
    dropped: list[str] = []
    storage.drop_partials = dropped.append  # type: ignore[method-assign]
    Log.open(storage, ada)
    log.append(entries(5))
    log.checkpoint()
    Log.open(storage, ada)
    assert dropped == []
    log.append(entries(251, 5))
    Log.open(storage, ada)
    assert dropped == ["tile/0/000", "tile/entries/000"]


_PUT_ON_A_SMALL_DISK = """
import resource, sys
from pathlib import Path
from xinka.engines.merkle import FileStorage
from xinka.engines.merkle.files import write_durably
storage = FileStorage(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, resource.RLIM_INFINITY))
try:
    if sys.argv[2] == "small":
        write_durably(Path(sys.argv[1], "small"), b"x" * 8_000)
    else:
        storage.put(sys.argv[2], b"x" * 8_000)
except OSError as error:
    print(error.errno == 27, end="")
"""


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/000.p/250", "small"])
def test_a_disk_that_takes_half_of_a_file_is_an_error_and_nothing_is_half_in_place(
    log: Log, place: Path, path: str
) -> None:
    log.close()
    command = [sys.executable, "-c", _PUT_ON_A_SMALL_DISK, str(place), path]
    done = subprocess.run(command, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"True", b"")
    assert path.endswith(".p/250") or not (place / path).exists()  # of those no checkpoint speaks yet
