"""The log: any split into batches, what a crash leaves, what it refuses to sign, what pruning may take."""

from __future__ import annotations

import os
import shutil
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.merkle import reference
from tests.engines.merkle.conftest import ORIGIN, entries, resources
from xinka.engines.merkle import (
    Checkpoint,
    Directory,
    FileStorage,
    Log,
    MemoryStorage,
    Receipt,
    Signer,
    audit,
    open_checkpoint,
    sign_note,
    verify_consistency,
)
from xinka.engines.merkle.errors import (
    BadEntry,
    BadFormat,
    LogBusy,
    LogDamaged,
    LogExists,
    LogMissing,
    LogStopped,
    MerkleError,
    NoSuchEntry,
    SignatureRefused,
    TreeRolledBack,
    WrongOrigin,
)
from xinka.engines.merkle.frontier import Frontier
from xinka.engines.merkle.proofs import consistency_proof, inclusion_proof, tree_root
from xinka.engines.merkle.reading import Tree
from xinka.engines.merkle.tiles import bundle_path, tile_path


@given(sizes=st.lists(st.integers(0, 700), max_size=8), enough=st.sampled_from([1, 5_000, 1 << 20]))
@settings(max_examples=40, deadline=None)
def test_any_split_into_batches_gives_the_same_log(ada: Signer, sizes: list[int], enough: int) -> None:
    storage, at_once = MemoryStorage(enough), MemoryStorage()
    log = Log.create(storage, ada)
    for size in sizes:
        log.append(entries(size, log.size))
    whole = Log.create(at_once, ada)
    whole.append(entries(sum(sizes)))
    assert log.checkpoint() == whole.checkpoint()
    assert storage.resources == at_once.resources
    again = Log.open(storage, ada)
    assert (again.size, again.signed) == (sum(sizes), whole.signed)
    again.append(entries(300, again.size))
    whole.append(entries(300, whole.size))
    assert again.checkpoint() == whole.checkpoint()
    assert storage.resources == at_once.resources


def test_files_hold_what_memory_holds(ada: Signer, log: Log, place: Path) -> None:
    storage = MemoryStorage()
    memory = Log.create(storage, ada)
    for size in (3, 0, 300, 1, 700, 256):
        assert log.append(entries(size, log.size)) == memory.append(entries(size, memory.size))
        assert log.checkpoint() == memory.checkpoint()
    log.close()
    assert resources(place) == storage.resources
    assert log.signed.root == reference.mth(entries(1260))


def test_each_entry_is_proved_under_the_checkpoint_and_the_file_says_so_offline(
    ada: Signer, log: Log, place: Path
) -> None:
    log.append(entries(700))
    log.checkpoint()
    log.append(entries(300, 700))
    for index in (0, 255, 256, 511, 512, 699):
        receipt = log.prove(index)
        assert list(receipt.path) == reference.path(index, entries(700))
        assert Receipt.from_source(Directory(place), index) == receipt
        assert Receipt.parse(receipt.encode()).verify(entries(700)[index], ada.verifier) == log.signed
    with pytest.raises(NoSuchEntry):
        log.prove(700)
    assert [log.entry(index) for index in (0, 600, 999)] == [entries(1000)[index] for index in (0, 600, 999)]


def test_a_receipt_is_believed_only_for_its_entry_its_key_and_its_log(ada: Signer, eve: Signer, memory: Log) -> None:
    memory.append(entries(10))
    memory.checkpoint()
    receipt = memory.prove(3)
    for entry, key, origin, refusal in [
        (b"other", ada, None, "log_proof_refused"),
        (entries(10)[3], eve, None, "log_signature_refused"),
        (entries(10)[3], ada, "else.example", "log_wrong_origin"),
    ]:
        with pytest.raises(MerkleError) as refused:
            receipt.verify(entry, key.verifier, origin)
        assert refused.value.code == refusal


def test_checkpoints_are_consistent_with_each_other(log: Log) -> None:
    roots = [(0, log.signed.root)]
    for size in (1, 200, 300, 600):
        log.append(entries(size, log.size))
        roots.append((log.checkpoint().size, log.signed.root))
    for old, old_root in roots:
        for size, root in roots:
            if old <= size:
                verify_consistency(old, size, log.prove_consistency(old, size), old_root, root)
    with pytest.raises(NoSuchEntry):
        log.prove_consistency(0, 1102)


def test_a_batch_with_an_entry_that_cannot_be_one_adds_nothing(log: Log, place: Path, ada: Signer) -> None:
    log.append(entries(5))
    with pytest.raises(BadEntry) as refusal:
        log.append([*entries(300), bytes(65_536), b""])
    assert refusal.value.params == {"place": 300}
    with pytest.raises(BadEntry):
        log.append(["text"])  # type: ignore[list-item]
    numbers = array("I", [1, 2])  # ``len`` counts two, but they are eight bytes
    for wrong in (numbers, memoryview(numbers), None, 5):
        with pytest.raises(BadEntry) as refusal:
            log.append([*entries(3), wrong])  # type: ignore[list-item]
        assert refusal.value.params == {"place": 3}
    assert log.size == 5
    log.append([bytes(65_535)])
    log.close()
    with Log.open(FileStorage(place), ada) as again:
        assert again.size == 6


def test_an_origin_is_one_line(ada: Signer) -> None:
    storage = MemoryStorage()
    with pytest.raises(BadFormat):
        Log.create(storage, ada, "a\n5")
    assert (storage.resources, list(storage.kept())) == ({}, [])


def test_a_batch_larger_than_a_record_is_kept_whole(log: Log, place: Path, ada: Signer) -> None:
    log.append([bytes([at]) * 60_000 for at in range(200)])
    log.close()
    with Log.open(FileStorage(place), ada) as again:
        assert again.size == 200
        assert again.entry(199) == bytes([199]) * 60_000


def test_there_is_one_writer_and_a_closed_log_writes_nothing(ada: Signer, log: Log, place: Path) -> None:
    with pytest.raises(LogBusy):
        FileStorage(place)
    log.close()
    for write in (lambda: log.append([b"late"]), log.checkpoint, lambda: log.add_cosignatures([])):
        with pytest.raises(LogStopped):
            write()
    storage = FileStorage(place)
    with pytest.raises(LogExists):
        Log.create(storage, ada)
    storage.close()


def test_a_log_that_could_not_be_opened_can_be_opened_later(
    ada: Signer, log: Log, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(entries(5))
    log.close()

    def broken(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as disk:
        disk.setattr(os, "pread", broken)
        with pytest.raises(OSError, match="Input/output"):
            FileStorage(place)
    with Log.open(FileStorage(place), ada) as again:
        assert again.size == 5


def test_where_there_is_no_log_none_is_opened(tmp_path: Path, ada: Signer) -> None:
    with pytest.raises(LogMissing):
        FileStorage(tmp_path)
    (tmp_path / "private").mkdir()
    with pytest.raises(LogMissing):
        FileStorage(tmp_path)
    assert list((tmp_path / "private").iterdir()) == []
    with pytest.raises(LogMissing):
        Log.open(MemoryStorage(), ada)


def test_a_log_takes_33_bytes_a_leaf_beside_the_entries(log: Log, place: Path) -> None:
    log.append(entries(65_536))
    log.checkpoint()
    log.close()
    hashes = sum(len(data) for path, data in resources(place).items() if not path.startswith("tile/entries/"))
    assert 32 * 65_536 < hashes < 33 * 65_536
    bundles = sum(len(data) for path, data in resources(place).items() if path.startswith("tile/entries/"))
    assert bundles == sum(len(entry) + 2 for entry in entries(65_536))


def test_what_pruning_may_take_is_not_needed(log: Log, place: Path) -> None:
    log.append(entries(1500))
    log.checkpoint()
    log.append(entries(300, 1500))
    log.checkpoint()
    log.close()
    for index in range(5):  # minimum index 1300: what ends at or below it may go
        (place / tile_path(0, index)).unlink()
        (place / bundle_path(index)).unlink()
    tree = Tree(Directory(place), 1800)
    assert tree_root(tree, 1800) == log.signed.root
    for index in (1300, 1500, 1799):
        assert inclusion_proof(tree, index, 1800) == reference.path(index, entries(1800))
    assert consistency_proof(tree, 1300, 1800) == reference.proof(1300, entries(1800))
    assert tree.entry(1300) == entries(1800)[1300]


def test_readers_find_a_whole_log_while_it_is_written(ada: Signer, log: Log, place: Path) -> None:
    sizes = [1, 100, 155, 256, 300, 44, 1000] * 12

    def write() -> None:
        for size in sizes:
            log.append(entries(size, log.size))
            log.checkpoint()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        seen = set()
        while not writing.done() or log.size not in seen:
            checkpoint, _ = open_checkpoint((place / "checkpoint").read_bytes(), ada.verifier)
            audit(Directory(place), checkpoint, Frontier())
            if checkpoint.size:
                Receipt.from_source(Directory(place), checkpoint.size - 1)
            seen.add(checkpoint.size)
        writing.result()
    assert len(seen) > 1


# --- what is not signed


def test_a_checkpoint_by_another_key_or_of_another_log_opens_nothing(
    ada: Signer, eve: Signer, log: Log, place: Path
) -> None:
    log.close()
    for signer, origin, refusal in [(eve, None, SignatureRefused), (ada, "else.example", WrongOrigin)]:
        storage = FileStorage(place)
        with pytest.raises(refusal):
            Log.open(storage, signer, origin)
        storage.close()


def _refuses_to_open(place: Path, ada: Signer, refusal: type[MerkleError], known: Checkpoint | None = None) -> None:
    before = (place / "checkpoint").read_bytes()
    storage = FileStorage(place)
    with pytest.raises(refusal):
        Log.open(storage, ada, known=known)
    storage.close()
    assert (place / "checkpoint").read_bytes() == before


def test_an_older_copy_of_the_log_is_refused_by_whoever_kept_a_checkpoint(
    ada: Signer, log: Log, place: Path, tmp_path: Path
) -> None:
    log.append(entries(300))
    log.checkpoint()
    shutil.copytree(place, tmp_path / "backup")
    log.append(entries(10, 300))
    known = log.checkpoint()
    log.close()
    shutil.rmtree(place)
    (tmp_path / "backup").rename(place)
    _refuses_to_open(place, ada, TreeRolledBack, known)


def test_another_history_of_the_same_length_is_refused(ada: Signer, log: Log, place: Path) -> None:
    log.append(entries(300))
    log.checkpoint()
    log.close()
    forked = Checkpoint(ORIGIN, 300, reference.mth(entries(300, 1)))
    _refuses_to_open(place, ada, TreeRolledBack, forked)
    (place / "checkpoint").write_bytes(sign_note(Checkpoint(ORIGIN, 301, forked.root).text, ada).encode())
    _refuses_to_open(place, ada, TreeRolledBack)


def test_a_lost_journal_does_not_shrink_the_log_unseen(log: Log, place: Path) -> None:
    log.append(entries(300))
    log.checkpoint()
    log.close()
    for journal in (place / "private").glob("journal.*"):
        journal.unlink()
    before = (place / "checkpoint").read_bytes()
    with pytest.raises(LogDamaged, match="private/journal"):
        FileStorage(place)
    assert (place / "checkpoint").read_bytes() == before
    (place / "checkpoint").unlink()  # tiles alone are still somebody's signed history
    for create in (False, True):
        with pytest.raises(LogDamaged, match="private/journal"):
            FileStorage(place, create=create)


def test_a_changed_tile_is_seen_before_anything_is_signed_or_proved(ada: Signer, log: Log, place: Path) -> None:
    log.append(entries(70_000))
    log.checkpoint()
    tile = place / tile_path(0, 3)
    tile.write_bytes(b"\xff" + tile.read_bytes()[1:])
    with pytest.raises(LogDamaged):
        log.prove(3 * 256 + 5)
    assert log.prove(2 * 256).index == 512
    with pytest.raises(LogDamaged):
        Receipt.from_source(Directory(place), 3 * 256 + 5)


def test_a_running_log_does_not_sign_over_a_checkpoint_that_is_not_its_own(log: Log, place: Path) -> None:
    log.append(entries(300))
    old = (place / "checkpoint").read_bytes()
    log.checkpoint()
    (place / "checkpoint").write_bytes(old)
    log.append(entries(1, 300))
    with pytest.raises(TreeRolledBack):
        log.checkpoint()
    assert (place / "checkpoint").read_bytes() == old


@pytest.mark.parametrize("left", [None, b"", bytes(200)])
def test_a_checkpoint_that_is_lost_is_made_again_from_the_journal_and_no_other_log_begun(
    ada: Signer, log: Log, place: Path, left: bytes | None
) -> None:
    log.append(entries(300))
    log.checkpoint()
    log.close()
    (place / "checkpoint").unlink()
    if left is not None:
        (place / "checkpoint").write_bytes(left)
    storage = FileStorage(place, create=True)
    with pytest.raises(LogExists):
        Log.create(storage, ada)
    storage.close()
    with Log.open(FileStorage(place), ada) as again:
        assert (again.size, again.signed) == (300, log.signed)
    assert (place / "checkpoint").read_bytes() == log.note


def test_garbage_as_a_checkpoint_is_damage(ada: Signer, log: Log, place: Path) -> None:
    log.close()
    (place / "checkpoint").write_bytes(b"garbage")
    _refuses_to_open(place, ada, LogDamaged)


def test_a_failed_write_stops_the_log_and_opening_it_again_goes_on(
    ada: Signer, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log.create(FileStorage(place, create=True), ada)
    log.append(entries(5))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", full)
        with pytest.raises(OSError, match="No space"):
            log.append(entries(3, 5))
    for write in (lambda: log.append([b"more"]), log.checkpoint):
        with pytest.raises(LogStopped):
            write()
    log.close()
    with Log.open(FileStorage(place), ada) as again:
        assert again.size in (5, 8)
        audit(Directory(place), again.checkpoint(), Frontier())
        assert (place / "checkpoint").read_bytes() == again.note
