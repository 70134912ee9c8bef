"""The one way to write journals, the till's own payments apart: by key, once, many in one statement. No Django here.

A balance that does not suffice is the database's refusal: ``psycopg.errors.CheckViolation``, for which
``ledger.errors.is_overdraft`` is true. The flow that posts turns it into a refusal of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from xinka.kernel.flow import Flow, Query
from xinka.kernel.ids import new_uuid
from xinka.ledger import sql
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.errors import KeyReused
from xinka.platform.database.arrays import bytes_array, plain_array, text_array


@dataclass(frozen=True, slots=True)
class Leg:
    """One entry to be: debit positive, credit negative, in minor units; ``owner_id`` for accounts kept per owner."""

    account: Account
    amount: int
    owner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """One event to be entered. ``key`` names the event; whoever tells of it again uses the same key.

    Each account stands at most once among the legs. ``by_id`` is the person who caused it, if a person did.
    """

    kind: JournalKind
    key: str
    currency: str
    legs: tuple[Leg, ...]
    order_id: UUID | None = None
    channel_id: int = 0
    note: str = ""
    by_id: int | None = None

    @property
    def entries(self) -> list[Leg]:
        """The legs that move anything, by account."""
        return sorted((leg for leg in self.legs if leg.amount), key=lambda leg: leg.account)

    @property
    def content_hash(self) -> bytes:
        """SHA-256 of what is entered; ``sql.HASH_AGAIN`` makes the same from the entries."""
        legs = ",".join(f"{leg.account:d}:{_shown(leg.owner_id)}:{leg.amount}" for leg in self.entries)
        if not legs:
            return hashlib.sha256(f"{self.kind:d}|".encode()).digest()
        head = f"{self.kind:d}|{self.currency}|{_shown(self.order_id)}|{self.channel_id}|"
        return hashlib.sha256((head + legs).encode()).digest()


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def post(journals: Sequence[Journal]) -> Flow[list[UUID]]:
    """Enter journals, all or none, and return their ids; one entered before is not entered again.

    Legs of nothing are left out; a journal of nothing but such takes its key and enters nothing. Run it in the
    transaction of the event.

    Raises:
        KeyReused: if a key belongs to a journal with other content.
    """
    if not journals:
        return []
    # In ascending order, so that a statement tells of them in the order in which they were given.
    made = sorted(new_uuid() for _ in journals)
    rows = yield Query(sql.POST_MANY, _columns(journals, made))
    found: dict[int, tuple[UUID, bytes]] = {n - 1: (identifier, bytes(sealed)) for n, identifier, sealed in rows}
    if missing := [journal.key for n, journal in enumerate(journals) if n not in found]:
        # Entered by a transaction that ended while we waited for it, or named twice among ours.
        late = yield Query(sql.JOURNALS_BY_KEY, (text_array(missing),))
        by_key = {key: (identifier, bytes(sealed)) for key, identifier, sealed in late}
        found |= {n: by_key[journal.key] for n, journal in enumerate(journals) if n not in found}
    for n, journal in enumerate(journals):
        if found[n][1] != journal.content_hash:
            raise KeyReused(key=journal.key)
    return [found[n][0] for n in range(len(journals))]


def _columns(journals: Sequence[Journal], made: Sequence[UUID]) -> tuple[object, ...]:
    """Return the parameters of ``POST_MANY``: seven columns of journals, then four of legs."""
    legs = [(n, leg) for n, journal in enumerate(journals, 1) for leg in journal.entries]
    return (
        plain_array(made),
        text_array([journal.key for journal in journals]),
        bytes_array([journal.content_hash for journal in journals]),
        plain_array([int(journal.kind) for journal in journals]),
        text_array([journal.note for journal in journals]),
        plain_array([journal.by_id for journal in journals]),
        text_array([journal.currency for journal in journals]),
        plain_array([journal.order_id for journal in journals]),
        plain_array([journal.channel_id for journal in journals]),
        plain_array([n for n, _ in legs]),
        plain_array([int(leg.account) for _, leg in legs]),
        plain_array([leg.amount for _, leg in legs]),
        plain_array([leg.owner_id for _, leg in legs]),
    )
