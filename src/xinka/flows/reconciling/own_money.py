"""What the operator does about money at the bank and at the gateways that no order tells of.

It takes out what it has earned, and never so much that customers' money were not all there afterwards; and it says
what became of money in suspense once that is known, so that nothing waits there for ever.
"""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType

from django.db import connection, transaction

from xinka.accounts.models import User
from xinka.flows.reconciling.suspense import NotInSuspense, key_of, lock_suspense
from xinka.kernel.errors import Refusal
from xinka.kernel.money import plain_amount
from xinka.ledger import models as books
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import trial_balance
from xinka.payments.models import Channel
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run


class MoreThanEarned(Refusal):
    """Customers' money would not be all there afterwards, or so much is not in the trust account."""

    code = "more_than_earned"
    status = HTTPStatus.CONFLICT
    zh = "最多能取出 {most}：其余是客户的钱，或者还没到专户。没有入账。"
    en = (
        "At most {most} can be taken out: the rest is customers' money, or not in the trust account. "
        "Nothing was entered."
    )


class Became(StrEnum):
    """What became of money in suspense."""

    RETURNED = "returned"  # money of nobody we know: the gateway gave it back to its payer
    FEE = "fee"  # what was missing at the bank is a fee that was kept
    ARRIVED = "arrived"  # what was missing at the bank has come


#: The account that stands opposite, and whether money that came (1) or money that is missing (-1) is meant.
_OPPOSITE = MappingProxyType(
    {
        Became.RETURNED: (Account.CLEARING, 1),
        Became.FEE: (Account.PSP_FEE, -1),
        Became.ARRIVED: (Account.BANK_TRUST, -1),
    }
)


def take_out(number: str, amount: int, currency: str, *, by: User | None) -> bool:
    """Enter that earned money went from the trust account to the operator's own; return whether it was new.

    Raises:
        MoreThanEarned: if it is not the operator's, or not there.
        KeyReused: if the number was entered with another amount.
    """
    legs = (Leg(Account.BANK_OPERATING, amount), Leg(Account.BANK_TRUST, -amount))
    journal = _correction(f"take-out:{number}", currency, legs, number, by)
    with transaction.atomic():
        _wait_for_other_take_outs()
        is_new = not books.Journal.objects.filter(key=journal.key).exists()
        most = _earned(currency)
        if is_new and amount > most:
            raise MoreThanEarned(most=f"{plain_amount(most, currency)} {currency}")
        run(post([journal]))
        if is_new:
            record(by, "books.take_out", number, amount=amount, currency=currency)
    return is_new


def _earned(currency: str) -> int:
    """Return what of the trust account is not needed to cover what is owed to customers."""
    report = trial_balance()
    there = sum(one.amount for one in report.lines if (one.account, one.currency) == (Account.BANK_TRUST, currency))
    spare = sum(one.held - one.owed for one in report.cover if one.currency == currency)
    return max(0, min(there, spare))


def clear_suspense(channel: Channel, number: str, amount: int, became: Became, *, by: User | None) -> bool:
    """Enter what became of money that waits in suspense for a channel; return whether it was new.

    ``number`` names the event: the gateway's of the payment that went back, or the bank's.

    Raises:
        NotInSuspense: if so much does not wait there.
        KeyReused: if the number was entered with other facts.
    """
    account, sign = _OPPOSITE[became]
    legs = (Leg(Account.SUSPENSE, sign * amount), Leg(account, -sign * amount))
    journal = _correction(key_of(channel.id, number), channel.currency, legs, number, by, channel.id)
    with transaction.atomic():
        waiting = lock_suspense(channel.id, channel.currency)
        is_new = not books.Journal.objects.filter(key=journal.key).exists()
        left = waiting.strange + waiting.surplus if became is Became.RETURNED else waiting.missing
        if is_new and amount > left:
            raise NotInSuspense(left=f"{plain_amount(left, channel.currency)} {channel.currency}")
        run(post([journal]))
        if is_new:
            facts: dict[str, str | int] = {"amount": amount, "currency": channel.currency, "became": became.value}
            record(by, "books.clear_suspense", number, channel=channel.slug, **facts)
    return is_new


def _correction(
    key: str, currency: str, legs: tuple[Leg, ...], note: str, by: User | None, channel_id: int = 0
) -> Journal:
    by_id = by.pk if by else None
    return Journal(JournalKind.CORRECTION, key, currency, legs, channel_id=channel_id, note=note, by_id=by_id)


def _wait_for_other_take_outs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('take-out'))")
