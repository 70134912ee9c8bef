"""Four tools that are not ours read Ada's log: each believes it, and refuses of Eve's forgeries all that it can see.

Go reads the whole log (``go tree``) and one proof (``go proof``), the two sigstore libraries a proof; openssl knows
nothing of trees and reads the signature alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.interop.sides import OtherSide, node_side, python_side
from xinka.engines.merkle import Checkpoint, FileStorage, Kind, Log, Note, Receipt, Signer, Verifier, sign_note
from xinka.engines.merkle.tiles import tile_path

pytestmark = pytest.mark.interop

_HERE = Path(__file__).parent
_CACHE = _HERE.parents[2] / ".venv" / "interop" / "go-cache"
_ORIGIN = "shop.example/orders"
_ADA = Signer(_ORIGIN, Kind.ED25519, bytes(range(32)))
_EVE = Signer(_ORIGIN, Kind.ED25519, bytes(range(1, 33)))
_OLD, _SIZE, _INDEX = 20_000, 21_234, 12_345
_INDEXES = [0, 1, 255, 256, 257, 4095, 12_345, 16_383, 16_384, 19_999, 20_000, 20_991, 20_992, 21_232, 21_233]


def _entry(index: int) -> bytes:
    return b'{"order":%d}' % index


@dataclass(frozen=True)
class _Case:
    """What a tool is shown."""

    place: Path
    receipt: Receipt
    entry: bytes
    old: bytes
    key: Verifier = _ADA.verifier
    origin: str = _ORIGIN


def _make_log(place: Path, size: int, first: int = 0) -> Log:
    log = Log.create(FileStorage(place, create=True), _ADA)
    log.append([_entry(index) for index in range(first, first + min(_OLD, size))])
    log.checkpoint()
    return log


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> _Case:
    """Ada's log, after it has grown."""
    place = tmp_path_factory.mktemp("honest") / "log"
    with _make_log(place, _OLD) as log:
        old = log.note
        log.append([_entry(index) for index in range(_OLD, _SIZE)])
        log.checkpoint()
        return _Case(place, log.prove(_INDEX), _entry(_INDEX), old)


# --- the tools


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our thirty lines around Go's library, compiled."""
    program = tmp_path_factory.mktemp("go") / "verify"
    environment = {
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(_CACHE),
        "PATH": os.environ["PATH"],
    }
    subprocess.run(["go", "build", "-o", program, _HERE / "verify.go"], check=True, env=environment)
    return program


@pytest.fixture(scope="module")
def npm() -> Iterator[OtherSide]:
    """Node's library."""
    with node_side(_HERE / "npm_side.cjs") as side:
        yield side


@pytest.fixture(scope="module")
def pypi() -> Iterator[OtherSide]:
    """Python's library."""
    with python_side(_HERE / "pypi_side.py", "sigstore") as side:
        yield side


def _spki(key: Verifier) -> bytes:
    return Ed25519PublicKey.from_public_bytes(key.public_key).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )


def _asked(case: _Case) -> dict[str, object]:
    def text(data: bytes) -> str:
        return b64encode(data).decode()

    return {
        "checkpoint": case.receipt.checkpoint.decode(),
        "origin": case.origin,
        "keyId": text(case.key.id + bytes(28)),
        "publicKey": text(_spki(case.key)),
        "index": case.receipt.index,
        "hashes": [text(each) for each in case.receipt.path],
        "entry": text(case.entry),
    }


def _go_tree(program: Path, case: _Case, tmp_path: Path, *indexes: int) -> subprocess.CompletedProcess[str]:
    (tmp_path / "old.note").write_bytes(case.old)
    command = [program, "tree", case.key.vkey, case.origin, case.place, tmp_path / "old.note", *map(str, indexes)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _go_proof(program: Path, case: _Case, tmp_path: Path) -> bool:
    (tmp_path / "proof").write_bytes(case.receipt.encode())
    (tmp_path / "entry").write_bytes(case.entry)
    command = [program, "proof", case.key.vkey, case.origin, tmp_path / "proof", tmp_path / "entry"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _openssl(case: _Case, tmp_path: Path) -> bool:
    note = Note.parse(case.receipt.checkpoint)
    (tmp_path / "text").write_bytes(note.text.encode())
    (tmp_path / "signature").write_bytes(note.signatures[0].data)
    (tmp_path / "key.der").write_bytes(_spki(case.key))
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", tmp_path / "key.der",
               "-in", tmp_path / "text", "-sigfile", tmp_path / "signature"]  # fmt: skip
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def believes(go: Path, npm: OtherSide, pypi: OtherSide, tmp_path: Path) -> Callable[[str, _Case], bool]:
    """Whether a tool believes what it is shown."""
    tools: dict[str, Callable[[_Case], bool]] = {
        "go tree": lambda case: _go_tree(go, case, tmp_path).returncode == 0,
        "go proof": lambda case: _go_proof(go, case, tmp_path),
        "npm": lambda case: npm.ask("refusal", **_asked(case)) == "",
        "pypi": lambda case: pypi.ask("refusal", **_asked(case)) == "",
        "openssl": lambda case: _openssl(case, tmp_path),
    }
    return lambda tool, case: tools[tool](case)


# --- the forgeries


def _moved(case: _Case, tmp_path: Path) -> Path:
    return Path(shutil.copytree(case.place, tmp_path / "copy"))


def _with_note(case: _Case, tmp_path: Path, note: bytes) -> _Case:
    place = _moved(case, tmp_path)
    (place / "checkpoint").write_bytes(note)
    return replace(case, place=place, receipt=replace(case.receipt, checkpoint=note))


def _bit(case: _Case, tmp_path: Path) -> _Case:
    """One bit of an entry."""
    place = _moved(case, tmp_path)
    bundle = place / f"tile/entries/{_INDEX // 256:03d}"
    bundle.write_bytes(
        bundle.read_bytes().replace(case.entry, changed := case.entry[:-2] + bytes([case.entry[-2] ^ 1]) + b"}")
    )
    return replace(case, place=place, entry=changed)


def _size(case: _Case, tmp_path: Path) -> _Case:
    """Another size in the signed text."""
    return _with_note(case, tmp_path, case.receipt.checkpoint.replace(b"\n21234\n", b"\n21235\n"))


def _resigned_size(case: _Case, tmp_path: Path) -> _Case:
    """Another size, signed by the log itself."""
    root = Checkpoint.parse(Note.parse(case.receipt.checkpoint).text).root
    return _with_note(case, tmp_path, sign_note(Checkpoint(_ORIGIN, 99_999, root).text, _ADA).encode())


def _tile_byte(case: _Case, tmp_path: Path) -> _Case:
    """One byte of a tile."""
    place = _moved(case, tmp_path)
    tile = place / tile_path(0, 7)
    tile.write_bytes(b"\x00" + tile.read_bytes()[1:] if tile.read_bytes()[0] else b"\x01" + tile.read_bytes()[1:])
    return replace(case, place=place)


def _fork(case: _Case, tmp_path: Path) -> _Case:
    """Another history, whole and signed by the log itself."""
    with _make_log(tmp_path / "fork", _OLD, 1) as log:
        log.append([_entry(index) for index in range(_SIZE - _OLD)])
        log.checkpoint()
        return replace(case, place=tmp_path / "fork", receipt=log.prove(_INDEX), entry=log.entry(_INDEX))


def _rollback(case: _Case, tmp_path: Path) -> _Case:
    """An honest but older state of the log, shown as the newest."""
    with _make_log(tmp_path / "rolled", _OLD - 1) as log:
        return replace(case, place=tmp_path / "rolled", receipt=log.prove(_INDEX))


def _truncated_proof(case: _Case, tmp_path: Path) -> _Case:
    """A proof without its last hash."""
    return replace(case, receipt=replace(case.receipt, path=case.receipt.path[:-1]))


def _wrong_key(case: _Case, tmp_path: Path) -> _Case:
    """The key of somebody else."""
    return replace(case, key=_EVE.verifier)


def _wrong_origin(case: _Case, tmp_path: Path) -> _Case:
    """The same tree, signed by the same key as another log's."""
    text = Note.parse(case.receipt.checkpoint).text.replace(_ORIGIN, "shop.example/other", 1)
    return _with_note(case, tmp_path, sign_note(text, _ADA).encode())


#: Which tool sees which forgery. What a single proof cannot show (another history, an older state, a tile it does not
#: touch) only whoever reads the tree and remembers an older checkpoint sees; openssl sees what breaks the signature.
_SEEN_BY = {
    _bit: {"go tree", "go proof", "npm", "pypi"},
    _size: {"go tree", "go proof", "npm", "pypi", "openssl"},
    _resigned_size: {"go tree", "go proof", "npm", "pypi"},
    _tile_byte: {"go tree"},
    _fork: {"go tree"},
    _rollback: {"go tree"},
    _truncated_proof: {"go proof", "npm", "pypi"},
    _wrong_key: {"go tree", "go proof", "npm", "pypi", "openssl"},
    _wrong_origin: {"go tree", "go proof", "npm", "pypi"},
}
_TOOLS = ["go tree", "go proof", "npm", "pypi", "openssl"]


@pytest.mark.parametrize("tool", _TOOLS)
def test_an_honest_log_is_believed(believes: Callable[[str, _Case], bool], honest: _Case, tool: str) -> None:
    with Log.open(FileStorage(honest.place), _ADA) as log:
        for index in _INDEXES if tool != "go tree" else [_INDEX]:
            assert believes(tool, replace(honest, receipt=log.prove(index), entry=_entry(index))), index


@pytest.mark.parametrize("tool", _TOOLS)
@pytest.mark.parametrize("forge", _SEEN_BY, ids=lambda forge: forge.__name__.strip("_"))
def test_a_forgery_is_refused_by_each_tool_that_can_see_it(
    believes: Callable[[str, _Case], bool],
    honest: _Case,
    tmp_path: Path,
    forge: Callable[[_Case, Path], _Case],
    tool: str,
) -> None:
    assert believes(tool, forge(honest, tmp_path)) == (tool not in _SEEN_BY[forge])


def test_go_makes_the_very_same_proofs_from_our_tiles(go: Path, honest: _Case, tmp_path: Path) -> None:
    found = _go_tree(go, honest, tmp_path, *_INDEXES)
    with Log.open(FileStorage(honest.place), _ADA) as log:
        ours = ["".join(f"{b64encode(each).decode()} " for each in log.prove(index).path) for index in _INDEXES]
    assert found.stdout.splitlines() == ours


def test_go_follows_a_log_over_the_edges_of_its_tiles(go: Path, tmp_path: Path) -> None:
    with Log.create(FileStorage(tmp_path / "log", create=True), _ADA) as log:
        for size in (1, 2, 255, 256, 257, 512, 65_535, 65_536, 65_537, 66_048):
            old = log.note  # at first that of the empty tree
            # The shortest and the longest entries are among them.
            log.append([{7: b"", 300: bytes(65_535)}.get(at, _entry(at)) for at in range(log.size, size)])
            log.checkpoint()
            case = _Case(tmp_path / "log", log.prove(size - 1), log.entry(size - 1), old)
            indexes = sorted({0, size // 2, size - 1})
            found = _go_tree(go, case, tmp_path, *indexes)
            ours = ["".join(f"{b64encode(each).decode()} " for each in log.prove(at).path) for at in indexes]
            assert (found.stdout.splitlines(), found.stderr) == (ours, ""), size
            assert _go_proof(go, case, tmp_path)


def test_go_refuses_a_receipt_whose_cosignature_takes_the_place_of_the_logs_signature(
    go: Path, honest: _Case, tmp_path: Path
) -> None:
    witness = Signer("witness.example/w", Kind.COSIGNATURE, bytes([9] * 32))
    text = Note.parse(honest.receipt.checkpoint).text
    both = Note.parse(honest.receipt.checkpoint).with_signatures(sign_note(text, witness, at=9).signatures)
    assert _go_proof(go, replace(honest, receipt=replace(honest.receipt, checkpoint=both.encode())), tmp_path)
    alone = sign_note(text, witness, at=9).encode()
    assert not _go_proof(go, replace(honest, receipt=replace(honest.receipt, checkpoint=alone)), tmp_path)
