"""How much memory a whole idle shop holds, database included (aim: at most 350 MB).

整个商店闲着时占多少内存，含数据库（目标：不超过 350 MB）。

Starts a shop of its own in a temporary directory with ``xinka run --demo``, waits until it is ready and has settled,
asks it for a few pages, and adds up the PSS of all its processes: each page of memory counts once, shared pages in
equal parts (proc(5), smaps_rollup). The last line is JSON.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from benchmarks.arguments import Arguments, duration

_AIM_MB = 350


def pss_kb(pid: int) -> int:
    """Return the proportional set size of a process in kB; 0 when it has ended meanwhile."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def processes_of(supervisor: int, data_dir: Path) -> dict[str, list[int]]:
    """Return the shop's processes by what they are: the supervisor, its descendants, and PostgreSQL's."""
    found: dict[str, list[int]] = {"supervisor": [supervisor]}
    for child in psutil.Process(supervisor).children(recursive=True):
        command = child.cmdline() or [child.name()]
        name = "worker" if "xinka.config.worker" in command else command[-1].rpartition(".")[2]
        found.setdefault(name, []).append(child.pid)
    cluster = str((data_dir / "postgres").resolve())
    found["postgres"] = [p.pid for p in psutil.process_iter() if p.name() == "postgres" and _cwd(p) == cluster]
    return found


def _cwd(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except psutil.Error:
        return ""


def wait_for_shop(data_dir: Path, running: subprocess.Popen[bytes], seconds: float = 120) -> str:
    """Return the shop's address once it is ready."""
    note = data_dir / "run" / "xinka.json"
    deadline = time.monotonic() + seconds
    while not note.exists():
        if running.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the shop did not come up")
        time.sleep(0.2)
    return str(json.loads(note.read_text(encoding="utf-8"))["url"])


def measure(settle_for: float, *options: str) -> dict[str, object]:
    """Run a shop and return its memory, per kind of process and in all."""
    place = Path(tempfile.mkdtemp(prefix="xk-memory-"))
    environment = {
        key: value for key, value in os.environ.items() if key != "DATABASE_URL" and not key.startswith("XINKA_")
    }
    environment["XINKA_DATA_DIR"] = str(place)
    running = subprocess.Popen(  # the shop as a person starts it
        [sys.executable, "-m", "xinka.config.cli", "run", *options], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        url = wait_for_shop(place, running)
        for path in ("/", "/account/login/", "/desk/"):
            try:
                urllib.request.urlopen(url + path, timeout=10).read()
            except OSError as error:
                print(f"{path}: {error}", file=sys.stderr)
        time.sleep(settle_for)
        kinds = processes_of(running.pid, place)
        sizes = {kind: round(sum(map(pss_kb, pids)) / 1024, 1) for kind, pids in kinds.items()}
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=60)
        shutil.rmtree(place, ignore_errors=True)
    return {
        "pss_mb": round(sum(sizes.values()), 1),
        "aim_mb": _AIM_MB,
        "by_kind_mb": sizes,
        "n_processes": {kind: len(pids) for kind, pids in kinds.items()},
        "settled_for_s": settle_for,
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "kernel": platform.release()},
    }


def main() -> None:
    """Print the result; the exit status is 1 when the aim is missed."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument(
        "--settle", type=duration, default=10.0, help="seconds to wait before measuring / 测量前等多少秒"
    )
    parser.add_argument("--bare", action="store_true", help="an empty shop instead of the demo / 空店，不装演示数据")
    parser.add_argument("--json", action="store_true", help="print only the JSON line / 只输出一行 JSON")
    arguments = parser.parse_args()
    result = measure(arguments.settle, *([] if arguments.bare else ["--demo"]))
    if not arguments.json:
        print(f"PSS of the idle shop: {result['pss_mb']} MB of at most {_AIM_MB} MB; {result['by_kind_mb']}")
    print(json.dumps(result))
    sys.exit(float(str(result["pss_mb"])) > _AIM_MB)


if __name__ == "__main__":
    main()
