"""The demo's open cases: one that waits for the merchant, one for the buyer with an account, one for staff."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from xinka.catalog.models import Kind, StockMode
from xinka.disputes.reasons import Reason
from xinka.disputes.states import Offer
from xinka.flows.disputes import cases
from xinka.flows.disputes.mailing import MAIL_MOVE
from xinka.kernel.actors import Actor, Role
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.platform.vault.keys import blind_index

_BUYER, _SELLER = Actor(Role.BUYER), Actor(Role.SELLER)


def open_cases(merchant_slug: str, *, cy: str) -> int:
    """Open a few cases about the newest orders of a merchant and return how many; nobody is mailed about them."""
    orders = Order.objects.filter(
        merchant__slug=merchant_slug,
        state=OrderState.DELIVERED,
        sku__mode=StockMode.UNIQUE,
        sku__product__kind=Kind.CARD_CODE,
    ).order_by("-placed_at", "-id")
    mine = blind_index("contact").uuid(cy.encode())
    stories = [
        (orders.exclude(contact_key=mine)[:1], _waits_for_the_seller),
        (orders.filter(contact_key=mine)[:1], _waits_for_the_buyer),
        (orders.exclude(contact_key=mine)[1:2], _waits_for_staff),
    ]
    n_opened = 0
    for found, tell in stories:
        for order in found:
            tell(order)
            n_opened += 1
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = %s", [MAIL_MOVE.task])
    return n_opened


def _waits_for_the_seller(order: Order) -> None:
    complaint = cases.Complaint(Reason.WRONG_REGION, "兑换页面提示这张卡是国际服的，商品页写的是国服。")
    cases.open_case(order, complaint, by=_BUYER, now=timezone.now())


def _waits_for_the_buyer(order: Order) -> None:
    now = timezone.now()
    complaint = cases.Complaint(Reason.ALREADY_USED, "兑换时提示「该卡已被使用」，我刚拆封，账号里没有到账。")
    case = cases.open_case(order, complaint, by=_BUYER, now=now)
    cases.write(case.id, "抱歉，上游这一批有异常，我们给你换一张新的。", by=_SELLER, now=now)
    if cases.can_replace(case):
        cases.offer(case.id, Offer.REPLACE, by=_SELLER, now=now)


def _waits_for_staff(order: Order) -> None:
    now = timezone.now()
    complaint = cases.Complaint(Reason.INVALID, "连续试了三次都说卡密无效。")
    case = cases.open_case(order, complaint, by=_BUYER, now=now)
    cases.write(case.id, "我们这边查是有效的，请确认没有抄错。", by=_SELLER, now=now)
    cases.escalate(case.id, by=_BUYER, now=now)
