"""Why money was not taken, or not recognised."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class WrongChannel(Refusal):
    """A genuine notice of one channel speaks of a payment that was made for another."""

    code = "wrong_channel"
    status = HTTPStatus.BAD_REQUEST
    zh = "这笔付款不属于这个通道。"
    en = "This payment does not belong to this channel."


class TradeMismatch(Refusal):
    """A provider's number that is already recorded comes again with other facts."""

    code = "trade_mismatch"
    status = HTTPStatus.CONFLICT
    zh = "这个流水号已经记录过，内容却不一样。"
    en = "This trade number is on record with other facts."


class NotConfirmed(Refusal):
    """The provider, asked by us, does not confirm what a notice said."""

    code = "not_confirmed"
    status = HTTPStatus.BAD_REQUEST
    zh = "支付通道没有确认这笔付款。"
    en = "The payment provider does not confirm this payment."


class NotUnmatched(Refusal):
    """There is no money of this number that belongs to no order."""

    code = "not_unmatched"
    status = HTTPStatus.NOT_FOUND
    zh = "没有这样一笔对不上订单的钱，什么都没改。请刷新页面。"
    en = "There is no such money without an order; nothing was changed. Reload the page."


class BankWantsIt(Refusal):
    """A bank takes back money that belongs to no order; ``number`` is the gateway's number of the dispute."""

    code = "bank_wants_it"
    status = HTTPStatus.CONFLICT
    zh = (
        "付款人的银行正在追回这笔钱（网关争议号 {number}），什么都没改。等银行有了结论；已被追回的，由运维人员记账："
        "xinka ledger clear-suspense … --as returned。"
    )
    en = (
        "The payer's bank wants this money back (dispute {number} at the gateway); nothing was changed. Wait for the "
        "decision. If the bank has taken it, have it entered: xinka ledger clear-suspense … --as returned."
    )


class ProposalWaits(Refusal):
    """Somebody proposed something for this money, and it is not decided yet."""

    code = "proposal_waits"
    status = HTTPStatus.CONFLICT
    zh = "这笔钱已经有人提出了处理办法，正等另一位同事决定。先同意或驳回那一个。"
    en = "Something is proposed for this money and waits for a second person. Agree to that or refuse it first."


class ProposalDecided(Refusal):
    """Somebody else was quicker."""

    code = "proposal_decided"
    status = HTTPStatus.CONFLICT
    zh = "这件事刚刚有人处理过，什么都没改。刷新看看。"
    en = "Somebody has just decided this; nothing was changed. Reload the page."


class ProposalSameEyes(Refusal):
    """Whoever proposes what becomes of money does not agree to it."""

    code = "proposal_same_eyes"
    status = HTTPStatus.FORBIDDEN
    zh = "这是你提出的，要由另一位同事来做。"
    en = "You proposed this, so somebody else has to do it."


class ProposalKeyTaken(Refusal):
    """The same key came with other facts."""

    code = "proposal_key_taken"
    status = HTTPStatus.CONFLICT
    zh = "这张表单已经提交过，内容却不一样。请刷新页面再填。"
    en = "This form was sent before with other facts. Reload the page and fill it in again."


class OrderTakesNone(Refusal):
    """An order that is paid, or whose money went back, takes no money any more."""

    code = "order_takes_none"
    status = HTTPStatus.CONFLICT
    zh = "这个订单已经付清或已经退款，不能再收钱。如果这是多付的一笔，请把钱退回去。"
    en = "This order is paid or was refunded, so it takes no more money. If it was paid twice, send this money back."


class OtherCurrency(Refusal):
    """The order is in another currency than the money."""

    code = "other_currency"
    status = HTTPStatus.CONFLICT
    zh = "到账的是 {came}，订单要的是 {asked}，币种不同，不能对上。请把钱退回去。"
    en = "{came} came and the order asks for {asked}: they cannot be put together. Send the money back."


class BuyerForgotten(Refusal):
    """Nobody knows any more whom an order would be delivered to."""

    code = "buyer_forgotten"
    status = HTTPStatus.CONFLICT
    zh = "这个订单的联系方式已经按期清除，发不了货。请把钱退回去。"
    en = "Whom this order would go to is not kept any more, so nothing can be delivered. Send the money back."


class PartInMoney(Refusal):
    """Staff who buys or sells in an order has no say in whose money it gets."""

    code = "part_in_money"
    status = HTTPStatus.FORBIDDEN
    zh = "你是这个订单的买家或商家成员，不能由你对款。请另一位同事处理。"
    en = "You have a part in this order as its buyer or seller, so somebody else has to match money to it."
