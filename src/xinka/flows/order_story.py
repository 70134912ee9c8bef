"""The story of one order as its buyer sees it, gathered from the domains: states, delivery, money on its way back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from xinka.catalog.models import Kind, Sku
from xinka.delivery.models import DeliveredCode
from xinka.delivery.queries import delivered_codes
from xinka.escrow.models import Hold
from xinka.orders.contacts import shown_contact
from xinka.orders.models import Order
from xinka.orders.states import CLOSED_UNPAID, OrderState
from xinka.payments.models import Payment, Receipt, Refund
from xinka.payments.states import PaymentState, ReceiptOutcome, RefundState


@dataclass(frozen=True)
class OrderStory:
    """Everything an order page tells. ``codes`` say that and when, never what."""

    order: Order
    sku: Sku
    codes: list[DeliveredCode] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    paid_by: str = ""
    paid_by_provider: str = ""
    hold: Hold | None = None

    @property
    def state(self) -> OrderState:
        """How far the order came."""
        return OrderState(self.order.state)

    @property
    def is_late(self) -> bool:
        """Whether the time to pay is over although the order still stands open, for the moments until it is closed."""
        return self.state.is_open and self.order.expires_at <= timezone.now()

    @property
    def kind(self) -> Kind:
        """What kind of goods it is."""
        return Kind(self.sku.product.kind)

    @property
    def missing(self) -> int:
        """What is still to be paid after money that came short."""
        short = sum(receipt.amount for receipt in self.receipts if receipt.outcome == ReceiptOutcome.SHORT)
        return self.order.amount - short

    @property
    def is_going_back(self) -> bool:
        """Whether money is on its way back to the buyer, promised but not yet there."""
        return any(refund.state != RefundState.DONE for refund in self.refunds)

    @property
    def contact(self) -> str:
        """Where the goods are sent, with most of the name hidden."""
        return shown_contact(self.order)

    @property
    def is_sealed(self) -> bool:
        """Whether no code was opened yet."""
        return all(code.revealed_at is None for code in self.codes)

    @property
    def first_revealed_at(self) -> datetime | None:
        """When the first code was opened."""
        return min((code.revealed_at for code in self.codes if code.revealed_at), default=None)


def story_of(order: Order) -> OrderStory:
    """Gather the story of an order; the caller has checked who asks."""
    sku = Sku.objects.select_related("product__merchant", "product__category").get(id=order.sku_id)
    if order.state == OrderState.AWAITING_PAYMENT:
        return OrderStory(order, sku)
    paid = Payment.objects.filter(order_id=order.id, state=PaymentState.PAID).select_related("channel").first()
    refunds = list(Refund.objects.filter(order_id=order.id).select_related("channel").order_by("created_at"))
    return OrderStory(
        order,
        sku,
        codes=[] if order.state in CLOSED_UNPAID else delivered_codes(order.id),
        receipts=unusual_receipts(order),
        refunds=refunds,
        paid_by=paid.channel.slug if paid else "",
        paid_by_provider=paid.channel.provider if paid else "",
        hold=Hold.objects.filter(order_id=order.id).first(),
    )


def unusual_receipts(order: Order) -> list[Receipt]:
    """Return the money that did not settle the order plainly: short, over, late or twice."""
    found = Receipt.objects.filter(order_id=order.id).exclude(outcome=ReceiptOutcome.SETTLED)
    return list(found.order_by("received_at"))
