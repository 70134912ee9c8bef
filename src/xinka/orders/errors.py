"""Why an order was not taken. Nothing was reserved and nothing was charged when one of these is raised."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class ProductGone(Refusal):
    """The SKU does not exist, or it is not on sale."""

    code = "product_gone"
    status = HTTPStatus.GONE
    zh = "这件商品已经下架。没有扣款。"
    en = "This product is no longer on sale. You have not been charged."


class OutOfStock(Refusal):
    """Nothing is left."""

    code = "out_of_stock"
    status = HTTPStatus.CONFLICT
    zh = "就差一步，最后一件刚被买走。没有扣款。"
    en = "The last one just went. You have not been charged."


class OnlySomeLeft(Refusal):
    """Fewer are left than were asked for; ``available`` says how many."""

    code = "only_some_left"
    status = HTTPStatus.CONFLICT
    zh = "现在只有 {available} 件。没有扣款，改一下数量就行。"
    en = "Only {available} left. You have not been charged; change the quantity to go on."


class ChosenGone(Refusal):
    """The very code the buyer chose was bought by somebody else."""

    code = "chosen_gone"
    status = HTTPStatus.CONFLICT
    zh = "你选的这一个刚被买走。没有扣款，换一个就行。"
    en = "The one you chose has just been bought. You have not been charged; choose another."


class BadQuantity(Refusal):
    """The quantity is outside what one order of this product may have."""

    code = "bad_quantity"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "这件商品一单只能买 {least} 到 {most} 件。"
    en = "One order of this product takes {least} to {most} pieces."


class PriceChanged(Refusal):
    """The price is not what the page showed; ``amount`` is the new total in minor units."""

    code = "price_changed"
    status = HTTPStatus.CONFLICT
    zh = "价格刚刚变了，现在一共 {price}。没有扣款，确认后再付。"
    en = "The price has just changed: the total is now {price}. You have not been charged; confirm before you pay."


class TooManyUnpaid(Refusal):
    """This buyer or this address already holds as many unpaid orders as one may."""

    code = "too_many_unpaid"
    status = HTTPStatus.TOO_MANY_REQUESTS
    zh = "你有太多还没付款的订单。先付一单，或等它们过期（最多 15 分钟）。"
    en = "You have too many unpaid orders. Pay one of them, or wait until they expire (15 minutes at most)."


class NoSuchChannel(Refusal):
    """The way of paying is switched off or does not exist."""

    code = "no_such_channel"
    status = HTTPStatus.CONFLICT
    zh = "这种付款方式现在用不了，请换一种。没有扣款。"
    en = "This way of paying is not available now; please choose another. You have not been charged."


class RequestKeyReused(Refusal):
    """The same request key came with another order in it."""

    code = "request_key_reused"
    status = HTTPStatus.CONFLICT
    zh = "这个请求编号已经用在另一单上。刷新商品页再试一次。"
    en = "This request key was used for another order. Reload the product page and try again."


class OrderForgotten(Refusal):
    """The order is so old that its goods, and whom they went to, are not kept any more."""

    code = "order_forgotten"
    status = HTTPStatus.GONE
    zh = "这个订单太久了，联系方式和卡密已按规定删除，打不开了。金额和交易记录仍在账上，需要凭证请联系商家。"
    en = (
        "This order is so old that its goods and contact have been deleted, as the law asks. What was paid is still in "
        "the books; ask the seller if you need a proof."
    )


class OrderNotFound(Refusal):
    """There is no such order, or it is not this person's: the answer is the same."""

    code = "order_not_found"
    status = HTTPStatus.NOT_FOUND
    zh = (
        "没找到这个订单。请检查联系方式和订单密码，或用邮件里的链接打开。刚下的单也打不开？"
        "浏览器要允许本站的 Cookie，或换回下单的浏览器。"
    )
    en = (
        "No such order. Check the contact and the order password, or open it by the link in the mail. You have just "
        "ordered? Your browser must keep this site's cookies; or go back to the one you ordered in."
    )
