"""What differences and their states are called."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.reconciling.states import About, DifferenceState, What

WHATS: dict[What, Promise] = {
    What.MISSING_HERE: _("Missing here"),
    What.MISSING_THERE: _("Missing at the gateway"),
    What.AMOUNT: _("Amounts differ"),
    What.REFUND: _("Refunds differ"),
    What.CURRENCY: _("Currencies differ"),
    What.REPEATED: _("Twice in the bill"),
    What.FEE: _("Fee is not what was agreed"),
}
ABOUTS: dict[About, Promise] = {About.PAYMENT: _("Payment received"), About.REFUND: _("Refund")}
STATES: dict[DifferenceState, Promise] = {
    DifferenceState.OPEN: _("Undecided"),
    DifferenceState.EXPLAINED: _("Explained"),
    DifferenceState.RESOLVED: _("Resolved"),
}
