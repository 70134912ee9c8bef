"""A damaged log is made whole again from its entries and its signed checkpoint, or is left as it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.engines.merkle import reference
from tests.engines.merkle.conftest import entries
from xinka.config.cli import main
from xinka.engines.merkle import Checkpoint, Directory, FileStorage, Log, Signer, audit, mend, open_checkpoint
from xinka.engines.merkle.errors import (
    LogDamaged,
    LogMissing,
    MerkleError,
    ResourceMissing,
    SignatureRefused,
    TreeRolledBack,
)
from xinka.engines.merkle.frontier import Frontier
from xinka.engines.merkle.key_files import write_key

_SIGNED, _SIZE = 1_900, 1_910


@pytest.fixture
def damaged(ada: Signer, place: Path) -> Path:
    """A log whose journal no longer holds its first entries; its last ten no checkpoint covers yet."""
    with Log.create(FileStorage(place, create=True, enough=4_000), ada) as log:
        for _ in range(19):
            log.append(entries(100, log.size))
            log.checkpoint()
        log.append(entries(_SIZE - _SIGNED, _SIGNED))
    return place


def _flip(path: Path, at: int = 40) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _mended(place: Path, ada: Signer, known: Checkpoint | None = None) -> tuple[int, tuple[str, ...]]:
    storage = FileStorage(place, renew=True)
    try:
        found = mend(storage, ada, None, known)
    finally:
        storage.close()
    assert found.signed.size == _SIGNED
    return found.size, found.paths


def _goes_on(place: Path, ada: Signer, size: int) -> None:
    with Log.open(FileStorage(place), ada) as log:
        assert (log.size, log.signed.size) == (size, _SIGNED)
        audit(Directory(place), log.signed, Frontier())
        log.append(entries(300, size))
        assert log.checkpoint().root == reference.mth([*entries(size), *entries(300, size)])
        audit(Directory(place), log.signed, Frontier())


@pytest.mark.parametrize("harm", [Path.unlink, _flip, _cut], ids=["gone", "bit", "cut"])
@pytest.mark.parametrize("path", ["tile/0/001", "tile/0/006", "tile/0/007.p/108", "tile/1/000.p/7"])
def test_tiles_are_made_again_from_the_entries(
    ada: Signer, damaged: Path, path: str, harm: Callable[[Path], None]
) -> None:
    before = (damaged / path).read_bytes()
    harm(damaged / path)
    assert _mended(damaged, ada) == (_SIZE, (path,))
    assert (damaged / path).read_bytes() == before
    assert _mended(damaged, ada) == (_SIZE, ())
    _goes_on(damaged, ada, _SIZE)


def _kept_in(place: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((place / "private").glob("*.before-mending"))]


@pytest.mark.parametrize(
    "harm", [Path.unlink, _flip, lambda path: path.write_bytes(bytes(99))], ids=["gone", "bit", "0"]
)
def test_without_its_journal_a_log_goes_on_from_what_was_signed(
    ada: Signer, damaged: Path, harm: Callable[[Path], None]
) -> None:
    for at in (0, 1):
        harm(damaged / f"private/journal.{at}")
    with pytest.raises(MerkleError):  # damaged, or smaller than what was signed
        Log.open(FileStorage(damaged), ada)
    kept = [path.read_bytes() for path in sorted((damaged / "private").glob("journal.[01]"))]
    size, paths = _mended(damaged, ada)
    assert (size in (_SIGNED, _SIZE), paths) == (True, ())
    assert _kept_in(damaged) == kept
    _mended(damaged, ada)
    assert all(data in _kept_in(damaged) for data in kept)
    _goes_on(damaged, ada, size)


def test_a_mirror_and_the_key_are_enough(ada: Signer, damaged: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    shutil.copytree(damaged / "tile", mirror / "tile")
    shutil.copy(damaged / "checkpoint", mirror)
    with pytest.raises(LogMissing):
        FileStorage(mirror)
    assert _mended(mirror, ada) == (_SIGNED, ())
    assert (mirror / "private").stat().st_mode & 0o077 == 0
    _goes_on(mirror, ada, _SIGNED)


@pytest.mark.parametrize(
    ("path", "harm", "refusal"),
    [
        ("tile/entries/003", _flip, LogDamaged),
        ("tile/entries/003", _cut, LogDamaged),
        ("tile/entries/003", Path.unlink, ResourceMissing),
        ("tile/entries/007.p/108", _flip, LogDamaged),
        ("checkpoint", Path.unlink, LogMissing),
    ],
)
def test_entries_that_are_lost_are_named_and_nothing_is_touched(
    ada: Signer, damaged: Path, path: str, harm: Callable[[Path], None], refusal: type[MerkleError]
) -> None:
    whole = (damaged / path).read_bytes()
    harm(damaged / path)
    before = {each: each.read_bytes() for each in damaged.rglob("*") if each.is_file()}
    with pytest.raises(refusal, match=path if refusal is not LogMissing else None):
        _mended(damaged, ada)
    after = {each: each.read_bytes() for each in damaged.rglob("*") if each.is_file()}
    assert {each: data for each, data in after.items() if not each.name.endswith(".before-mending")} == before
    (damaged / path).write_bytes(whole)  # from a mirror
    assert _mended(damaged, ada) == (_SIZE, ())


def test_an_older_mirror_is_not_signed_on_where_somebody_kept_a_later_checkpoint(
    ada: Signer, eve: Signer, place: Path, log: Log
) -> None:
    log.append(entries(300))
    log.checkpoint()
    shutil.copytree(place / "tile", place.with_name("mirror") / "tile")
    shutil.copy(place / "checkpoint", place.with_name("mirror"))
    log.append(entries(100, 300))
    known = log.checkpoint()
    log.close()
    mirror = FileStorage(place.with_name("mirror"), renew=True)
    with pytest.raises(TreeRolledBack):
        mend(mirror, ada, None, known)
    with pytest.raises(SignatureRefused):
        mend(mirror, eve)
    assert list(mirror.kept()) == [b"0"]
    mirror.close()
    for path in ("tile", "checkpoint"):
        shutil.rmtree(place / path, ignore_errors=True)
    shutil.copytree(place.with_name("mirror") / "tile", place / "tile")
    shutil.copy(place.with_name("mirror") / "checkpoint", place / "checkpoint")  # here the journal remembers
    storage = FileStorage(place, renew=True)
    assert mend(storage, ada).signed == known
    storage.close()


def test_the_command_mends_and_says_what(
    ada: Signer, damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_key(damaged / "private" / "key", ada)
    for path in [*(damaged / "private").glob("journal.*"), damaged / "tile/0/002"]:
        path.unlink()
    note = (damaged / "checkpoint").read_bytes()
    Path("known").write_bytes(note)
    refused = CliRunner().invoke(main, ["log", "append", "log"], input=b"more\n")
    assert (refused.exit_code, "xinka log mend" in refused.stderr) == (1, True)
    mended = CliRunner().invoke(main, ["log", "mend", "log", "--known", "known"])
    assert json.loads(mended.stdout) == {"signed": _SIGNED, "size": _SIGNED, "mended": ["tile/0/002"]}
    assert open_checkpoint((damaged / "checkpoint").read_bytes(), ada.verifier)[0].size == _SIGNED
    assert CliRunner().invoke(main, ["log", "append", "log"], input=b"more\n").exit_code == 0
    assert CliRunner().invoke(main, ["log", "mend", "nowhere"]).exit_code == 2
