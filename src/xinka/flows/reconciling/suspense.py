"""What waits in suspense for a channel: money of nobody we know, and money that is missing at the bank.

Whoever clears some of it, by what became of it or by sending it back, asks here first and holds the lock until the
entry is made: the same money is never cleared twice, whichever way.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from django.db import connection
from django.db.models import Q, Sum

from xinka.kernel.errors import Refusal
from xinka.ledger import models as books
from xinka.ledger.accounts import Account, JournalKind

#: Money that came for nobody we know: in as a payment, out to its order or on its way back.
_MONEY = (JournalKind.PAYMENT, JournalKind.REFUND_DECIDED, JournalKind.MATCHED)


class NotInSuspense(Refusal):
    """So much does not wait in suspense for a channel, or not in that direction."""

    code = "not_in_suspense"
    status = HTTPStatus.CONFLICT
    zh = "这个通道这样的待查款只有 {left}，没有入账。"
    en = "Of this kind the channel has {left} in suspense; nothing was entered."


@dataclass(frozen=True, slots=True)
class Waiting:
    """Minor units that wait for one channel in its currency; each is nothing or more.

    Attributes:
        strange: money that came and names no payment of ours.
        surplus: what came to the bank beyond what the gateway had told.
        missing: what the gateway had told and did not come.
    """

    strange: int
    surplus: int
    missing: int


def key_of(channel_id: int, number: str) -> str:
    """Return the key of the entry that clears what a number names."""
    return f"suspense:{channel_id}:{number}"


def lock_suspense(channel_id: int, currency: str) -> Waiting:
    """Let nobody else clear this channel's suspense until the transaction ends, and return what waits there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"suspense:{channel_id}"])
    # Chargebacks wait in suspense too, under kinds of their own: a bank decides about those.
    corrected = Q(kind=JournalKind.CORRECTION)
    sums = books.Entry.objects.filter(account=Account.SUSPENSE, channel_id=channel_id, currency=currency).aggregate(
        money=Sum("amount", filter=Q(kind__in=_MONEY)),
        files=Sum("amount", filter=Q(kind=JournalKind.SETTLEMENT_FILE)),
        returned=Sum("amount", filter=corrected & Q(amount__gt=0)),
        came_after_all=Sum("amount", filter=corrected & Q(amount__lt=0)),
    )
    found = {name: int(value or 0) for name, value in sums.items()}
    at_bank = found["files"] + found["came_after_all"]
    strange = -found["money"] - found["returned"]
    surplus = max(0, -at_bank) + min(0, strange)  # what went back beyond the strange money came out of the surplus
    return Waiting(max(0, strange), max(0, surplus), max(0, at_bank))
