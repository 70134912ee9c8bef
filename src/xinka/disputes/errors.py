"""Why something in a case was not done; nothing was changed."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class CaseNotFound(Refusal):
    """There is no such case, or it is not this person's: the answer is the same."""

    code = "case_not_found"
    status = HTTPStatus.NOT_FOUND
    zh = "没找到这个纠纷。"
    en = "No such case."


class CaseIsOpen(Refusal):
    """The order has an open case already."""

    code = "case_is_open"
    status = HTTPStatus.CONFLICT
    zh = "这个订单已经有一个没结束的问题，请在那里继续。"
    en = "This order already has an open case; please go on there."


class CaseMoved(Refusal):
    """Somebody else, or the clock, was quicker."""

    code = "case_moved"
    status = HTTPStatus.CONFLICT
    zh = "这个纠纷刚刚变了状态，什么都没改。刷新看看。"
    en = "This case has just moved on; nothing was changed. Reload the page."


class NotYourTurn(Refusal):
    """Somebody in this part may not make this move."""

    code = "case_not_your_turn"
    status = HTTPStatus.FORBIDDEN
    zh = "这一步不由你来做。"
    en = "This step is not yours."


class TooLateToComplain(Refusal):
    """The money has been passed on, or there is none to argue about."""

    code = "case_too_late"
    status = HTTPStatus.CONFLICT
    zh = "售后期已过，货款已经结给商家，或已全部退回，不能再开纠纷。"
    en = "The time for complaints is over: the money has been passed on, or all of it has gone back."


class DecidedBefore(Refusal):
    """The order was decided on; there was one appeal and there is no third time."""

    code = "case_decided_before"
    status = HTTPStatus.CONFLICT
    zh = "这个订单已经裁定过，不能再开纠纷。"
    en = "This order has been decided on; no other case can be opened."


class TooManyCases(Refusal):
    """The order has had as many cases as one may."""

    code = "case_too_many"
    status = HTTPStatus.TOO_MANY_REQUESTS
    zh = "这个订单开过太多次纠纷了。"
    en = "This order has had too many cases."


class TooManyMessages(Refusal):
    """Somebody has said as much in this case as one may."""

    code = "case_too_many_messages"
    status = HTTPStatus.TOO_MANY_REQUESTS
    zh = "你在这个纠纷里留言太多了。请等对方或信卡答复。"
    en = "You have written too much in this case. Please wait for an answer."


class BankDecides(Refusal):
    """The buyer asked the bank for the same money: it is not given back twice."""

    code = "case_bank_decides"
    status = HTTPStatus.CONFLICT
    zh = "这笔钱正由银行处理，或银行已经退了，不能再退一次。"
    en = "The bank is deciding about this money, or has given it back; it is not given back twice."


class BadAmount(Refusal):
    """An amount is outside of what the case is about; ``most`` is written as people read it."""

    code = "case_bad_amount"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "部分退款要大于 0、小于 {most}。要退全部，请改用退全部的那一项。"
    en = "A part is more than 0 and less than {most}. To give all of it back, choose that instead of a part."


class NothingOffered(Refusal):
    """There is no offer to accept or decline."""

    code = "case_nothing_offered"
    status = HTTPStatus.CONFLICT
    zh = "商家还没有给出方案，或刚刚改了。刷新看看。"
    en = "There is no such offer any more. Reload the page."


class NothingToReplace(Refusal):
    """Too few fresh codes are in stock, or the goods are not of a kind that is replaced from stock."""

    code = "case_nothing_to_replace"
    status = HTTPStatus.CONFLICT
    zh = "库存不够换新，什么都没改。可以选退款。"
    en = "There are too few in stock to replace it; nothing was changed. A refund is possible."


class NotImpartial(Refusal):
    """Who decides must have no part in the trade, and must not have decided about it before."""

    code = "case_not_impartial"
    status = HTTPStatus.FORBIDDEN
    zh = "这单与你有关，或你已经裁定过，要由另一位工作人员裁定。"
    en = "You have a part in this order, or decided about it before: somebody else must decide."


class CannotAppeal(Refusal):
    """This side got all it asked for, or the one appeal has been made."""

    code = "case_cannot_appeal"
    status = HTTPStatus.CONFLICT
    zh = "这个裁定你不能申诉，或申诉期已过。"
    en = "You cannot appeal against this decision, or the time for it is over."


class TemplateNotFound(Refusal):
    """There is no such template, or it is not this person's: the answer is the same."""

    code = "template_not_found"
    status = HTTPStatus.NOT_FOUND
    zh = "没有这个答复模板，可能已经删除。请另选一个。"
    en = "There is no such template; it may have been deleted. Choose another."


class TemplateNameTaken(Refusal):
    """Another template beside it has this name."""

    code = "template_name_taken"
    status = HTTPStatus.CONFLICT
    zh = "已经有一个叫这个名字的答复模板，请换一个名字。"
    en = "There is a template of this name already. Choose another name."


class TooManyTemplates(Refusal):
    """There are as many templates as there may be."""

    code = "too_many_templates"
    status = HTTPStatus.CONFLICT
    zh = "自己的和共用的答复模板各最多 {most} 个。请先删除一个。"
    en = "There may be {most} templates of your own, and {most} shared ones. Delete one first."


class MayNotShare(Refusal):
    """Shared templates are kept by operators, and in a team by its owners."""

    code = "template_not_shared"
    status = HTTPStatus.FORBIDDEN
    zh = "共用的答复模板由运营（店里由店主）管理。你可以另存一份自己的。"
    en = "Shared templates are kept by operators, and in a shop by its owners. You can make one of your own."
