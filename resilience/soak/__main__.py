"""Runs a shop for a while under load and faults: ``python -m resilience.soak --minutes 15 --seed 1``."""

from __future__ import annotations

import argparse
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from resilience.soak import proof
from resilience.soak.faults import FAULTS, World, is_small_disk, possible
from resilience.soak.gateway import Gateway
from resilience.soak.mailbox import Mailbox
from resilience.soak.people import MERCHANT, People, Ware
from resilience.soak.shop import Figures, Shop, wait_until

#: In the environment of the run that has a disk of its own: where it is.
_INSIDE = "XINKA_SOAK_PLACE"
_DISK_MB = 1200
#: Seconds after a fault within which the shop must sell again, on a machine that does nothing else.
_SELLS_AGAIN = 60.0
#: As long as it may take until a payment is asked about again whose order a clock that jumped has let expire, and whose
#: gateway had no answer the first time.
_QUIET = 1100.0
_CREWS = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '15 seconds'"
_WARES = f"""
SELECT k.id, k.price, p.slug FROM catalog_sku k JOIN catalog_product p ON p.id = k.product_id
JOIN merchants_merchant m ON m.id = p.merchant_id
WHERE m.slug = '{MERCHANT}' AND k.mode = 'unique' AND k.on_sale AND p.state = 'live' AND k.currency = 'CNY'
  AND k.min_quantity = 1 AND NOT EXISTS (SELECT 1 FROM promotions_flashsale s WHERE s.sku_id = k.id)
ORDER BY (SELECT count(*) FROM stock_unsold u WHERE u.sku_id = k.id) DESC LIMIT 1
"""


def main() -> int:
    """Parse the options, get a disk of its own where that can be had, and run; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m resilience.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0, help="How long faults are injected. [15]")
    parser.add_argument("--seed", type=int, default=1, help="Decides which fault comes when. [1]")
    parser.add_argument("--buyers", type=int, default=6)
    parser.add_argument("--pause", type=float, default=1.0, help="Seconds between two orders of a buyer. [1]")
    parser.add_argument("--only", default="", help="Only faults with this word in their names.")
    parser.add_argument("--keep", action="store_true", help="Leave the shop's directory and say where it is.")
    options = parser.parse_args()
    if _INSIDE not in os.environ:
        place = Path(tempfile.mkdtemp(prefix="xk-soak-", dir="/tmp"))
        (place / "d").mkdir()
        os.environ[_INSIDE] = str(place)
        _go_to_a_small_disk(place / "d")
    return _soak(Path(os.environ[_INSIDE]), options)


def _go_to_a_small_disk(data: Path) -> None:
    """Go on in a namespace of mounts of our own, if there may be one, with the data directory on a disk of fixed size.

    As nobody in particular, for PostgreSQL refuses to be root.
    """
    mount = f"mount -t tmpfs -o size={_DISK_MB}m,mode=0777 tmpfs {data}"
    ours = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    with suppress(OSError):
        if subprocess.run([*ours, mount], check=False, capture_output=True).returncode == 0:
            again = [sys.executable, "-m", "resilience.soak", *sys.argv[1:]]
            os.execvp("unshare", [*ours, f'{mount} && exec unshare --user "$@"', "soak", *again])


def _soak(place: Path, options: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the shop ends too
    gateway, mailbox = Gateway(options.seed), Mailbox()
    shop = Shop(place, mailbox.port)
    world = World(shop, gateway, mailbox, is_small_disk(shop.data))
    verdict = proof.Verdict()
    print(f"{__doc__}\nmachine: {platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"seed {options.seed}, {options.minutes:g} minutes, {options.buyers} buyers; place {place}", flush=True)
    for word, is_there in (("disk", world.has_small_disk), ("clock", any("clock" in name for name in possible(world)))):
        if not is_there:
            print(f"left out, for this machine cannot do it: faults of the {word}")
    try:
        shop.start(gateway)
        _run(world, options, verdict)
        status, seconds = shop.stop()
        verdict.expect(holds=status == 0, what="the shop's end on SIGTERM", found=f"status {status} in {seconds:.0f} s")
        left = shop.part("database")
        verdict.expect(holds=not left, what="processes left behind", found=len(left))
    finally:
        shop.kill()
        gateway.close()
        mailbox.close()
        if not options.keep:
            shop.remove()
    print("\n".join(verdict.facts))
    print(f"{len(verdict.wrong)} wrong" if verdict.wrong else "everything holds")
    return 1 if verdict.wrong else 0


def _run(world: World, options: argparse.Namespace, verdict: proof.Verdict) -> None:
    shop = world.shop
    ware = Ware(*shop.ask(_WARES)[0])
    people = People(shop.port, ware, world.gateway, seed=options.seed, buyers=options.buyers, pause=options.pause)
    people.start()
    book = people.book
    wait_until(lambda: len(book.delivered) >= 5, "the first goods", 120)
    wait_until(lambda: shop.ask(_CREWS) == [(2,)], "the worker to come up", 240)
    time.sleep(20)
    before, begun = shop.figures(), time.monotonic()
    _tell_figures("after the start", before)
    n_faults = _break_things(world, options, people, verdict)
    minutes = (time.monotonic() - begun) / 60
    people.stop()
    quiet = proof.wait_for_quiet(world, _QUIET)
    verdict.expect(holds=quiet.startswith("after"), what="quiet once nobody orders any more", found=quiet)
    after = shop.figures()
    _tell_figures("at the end", after)
    verdict.facts.append(f"    {n_faults} faults in {minutes:.1f} minutes, {len(book.orders)} orders, answers:")
    verdict.facts += [f"      {n:6} {what}" for what, n in sorted(book.answers.items())]
    proof.money_and_goods(world, book, verdict)
    proof.letters(world, book, verdict)
    proof.bounded(world, before, after, minutes, verdict)
    proof.rules(shop, verdict)


def _break_things(world: World, options: argparse.Namespace, people: People, verdict: proof.Verdict) -> int:
    """Inject faults until the time is over, each kind before any comes again; return how many."""
    chance = random.Random(options.seed)
    names, waiting, n = [name for name in possible(world) if options.only in name], list[str](), 0
    until = time.monotonic() + options.minutes * 60
    slowest = 0.0
    while time.monotonic() < until:
        if not waiting:
            waiting = chance.sample(names, len(names))
        name = waiting.pop()
        time.sleep(chance.uniform(2, 8))
        fault = FAULTS[name]
        lasts = chance.uniform(fault.least, fault.most)
        began = time.monotonic()
        with suppress(psycopg.Error):
            fault.do(world, chance, lasts)
        took = _sold_again(people)
        n += 1
        slowest = max(slowest, took)
        print(
            f"{began - until + options.minutes * 60:6.0f} s  {name} ({lasts:.0f} s): goods again after {took:.1f} s",
            flush=True,
        )
        if took > _SELLS_AGAIN:
            verdict.expect(holds=False, what=f"goods again after: {name}", found=f"{took:.0f} s")
    verdict.facts.append(f"    the longest time without goods after a fault was over: {slowest:.1f} s")
    return n


def _sold_again(people: People) -> float:
    """Return the seconds until somebody gets goods again."""
    now = time.monotonic()
    with suppress(TimeoutError):
        return wait_until(lambda: people.book.last_delivered_at > now, "goods", 240)
    return time.monotonic() - now


def _tell_figures(when: str, figures: dict[str, Figures]) -> None:
    told = ", ".join(f"{part} {one.rss_mb:.0f} MB {one.files} files" for part, one in figures.items())
    print(f"{when}: {told}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
