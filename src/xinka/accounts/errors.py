"""What accounts say no with when something outside of them does not come to its end."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class MailNotSent(Refusal):
    """The mail server does not answer or took no mail just now."""

    code = "mail_not_sent"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    zh = "邮件暂时发不出去，你没有收到验证码。过几分钟再试；刚注册的话，直接用同一邮箱登录即可，会再发一封。"
    en = (
        "The mail with your code could not be sent. Try again in a few minutes; if you were signing up, "
        "sign in with the same address then and another one is sent."
    )


class LastMailNotSent(MailNotSent):
    """The mail that says an account is closed could not be handed over, so it is not closed."""

    code = "last_mail_not_sent"
    zh = "告知注销的邮件暂时发不出去，账号还没有注销。过几分钟再试，并检查邮件设置。"
    en = (
        "The mail that says so could not be sent, so the account was not closed. "
        "Try again in a few minutes, and look at the settings of mail."
    )


class ClosingWaits(Refusal):
    """Orders are being placed with a shop that would end with the account."""

    code = "closing_waits"
    status = HTTPStatus.CONFLICT
    zh = "这个账号的店铺正好有订单进来，账号还没有注销。过一分钟再试。"
    en = "Orders are just coming in at a shop of this account, so it was not closed. Try again in a minute."


class AccountClosed(Refusal):
    """The account ended a moment ago, and nothing can be put into its balance any more."""

    code = "account_closed"
    status = HTTPStatus.CONFLICT
    zh = "这个账号刚刚注销，没有转入余额。卡里的钱还在，可以换一个账号转入，或者直接用卡付款。"
    en = (
        "This account was closed a moment ago, so nothing was put into its balance. What is on the card is still "
        "there: redeem it from another account, or pay with the card."
    )


class AddressNotServed(Refusal):
    """The mail server says that it will never deliver to this address."""

    code = "address_not_served"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "邮件服务器不收这个邮箱的信。请检查邮箱有没有写错，或者换一个邮箱。"
    en = "The mail server does not take mail for this address. Check how it is spelt, or use another one."


class NoSuchFilter(Refusal):
    """There is no such filter, or it is somebody else's: the answer is the same."""

    code = "filter_not_found"
    status = HTTPStatus.NOT_FOUND
    zh = "没有这个筛选。可能已经删除，请回到列表。"
    en = "There is no such filter. It may have been deleted; go back to the list."


class FilterNameTaken(Refusal):
    """Somebody has a filter of this name in this queue already."""

    code = "filter_name_taken"
    status = HTTPStatus.CONFLICT
    zh = "你在这个列表里已经有一个叫这个名字的筛选，请换一个名字。"
    en = "You have a filter of this name in this list already. Choose another name."


class TooManyFilters(Refusal):
    """Somebody keeps as many filters of a queue as there may be."""

    code = "too_many_filters"
    status = HTTPStatus.CONFLICT
    zh = "每个列表最多保存 {most} 个筛选。请先删除一个再保存。"
    en = "A list keeps {most} filters at most. Delete one, then save this one."
