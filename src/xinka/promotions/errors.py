"""Why a code or a flash price was not taken. Nothing was reserved, counted or charged when one of these is raised."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class CodeRefused(Refusal):
    """Something about the code; the order can be placed without it."""

    code = "code_refused"
    status = HTTPStatus.CONFLICT


class CodeUnknown(CodeRefused):
    """There is no such coupon and no such gift card."""

    code = "code_unknown"
    zh = "没有这个码。看看有没有打错，或者不用码继续买。没有扣款。"
    en = "There is no such code. Check the spelling, or buy without it. You have not been charged."


class CodeNotYet(CodeRefused):
    """The coupon is not good yet."""

    code = "code_not_yet"
    zh = "这个码还没到使用时间。没有扣款。"
    en = "This code cannot be used yet. You have not been charged."


class CodeExpired(CodeRefused):
    """The coupon or card is over or was stopped."""

    code = "code_expired"
    zh = "这个码过期了。不用码可以继续买，没有扣款。"
    en = "This code has expired. You can buy without it; you have not been charged."


class CodeNotForThis(CodeRefused):
    """The coupon is good for something else."""

    code = "code_not_for_this"
    zh = "这个码不能用在这件商品上。没有扣款。"
    en = "This code is not for this product. You have not been charged."


class CodeUsedUp(CodeRefused):
    """As many have used the coupon as may."""

    code = "code_used_up"
    zh = "这个码已经用完了。不用码可以继续买，没有扣款。"
    en = "This code is used up. You can buy without it; you have not been charged."


class CodeUsedByYou(CodeRefused):
    """This buyer has used the coupon as often as one may."""

    code = "code_used_by_you"
    zh = "这个码你已经用过了，每人最多 {most} 次。没有扣款。"
    en = "You have used this code already; {most} per person at most. You have not been charged."


class CodeNeedsMore(CodeRefused):
    """The order is smaller than the coupon asks for; ``least`` is minor units."""

    code = "code_needs_more"
    zh = "买满 {price} 才能用这个码。没有扣款。"
    en = "This code needs an order of at least {price}. You have not been charged."


class CardEmpty(CodeRefused):
    """Nothing is left on the gift card."""

    code = "card_empty"
    zh = "这张礼品卡没有余额了。没有扣款。"
    en = "Nothing is left on this gift card. You have not been charged."


class TooManyCodes(CodeRefused):
    """Too many wrong codes came from one place."""

    code = "too_many_codes"
    status = HTTPStatus.TOO_MANY_REQUESTS
    zh = "试错的码太多了，10 分钟后再试。不用码可以继续买。"
    en = "Too many wrong codes. Try again in 10 minutes, or buy without one."


class FlashRefused(Refusal):
    """Something about the flash price; the order can be placed at the plain one."""

    code = "flash_refused"
    status = HTTPStatus.CONFLICT


class FlashNotOn(FlashRefused):
    """The sale has not begun, or has ended."""

    code = "flash_not_on"
    zh = "限时价已经结束（或还没开始）。没有扣款，按原价买也行。"
    en = "The flash price is over, or has not begun. You have not been charged; the plain price still holds."


class FlashGone(FlashRefused):
    """The units of the sale are taken; ``left`` says how many are not."""

    code = "flash_gone"
    zh = "限时价的数量不够了（还剩 {left} 件）。没有扣款，按原价买也行。"
    en = "Not enough is left at the flash price ({left} pcs). You have not been charged; the plain price still holds."


class FlashLimit(FlashRefused):
    """This buyer has as many units as one may."""

    code = "flash_limit"
    zh = "限时价每人最多 {most} 件。没有扣款，按原价买也行。"
    en = "At most {most} pcs per person at the flash price. You have not been charged; the plain price still holds."


class NoBalances(Refusal):
    """This shop keeps no balances."""

    code = "no_balances"
    status = HTTPStatus.CONFLICT
    zh = "本站没有余额功能。礼品卡下单时直接填码就能用。"
    en = "This shop keeps no balances. Enter the gift card's code when you order."


class CodeTaken(Refusal):
    """A merchant, or the platform, has this code already."""

    code = "code_taken"
    status = HTTPStatus.CONFLICT
    zh = "这个优惠码你已经有了，请换一个。"
    en = "You have this code already; choose another one."
