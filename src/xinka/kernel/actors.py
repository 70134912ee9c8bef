"""Who makes a move: a part in the trade and, where a person acts, which person. Tables of moves name the parts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The parts that somebody can have in a trade."""

    BUYER = "buyer"
    SELLER = "seller"
    STAFF = "staff"
    ARBITER = "arbiter"
    FINANCE = "finance"
    PSP = "psp"
    TIMER = "timer"
    REGULATOR = "regulator"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody in a part; ``user_id`` is ``None`` for guests, providers and clocks."""

    role: Role
    user_id: int | None = None


#: The clock: moves that happen because their time has come.
TIMER = Actor(Role.TIMER)
