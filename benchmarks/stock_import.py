"""How many card codes a second go into the vault, with encryption and duplicate check (aim: 60,000; memory flat).

卡密每秒入库多少张，含加密与查重（目标：60,000，内存平稳）。

    python -m benchmarks.stock_import [--codes 1000000] [--before 0] [--json]

Method: a PostgreSQL of its own in a temporary directory (fsync and synchronous_commit on), migrated as the shop is; a
TXT file of random codes with 1 % repeated lines is imported through ``flows.stocking.import_file``, the way of
``xinka stock import``: examine, seal the waiting file, seal each code, look for duplicates, COPY, queue. The clock runs
over all of it. PostgreSQL has the settings of a shop (``embedded_settings.SMALL``); ``--tuned`` gives it the memory of
a larger machine, and ``--before`` stocks so many codes first, to see what a full vault costs. Memory is the resident
set of this process: the largest, and after each quarter of the codes. Then it is checked that the counts are right,
that a sample opens to the lines of the file, that every code is queued exactly once, and that the same file adds
nothing when it comes again. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from benchmarks.arguments import Arguments, whole
from benchmarks.stage import machine
from xinka.platform.database.embedded import EmbeddedPostgres
from xinka.platform.database.embedded_settings import SMALL, TUNED_FOR_BENCHMARKS

AIM = 60_000
_REPEATED = 0.01
_SAMPLE = 2_000


def write_codes(path: Path, n: int, seed: int) -> int:
    """Write ``n`` lines, one in a hundred said before, and return how many are different."""
    chance = random.Random(seed)
    different = 0
    earlier: list[str] = []
    with path.open("w", encoding="ascii") as file:
        for _ in range(n):
            if earlier and chance.random() < _REPEATED:
                file.write(chance.choice(earlier) + "\n")
                continue
            code = f"{chance.getrandbits(80):020X}"
            different += 1
            if chance.random() < 0.001:
                earlier.append(code)
            file.write(code + "\n")
    return different


def shop(place: Path, stack: ExitStack, *, tuned: bool) -> None:
    """Start a database, load Django on it and make the tables."""
    settings = {**SMALL, **(TUNED_FOR_BENCHMARKS if tuned else {})}
    database = stack.enter_context(EmbeddedPostgres(place / "postgres", settings=settings))
    os.environ |= {
        "DATABASE_URL": database.url(),
        "XINKA_DATA_DIR": str(place / "data"),
        "DJANGO_SETTINGS_MODULE": "xinka.config.settings",
    }
    import django  # here and below, because Django reads the environment made above

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def sku_for_codes() -> int:
    """Make a merchant with one product and return the number of its SKU."""
    from xinka.catalog.models import Category, Product, Sku
    from xinka.merchants.models import Merchant

    product = Product.objects.create(
        slug="bench",
        merchant=Merchant.objects.create(slug="bench", name="bench"),
        category=Category.objects.create(slug="bench", name="bench", name_en="bench"),
        title="bench",
    )
    return Sku.objects.create(product=product, price=100).id


def timed_import(path: Path, sku_id: int, memory: list[float] | None = None) -> tuple[Any, float]:
    """Import a file and return its batch and the seconds it took; ``memory`` gets the resident MB after each chunk."""
    from xinka.flows.stocking import import_file

    process, sizes = psutil.Process(), [] if memory is None else memory
    start = time.perf_counter()
    batch = import_file(path, sku_id, on_progress=lambda _: sizes.append(process.memory_info().rss / 2**20))
    return batch, time.perf_counter() - start


def check(path: Path, batch: Any, n: int, different: int, *, before: int) -> None:
    """Stop unless the vault holds what the file says."""
    from django.db import connection

    from xinka.platform.vault.keys import open_envelope
    from xinka.stock.importing.sealing import code_place
    from xinka.stock.models import StockCode

    counts = (batch.n_lines, batch.n_added, batch.n_repeated, batch.n_known, batch.n_invalid)
    if counts != (n, different, n - different, 0, 0):
        raise SystemExit(f"wrong counts: {counts}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT code_id), (SELECT count(*) FROM stock_stockcode c"
            " WHERE NOT EXISTS (SELECT 1 FROM stock_unsold u WHERE u.code_id = c.id)) FROM stock_unsold"
        )
        if cursor.fetchone() != (different + before, different + before, 0):
            raise SystemExit("not every code is queued exactly once")
    sample = random.Random(1).sample(range(batch.first_code_id, batch.last_code_id + 1), _SAMPLE)
    lines = set(path.read_text(encoding="ascii").split("\n"))
    found = StockCode.objects.filter(id__in=sample, batch=batch)
    if len(found) < _SAMPLE * 0.9:
        raise SystemExit("the sample is not there")
    for code in found:
        if open_envelope(code.envelope, code_place(code.id)).decode() not in lines:
            raise SystemExit(f"code {code.id} does not open to a line of the file")


def measure(place: Path, *, n: int, before: int, tuned: bool) -> dict[str, object]:
    """Import, check, import again, and return what was measured."""
    with ExitStack() as stack:
        shop(place, stack, tuned=tuned)
        sku_id = sku_for_codes()
        stocked = 0
        if before:
            stocked = write_codes(place / "before.txt", before, seed=7)
            timed_import(place / "before.txt", sku_id)
        different = write_codes(place / "codes.txt", n, seed=11)
        started_with = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cpu = time.process_time()
        memory: list[float] = []
        batch, seconds = timed_import(place / "codes.txt", sku_id, memory)
        cpu = time.process_time() - cpu
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        check(place / "codes.txt", batch, n, different, before=stocked)
        again, again_seconds = timed_import(place / "codes.txt", sku_id)
        if again.n_added or again.n_known + again.n_repeated != n:
            raise SystemExit("the same file added codes when it came again")
        return {
            "codes_per_s": round(n / seconds),
            "rss_mb_max": round(rss, 1),
            "rss_mb_before": round(started_with, 1),
            # Flat: as much after a quarter of the codes as after all of them.
            "rss_mb_at_quarters": [round(memory[len(memory) * n // 4 - 1], 1) for n in (1, 2, 3, 4)] if memory else [],
            "seconds": round(seconds, 2),
            "codes": n,
            "codes_before": stocked,
            "again_codes_per_s": round(n / again_seconds),
            "cpu_share_of_this_process": round(cpu / seconds, 2),
            "server_settings": "tuned" if tuned else "as the shop's",
            "aim_codes_per_s": AIM,
            "machine": machine(),
        }


def main() -> None:
    """Print the result; the exit status is 1 when the aim is missed."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--codes", type=whole(1), default=1_000_000, help="codes that are imported / 导入多少张")
    parser.add_argument(
        "--before", type=whole(0), default=0, help="codes that are in the vault already / 库里原有的卡密数"
    )
    parser.add_argument(
        "--tuned",
        action="store_true",
        help="give PostgreSQL the memory of a larger machine / 按更大的机器给 PostgreSQL 内存",
    )
    parser.add_argument("--json", action="store_true", help="print only the JSON line / 只输出一行 JSON")
    arguments = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("XINKA_")]:
        del os.environ[name]
    place = Path(tempfile.mkdtemp(prefix="xk-import-"))
    try:
        result = measure(place, n=arguments.codes, before=arguments.before, tuned=arguments.tuned)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if not arguments.json:
        print(__doc__)
        print("Counts, sample, queue and second import: as they should be.")
        print(f"{result['codes_per_s']:,} codes/s of at least {AIM:,}")
        print(f"memory: {result['rss_mb_max']} MB at most, after each quarter {result['rss_mb_at_quarters']} MB")
    print(json.dumps(result))
    sys.exit(int(str(result["codes_per_s"])) < AIM)


if __name__ == "__main__":
    main()
