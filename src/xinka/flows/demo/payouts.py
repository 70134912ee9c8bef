"""The demo's way of money out: a withdrawal arrived, one waits, one is to be confirmed in WeChat; a hold is frozen."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from xinka.accounts.models import User
from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState
from xinka.flows.escrow import confirm_due, mature_due
from xinka.flows.escrow.four_eyes import ask_to_freeze, decide_freeze
from xinka.flows.payouts import asking, review
from xinka.flows.payouts.accounts import add_account
from xinka.flows.payouts.asking import Wish
from xinka.flows.payouts.gateway import send_through
from xinka.flows.payouts.mailing import MAIL_ACCOUNT, MAIL_PAYOUT
from xinka.flows.payouts.sending import Outcome, make_batch, record_outcomes
from xinka.flows.reconciling.arrivals import Arrival, enter_arrivals
from xinka.ledger.accounts import Account
from xinka.ledger.queries import balance_of, owed_by_gateways
from xinka.merchants.models import Merchant
from xinka.payments.models import Channel
from xinka.payouts.details import AccountDetails, AccountKind
from xinka.payouts.errors import BalanceTooLow, PayoutTooSmall
from xinka.payouts.models import Payout, PayoutAccount
from xinka.payouts.payees import Payee
from xinka.platform.database.django_drive import run

#: Nobody's card: it begins with no bank's number.
_BANK = AccountDetails(AccountKind.BANK, "艾达", "0000000000000000018", bank="示例银行")
#: Nobody's openid: the sandbox lets anybody confirm for it.
_WECHAT = AccountDetails(AccountKind.WECHAT, "艾达", "oDemo_000000000000000000AdA")
#: In minor units; the last two digits have the sandbox's payee asked.
_TO_CONFIRM = 2_008
#: What came less than was sent, in minor units: it waits in suspense.
_LOST = 100


def pay_out(merchant_slug: str, *, owner: User, finance: User, second: User) -> int:
    """Have a merchant's owner withdraw a third of the balance twice, and return that sum; nobody is mailed about it.

    ``second`` agrees too where this shop's limit wants two people. What its smallest payout rules out is left out.
    """
    merchant = Merchant.objects.get(slug=merchant_slug)
    now = timezone.now()
    account = add_account(Payee.of_merchant(merchant.id), _BANK, by=owner, now=now - timedelta(days=6))
    run(confirm_due())  # what the worker would do in its first minutes
    run(mature_due())
    third = balance_of(Account.SELLER_AVAILABLE, merchant.id) // 3
    _let_a_gateway_pay(third, by=finance)
    paid = _asked(account, third, "demo-1", by=owner, now=now - timedelta(days=2))
    if paid is not None:
        _approve(paid, finance, second)
        batch = make_batch(AccountKind.BANK, "CNY", by=finance)
        record_outcomes(batch, [Outcome(paid.id, is_paid=True, reference="DEMO0001")], by=finance)
    _asked(account, third, "demo-2", by=owner, now=now - timedelta(hours=3))
    _send_by_wechat(merchant, owner=owner, people=(finance, second))
    with connection.cursor() as cursor:
        mails = [MAIL_PAYOUT.task, MAIL_ACCOUNT.task]
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = ANY(%s)", [mails])
    return third


def _asked(account: PayoutAccount, amount: int, key: str, *, by: User, now: datetime) -> Payout | None:
    wish = Wish(Payee.of_merchant(account.merchant_id or 0), account.id, amount, "CNY", key)
    try:
        return asking.ask(wish, by=by, now=now)
    except (PayoutTooSmall, BalanceTooLow):
        return None


def _approve(payout: Payout, *people: User) -> None:
    for one in people[: review.approvals_needed(payout)]:
        review.approve(payout.id, by=one)


def _send_by_wechat(merchant: Merchant, *, owner: User, people: tuple[User, User]) -> None:
    """Have a small withdrawal sent through WeChat, whose payee is asked; the worker hands it to the gateway."""
    channel = Channel.objects.filter(provider="wechat", on=True).order_by("id").first()
    if channel is None:
        return
    now = timezone.now()
    account = add_account(Payee.of_merchant(merchant.id), _WECHAT, by=owner, now=now - timedelta(days=5))
    asked = _asked(account, _TO_CONFIRM, "demo-3", by=owner, now=now)
    if asked is not None:
        _approve(asked, *people)
        send_through(asked.id, channel.id, by=people[0])


def freeze_one(but_not: str, *, asked_by: User, granted_by: User) -> None:
    """Have two people freeze what is held for the newest order of a merchant that is not ``but_not``."""
    theirs = Merchant.objects.exclude(slug=but_not).values("id")
    hold = Hold.objects.filter(state=HoldState.HELD, merchant_id__in=theirs).order_by("-order_id").first()
    if hold is not None:
        asked = ask_to_freeze(hold.order_id, "DEMO-2026-1", by=asked_by)
        decide_freeze(asked.id, grant=True, by=granted_by)


def _let_a_gateway_pay(least: int, *, by: User) -> None:
    """Enter a transfer of the gateway that owes most, with a little less arrived than was sent."""
    (channel_id, _), owed = max(owed_by_gateways().items(), key=lambda item: item[1])
    told = max(owed // 2, least + _LOST)
    enter_arrivals(Channel.objects.get(id=channel_id), [Arrival("DEMO-S1", told, told - _LOST)], by=by)
