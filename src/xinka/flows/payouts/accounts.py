"""Accounts that merchants are paid to: added with a cool-down, removed at once, and never without a mail about it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.flows.payouts.asking import lock_merchant
from xinka.flows.payouts.mailing import MAIL_ACCOUNT, News
from xinka.kernel import ids
from xinka.payouts.details import AccountDetails, account_place
from xinka.payouts.errors import AccountInUse, NoSuchAccount, TooManyAccounts
from xinka.payouts.models import PayoutAccount
from xinka.payouts.queries import OPEN, accounts_of
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer

MOST_ACCOUNTS = 5


def add_account(merchant_id: int, details: AccountDetails, *, by: User, now: datetime | None = None) -> PayoutAccount:
    """Add an account, which can be paid to after the cool-down; the owners get a mail.

    Raises:
        TooManyAccounts: if the merchant has as many as are kept.
    """
    moment = now or timezone.now()
    with transaction.atomic():
        lock_merchant(merchant_id)
        if len(accounts_of(merchant_id)) >= MOST_ACCOUNTS:
            raise TooManyAccounts(most=MOST_ACCOUNTS)
        account_id = ids.new_uuid(moment.timestamp())
        account = PayoutAccount.objects.create(
            id=account_id,
            merchant_id=merchant_id,
            kind=details.kind,
            details=details.seal(account_place(account_id)),
            label=details.label,
            holder=details.masked_holder,
            fingerprint=details.fingerprint(),
            added_by=by,
            added_at=moment,
            usable_from=moment + settings.PAYOUT_COOLDOWN,
        )
        record(by, "payout_account.add", f"merchant {merchant_id}", account=account.label)
        run(defer(MAIL_ACCOUNT, [{"subject": account.id, "news": News.ADDED.value}]))
    return account


def remove_account(merchant_id: int, account_id: UUID, *, by: User) -> None:
    """Remove an account; payouts that went to it keep it on record.

    Raises:
        NoSuchAccount: if the merchant has no such account.
        AccountInUse: if money is on its way to it.
    """
    with transaction.atomic():
        lock_merchant(merchant_id)
        account = PayoutAccount.objects.filter(id=account_id, merchant_id=merchant_id, removed_at=None).first()
        if account is None:
            raise NoSuchAccount
        if account.payouts.filter(state__in=OPEN).exists():
            raise AccountInUse
        account.removed_at = timezone.now()
        account.save(update_fields=["removed_at"])
        record(by, "payout_account.remove", f"merchant {merchant_id}", account=account.label)
        run(defer(MAIL_ACCOUNT, [{"subject": account.id, "news": News.REMOVED.value}]))
