"""Letters and jobs in the words of people: their names in the records are those of the code."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from xinka.platform.mail.models import LetterState

#: What each kind of letter is.
KINDS: dict[str, Promise] = {
    "goods": pgettext_lazy("letter", "The goods, to the buyer"),
    "short": pgettext_lazy("letter", "A part of the price is missing, to the buyer"),
    "refund": pgettext_lazy("letter", "Money went back, to the buyer"),
    "ends": pgettext_lazy("letter", "The time to check ends soon, to the buyer"),
    "links": pgettext_lazy("letter", "Links to earlier orders, to the buyer"),
    "case": pgettext_lazy("letter", "News in a dispute"),
    "channel_waits": pgettext_lazy("letter", "A change of a payment channel waits, to staff"),
    "channel_made": pgettext_lazy("letter", "A payment channel was changed, to staff"),
    "low": pgettext_lazy("letter", "Stock runs low, to the merchant"),
    "opened": pgettext_lazy("letter", "A shop was opened, to its owner"),
    "payout_added": pgettext_lazy("letter", "A payout account was added, to the payee"),
    "payout_asked": pgettext_lazy("letter", "A payout was asked for, to the payee"),
    "payout_called_back": pgettext_lazy("letter", "A payout was called back, to the payee"),
    "payout_confirm": pgettext_lazy("letter", "A payout waits for its payee, to the payee"),
    "payout_failed": pgettext_lazy("letter", "A payout failed, to the payee"),
    "payout_paid": pgettext_lazy("letter", "A payout is paid, to the payee"),
    "payout_returned": pgettext_lazy("letter", "A payout was returned by the bank, to the payee"),
    "payout_removed": pgettext_lazy("letter", "A payout account was removed, to the payee"),
    "refund_again": pgettext_lazy("letter", "Money went back at the second try, to the buyer"),
    "refund_bounced": pgettext_lazy("letter", "Money that went back was returned to us, to the buyer"),
    "staff_roles": pgettext_lazy("letter", "Somebody's roles were changed, to staff"),
    "trial": pgettext_lazy("letter", "A test letter, to staff"),
    "staff_refund": pgettext_lazy("letter", "Staff gave money back, to the merchant"),
}
#: What became of one.
STATES: dict[str, Promise] = {
    LetterState.SENT: pgettext_lazy("letter", "the mail server took it"),
    LetterState.WAITING: pgettext_lazy("letter", "not taken yet, it is tried again"),
    LetterState.REFUSED: pgettext_lazy("letter", "refused for good"),
}


def letter_in_words(kind: str) -> object:
    """Return what a kind of letter is called; one without words by the name it was recorded under."""
    return KINDS.get(kind, kind)
