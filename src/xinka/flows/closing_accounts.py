"""Closing an account: what has to be done first, what ends with it, and the day on which it does.

The right to deletion is in the Personal Information Protection Law, article 47; what the books and the E-commerce Law,
article 31, have kept, stays without the person.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from xinka.accounts.closing import erase
from xinka.accounts.errors import AddressNotServed, ClosingWaits, LastMailNotSent, MailNotSent
from xinka.accounts.models import User
from xinka.accounts.notifying import promise_notice
from xinka.disputes.models import Case
from xinka.disputes.reply_templates import forget_own
from xinka.disputes.states import CaseState
from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState
from xinka.flows.back_in_stock import forget_mailboxes
from xinka.flows.closing_shops import sell_again, stop_selling
from xinka.flows.payouts.accounts import forget_accounts
from xinka.kernel.errors import BadInput
from xinka.kernel.money import plain_amount
from xinka.ledger.accounts import USER_OWNED, Account
from xinka.ledger.models import Balance
from xinka.merchants.models import Membership, Merchant, MerchantState, Role
from xinka.orders.contact import normalise_contact
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.platform.audit.actions import record
from xinka.platform.jobs.each_alone import each_alone
from xinka.promotions.models import Member

log = logging.getLogger(__name__)

_OF_MERCHANTS = [
    *(Account.SELLER_RECEIVABLE, Account.SELLER_PENDING, Account.SELLER_AVAILABLE, Account.SELLER_RESERVE),
    *(Account.SELLER_IN_TRANSIT, Account.FROZEN),
]
_UNFINISHED = [OrderState.AWAITING_PAYMENT.value, OrderState.PART_PAID.value, OrderState.PAID.value]


@dataclass(frozen=True, slots=True)
class ToDoFirst:
    """Something that keeps an account open: what it is and what to do, and the page where that is done."""

    words: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """What closing an account would do, as things are."""

    to_do_first: list[ToDoFirst]
    #: Merchants that nobody would work for any more; they stop selling.
    ending_shops: list[Merchant]

    @property
    def is_possible(self) -> bool:
        """Whether nothing has to be done first."""
        return not self.to_do_first


def ending_of(person: User, *, but_money: bool = False) -> Ending:
    """Return what closing the account of ``person`` would do, in the language that is spoken.

    ``but_money`` leaves out what they have as a buyer: it was settled with them outside the shop.
    """
    shops = _shops_without(person)
    first = [*_as_staff(person), *([] if but_money else _as_buyer(person))]
    for shop in shops:
        first += _as_owner(shop)
    return Ending(first, shops)


class WishTakenBack(Exception):
    """Somebody whose account was about to end has decided to keep it."""


def close_account(
    person: User, *, by: str, now: datetime, but_money: bool = False, if_due: bool = False
) -> list[ToDoFirst]:
    """End an account now, with a last mail; return what has to be done first, and then nothing was changed.

    What is returned is in the language of the person, as mails are.

    ``by`` is for the audit: "person", who asked for it, or "command". With ``if_due`` it is only ended while its person
    wants it and once the time to think is over.

    Call it outside of transactions: its shops stop selling before it looks what is open. Was it killed in between,
    ``closing_shops.open_left_behind`` opens them again.

    Raises:
        LastMailNotSent: if the mail server does not answer just now; the account is as it was.
        ClosingWaits: if orders are just coming in; the account is as it was.
        WishTakenBack: if it is not due any more; the account is as it was.
    """
    with override(person.language or settings.LANGUAGE_CODE):
        is_possible = ending_of(person, but_money=but_money).is_possible
        stopped = stop_selling(_shops_without(person)) if is_possible else []
        is_closed = False
        try:
            first = _close(person, by=by, now=now, but_money=but_money, if_due=if_due)
            is_closed = not first
        finally:
            if not is_closed:
                sell_again(stopped)
    return first


def _close(person: User, *, by: str, now: datetime, but_money: bool, if_due: bool) -> list[ToDoFirst]:
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=person.pk)
        if locked.closed_at is not None:
            return []
        if if_due and (locked.closing_at is None or locked.closing_at > now):
            raise WishTakenBack  # while others were closed, or its shops were being ended
        ending = ending_of(locked, but_money=but_money)
        if not ending.is_possible:
            return ending.to_do_first
        if any(shop.state == MerchantState.ACTIVE for shop in ending.ending_shops):
            raise ClosingWaits  # its other owner left only now
        _say_goodbye(locked)
        forget_mailboxes(list(_addresses_of(locked)))
        Membership.objects.filter(user=locked).delete()
        Member.objects.filter(user=locked).delete()
        ids = [shop.id for shop in ending.ending_shops]
        Merchant.objects.filter(id__in=ids).update(alert_email="", stopped_at=None)
        forget_accounts(locked, now)
        forget_own(locked)
        erase(locked, now)
        record(None, "account.close", f"#{locked.pk}", by=by)
    return []


def close_due(now: datetime) -> int:
    """End the accounts whose time to think is over; return how many.

    Where something came up meanwhile, the wish is dropped and its person is told why.
    """
    due = User.objects.filter(closing_at__lte=now, is_active=True).order_by("pk")
    return sum(each_alone((f"account {person.pk}", partial(_close_if_due, person, now)) for person in due).values())


def _close_if_due(person: User, now: datetime) -> bool:
    try:
        first = close_account(person, by="person", now=now, if_due=True)
    except (ClosingWaits, LastMailNotSent):
        log.warning("account.closing_waits", extra={"person": person.pk})
        return False
    except WishTakenBack:
        log.info("account.closing_taken_back", extra={"person": person.pk})
        return False
    if first:
        _drop_wish(person, first, now)
    return not first


@transaction.atomic
def _drop_wish(person: User, first: list[ToDoFirst], now: datetime) -> None:
    """Forget that an account was to end, and have its person told why, whenever the mail server is back."""
    if User.objects.filter(pk=person.pk).exclude(closing_at=None).update(closing_at=None):
        language = person.language or settings.LANGUAGE_CODE
        why = "\n\n".join(one.words for one in first)
        facts = {"email": person.email, "language": language, "why": why}
        promise_notice("accounts/email/closing_stopped", person, facts, now=now)


def _addresses_of(person: User) -> Iterator[str]:
    """Yield the addresses that a person has proved to be theirs, as contacts are written."""
    for address in EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True):
        with suppress(BadInput):  # checkout would not take it either, so nothing can be kept for it
            yield normalise_contact(address)


def _say_goodbye(person: User) -> None:
    """Send the last mail. It cannot be promised: the address is forgotten in the same transaction."""
    try:
        get_adapter().send_mail("accounts/email/closed", person.email, {"user": person})
    except AddressNotServed:
        log.info("account.closing_unread", extra={"person": person.pk})
    except MailNotSent:
        raise LastMailNotSent from None


def _shops_without(person: User) -> list[Merchant]:
    """Return the merchants whose only owner this is."""
    owned = Merchant.objects.filter(memberships__user=person, memberships__role=Role.OWNER)
    others = Membership.objects.filter(role=Role.OWNER, user__is_active=True).exclude(user=person)
    return list(owned.exclude(id__in=others.values("merchant_id")).order_by("id"))


def _as_staff(person: User) -> list[ToDoFirst]:
    if not person.is_staff:
        return []
    return [ToDoFirst(_("You work for the marketplace. Have another operator take your roles first."))]


def _as_buyer(person: User) -> list[ToDoFirst]:
    found = Balance.objects.filter(account__in=USER_OWNED, owner_id=person.pk).exclude(amount=0)
    return [_to_do_about(Account(one.account), _sum(one)) for one in found.order_by("account", "currency")]


def _to_do_about(account: Account, amount: str) -> ToDoFirst:
    words = {"sum": amount}
    if account is Account.WALLET:
        return ToDoFirst(_("%(sum)s here is yours. Spend it, or have it paid out.") % words, "/balance")
    if account is Account.WALLET_IN_TRANSIT:
        return ToDoFirst(
            _("%(sum)s is being paid out to you. Wait until it has arrived, or cancel it.") % words, "/balance"
        )
    return ToDoFirst(_("%(sum)s for recommending us is not settled yet. Wait for it, or write to us.") % words)


def _as_owner(shop: Merchant) -> list[ToDoFirst]:
    """Return what the only owner of a merchant has to do before nobody is left to do it."""
    desk, name = f"/desk/{shop.slug}/", {"name": shop.name}
    first = []
    if _has_money(shop):
        words = _("%(name)s has money here, or owes some. Withdraw it once it is released, or settle it.") % name
        first.append(ToDoFirst(words, f"{desk}balance"))
    if n := Order.objects.filter(merchant=shop, state__in=_UNFINISHED).count():
        words = ngettext(
            "%(name)s has %(n)d order that is not finished. Deliver it, or wait until it expires.",
            "%(name)s has %(n)d orders that are not finished. Deliver them, or wait until they expire.",
            n,
        )
        first.append(ToDoFirst(words % {**name, "n": n}, f"{desk}orders"))
    if n := Case.objects.filter(~Q(state=CaseState.CLOSED.value), merchant=shop).count():
        words = ngettext(
            "%(name)s has %(n)d open case. Answer it and wait for its end.",
            "%(name)s has %(n)d open cases. Answer them and wait for their end.",
            n,
        )
        first.append(ToDoFirst(words % {**name, "n": n}, f"{desk}cases"))
    return first


def _has_money(shop: Merchant) -> bool:
    """Whether anything is on its way to a merchant, with them, or owed by them."""
    balances = Balance.objects.filter(account__in=_OF_MERCHANTS, owner_id=shop.id).exclude(amount=0)
    holds = Hold.objects.filter(merchant_id=shop.id)
    # Of what was delivered a moment ago the relay has yet to make the hold.
    unheld = Order.objects.filter(merchant=shop, state=OrderState.DELIVERED.value).exclude(
        id__in=holds.values("order_id")
    )
    return balances.exists() or holds.filter(state__in=[HoldState.HELD, HoldState.FROZEN]).exists() or unheld.exists()


def _sum(balance: Balance) -> str:
    return f"{plain_amount(abs(balance.amount), balance.currency)} {balance.currency}"
