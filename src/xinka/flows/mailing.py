"""What the shop writes to buyers, and when. The order page has the goods first; mail is a second way."""

from __future__ import annotations

import time
from functools import cache
from uuid import UUID, uuid5

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xinka.catalog.models import Product
from xinka.delivery.models import DeliveredCode
from xinka.kernel import ids
from xinka.kernel.money import plain_amount
from xinka.orders.access import LINK_FOR, OrderAccess, order_path
from xinka.orders.contacts import contact_of, is_forgotten
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.models import Receipt, Refund
from xinka.payments.states import ReceiptOutcome, RefundReason, RefundState, RefundTo
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import MAIL, Job, defer
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.models import SentLetter
from xinka.platform.mail.sending import send
from xinka.platform.vault.keys import blind_index, open_envelope
from xinka.stock.models import StockCode

#: Anybody may ask for links, so they wait for what somebody has paid for.
MAIL_ORDER_LINKS = Job("mail.order_links", MAIL, priority=-5)
MAIL_REFUND_BOUNCED = Job("mail.refund_bounced", MAIL)
_BOUNCED = "refund_bounced"
#: More goods than this, or longer ones, do not go into a mail; the order page offers them as a file.
MOST_CODES = 50
MOST_CHARACTERS = 20_000
#: Orders that one mail about earlier orders lists, newest first; and how often it is sent at most, in seconds.
MOST_LINKS = 20
LINKS_EVERY = 600


@cache
def _access() -> OrderAccess:
    return OrderAccess(settings.ENVIRONMENT.derive("order-access"))


def order_link(order_id: UUID) -> str:
    """Return the address that opens an order without a password for 30 days."""
    token = _access().link_token(order_id, int(time.time()) + LINK_FOR)
    return f"{settings.SITE_URL}{order_path(order_id)}?key={token}"


def mail_goods(order_id: UUID) -> bool:
    """Send a delivered order to its buyer; return false when there is nothing to send (any more)."""
    order = Order.objects.get(id=order_id)
    if order.state != OrderState.DELIVERED or is_forgotten(order):
        return False
    with translation.override(order.language):
        return send(_goods_letter(order))


def _goods_letter(order: Order) -> Letter:
    codes = _codes_of(order) if settings.MAIL_CODES == "codes" else []
    fits = len(codes) <= MOST_CODES and sum(map(len, codes)) <= MOST_CHARACTERS
    first = _("Paid and delivered. Your goods are below, and on the order page.")
    if not codes or not fits:
        first = _("Paid and delivered. Your goods are on the order page.")
        codes = []
    product = Product.objects.filter(skus=order.sku_id).first()
    after = product.local_after_payment.strip() if product else ""
    how_to = product.local_how_to.strip() if product else ""
    return Letter(
        kind="goods",
        about=order.id,
        to=contact_of(order),
        language=order.language,
        title=_("Delivered: %(title)s") % {"title": order.local_title},
        paragraphs=(first, *([after] if after else [])),
        goods=tuple(codes),
        goods_title=ngettext("%(n)d piece", "%(n)d pieces", order.quantity) % {"n": order.quantity},
        facts=_facts(order),
        action=(_("Open the order"), order_link(order.id)),
        closing=(
            *([_("How to use it:") + "\n" + how_to] if how_to else []),
            _("Try it soon. If something is wrong, choose “Ask or complain” on the order page before you confirm."),
            _("Until you confirm, or the time to check is over, your payment is held and is not the seller's."),
            _("The link works for 30 days and opens the order without a password: do not pass it on."),
            _("You can also find the order again with this address and your order password."),
        ),
    )


def _codes_of(order: Order) -> list[str]:
    """Return what was delivered, in its order, decrypted."""
    delivered = DeliveredCode.objects.filter(order_id=order.id).order_by("position")
    wanted = list(delivered.values_list("code_id", flat=True))
    sealed = dict(StockCode.objects.filter(id__in=wanted).values_list("id", "envelope"))
    return [
        open_envelope(sealed[code_id], b"stock_stockcode.envelope:%d" % code_id).decode("utf-8", "replace")
        for code_id in wanted
    ]


def _facts(order: Order) -> tuple[tuple[str, str], ...]:
    return (
        (_("Product"), order.local_title),
        (_("Quantity"), str(order.quantity)),
        (_("Amount"), _amount(order.amount, order.currency)),
        (_("Order number"), ids.show("ord", order.id)),
    )


def _amount(minor: int, currency: str) -> str:
    sign = {"CNY": "¥", "USD": "$", "EUR": "€"}.get(currency)
    return f"{sign}{plain_amount(minor, currency)}" if sign else f"{plain_amount(minor, currency)} {currency}"


def mail_short_paid(order_id: UUID) -> bool:
    """Tell the buyer what is missing; nothing is said once the rest has come or the money went back."""
    order = Order.objects.get(id=order_id)
    if order.state != OrderState.PART_PAID:
        return False
    receipts = Receipt.objects.filter(order_id=order.id, outcome=ReceiptOutcome.SHORT.value)
    came = sum(receipts.values_list("amount", flat=True))
    numbers = {"came": _amount(came, order.currency)}
    with translation.override(order.language):
        numbers["missing"] = _amount(order.amount - came, order.currency)
        letter = Letter(
            kind="short",
            about=short_about(order.id, came),
            to=contact_of(order),
            language=order.language,
            title=_("%(missing)s is missing for your order") % numbers,
            paragraphs=(
                _("We got %(came)s, %(missing)s short. Add the rest and the goods follow by themselves.") % numbers,
                _("If the order expires first, everything you paid goes back to you."),
            ),
            facts=_facts(order),
            action=(_("Open the order"), order_link(order.id)),
        )
        return send(letter)


def short_about(order_id: UUID, came: int) -> UUID:
    """Return what the letter that tells of a missing rest is filed under: one for each sum that had come."""
    return uuid5(order_id, str(came))


def mail_refund_done(refund_id: UUID) -> bool:
    """Tell the buyer that money is on its way back."""
    refund = Refund.objects.get(id=refund_id)
    if refund.order_id is None or refund.state != RefundState.DONE:
        return False
    order = Order.objects.get(id=refund.order_id)
    with translation.override(order.language):
        facts = {"amount": _amount(refund.amount, refund.currency)}
        letter = Letter(
            kind="refund_again" if _has_bounced(refund) else "refund",
            about=refund.id,
            to=contact_of(order),
            language=order.language,
            title=_("%(amount)s went back to you") % facts,
            paragraphs=(
                _way_of(refund) % facts,
                _why(RefundReason(refund.reason)),
            ),
            facts=(*_facts(order), (_("Refund number"), ids.show("ref", refund.id))),
            action=(_("Open the order"), order_link(order.id)),
        )
        return send(letter)


def mail_refund_bounced(refund_id: UUID) -> bool:
    """Tell the buyer that the bank sent back what we had given back, and that we see to it; false if it is done."""
    refund = Refund.objects.get(id=refund_id)
    if refund.order_id is None or refund.state == RefundState.DONE:
        return False
    order = Order.objects.get(id=refund.order_id)
    if is_forgotten(order):
        return False
    with translation.override(order.language):
        facts = {"amount": _amount(refund.amount, refund.currency)}
        letter = Letter(
            kind=_BOUNCED,
            about=refund.id,
            to=contact_of(order),
            language=order.language,
            title=_("%(amount)s could not be given back to you yet") % facts,
            paragraphs=(
                _("We had sent it back the way you paid, and your bank or payment service returned it to us."),
                _("It is not lost: we send it again, or ask you for another way. You get a letter when it went."),
            ),
            facts=(*_facts(order), (_("Refund number"), ids.show("ref", refund.id))),
            action=(_("Open the order"), order_link(order.id)),
        )
        return send(letter)


def _has_bounced(refund: Refund) -> bool:
    """Whether its buyer was told already that it went, and then that it came back."""
    return SentLetter.objects.filter(kind=_BOUNCED, subject=refund.id).exists()


def _way_of(refund: Refund) -> str:
    if refund.goes_to == RefundTo.WALLET:
        return _("%(amount)s is in your balance here.")
    return _("We sent %(amount)s back the way you paid. It can take a few days to show there.")


def _why(reason: RefundReason) -> str:
    return {
        RefundReason.LATE: _("Your money came after the order expired, and the goods were sold out."),
        RefundReason.OVERPAID: _("You paid more than the price. The goods were delivered, and this is the extra."),
        RefundReason.DOUBLE: _("The order had been paid before. You have the goods once, and this payment back."),
        RefundReason.UNDERPAID: _("The order expired before it was paid in full."),
        RefundReason.SELLER: _("The seller gave it back."),
        RefundReason.DISPUTE: _("It was decided in the dispute about this order."),
        RefundReason.STAFF: _("Our staff gave it back."),
        RefundReason.RECALL: _("The goods were called back."),
    }[reason]


def ask_for_order_links(address: str, language: str) -> None:
    """Have a mail with links to earlier orders sent to ``address`` (normalised) if it has any.

    Whoever asks learns nothing: the same one row is written in every case, and the looking is done by a worker.
    """
    key = blind_index("contact").uuid(address.encode())
    run(defer(MAIL_ORDER_LINKS, [{"contact_key": key, "language": language}]))


def mail_order_links(contact_key: UUID, language: str) -> bool:
    """Send links to the newest orders of one contact, at most every ten minutes; false when there are none."""
    orders = list(Order.objects.filter(contact_key=contact_key).order_by("-placed_at")[:MOST_LINKS])
    if not orders:
        return False
    with translation.override(language):
        letter = Letter(
            kind="links",
            about=uuid5(contact_key, str(int(time.time()) // LINKS_EVERY)),
            to=contact_of(orders[0]),
            language=language,
            title=_("Your orders"),
            paragraphs=(_("Somebody, probably you, asked for your orders. Each link opens one of them."),),
            links=tuple((_line(order), order_link(order.id)) for order in orders),
            closing=(_("You did not ask? Then you need not do anything: only this mailbox got the links."),),
        )
        return send(letter)


def _line(order: Order) -> str:
    day = timezone.localtime(order.placed_at).strftime("%Y-%m-%d %H:%M")
    return f"{day}  {order.local_title} × {order.quantity}  {_amount(order.amount, order.currency)}"
