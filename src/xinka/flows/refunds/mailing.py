"""The letter to a merchant whose order's money staff gave back: how much, why, where to see it, what to do about it."""

from __future__ import annotations

from uuid import UUID, uuid5

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from xinka.escrow.models import StaffRefund
from xinka.kernel import ids
from xinka.merchants.models import Merchant
from xinka.merchants.policies import Duty
from xinka.merchants.queries import mailboxes_of
from xinka.orders.models import Order
from xinka.platform.jobs.queue import MAIL, Job
from xinka.platform.look.templatetags.look import amount
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.sending import send_each

MAIL_STAFF_REFUND = Job("mail.staff_refund", MAIL)


def mail_staff_refund(refund_id: UUID) -> int:
    """Tell everybody at the merchant who sees its money; return how many letters were new. Nothing names the buyer."""
    given = StaffRefund.objects.get(id=refund_id)
    order = Order.objects.get(id=given.order_id)
    merchant = Merchant.objects.get(id=given.merchant_id)
    letters = []
    for address, language in mailboxes_of(merchant, Duty.SEE_MONEY).items():
        with translation.override(language):
            letters.append(_letter(given, order, merchant, address, language))
    return send_each(letters)


def _letter(given: StaffRefund, order: Order, merchant: Merchant, address: str, language: str) -> Letter:
    shown = ids.show("ord", order.id)
    return Letter(
        kind="staff_refund",
        about=uuid5(given.id, address),
        to=address,
        language=language,
        title=_("Our staff gave %(amount)s back to a buyer") % {"amount": amount(given.amount, given.currency)},
        paragraphs=(
            _("It was given back without a case; the reason is below."),
            _("The order's page shows what went back in all, and what is yours now."),
        ),
        facts=(
            (_("Shop"), merchant.name),
            (_("Product"), order.local_title),
            (_("Order number"), shown),
            (_("Reason"), given.reason),
        ),
        action=(_("Open the order"), f"{settings.SITE_URL}/desk/{merchant.slug}/orders/{shown}"),
        closing=(
            _(
                "You do not agree? Write to us with the order number and what speaks for you. "
                "What went back to the buyer is not fetched again."
            ),
        ),
    )
