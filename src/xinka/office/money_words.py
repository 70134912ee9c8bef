"""What became of money that came, and why money goes back, in the words of staff."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.payments.states import ReceiptOutcome, RefundReason

#: What became of money that came.
OUTCOMES: dict[str, Promise] = {
    ReceiptOutcome.SETTLED: _("Paid in full"),
    ReceiptOutcome.SHORT: _("Too little came; it waits for the rest"),
    ReceiptOutcome.SHORT_REFUNDED: _("Too little came; it goes back, the rest did not come in time"),
    ReceiptOutcome.OVER: _("Paid, and more than the price; the extra goes back"),
    ReceiptOutcome.LATE_SETTLED: _("Paid after the order had expired; the goods were still there"),
    ReceiptOutcome.LATE_REFUNDED: _("Paid after the order had expired, sold out by then; it goes back"),
    ReceiptOutcome.DOUBLE: _("Paid once more; the second payment goes back"),
    ReceiptOutcome.UNMATCHED: _("Money that belongs to no order"),
    ReceiptOutcome.MATCHED: _("Paid in full; the order this money belongs to was found afterwards"),
}
#: Why money goes back.
REASONS: dict[str, Promise] = {
    RefundReason.LATE: _("paid too late, and sold out"),
    RefundReason.OVERPAID: _("more than the price"),
    RefundReason.DOUBLE: _("paid twice"),
    RefundReason.UNDERPAID: _("never paid in full"),
    RefundReason.SELLER: _("the merchant gave it back"),
    RefundReason.DISPUTE: _("decided in a dispute"),
    RefundReason.STAFF: _("staff gave it back"),
    RefundReason.RECALL: _("the goods were called back"),
}
