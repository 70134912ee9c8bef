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
