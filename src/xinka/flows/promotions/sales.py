"""Planning, changing and ending a flash sale together with the stock it sets aside."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from django.db import transaction
from django.utils import timezone

from xinka.catalog.actions import hold_products
from xinka.catalog.models import Sku
from xinka.flows.promotions.aside import locked, match
from xinka.kernel.errors import Refusal
from xinka.platform.database.django_drive import run
from xinka.promotions import actions
from xinka.promotions.models import FlashSale
from xinka.stock.holdings import n_aside
from xinka.stock.withdrawing import withdraw_aside


class NotSoManyInStock(Refusal):
    """A sale is to have more units than can be set aside for it; ``most`` says how many can."""

    code = "not_so_many_in_stock"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "库存不够预留：最多 {most} 件（只算到活动结束时还有效的卡密）。先补货，或减少数量。"
    en = "Only {most} pcs can be set aside, counting codes that are good to its end. Add stock, or plan fewer."


class NotBelowThePrice(Refusal):
    """A sale that is to come would sell at the plain price, or above it: that was changed just now."""

    code = "not_below_the_price"
    status = HTTPStatus.CONFLICT
    zh = "原价刚刚改过，限时价要比原价低。看一下现在的原价，再保存。"
    en = "The plain price was changed just now, and a flash price must be lower. Look at the price, then save again."


class MoreAreTaken(Refusal):
    """A sale is to have fewer units than ``n`` that are taken by now."""

    code = "more_are_taken"
    status = HTTPStatus.CONFLICT
    zh = "已有 {n} 件被拍下，数量不能比这更少。"
    en = "{n} are taken already; it cannot have fewer."


def plan_sale(sale: FlashSale) -> FlashSale:
    """Write a new or changed sale and set its units aside: nobody has them at the plain price until it is over.

    Raises:
        NotSoManyInStock: if there are not so many; nothing is changed.
        MoreAreTaken: if buyers have more of a known sale; nothing is changed.
        NotBelowThePrice: if the plain price, or its currency, is another than when the sale was thought of.
    """
    with transaction.atomic():
        hold_products([sale.sku.product_id])  # whoever changes a price looks at the sales first
        _must_be_cheaper(sale)
        if sale.id is not None:
            run(locked(sale.id))  # from here on no till sells of it, so what is counted next stays so
            sale.refresh_from_db(fields=["n_taken"])
            if sale.n_taken > sale.units:
                raise MoreAreTaken(n=sale.n_taken)
        saved = actions.save_sale(sale)
        if missing := run(match([saved.id])):
            raise NotSoManyInStock(most=saved.units - missing)
    return saved


def _must_be_cheaper(sale: FlashSale) -> None:
    now = Sku.objects.only("price", "currency").get(id=sale.sku_id)
    has_begun = bool(sale.id) and sale.starts_at <= timezone.now()  # what has begun keeps its price
    if now.currency != sale.sku.currency or (sale.price >= now.price and not has_begun):
        raise NotBelowThePrice


def end_sale(sale: FlashSale) -> bool:
    """End a sale now and give back what it had set aside; return whether it was not stopped before."""
    with transaction.atomic():
        stopped = actions.stop_sale(sale)
        run(match([sale.id]))
    return stopped


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """How many codes of a sale are gone for good, and whether it is over with them."""

    n_codes: int
    is_over: bool


def withdraw_stock_of(sale: FlashSale, most: int | None = None) -> Withdrawn:
    """Withdraw so many of the codes that a sale has set aside, or all; nobody can buy or read them any more.

    The sale goes on with the rest and so many units fewer, so that nothing is set aside in their place; it ends when
    nothing is left aside. Orders at its price keep the codes they have reserved. A sale that is over has nothing aside:
    nothing is withdrawn.
    """
    with transaction.atomic():
        run(locked(sale.id))  # from here on no till sells of it, so what is counted next stays so
        n_codes = withdraw_aside(sale.id, most)
        is_over = not n_aside(sale.id)
        if is_over:
            actions.stop_sale(sale)
        else:
            actions.shrink_sale(sale, n_codes)
    return Withdrawn(n_codes, is_over)
