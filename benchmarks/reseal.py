"""How fast a shop is sealed anew after its master key was changed (decision 22), while nobody else works on it.

换主密钥后全店重新加密多快（决定 22），期间没有别的工作。

    xinka bench reseal [--keep DIRECTORY] [--json]

Method: the grown shop of ``pages_grown``, in a database of its own with a small shop's settings, fsync on. All its data
keys are retired, as `xinka key change` does, and what `xinka key reseal` runs is run in this process to its end: every
code, every buyer's address, every message of a case and every account of a payout is read, opened, sealed with the new
key and written back, in transactions of some hundred rows. Then it is checked that nothing was damaged, that no retired
key is named any more, and that codes and addresses open. Told are rows a second of each column, the
CPU time of this process and of PostgreSQL, and this process's memory. The last line is JSON.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from benchmarks import grown
from benchmarks.arguments import Arguments
from benchmarks.stage import cpu_seconds, machine

_SAMPLE = 500


def main() -> None:
    """Measure, check and print."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument(
        "--keep",
        type=Path,
        help="make the shop here, or use the one that is here, and leave it / 商店建在这个目录，已有就用它，用完留着",
    )
    parser.add_argument("--json", action="store_true", help="print only the JSON line / 只输出一行 JSON")
    options = parser.parse_args()
    place = options.keep or Path(tempfile.mkdtemp(prefix="xinka-grown-"))
    try:
        with ExitStack() as stack:
            place.mkdir(parents=True, exist_ok=True)
            database = psutil.Process(grown.open_shop(place, stack).postmaster_pid)
            _retire_all()
            found = _reseal(database)
            _check()
    finally:
        if not options.keep:
            shutil.rmtree(place, ignore_errors=True)
    if not options.json:
        print(f"machine: {machine()}\n{__doc__}")
        for name, (rows, seconds) in found["columns"].items():
            print(f"{name}: {rows:,} rows in {seconds:.1f} s, {rows / seconds:,.0f} rows/s")
        print(f"{found['rows']:,} in {found['seconds']:.1f} s, {found['rows_per_s']:,.0f} rows/s")
    print(json.dumps({"machine": machine(), **found}))


def _retire_all() -> None:
    """Wrap the data keys anew and retire them. The master key may stay: what is sealed does not depend on it."""
    from django.conf import settings
    from django.db import transaction

    from xinka.platform.vault import keys
    from xinka.platform.vault.changing import wrap_all_anew
    from xinka.platform.vault.envelope import Keyring

    ring = Keyring(settings.ENVIRONMENT.master_key)
    with transaction.atomic():
        wrap_all_anew(ring, ring, settings.ENVIRONMENT.derive)
    keys.forget()


def _reseal(database: psutil.Process) -> dict[str, Any]:
    from xinka.flows.master_key.resealing import destroy_unused, reseal

    process, sizes, columns = psutil.Process(), [], {}
    begin, cpu, since = time.perf_counter(), time.process_time(), time.perf_counter()
    server = cpu_seconds([database, *database.children(recursive=True)])
    for progress in reseal():
        name, now = str(progress.place.column), time.perf_counter()
        if progress.damaged:
            raise SystemExit(f"{name} does not open: {progress.damaged[:3]}")
        if name not in columns:
            since = now
        columns[name] = (progress.done, now - since)
        sizes.append(process.memory_info().rss / 2**20)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    server = cpu_seconds([database, *database.children(recursive=True)]) - server
    if destroy_unused(()):
        raise SystemExit("a retired key is named yet")
    rows = sum(done for done, _ in columns.values())
    return {
        "rows": rows,
        "seconds": round(seconds, 1),
        "rows_per_s": round(rows / seconds),
        "cpu_s": {"this process": round(cpu, 1), "PostgreSQL": round(server, 1)},
        "cpu_us_per_row": round((cpu + server) / rows * 1e6, 1),
        "rss_mb": [round(sizes[0], 1), round(sizes[len(sizes) // 2], 1), round(max(sizes), 1)],
        "columns": {name: (done, round(took, 2)) for name, (done, took) in columns.items() if done},
    }


def _check() -> None:
    """Stop unless a sample of codes and of addresses opens with the keys of now."""
    from xinka.orders.access import contact_place
    from xinka.orders.models import Order
    from xinka.platform.vault import keys
    from xinka.stock.importing.sealing import code_place
    from xinka.stock.models import StockCode

    keys.forget()
    for code in StockCode.objects.order_by("fingerprint")[:_SAMPLE]:
        keys.open_envelope(code.envelope, code_place(code.id))
    for order in Order.objects.order_by("contact_key")[:_SAMPLE]:
        keys.open_envelope(order.contact, contact_place(order.id))


if __name__ == "__main__":
    main()
