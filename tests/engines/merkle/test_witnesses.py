"""Witnesses cosign growth and nothing else, one answer at a time, and remember before they speak."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engines.merkle.conftest import ORIGIN, entries
from xinka.engines.merkle import (
    AddCheckpoint,
    Answer,
    Checkpoint,
    Log,
    MemoryStorage,
    Note,
    Policy,
    Signer,
    Witness,
    ask_witness,
    sign_note,
    witnesses,
)
from xinka.engines.merkle.errors import KeyUnusable, LogDamaged, SignatureRefused, WitnessRefused


@pytest.fixture
def witness(tmp_path: Path, wim: Signer, ada: Signer) -> Witness:
    """Wim, who knows Ada's log."""
    return Witness(tmp_path, [wim], [ada.verifier], clock=lambda: 1_700_000_000.9)


@pytest.fixture
def notes(ada: Signer, memory: Log) -> dict[int, bytes]:
    """Ada's checkpoints of sizes 0, 5, 300, 700."""
    found = {0: memory.note}
    for size in (5, 300, 700):
        memory.append(entries(size - memory.size, memory.size))
        memory.checkpoint()
        found[size] = memory.note
    return found


def _request(memory: Log, notes: dict[int, bytes], old: int, size: int) -> bytes:
    return AddCheckpoint(old, tuple(memory.prove_consistency(old, size)), notes[size]).encode()


def test_growth_is_cosigned_step_by_step(witness: Witness, wim: Signer, memory: Log, notes: dict[int, bytes]) -> None:
    for old, size in [(0, 0), (0, 5), (5, 300), (300, 300), (300, 700)]:
        answer = witness.add_checkpoint(_request(memory, notes, old, size))
        assert answer.status == 200
        cosigned = Note.parse(notes[size] + answer.body).verified_by([wim.verifier])
        assert [each.at for each in cosigned] == [1_700_000_000]
        assert witness.last(ORIGIN).size == size


def test_the_example_request_of_the_specification_is_read() -> None:
    key = "— example.com/behind-the-sofa "
    body = (
        "old 20852014\n"
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        "\n"
        "example.com/behind-the-sofa\n"
        "20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n"
        f"{key}Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    ).encode()
    asked = AddCheckpoint.parse(body)
    assert (asked.old, len(asked.proof)) == (20852014, 1)
    assert Checkpoint.parse(Note.parse(asked.checkpoint).text).size == 20852163
    assert asked.encode() == body


_ELSEWHERE = Checkpoint("else.example", 9, bytes(32)).text


def _fork(ada: Signer, size: int) -> Log:
    fork = Log.create(MemoryStorage(), ada)
    fork.append(entries(size, 1000))
    fork.checkpoint()
    return fork


@dataclass
class _Scene:
    memory: Log
    notes: dict[int, bytes]
    ada: Signer
    eve: Signer

    def request(self, old: int, size: int) -> bytes:
        return _request(self.memory, self.notes, old, size)

    def signed(self, old: int, text: str, signer: Signer) -> bytes:
        return AddCheckpoint(old, (), sign_note(text, signer).encode()).encode()

    def forked(self, size: int, *, proved: bool) -> bytes:
        fork = _fork(self.ada, size)
        return AddCheckpoint(5, tuple(fork.prove_consistency(5)) if proved else (), fork.note).encode()


@pytest.fixture
def scene(memory: Log, notes: dict[int, bytes], ada: Signer, eve: Signer) -> _Scene:
    """All that Eve may use."""
    return _Scene(memory, notes, ada, eve)


@pytest.mark.parametrize(
    ("status", "forge"),
    [
        pytest.param(400, lambda _: b"", id="empty"),
        pytest.param(400, lambda scene: b"old 05\n\n" + scene.notes[300], id="spelling"),
        pytest.param(400, lambda _: b"old 5\n\nno note", id="no-note"),
        pytest.param(400, lambda scene: AddCheckpoint(5, (bytes(32),) * 64, scene.notes[300]).encode(), id="too-many"),
        pytest.param(400, lambda scene: AddCheckpoint(301, (), scene.notes[300]).encode(), id="old-beyond"),
        pytest.param(403, lambda scene: scene.signed(5, Note.parse(scene.notes[300]).text, scene.eve), id="eves-key"),
        pytest.param(404, lambda scene: scene.signed(5, _ELSEWHERE, scene.ada), id="unknown-log"),
        pytest.param(409, lambda scene: scene.request(0, 300), id="forgotten"),
        pytest.param(409, lambda scene: scene.request(300, 700), id="ahead"),
        pytest.param(409, lambda scene: scene.request(0, 0), id="rollback"),
        pytest.param(409, lambda scene: scene.forked(5, proved=False), id="same-size-fork"),
        pytest.param(422, lambda scene: AddCheckpoint(5, (), scene.notes[300]).encode(), id="no-proof"),
        pytest.param(422, lambda scene: AddCheckpoint(5, (bytes(32),), scene.notes[5]).encode(), id="too-much-proof"),
        pytest.param(422, lambda scene: scene.forked(300, proved=True), id="fork"),
    ],
)
def test_everything_else_is_answered_as_the_specification_says_and_not_cosigned(
    witness: Witness, scene: _Scene, status: int, forge: Callable[[_Scene], bytes]
) -> None:
    witness.add_checkpoint(scene.request(0, 5))
    answer = witness.add_checkpoint(forge(scene))
    assert answer.status == status
    assert "—".encode() not in answer.body
    assert (answer.body, answer.content_type) == (b"5\n", "text/x.tlog.size") or status != 409
    assert witness.last(ORIGIN).size == 5


def test_an_empty_tree_with_another_root_is_not_cosigned(witness: Witness, ada: Signer) -> None:
    forged = sign_note(Checkpoint(ORIGIN, 0, bytes(32)).text, ada).encode()
    assert witness.add_checkpoint(AddCheckpoint(0, (), forged).encode()).status == 409


def test_it_remembers_before_it_speaks(
    witness: Witness, memory: Log, notes: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(witnesses, "write_durably", full)
        with pytest.raises(OSError, match="No space"):
            witness.add_checkpoint(_request(memory, notes, 0, 5))
    assert witness.last(ORIGIN).size == 0


def test_what_it_remembers_is_not_believed_if_it_was_changed(
    witness: Witness, tmp_path: Path, memory: Log, notes: dict[int, bytes]
) -> None:
    witness.add_checkpoint(_request(memory, notes, 0, 300))
    (kept,) = tmp_path.glob("*.checkpoint")
    kept.write_bytes(kept.read_bytes().replace(b"\n300\n", b"\n299\n"))
    with pytest.raises(LogDamaged):
        witness.add_checkpoint(_request(memory, notes, 300, 700))


def _race(tmp_path: Path, wim: Signer, ada: Signer, memory: Log, notes: dict[int, bytes]) -> tuple[list[int], int]:
    with ThreadPoolExecutor(8) as pool:
        asked = [_request(memory, notes, 5, size) for size in (300, 700)] * 4
        found = [Witness(tmp_path, [wim], [ada.verifier]) for _ in asked]
        answers = list(pool.map(lambda each: each[0].add_checkpoint(each[1]), zip(found, asked, strict=True)))
    return sorted(answer.status for answer in answers), found[0].last(ORIGIN).size


@pytest.mark.race
def test_of_requests_at_the_same_moment_one_is_cosigned(
    witness: Witness, tmp_path: Path, wim: Signer, ada: Signer, memory: Log, notes: dict[int, bytes]
) -> None:
    witness.add_checkpoint(_request(memory, notes, 0, 5))
    statuses, size = _race(tmp_path, wim, ada, memory, notes)
    assert statuses == [200] + [409] * 7
    assert size in (300, 700)


@pytest.mark.race
def test_without_the_lock_both_trees_would_be_cosigned(
    tmp_path: Path, wim: Signer, scene: _Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    Witness(tmp_path, [wim], [scene.ada.verifier]).add_checkpoint(scene.request(0, 5))
    write = witnesses.write_durably
    monkeypatch.setattr(witnesses.fcntl, "flock", lambda *_: None)
    monkeypatch.setattr(witnesses, "write_durably", lambda *given: (time.sleep(0.05), write(*given)))
    monkeypatch.setattr("os.getpid", iter(range(1_000_000)).__next__)  # else they trip over one another's file aside
    statuses, _ = _race(tmp_path, wim, scene.ada, scene.memory, scene.notes)
    assert statuses.count(200) > 1


def test_a_witness_needs_a_cosigning_key(tmp_path: Path, ada: Signer) -> None:
    for signers in ([], [ada]):
        with pytest.raises(KeyUnusable):
            Witness(tmp_path, signers, [ada.verifier])


# --- the log's side


def test_a_log_gathers_cosignatures_and_its_proofs_carry_them(
    witness: Witness, tmp_path: Path, ada: Signer, wim: Signer, wanda: Signer, memory: Log
) -> None:
    (tmp_path / "wanda").mkdir()
    other = Witness(tmp_path / "wanda", [wanda], [ada.verifier])
    for size in (5, 300):
        memory.append(entries(size, memory.size))
        memory.checkpoint()
        for each, key in ((witness, wim), (other, wanda)):
            # The log does not remember what a witness knows: 409 tells.
            memory.add_cosignatures(
                ask_witness(each.add_checkpoint, memory.note, memory.prove_consistency, [key.verifier])
            )
    policy = Policy.parse(
        f"witness w1 {wim.verifier.vkey}\nwitness w2 {wanda.verifier.vkey}\ngroup g all w1 w2\nquorum g\n".encode()
    )
    receipt = memory.prove(301)
    assert receipt.verify(memory.entry(301), ada.verifier).size == 305
    assert len(policy.check(Note.parse(receipt.checkpoint), [ada.verifier])) == 3


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (Answer(500, b"oops"), WitnessRefused),
        (Answer(409, b"12345678901\n", "text/x.tlog.size"), WitnessRefused),
        (Answer(409, b"many\n", "text/x.tlog.size"), WitnessRefused),
        (Answer(200, b""), WitnessRefused),
        (Answer(200, b"hello\n"), WitnessRefused),
        (Answer(200, "— witness.example/wim AAAAAAAAAA==\n".encode()), SignatureRefused),
    ],
)
def test_an_answer_that_is_no_cosignature_is_refused(
    memory: Log, wim: Signer, answer: Answer, refusal: type[Exception]
) -> None:
    memory.append(entries(5))
    memory.checkpoint()
    with pytest.raises(refusal):
        ask_witness(lambda _: answer, memory.note, memory.prove_consistency, [wim.verifier])
