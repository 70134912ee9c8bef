"""The letter before a buyer's time to check is over: it says when, and what to do if anything is wrong."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState
from xinka.flows.mailing import order_link
from xinka.kernel import ids
from xinka.orders.contacts import contact_of
from xinka.orders.models import Order
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.sending import send


def mail_ends_soon(order_id: UUID) -> bool:
    """Remind a buyer; nothing is said when the time is over, or stands still, by now."""
    hold = Hold.objects.get(order_id=order_id)
    if hold.state != HoldState.HELD or hold.due_at is None or hold.due_at <= timezone.now():
        return False
    order = Order.objects.get(id=order_id)
    with translation.override(order.language):
        end = timezone.localtime(hold.due_at).strftime("%Y-%m-%d %H:%M")
        letter = Letter(
            kind="ends",
            about=ends_about(order.id, hold.due_at),
            to=contact_of(order),
            language=order.language,
            title=_("Is everything right with %(title)s?") % {"title": order.local_title},
            paragraphs=(
                _("Your money goes to the seller by itself on %(end)s.") % {"end": end},
                _("If anything is wrong, say so on the order page before then: the money waits until it is settled."),
            ),
            facts=(
                (_("Product"), order.local_title),
                (_("Order number"), ids.show("ord", order.id)),
                (_("Time to check until"), end),
            ),
            action=(_("Open the order"), order_link(order.id)),
            closing=(_("Is everything right? Then you need not do anything."),),
        )
        return send(letter)


def ends_about(order_id: UUID, due_at: datetime) -> UUID:
    """Return what the reminder before the end of a time to check is filed under."""
    return uuid5(order_id, due_at.isoformat())
