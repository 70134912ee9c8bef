"""Why money was not released, given back or frozen."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class NoHold(Refusal):
    """No money is held for this order: it was never delivered."""

    code = "no_hold"
    status = HTTPStatus.NOT_FOUND
    zh = "这个订单没有托管中的款项。"
    en = "No money is held for this order."


class HoldMoved(Refusal):
    """The hold is not in a state from which this can be done."""

    code = "hold_moved"
    status = HTTPStatus.CONFLICT
    zh = "这笔托管款的状态已经变了，什么都没改。刷新看看。"
    en = "The state of this money has changed; nothing was done. Reload the page."


class HoldStopped(Refusal):
    """Something about the order is open; until it is closed the money stays where it is."""

    code = "hold_stopped"
    status = HTTPStatus.CONFLICT
    zh = "这个订单还有没解决的问题，款项先不动。"
    en = "Something about this order is still open, so the money stays where it is."


class NotYourMove(Refusal):
    """Somebody in this part may not do this, whatever the state."""

    code = "not_your_move"
    status = HTTPStatus.FORBIDDEN
    zh = "你没有权限这样处理这笔款项。"
    en = "You may not do this with this money."


class TooMuchBack(Refusal):
    """More was to be given back than is left."""

    code = "too_much_back"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "最多还能退 {left}（最小货币单位）。"
    en = "At most {left} (in minor units) can still be given back."


class KeyTaken(Refusal):
    """The same key came with other facts."""

    code = "give_back_key_taken"
    status = HTTPStatus.CONFLICT
    zh = "这个退款编号已经用过，内容却不一样。"
    en = "This refund key was used before with other facts."


class SamePerson(Refusal):
    """Two persons must decide, and this was one."""

    code = "same_person"
    status = HTTPStatus.FORBIDDEN
    zh = "冻结和解冻要由两个不同的人决定。"
    en = "A freeze, or its end, takes two different people."


class RefundDecided(Refusal):
    """Somebody else was quicker."""

    code = "staff_refund_decided"
    status = HTTPStatus.CONFLICT
    zh = "这笔退款刚刚有人处理过，什么都没改。刷新看看。"
    en = "Somebody has just decided about this refund; nothing was changed. Reload the page."


class SecondPersonNeeded(Refusal):
    """Whoever asks for a large refund does not agree to it."""

    code = "second_person_needed"
    status = HTTPStatus.FORBIDDEN
    zh = "这笔退款是你发起的，要由另一位同事同意。"
    en = "You asked for this refund, so somebody else has to agree to it."


class PartInOrder(Refusal):
    """Staff who sells or buys in an order gives none of its money back."""

    code = "part_in_order"
    status = HTTPStatus.FORBIDDEN
    zh = "你是这个订单的买家或商家成员，不能由你退款。"
    en = "You have a part in this order as its buyer or seller, so somebody else has to refund it."


class WalletOff(Refusal):
    """Refunds into a balance are not offered here, or this buyer has no account."""

    code = "wallet_off"
    status = HTTPStatus.CONFLICT
    zh = "这里不能退到余额，只能原路退回。"
    en = "Money cannot go into a balance here; it goes back the way it came."


class TooMuchToHandOver(Refusal):
    """A court's order names more than is frozen here, or nothing."""

    code = "too_much_to_hand_over"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "移交金额要大于 0，且不超过冻结的 {left}。什么都没改。"
    en = "Between the smallest sum and the frozen {left} can be handed over. Nothing was changed."


class SharedOutAtProvider(Refusal):
    """A court is to have what the provider has already given to the merchant: it is not with the shop any more."""

    code = "shared_out_at_provider"
    status = HTTPStatus.CONFLICT
    zh = (
        "支付机构已经把这笔钱分给商家，不在本店，不能从这里移交，什么都没改。请把法院文书交给支付机构，由它冻结或扣划。"
    )
    en = (
        "The provider has already shared this money out to the merchant, so the shop cannot hand it over; nothing was "
        "changed. Send the court's document to the provider, which can freeze or collect it there."
    )
