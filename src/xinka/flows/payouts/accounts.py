"""Where merchants and buyers may be paid: added with a cool-down, removed at once, never without a mail about it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.flows.payouts.mailing import MAIL_ACCOUNT, News
from xinka.flows.payouts.payees import lock_payee
from xinka.kernel import ids
from xinka.payouts.details import AccountDetails, account_place
from xinka.payouts.errors import AccountInUse, NoSuchAccount, TooManyAccounts
from xinka.payouts.models import PayoutAccount
from xinka.payouts.payees import Payee
from xinka.payouts.queries import OPEN, accounts_of
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer

MOST_ACCOUNTS = 5


def add_account(payee: Payee, details: AccountDetails, *, by: User, now: datetime | None = None) -> PayoutAccount:
    """Add an account, which can be paid to after the cool-down; whose it is get a mail.

    Raises:
        TooManyAccounts: if the payee has as many as are kept.
    """
    moment = now or timezone.now()
    with transaction.atomic():
        lock_payee(payee)
        if len(accounts_of(payee)) >= MOST_ACCOUNTS:
            raise TooManyAccounts(most=MOST_ACCOUNTS)
        account_id = ids.new_uuid(moment.timestamp())
        account = PayoutAccount.objects.create(
            id=account_id,
            **payee.columns,
            kind=details.kind,
            details=details.seal(account_place(account_id)),
            label=details.label,
            holder=details.masked_holder,
            fingerprint=details.fingerprint(),
            added_by=by,
            added_at=moment,
            usable_from=moment + settings.PAYOUT_COOLDOWN,
        )
        record(by, "payout_account.add", payee.subject, account=account.label)
        run(defer(MAIL_ACCOUNT, [{"subject": account.id, "news": News.ADDED.value}]))
    return account


def remove_account(payee: Payee, account_id: UUID, *, by: User) -> None:
    """Remove an account; payouts that went to it keep it on record.

    Raises:
        NoSuchAccount: if the payee has no such account.
        AccountInUse: if money is on its way to it.
    """
    with transaction.atomic():
        lock_payee(payee)
        account = PayoutAccount.objects.filter(id=account_id, **payee.columns, removed_at=None).first()
        if account is None:
            raise NoSuchAccount
        if account.payouts.filter(state__in=OPEN).exists():
            raise AccountInUse
        account.removed_at = timezone.now()
        account.save(update_fields=["removed_at"])
        record(by, "payout_account.remove", payee.subject, account=account.label)
        run(defer(MAIL_ACCOUNT, [{"subject": account.id, "news": News.REMOVED.value}]))


def forget_accounts(person: User, now: datetime) -> None:
    """Forget where a buyer whose account ends could be paid; what was paid to stays on record, as the books do.

    Nobody is mailed: the last mail of an account that ends is another one.
    """
    mine = PayoutAccount.objects.filter(**Payee.of_buyer(person.pk).columns)
    mine.filter(payouts=None).delete()
    mine.filter(removed_at=None).update(removed_at=now)
