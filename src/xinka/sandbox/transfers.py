"""Payouts of merchants through the gateway, whatever protocol asks for them: made once for each number.

How one ends is said by the last two digits of its amount in minor units, so that the shop can be shown every ending
without a page of its own: 400.01 fails, 400.03 takes a while, 400.04 is paid and never answered. Where payees confirm
before they are paid (WeChat), 400.08 waits for that, and so does 400.09, which takes two minutes to be called back;
the other payees have confirmed by the time somebody looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from django.db import transaction
from django.db.models import F

from xinka.sandbox import trades
from xinka.sandbox.errors import Declined, Silence, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTransfer

#: How long a slow one is under way, and how long one that is answered late is not known.
SLOW_FOR = timedelta(minutes=2)
#: How long a payee has to confirm.
ASKS_FOR = timedelta(hours=24)


class Ending(StrEnum):
    """How a payout goes on."""

    PAID = "paid"
    FAILS = "fails"
    REFUSED = "refused"
    SLOW = "slow"
    NEVER = "never"
    LOST = "lost"
    LATE = "late"
    TWICE = "twice"
    ASKS = "asks"
    SLOW_BACK = "slow_back"

    @property
    def waits_for_payee(self) -> bool:
        """Whether the payee has to be asked on a page."""
        return self in {Ending.ASKS, Ending.SLOW_BACK}


#: By the last two digits of the amount; all others are paid at once.
BY_DIGITS: Mapping[int, Ending] = MappingProxyType(
    {
        1: Ending.FAILS,
        2: Ending.REFUSED,
        3: Ending.SLOW,
        4: Ending.NEVER,
        5: Ending.LOST,
        6: Ending.LATE,
        7: Ending.TWICE,
        8: Ending.ASKS,
        9: Ending.SLOW_BACK,
    }
)


class Stage(StrEnum):
    """Where a payout stands."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


class Said(StrEnum):
    """What became of one that a payee has to confirm, kept among its facts."""

    YES = "yes"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Wanted:
    """What a merchant asks to be paid out; ``asks_payee`` where the protocol lets the payee confirm."""

    number: str
    account: str
    holder: str
    money: int
    currency: str = "CNY"
    asks_payee: bool = False
    facts: Mapping[str, object] = field(default_factory=dict)


def submit(merchant: SandboxMerchant, wanted: Wanted, now: datetime) -> SandboxTransfer:
    """Pay somebody out; asked again with the same number, nothing moves.

    Raises:
        Declined: for an impossible amount, too little money, or a number that was used before.
        Silence: where the answer does not reach the shop.
    """
    ending = BY_DIGITS.get(wanted.money % 100, Ending.PAID)
    if ending.waits_for_payee and not wanted.asks_payee:
        ending = Ending.PAID
    if wanted.money <= 0 or not wanted.number or not wanted.account:
        raise Declined(Why.MISSING, "付款单号、账户或金额不对 (number, account or amount)")
    if ending is Ending.REFUSED:
        raise Declined(Why.NO_BALANCE, "余额不足 (balance too low)")
    found, is_new = SandboxTransfer.objects.get_or_create(
        merchant=merchant,
        out_biz_no=wanted.number,
        defaults={
            "transfer_no": trades.fresh_number(now),
            "account": wanted.account,
            "holder": wanted.holder,
            "money": wanted.money,
            "currency": wanted.currency,
            "ending": ending.value,
            "facts": dict(wanted.facts),
            "at": now,
        },
    )
    if not is_new:
        return _again(found, wanted, now)
    if ending in {Ending.NEVER, Ending.LOST, Ending.LATE}:
        raise Silence
    return found


def _again(found: SandboxTransfer, wanted: Wanted, now: datetime) -> SandboxTransfer:
    if (found.money, found.currency, found.account) != (wanted.money, wanted.currency, wanted.account):
        raise Declined(Why.NUMBER_REUSED, "付款单号已用于另一笔付款 (number used for another payout)")
    SandboxTransfer.objects.filter(pk=found.pk).update(tries=F("tries") + 1)
    found.tries += 1
    if found.ending == Ending.LOST and found.tries == 2:
        SandboxTransfer.objects.filter(pk=found.pk).update(at=now)  # the first one never arrived
        found.at = now
    if found.ending == Ending.TWICE:
        raise Declined(Why.REPEATED, "付款单号重复 (number asked for before)")
    return found


def find(merchant: SandboxMerchant, now: datetime, *, number: str = "", transfer_no: str = "") -> SandboxTransfer:
    """Return a payout by the merchant's number or the gateway's; raises ``Declined`` while it is not known."""
    wanted = {"transfer_no": transfer_no} if transfer_no else {"out_biz_no": number}
    found = merchant.transfers.filter(**wanted).first()
    if found is None or not _is_known(found, now):
        raise Declined(Why.NO_TRANSFER, "付款记录不存在 (no such payout)")
    return found


def _is_known(found: SandboxTransfer, now: datetime) -> bool:
    if found.ending == Ending.LOST:
        return found.tries > 1
    return found.ending != Ending.LATE or now >= found.at + SLOW_FOR


@transaction.atomic
def say(found: SandboxTransfer, said: Said, now: datetime) -> bool:
    """Let a payee confirm, or the time lapse, or the merchant take it back; false if it does not wait (any more)."""
    row = SandboxTransfer.objects.select_for_update().get(pk=found.pk)
    if stage(row, now) is not Stage.PENDING or "said" in row.facts:
        return False
    row.facts = {**row.facts, "said": said.value, "said_at": now.isoformat()}
    row.save(update_fields=["facts"])
    found.facts = row.facts
    return True


def stage(found: SandboxTransfer, now: datetime) -> Stage:
    """Return where a payout stands."""
    if (said := found.facts.get("said")) is not None:
        if said == Said.CANCELLED and found.ending == Ending.SLOW_BACK:
            return Stage.PENDING if now < datetime.fromisoformat(found.facts["said_at"]) + SLOW_FOR else Stage.FAILED
        return Stage.PAID if said == Said.YES else Stage.FAILED
    if Ending(found.ending).waits_for_payee:
        return Stage.PENDING if now < found.at + ASKS_FOR else Stage.FAILED
    if found.ending == Ending.FAILS:
        return Stage.FAILED
    return Stage.PENDING if found.ending == Ending.SLOW and now < found.at + SLOW_FOR else Stage.PAID


def paid_out(merchant: SandboxMerchant, now: datetime) -> int:
    """Return what really left the gateway for a merchant's payees, in minor units of whatever currency."""
    kept = [one for one in merchant.transfers.all() if one.ending != Ending.LOST or one.tries > 1]
    return sum(one.money for one in kept if stage(one, now) is Stage.PAID)
