"""What states, causes and events of holds are called, for merchants and staff."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.escrow.states import HoldEvent, HoldState, SplitAction, StopCause
from xinka.kernel.actors import Role

#: Words, the badge's kind, and its icon.
STATES: dict[HoldState, tuple[Promise, str, str]] = {
    HoldState.HELD: (_("In escrow"), "held", "lock"),
    HoldState.AFTERSALE: (_("After-sale"), "held", "shield"),
    HoldState.SETTLED: (_("Settled"), "g", "check"),
    HoldState.RETURNED: (_("Given back"), "", "undo"),
    HoldState.FROZEN: (_("Frozen"), "d", "lock"),
    HoldState.SEIZED: (_("Handed over to a court"), "d", "out"),
}
CAUSES: dict[StopCause, Promise] = {
    StopCause.QUESTION: _("Question"),
    StopCause.DISPUTE: _("Dispute"),
    StopCause.CLAIM: _("After-sale claim"),
    StopCause.RISK: _("Risk"),
    StopCause.LICENCE: _("Licence in doubt"),
    StopCause.CASE: _("Official case"),
}
EVENTS: dict[str, Promise] = {
    HoldEvent.CONFIRM: _("Buyer confirmed"),
    HoldEvent.CONFIRM_DUE: _("Time to check over"),
    HoldEvent.RELEASE: _("Released by decision"),
    HoldEvent.SHARED: _("Shared out by the provider"),
    HoldEvent.MATURE: _("After-sale over"),
    HoldEvent.GIVE_BACK: _("Given back whole"),
    HoldEvent.GIVE_BACK_PART: _("Given back in part"),
    HoldEvent.FREEZE: _("Frozen"),
    HoldEvent.UNFREEZE: _("Freeze ended"),
    HoldEvent.HAND_OVER: _("Handed over whole"),
    HoldEvent.HAND_OVER_PART: _("Handed over in part"),
    HoldEvent.FREE_RESERVE: _("Reserve freed"),
    HoldEvent.STOP: _("Brought to rest"),
    HoldEvent.RESUME: _("Went on"),
}
ROLES: dict[str, Promise] = {
    Role.BUYER: _("Buyer"),
    Role.SELLER: _("Merchant"),
    Role.STAFF: _("Staff"),
    Role.ARBITER: _("Arbiter"),
    Role.FINANCE: _("Finance"),
    Role.PSP: _("Payment provider"),
    Role.TIMER: _("Clock"),
    Role.REGULATOR: _("Authority"),
}
ACTIONS: dict[SplitAction, Promise] = {
    SplitAction.SHARE: _("Share with the merchant"),
    SplitAction.RETURN: _("Take back from the merchant"),
    SplitAction.UNFREEZE: _("Let the rest go"),
}
