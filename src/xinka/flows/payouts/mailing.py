"""What owners and buyers are told about their payouts: above all that somebody added an account or asked for money."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID, uuid5

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from xinka.flows.hindrances import hindrance_in_words
from xinka.kernel import ids
from xinka.kernel.money import plain_amount
from xinka.merchants.policies import Duty
from xinka.merchants.queries import mailboxes_of
from xinka.payouts.access import confirm_path
from xinka.payouts.models import OfPayee, Payout, PayoutAccount
from xinka.platform.jobs.queue import MAIL, Job
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.sending import send_each

MAIL_PAYOUT = Job("mail.payout", MAIL, priority=5)
MAIL_ACCOUNT = Job("mail.payout_account", MAIL, priority=10)


_Text = tuple[str, tuple[str, ...], tuple[tuple[str, str], ...], tuple[str, str]]


class News(StrEnum):
    """What a letter tells."""

    ADDED = "added"
    REMOVED = "removed"
    ASKED = "asked"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"
    CONFIRM = "confirm"
    CALLED_BACK = "called_back"


def mail_account(account_id: UUID, news: News) -> int:
    """Tell the owners, those of lately and the merchant's alarm address, or the buyer, of a change of accounts.

    Return how many mailboxes that were.
    """
    account = PayoutAccount.objects.select_related("merchant", "buyer", "added_by").get(id=account_id)
    usable = timezone.localtime(account.usable_from).strftime("%Y-%m-%d %H:%M")
    letters = []
    for address, language in _mailboxes(account, and_former_owners=True).items():
        with translation.override(language):
            words = {"label": account.label, "from": usable}
            if news is News.ADDED:
                title = _("A payout account was added: %(label)s") % words
                first = _("It can be used from %(from)s on, and not before.") % words
            else:
                title = _("A payout account was removed: %(label)s") % words
                first = _("No money goes to this account any more.")
            alarm = _("Was it not you? Sign in now, change your password and write to us: payouts can be stopped.")
            facts = (*_whose(account), (_("Account"), account.label))
            action = (_("Open the accounts"), _page(account, "payouts/accounts", "balance/accounts"))
            text = (title, (first, alarm), facts, action)
            letters.append(_letter(f"payout_{news}", account.id, address, language, text))
    send_each(letters)
    return len(letters)


def mail_payout(payout_id: UUID, news: News) -> int:
    """Tell the payee what a payout came to, or that they have to confirm it; return how many mailboxes."""
    payout = Payout.objects.select_related("merchant", "buyer").get(id=payout_id)
    if news is News.CONFIRM and not payout.may_be_called_back:
        return 0  # it was quicker than this letter, or is being called back
    letters = []
    for address, language in _mailboxes(payout).items():
        with translation.override(language):
            letters.append(_letter(f"payout_{news}", payout.id, address, language, _text_about(payout, news)))
    send_each(letters)
    return len(letters)


def _text_about(payout: Payout, news: News) -> _Text:
    """Return the letter in the language that is switched on."""
    title, first = {
        News.ASKED: (
            _("Withdrawal of %(sum)s asked for"),
            _("Was it not you? Cancel it on the page of payouts and change your password at once."),
        ),
        News.PAID: (_("%(sum)s has been paid out"), _("The money is on its way to your account.")),
        News.FAILED: (
            _("%(sum)s could not be paid out"),
            _("The money is available on your balance again. Please check the account."),
        ),
        News.RETURNED: (
            _("The bank returned %(sum)s"),
            _(
                "The money was sent and came back. It is available on your balance again, all of it; the fee of the"
                " payout is not. Compare name, number and bank of the account before you withdraw again."
            ),
        ),
        News.CALLED_BACK: (
            _("%(sum)s was called back"),
            _("It will not be paid: it was called back before it was confirmed. The money is available again."),
        ),
        News.CONFIRM: (
            _("Confirm %(sum)s in WeChat"),
            _("It is paid when you confirm it in WeChat. What is not confirmed in time comes back to your balance."),
        ),
    }[news]
    words = {"sum": f"{plain_amount(payout.amount, payout.currency)} {payout.currency}"}
    facts = [*_whose(payout), (_("Account"), payout.account_label)]
    facts.append((_("Payout number"), ids.show("out", payout.id)))
    # What a gateway says is about our dealings with it: merchants may know, buyers cannot do anything about it.
    if news in {News.FAILED, News.RETURNED} and payout.problem and not (payout.buyer_id and payout.channel_id):
        facts.append((_("Reason"), hindrance_in_words(payout.problem)))
    action = (_("Open payouts"), _page(payout, "payouts", "balance"))
    if news is News.RETURNED:
        action = (_("Check the account"), _page(payout, "payouts/accounts", "balance/accounts"))
    if news is News.CONFIRM:
        if payout.confirm_by is not None:
            facts.append((_("Confirm by"), timezone.localtime(payout.confirm_by).strftime("%Y-%m-%d %H:%M")))
        action = (_("Confirm in WeChat"), f"{settings.SITE_URL}{confirm_path(payout.id)}")
    return title % words, (first,), tuple(facts), action


def _mailboxes(row: OfPayee, *, and_former_owners: bool = False) -> dict[str, str]:
    """Return who hears of it, with their languages; nobody of a buyer whose account is closed."""
    if row.merchant is not None:
        return mailboxes_of(row.merchant, Duty.WITHDRAW, and_former_owners=and_former_owners)
    buyer = row.buyer
    if buyer is None or not buyer.is_active:
        return {}
    return {buyer.email: buyer.language or settings.LANGUAGE_CODE}


def _whose(row: OfPayee) -> list[tuple[str, str]]:
    return (
        [(_("Shop"), row.merchant.name)]
        if row.merchant is not None
        else [(pgettext("payouts", "From"), _("Your balance"))]
    )


def _page(row: OfPayee, of_desk: str, of_buyer: str) -> str:
    """Return the address of a page of the merchant's desk, or of the same page of a buyer."""
    path = f"desk/{row.merchant.slug}/{of_desk}" if row.merchant is not None else of_buyer
    return f"{settings.SITE_URL}/{path}"


def _letter(kind: str, about: UUID, to: str, language: str, text: _Text) -> Letter:
    title, paragraphs, facts, action = text
    return Letter(
        kind=kind,
        about=uuid5(about, to),
        to=to,
        language=language,
        title=title,
        paragraphs=paragraphs,
        facts=facts,
        action=action,
    )
