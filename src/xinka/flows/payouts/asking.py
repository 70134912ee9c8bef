"""Payouts as a merchant or a buyer knows them: asked for, and taken back while they have not been sent.

Locks, in this order: the payee's row (asking, holds and accounts of one payee come one after the other), the payout's
row, the payee's balances in the order of their accounts.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.flows.payouts.mailing import MAIL_PAYOUT, News
from xinka.flows.payouts.payees import books_of, fee_for, least_for, lock_payee
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.money import plain_amount
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.errors import is_overdraft
from xinka.ledger.models import Balance
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import balance_of
from xinka.payouts.details import account_place, open_details, payout_place
from xinka.payouts.errors import (
    AccountCoolingDown,
    AccountReturned,
    BalanceTooLow,
    NoSuchAccount,
    PayoutMoved,
    PayoutNotFound,
    PayoutsOnHold,
    PayoutTooSmall,
    SameKeyOtherPayout,
)
from xinka.payouts.models import Payout, PayoutAccount
from xinka.payouts.payees import Payee
from xinka.payouts.queries import standing_hold
from xinka.payouts.states import MOVES, PayoutEvent, PayoutState, sources_of
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to withdraw; ``key`` makes sending the form twice one payout.

    ``is_checked`` says that they compared an account again that the bank had sent money back from.
    """

    payee: Payee
    account_id: UUID
    amount: int
    currency: str
    key: str
    is_checked: bool = False


def ask(wish: Wish, *, by: User, now: datetime | None = None) -> Payout:
    """Ask for a payout: from here on its money is in transit and cannot be asked for again.

    What a merchant owes is taken from the balance first. Who may ask, and that they proved who they are, is for the
    page to see to.

    Raises:
        PayoutTooSmall, PayoutsOnHold, NoSuchAccount, AccountCoolingDown, AccountReturned, BalanceTooLow,
        SameKeyOtherPayout.
    """
    moment = now or timezone.now()
    with transaction.atomic():
        lock_payee(wish.payee)
        known = Payout.objects.filter(key=_key(wish)).first()
        if known is not None:
            return _the_same(known, wish)
        _refuse_small(wish)
        if hold := standing_hold(wish.payee):
            raise PayoutsOnHold(reason=hold.reason)
        account = _usable_account(wish, moment)
        _see_to_return(account, wish, by=by)
        payout = _written(wish, account, by=by, now=moment)
        _take(payout, by=by)
        run(defer(MAIL_PAYOUT, [{"subject": payout.id, "news": News.ASKED.value}]))
    log.info("payout.asked", extra={"payout": shown(payout)})
    return payout


def _key(wish: Wish) -> str:
    whose = f"buyer:{wish.payee.owner_id}" if wish.payee.is_buyer else str(wish.payee.owner_id)
    return f"{whose}:{wish.key}"


def _refuse_small(wish: Wish) -> None:
    available = balance_of(books_of(wish.payee).available, wish.payee.owner_id, wish.currency)
    least = least_for(wish.payee, wish.currency, available)
    if wish.amount < least:
        raise PayoutTooSmall(least=plain_amount(least, wish.currency))


def _the_same(known: Payout, wish: Wish) -> Payout:
    if (known.account_id, known.amount, known.currency) != (wish.account_id, wish.amount, wish.currency):
        raise SameKeyOtherPayout
    return known


def _usable_account(wish: Wish, now: datetime) -> PayoutAccount:
    account = PayoutAccount.objects.filter(id=wish.account_id, **wish.payee.columns, removed_at=None).first()
    if account is None:
        raise NoSuchAccount
    if account.usable_from > now:
        moment = timezone.localtime(account.usable_from).strftime("%Y-%m-%d %H:%M")
        raise AccountCoolingDown(from_zh=moment, from_en=moment)
    return account


def _see_to_return(account: PayoutAccount, wish: Wish, *, by: User) -> None:
    """Send nothing to an account that sent money back, unless its owner says that it is right; that is written down."""
    if account.returned_at is None:
        return
    if not wish.is_checked:
        raise AccountReturned
    PayoutAccount.objects.filter(id=account.id).update(returned_at=None, returned_why="")
    record(by, "payout_account.confirm", wish.payee.subject, account=account.label)


def _written(wish: Wish, account: PayoutAccount, *, by: User, now: datetime) -> Payout:
    payout_id = ids.new_uuid(now.timestamp())
    details = open_details(account.details, account_place(account.id))
    return Payout.objects.create(
        id=payout_id,
        **wish.payee.columns,
        account=account,
        account_kind=account.kind,
        account_label=account.label,
        account_sealed=details.seal(payout_place(payout_id)),
        amount=wish.amount,
        fee=fee_for(wish.payee, wish.currency).of(wish.amount),
        currency=wish.currency,
        state=PayoutState.ASKED,
        key=_key(wish),
        asked_by=by,
        asked_at=now,
    )


def _take(payout: Payout, *, by: User) -> None:
    """Net what is owed, then put the payout's money in transit."""
    available = _net(payout, by=by)
    if available < payout.total:
        raise BalanceTooLow(most=plain_amount(fee_for(payout.payee, payout.currency).most(available), payout.currency))
    books = books_of(payout.payee)
    try:
        run(post([_between(payout, books.available, books.in_transit, JournalKind.PAYOUT_ASKED)]))
    except psycopg.errors.CheckViolation as error:
        if not is_overdraft(error):
            raise
        raise BalanceTooLow(most="0") from None  # never while everybody locks the balances first, as above


def _net(payout: Payout, *, by: User) -> int:
    """Pay what a merchant owes us from what is available, and return what is left; buyers owe nothing here."""
    owner, source = payout.payee.owner_id, books_of(payout.payee).available
    looked_at = [source] if payout.payee.is_buyer else [Account.SELLER_RECEIVABLE, source]
    rows = Balance.objects.select_for_update().filter(owner_id=owner, currency=payout.currency, account__in=looked_at)
    amounts = {row.account: abs(row.amount) for row in rows.order_by("account")}
    available, owed = amounts.get(source, 0), amounts.get(Account.SELLER_RECEIVABLE, 0)
    netted = min(available, owed)
    if netted:
        legs = (Leg(Account.SELLER_RECEIVABLE, -netted, owner), Leg(Account.SELLER_AVAILABLE, netted, owner))
        note = "what the merchant owed, taken before a payout"
        key = f"payout/{payout.id}/net"
        run(post([Journal(JournalKind.CORRECTION, key, payout.currency, legs, note=note, by_id=by.id)]))
    return available - netted


def _between(payout: Payout, source: Account, target: Account, kind: JournalKind) -> Journal:
    owner, total = payout.payee.owner_id, payout.total
    legs = (Leg(source, total, owner), Leg(target, -total, owner))
    return Journal(kind, f"payout/{payout.id}/{kind.name.lower()}", payout.currency, legs)


def give_back(payout: Payout) -> None:
    """Return the money of a payout that will not be paid to what is available."""
    books = books_of(payout.payee)
    run(post([_between(payout, books.in_transit, books.available, JournalKind.PAYOUT_FAILED)]))


def cancel(payout_id: UUID, *, payee: Payee | None = None, by: Actor) -> Payout:
    """Take a payout back before it is sent; the money is available again.

    Raises:
        PayoutNotFound: if there is none (of this payee).
        PayoutMoved: if it was sent, or ended otherwise.
    """
    with transaction.atomic():
        payout = locked(payout_id)
        if payee is not None and payout.payee != payee:
            raise PayoutNotFound
        move(payout, PayoutEvent.CANCEL, by.role, finished_at=timezone.now())
        give_back(payout)
    log.info("payout.cancelled", extra={"payout": shown(payout), "role": by.role.value})
    return payout


def move(payout: Payout, event: PayoutEvent, role: Role, **fields: object) -> None:
    """Move a payout by its table, if it still stands where it was read.

    Raises:
        PayoutMoved: if it does not, or the table has no such move.
    """
    source = PayoutState(payout.state)
    if source not in sources_of(event, role):
        raise PayoutMoved
    target = MOVES[source, event].next
    moved = Payout.objects.filter(id=payout.id, state=source.value).update(state=target.value, **fields)
    if moved != 1:
        raise PayoutMoved
    payout.state = target.value
    for name, value in fields.items():
        setattr(payout, name, value)


def locked(payout_id: UUID) -> Payout:
    """Return a payout whose row this transaction holds.

    Raises:
        PayoutNotFound: if there is none.
    """
    payout = (
        Payout.objects.select_for_update(of=("self",)).select_related("merchant", "buyer").filter(id=payout_id).first()
    )
    if payout is None:
        raise PayoutNotFound
    return payout


def shown(payout: Payout) -> str:
    """Return the number people know a payout by."""
    return ids.show("out", payout.id)
