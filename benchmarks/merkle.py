"""The log: appends a second, checkpoints, proofs warm and cold, bytes a leaf, beside the limits of the same machine.

日志：每秒追加、检查点、证明（冷、热）、每条字节数，并列本机的极限。

Appends batches of 1,000 entries of ``--entry`` random bytes until ``--leaves`` are in, each batch durable (fdatasync)
before the next; then single durable appends and checkpoints, then proofs. Baselines of the same run: how many fdatasync
of a record's size the disk does a second on a file whose blocks are there already, and how many SHA-256 a second
hashlib does of a leaf and a node. Afterwards the log is opened anew and checked: its root is recomputed from the
entries through another code path, every proof made is verified, sizes must match. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.arguments import Arguments, whole
from benchmarks.stage import machine
from xinka.engines.merkle import Directory, FileStorage, Log, Receipt, Signer, audit
from xinka.engines.merkle.frontier import Frontier

_BATCH = 1_000
_PROOFS = 500


def main() -> None:
    """Measure and print."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--leaves", type=whole(1), default=10_000_000, help="entries that are appended / 追加多少条")
    parser.add_argument("--entry", type=whole(1), default=100, help="bytes of an entry / 每条的字节数")
    parser.add_argument(
        "--directory",
        type=Path,
        help="where to make the throw-away log; else the temporary directory / 临时日志放在哪个目录，默认系统临时目录",
    )
    options = parser.parse_args()
    print(f"machine: {machine()}\n{__doc__}")
    place = Path(tempfile.mkdtemp(prefix="xinka-bench-merkle-", dir=options.directory))
    try:
        figures = _measure(place, options.leaves // _BATCH * _BATCH, options.entry)
    finally:
        shutil.rmtree(place)
    print(json.dumps(figures))


def _measure(place: Path, leaves: int, length: int) -> dict[str, Any]:
    signer = Signer.generate("bench.example/log")
    figures: dict[str, Any] = {"leaves": leaves, "entry_bytes": length, **_limits(place, length)}
    print(f"limits: {figures}", flush=True)
    batches = [[os.urandom(length) for _ in range(_BATCH)] for _ in range(50)]
    with Log.create(FileStorage(place / "log", create=True), signer) as log:
        figures |= _appends(log, batches, leaves)
        figures |= _checkpoints(log, batches[0])
        figures |= _singles(log, batches[0], figures["fdatasync_small_per_second"])
        signed = log.checkpoint()
        print(f"written: {figures}", flush=True)
    figures |= _proofs(place / "log", signed.size, signer)
    figures |= _bytes_a_leaf(place / "log", signed.size)
    before = time.perf_counter()
    with Log.open(FileStorage(place / "log"), signer) as log:
        figures["open_ms"] = _ms(time.perf_counter() - before)
        assert (log.size, log.signed) == (signed.size, signed)
    before = time.perf_counter()
    audit(Directory(place / "log"), signed, Frontier())
    figures["audit_leaves_per_second"] = round(signed.size / (time.perf_counter() - before))
    print(f"checked: {signed.size} entries recomputed to the signed root, {2 * _PROOFS} proofs verified")
    return figures


def _limits(place: Path, length: int) -> dict[str, int]:
    """What disk and hashing allow on this machine, now."""
    leaf, node = b"\0" + os.urandom(length), b"\1" + os.urandom(64)
    before = time.perf_counter()
    for _ in range(200_000):
        sha256(leaf).digest()
        sha256(node).digest()
    pairs = 200_000 / (time.perf_counter() - before)
    return {
        "leaf_and_node_hashes_per_second": round(pairs),
        "fdatasync_small_per_second": _syncs(place, length + 20, 500),
        "fdatasync_batch_per_second": _syncs(place, _BATCH * (length + 2), 100),
    }


def _syncs(place: Path, length: int, count: int) -> int:
    data = os.urandom(length)
    file = os.open(place / "syncs", os.O_RDWR | os.O_CREAT)
    try:
        os.pwrite(file, bytes(length * count), 0)
        os.fsync(file)
        before = time.perf_counter()
        for at in range(count):
            os.pwrite(file, data, at * length)
            os.fdatasync(file)
        return round(count / (time.perf_counter() - before))
    finally:
        os.close(file)
        (place / "syncs").unlink()


def _appends(log: Log, batches: list[list[bytes]], leaves: int) -> dict[str, Any]:
    slowest = 0.0
    before = time.perf_counter()
    for at in range(leaves // _BATCH):
        begin = time.perf_counter()
        log.append(batches[at % len(batches)])
        slowest = max(slowest, time.perf_counter() - begin)
    seconds = time.perf_counter() - before
    assert log.size == leaves
    return {"appends_per_second": round(leaves / seconds), "slowest_batch_ms": _ms(slowest)}


def _checkpoints(log: Log, entries: list[bytes]) -> dict[str, Any]:
    def once() -> None:
        log.append(entries)
        begin = time.perf_counter()
        log.checkpoint()
        times.append(time.perf_counter() - begin)

    times: list[float] = []
    for _ in range(300):
        once()
    return {"checkpoint_ms": _ms(_middle(times)), "checkpoint_p99_ms": _ms(sorted(times)[-3])}


def _singles(log: Log, entries: list[bytes], limit: int) -> dict[str, Any]:
    before = time.perf_counter()
    for entry in entries:
        log.append([entry])
    rate = len(entries) / (time.perf_counter() - before)
    return {"single_appends_per_second": round(rate), "single_to_fdatasync": round(rate / limit, 2)}


def _proofs(place: Path, size: int, signer: Signer) -> dict[str, Any]:
    chance = random.Random(1)
    indexes = [chance.randrange(size) for _ in range(_PROOFS)]
    # Cold: a reader that has nothing in memory for each proof; the files may be in the system's cache.
    cold = [_timed(lambda at=index: Receipt.from_source(Directory(place), at)) for index in indexes]  # type: ignore[misc]
    with Log.open(FileStorage(place), signer) as log:
        for index in indexes[:100]:
            log.prove(index)
        warm = [_timed(lambda at=index: log.prove(at)) for index in indexes[:100] * (_PROOFS // 100)]  # type: ignore[misc]
        for index in (*indexes, *indexes[:100] * (_PROOFS // 100)):
            log.prove(index).verify(log.entry(index), signer.verifier)
    return {
        "proof_warm_ms": _ms(_middle(warm)),
        "proof_cold_ms": _ms(_middle(cold)),
        "proof_cold_p99_ms": _ms(sorted(cold)[-5]),
        "proof_from_a_new_process_ms": _in_new_process(place, indexes[0]),
    }


def _in_new_process(place: Path, index: int) -> float:
    """Return how long the whole command takes, start and all."""
    begin = time.perf_counter()
    command = [
        sys.executable,
        "-c",
        "from xinka.config.cli import main; main()",
        "log",
        "prove",
        str(place),
        f"{index}",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return _ms(time.perf_counter() - begin)


def _bytes_a_leaf(place: Path, size: int) -> dict[str, Any]:
    """Everything the log holds but the entries' own bundles, by length and by blocks of the file system."""
    files = [path.stat() for path in place.rglob("*") if path.is_file() and "entries" not in path.parts]
    return {
        "bytes_per_leaf": round(sum(each.st_size for each in files) / size, 1),
        "disk_bytes_per_leaf": round(sum(each.st_blocks * 512 for each in files) / size, 1),
    }


def _timed(what: Callable[[], object]) -> float:
    begin = time.perf_counter()
    what()
    return time.perf_counter() - begin


def _middle(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


if __name__ == "__main__":
    main()
