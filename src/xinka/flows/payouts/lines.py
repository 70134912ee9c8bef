"""A payout as a line of the page of whoever is to be paid: a merchant's desk or a buyer's balance."""

from __future__ import annotations

from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.payees import role_of
from xinka.payouts.access import confirm_path
from xinka.payouts.models import Payout
from xinka.payouts.states import PayoutEvent, PayoutState, sources_of
from xinka.payouts.words import STATES


def line_of(payout: Payout, hindrance: str) -> dict[str, object]:
    """Return what a page shows of a payout; ``hindrance`` is why it did not come about, in the payee's words."""
    state = PayoutState(payout.state)
    words, kind, icon = STATES[state]
    return {
        "payout": payout,
        "shown_id": shown(payout),
        "words": words,
        "kind": kind,
        "icon": icon,
        "confirm_at": confirm_path(payout.id) if payout.may_be_called_back else "",
        "is_called_back": payout.awaits_payee and not payout.may_be_called_back,
        "hindrance": hindrance,
        "may_cancel": state in sources_of(PayoutEvent.CANCEL, role_of(payout.payee)),
    }
