"""What the card says one can do with openssl alone is done here, as it stands there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from xinka.engines.merkle import FileStorage, Kind, Log, Signer

pytestmark = pytest.mark.interop

_CARD = Path(__file__).parents[3] / "docs" / "engines" / "merkle.md"
_SIGNATURE, _PATH = re.findall(r"```sh\n(.*?)```", _CARD.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """A log of 300 entries, with its public key beside it."""
    signer = Signer("shop.example/orders", Kind.ED25519, bytes(range(32)))
    made = Log.create(FileStorage(tmp_path, create=True), signer)
    made.append([b"entry %d" % index for index in range(300)])
    made.checkpoint()
    made.close()
    (tmp_path / "vkey").write_text(f"{signer.verifier.vkey}\n")
    return made


def _run(script: str, place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-e", "-c", script], cwd=place, capture_output=True, text=True, check=False)


def test_openssl_verifies_the_signature_and_refuses_another_text(log: Log, tmp_path: Path) -> None:
    assert _run(_SIGNATURE, tmp_path).stdout == "Signature Verified Successfully\n"
    note = (tmp_path / "checkpoint").read_text()
    (tmp_path / "checkpoint").write_text(note.replace("\n300\n", "\n301\n"))
    assert _run(_SIGNATURE, tmp_path).returncode != 0


@pytest.mark.parametrize("index", [0, 1, 255, 256, 298, 299])
def test_openssl_follows_a_proof_to_the_root(log: Log, tmp_path: Path, index: int) -> None:
    (tmp_path / "proof.tlog-proof").write_bytes(log.prove(index).encode())
    (tmp_path / "entry").write_bytes(b"entry %d" % index)
    found, root = _run(_PATH, tmp_path).stdout.split()
    assert found == root
    (tmp_path / "entry").write_bytes(b"another")
    found, root = _run(_PATH, tmp_path).stdout.split()
    assert found != root
