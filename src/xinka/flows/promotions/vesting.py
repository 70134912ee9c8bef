"""What the release of an order means for its promotions: gift cards are booked, referrals accrue, refunds undo both.

Driven by rows: a periodic job finds the uses and referrals whose hold has moved since, so no release waits for this and
none is forgotten. Everything here may run twice, and at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

import psycopg
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.utils import IntegrityError

from xinka.flows.balances import open_accounts
from xinka.flows.promotions.returning import give_back, lock_uses
from xinka.kernel import ids
from xinka.kernel.errors import BadInput
from xinka.kernel.flow import Flow, Query, Row
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.orders.contact import normalise_contact
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.away import is_away
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import each_alone
from xinka.platform.jobs.retries import in_words
from xinka.platform.vault.keys import blind_index
from xinka.promotions import sql
from xinka.promotions.pricing import WHOLE
from xinka.promotions.states import FundedBy, ReferralState, UseKind, UseState

log = logging.getLogger(__name__)
BATCH = 500


class _Used(NamedTuple):
    order_id: UUID
    kind: str
    amount: int
    booked: int
    card_id: int | None
    goes_back: bool
    is_returned: bool
    is_settled: bool
    earned: int
    currency: str


class _Referred(NamedTuple):
    order_id: UUID
    referrer_id: int
    merchant_id: int
    bps: int
    funded_by: str
    currency: str
    accrued: int
    version: int
    contact_key: UUID
    is_released: bool
    is_final: bool
    released: int


def book_uses(limit: int = BATCH) -> int:
    """Book gift cards whose seller was paid, and give back what refunded orders had used; return how many moved.

    Raises:
        SomeFailed: after all others, if those of any order could not be booked.
    """
    return _together_or_each("uses", lambda only: run(_book_uses(limit, only)), sql.USES_MOVED)


def _together_or_each(what: str, act: Callable[[str | None], int], moved: str) -> int:
    """Do a batch together or, where that fails, order by order: one that fails keeps no other's money waiting."""
    try:
        return act(None)
    except Exception as error:
        if is_away(error):
            raise
        log.warning("promotions.batch_failed", extra={"what": what, "why": in_words(error)})
    # The locks of this look end with it: an order that somebody else moves meanwhile has nothing left to be done.
    order_ids = dict.fromkeys(row[0] for row in run(_rows(moved, BATCH, None)))
    parts = [(ids.show("ord", order_id), partial(act, plain_array([order_id]))) for order_id in order_ids]
    return sum(each_alone(parts).values())


def _rows(statement: str, limit: int, only: str | None) -> Flow[list[Row]]:
    return (yield Query(statement, (limit, only)))


def _book_uses(limit: int, only: str | None) -> Flow[int]:
    moved = [_Used(*row) for row in (yield from _rows(sql.USES_MOVED, limit, only))]
    yield from lock_uses([used.order_id for used in moved], UseState.HELD)
    for used in moved:
        yield from _book(used)
    return len(moved)


def _book(used: _Used) -> Flow[None]:
    is_card = used.kind == UseKind.GIFT_CARD
    target = used.earned if is_card and not used.is_returned else 0
    if is_card and target != used.booked:
        more = target - used.booked
        yield from post(
            [
                Journal(
                    JournalKind.GIFT_CARD,
                    f"gift-card:{used.order_id}:{used.booked}:{target}",
                    used.currency,
                    # The release has paid the seller out of PROMOTIONS; this part the card's buyer had paid before.
                    (Leg(Account.GIFT_CARDS, more), Leg(Account.PROMOTIONS, -more)),
                    order_id=used.order_id,
                )
            ]
        )
    if used.is_returned and used.goes_back:
        yield from give_back([used.order_id], [UseKind(used.kind)])
    elif used.is_settled and is_card and used.amount > target:
        # The buyer had part of the price back: the card's share of it is the card's again.
        yield Query(sql.CARD_BACK, (used.card_id, used.amount - target))
    yield Query(sql.USE_BOOKED, (used.order_id, used.kind, target, used.is_returned or used.is_settled))


def vest_for(order_ids: Sequence[object]) -> int:
    """Let the referrals of these orders follow their holds; return how many moved."""
    return _vest(plain_array(order_ids))


def vest_due() -> int:
    """Let all referrals follow their holds; return how many moved.

    Raises:
        SomeFailed: after all others, if any could not.
    """
    return _together_or_each("commissions", _vest, sql.REFERRALS_MOVED)


def _vest(only: str | None) -> int:
    with transaction.atomic():
        found = [_Referred(*row) for row in run(_rows(sql.REFERRALS_MOVED, BATCH, only))]
        own = _keys_of({one.referrer_id for one in found})
        # What is earned by an account that is closed would be nobody's.
        there = run(open_accounts(one.referrer_id for one in found))
        for one in found:
            is_own = one.contact_key in own.get(one.referrer_id, ())
            _vest_one(one, earns=not is_own and one.referrer_id in there)
    return len(found)


def _vest_one(one: _Referred, *, earns: bool) -> None:
    """Accrue, correct or take back one commission, and pay it out when the trade is settled."""
    target = one.released * one.bps // WHOLE if one.is_released and earns else 0
    state = ReferralState.FINAL if one.is_final else ReferralState.ACCRUED
    if not earns or (one.is_final and not target):
        state = ReferralState.VOID
    run(_accrue(one, target))
    if state is ReferralState.FINAL:
        _pay_out(one, target)
    run(_moved(one, target, state))


def _accrue(one: _Referred, target: int) -> Flow[None]:
    if target != one.accrued:
        more = target - one.accrued
        legs = (Leg(Account.PROMOTIONS, more), Leg(Account.REFERRAL_PENDING, -more, one.referrer_id))
        yield from post([_journal(one, f"accrue:{one.version}", legs)])


def _pay_out(one: _Referred, target: int) -> None:
    """Charge the merchant who offered it, and put it into the referrer's balance where there are balances."""
    if one.funded_by == FundedBy.MERCHANT:
        try:
            with transaction.atomic():
                run(_charge(one, target, Account.SELLER_AVAILABLE))
        except (IntegrityError, psycopg.errors.CheckViolation):
            log.info("referral.merchant_owes", extra={"order": ids.show("ord", one.order_id)})
            run(_charge(one, target, Account.SELLER_RECEIVABLE))
    if settings.WALLET:
        legs = (
            Leg(Account.REFERRAL_PENDING, target, one.referrer_id),
            Leg(Account.WALLET, -target, one.referrer_id),
        )
        run(post([_journal(one, "pay", legs)]))


def _charge(one: _Referred, target: int, account: Account) -> Flow[None]:
    legs = (Leg(account, target, one.merchant_id), Leg(Account.PROMOTIONS, -target))
    yield from post([_journal(one, f"charge:{account:d}", legs)])


def _journal(one: _Referred, step: str, legs: tuple[Leg, ...]) -> Journal:
    return Journal(JournalKind.REFERRAL, f"referral:{one.order_id}:{step}", one.currency, legs, order_id=one.order_id)


def _moved(one: _Referred, target: int, state: ReferralState) -> Flow[None]:
    yield Query(sql.REFERRAL_MOVED, (one.order_id, target, state.value))


def _keys_of(user_ids: Iterable[int]) -> dict[int, set[UUID]]:
    """Return the contact keys of the verified addresses of these people."""
    found: dict[int, set[UUID]] = {}
    addresses = EmailAddress.objects.filter(user_id__in=user_ids, verified=True).values_list("user_id", "email")
    for user_id, key in keys_of_addresses(addresses):
        found.setdefault(user_id, set()).add(key)
    return found


def keys_of_addresses(addresses: Iterable[tuple[int, str]]) -> Iterable[tuple[int, UUID]]:
    """Yield for each address the person and the key by which their orders are found."""
    index = blind_index("contact")
    for user_id, email in addresses:
        try:
            yield user_id, index.uuid(normalise_contact(email).encode())
        except BadInput:
            continue  # checkout takes no such address either, so no order can have it
