"""The faults: each begins, lasts, and is over; what is dead stays dead until the shop itself has mended it."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from resilience.soak.gateway import Gateway
from resilience.soak.mailbox import Mailbox
from resilience.soak.shop import Shop, clock_library

_MEBIBYTE = 1 << 20


@dataclass
class World:
    """What faults are done to."""

    shop: Shop
    gateway: Gateway
    mailbox: Mailbox
    has_small_disk: bool
    clock: int = 0


def _send(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def _kill(part: str) -> Callable[[World, random.Random, float], None]:
    def kill(world: World, _chance: random.Random, _seconds: float) -> None:
        _send(world.shop.part(part)[:1], signal.SIGKILL)

    return kill


def _kill_backend(world: World, chance: random.Random, _seconds: float) -> None:
    _send([chance.choice(world.shop.part("database")[1:])], signal.SIGKILL)


def _freeze(part: str) -> Callable[[World, random.Random, float], None]:
    def freeze(world: World, _chance: random.Random, seconds: float) -> None:
        frozen = world.shop.part(part)
        _send(frozen, signal.SIGSTOP)
        time.sleep(seconds)
        _send(frozen, signal.SIGCONT)

    return freeze


def _gateway(mood: str) -> Callable[[World, random.Random, float], None]:
    def spoil(world: World, _chance: random.Random, seconds: float) -> None:
        world.gateway.mood = mood
        time.sleep(seconds)
        world.gateway.mood = "ok"

    return spoil


def _mail_mood(mood: str) -> Callable[[World, random.Random, float], None]:
    def spoil(world: World, _chance: random.Random, seconds: float) -> None:
        world.mailbox.mood = mood
        time.sleep(seconds)
        world.mailbox.mood = "ok"

    return spoil


def _mail_gone(world: World, _chance: random.Random, seconds: float) -> None:
    world.mailbox.close()
    time.sleep(seconds)
    world.mailbox.open()


def _full_disk(world: World, _chance: random.Random, seconds: float) -> None:
    """Data directory, database and uploads lie on one disk, and so does the room for them."""
    with _filled(world.shop.data):
        time.sleep(seconds)


@contextmanager
def _filled(place: Path) -> Iterator[None]:
    filler = place / "filler"
    try:
        with filler.open("ab", buffering=0) as file:
            for size in (_MEBIBYTE, 4096):
                with suppress(OSError):
                    while True:
                        file.write(b"\1" * size)
        yield
    finally:
        filler.unlink(missing_ok=True)


def _clock(hours: int) -> Callable[[World, random.Random, float], None]:
    def jump(world: World, _chance: random.Random, seconds: float) -> None:
        world.clock += hours * 3600
        world.shop.set_clock(world.clock)
        time.sleep(seconds)

    return jump


def _clock_back_and_forth(world: World, _chance: random.Random, seconds: float) -> None:
    """A machine that wakes with a clock of another day and is set right by NTP."""
    world.shop.set_clock(world.clock + 26 * 3600)
    time.sleep(seconds)
    world.shop.set_clock(world.clock)


def _connections(world: World, _chance: random.Random, seconds: float) -> None:
    """Somebody's program takes every connection that the database has left."""
    taken = list[psycopg.Connection[tuple[object, ...]]]()
    try:
        with suppress(psycopg.OperationalError):
            while True:
                taken.append(psycopg.connect(world.shop.database_url, connect_timeout=5))
        time.sleep(seconds)
    finally:
        for connection in taken:
            connection.close()


@dataclass(frozen=True)
class Fault:
    """What is done, and the least and most seconds it lasts."""

    do: Callable[[World, random.Random, float], None]
    least: float = 0.0
    most: float = 0.0


FAULTS: Mapping[str, Fault] = {
    "the till is killed": Fault(_kill("till")),
    "the pages are killed": Fault(_kill("web")),
    "the worker is killed": Fault(_kill("worker")),
    "the database is killed": Fault(_kill("database")),
    "a connection of the database is killed": Fault(_kill_backend),
    "the till stands still": Fault(_freeze("till"), 5, 15),
    "the pages stand still": Fault(_freeze("web"), 5, 20),
    "the worker stands still": Fault(_freeze("worker"), 5, 40),
    "the database stands still": Fault(_freeze("database"), 5, 40),
    "the gateway is away": Fault(_gateway("down"), 10, 40),
    "the gateway is slow": Fault(_gateway("slow"), 10, 40),
    "the gateway answers nonsense": Fault(_gateway("wrong"), 10, 40),
    "the mail server is away": Fault(_mail_gone, 10, 40),
    "the mail server is slow": Fault(_mail_mood("slow"), 10, 40),
    "the mail server has no room": Fault(_mail_mood("full"), 10, 40),
    "every connection is taken": Fault(_connections, 10, 20),
    "the disk is full": Fault(_full_disk, 10, 20),
    "the clock jumps an hour ahead": Fault(_clock(1), 5, 10),
    "the clock jumps an hour back": Fault(_clock(-1), 5, 10),
    "the clock is a day ahead and set right": Fault(_clock_back_and_forth, 10, 20),
}


def possible(world: World) -> list[str]:
    """Return what this machine can do."""
    can = {"disk": world.has_small_disk, "clock": clock_library(world.shop.place) is not None}
    return [name for name in FAULTS if all(may for word, may in can.items() if word in name)]


def is_small_disk(place: Path) -> bool:
    """Whether this directory lies on a disk of its own, so that filling it harms nobody else."""
    return os.path.ismount(place)
