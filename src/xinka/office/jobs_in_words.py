"""Jobs in the words of people: what each was to do. The records know them by the names of the code."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy

from xinka.flows.hindrances import hindrance_in_words
from xinka.office.queries import DeadLetter, TriedAgain

#: What each task does; those that are missing here are shown by their own name.
TASKS: dict[str, Promise] = {
    "accounts.close": pgettext_lazy("job", "Close accounts, and take off lost second steps, when due"),
    "audit.check": pgettext_lazy("job", "Check stock, books and deliveries"),
    "books.close_days": pgettext_lazy("job", "Close the books of past days"),
    "books.queue_bills": pgettext_lazy("job", "Ask gateways for their bills"),
    "books.read_bill": pgettext_lazy("job", "Fetch a gateway's bill and compare it"),
    "case.gateway_events": pgettext_lazy("job", "Take what gateways say of chargebacks"),
    "case.timers": pgettext_lazy("job", "Move disputes whose time is over"),
    "escrow.mend": pgettext_lazy("job", "Put right what escrow forgot"),
    "escrow.split": pgettext_lazy("job", "Have a payment provider share money out"),
    "escrow.timers": pgettext_lazy("job", "Move money whose time is over"),
    "event.unknown": pgettext_lazy("job", "An event that this version does not know"),
    "jobs.rescue": pgettext_lazy("job", "Take up the jobs of workers that stopped"),
    "mail.account_notice": pgettext_lazy("job", "Mail: something changed in an account, to its owner"),
    "mail.back_in_stock": pgettext_lazy("job", "Mail: something is back in stock"),
    "mail.back_question": pgettext_lazy("job", "Mail: whether to tell when something is back"),
    "mail.case_message": pgettext_lazy("job", "Mail: somebody wrote in a dispute"),
    "mail.case_move": pgettext_lazy("job", "Mail: news in a dispute"),
    "mail.channel": pgettext_lazy("job", "Mail: a payment channel changes"),
    "mail.channel_on_server": pgettext_lazy("job", "Mail: a payment channel was changed by command"),
    "mail.escrow_ends": pgettext_lazy("job", "Mail: the time to check ends soon"),
    "mail.goods": pgettext_lazy("job", "Mail: the goods, to the buyer"),
    "mail.low_stock": pgettext_lazy("job", "Mail: stock runs low"),
    "mail.much_low": pgettext_lazy("job", "Mail: much of the stock runs low"),
    "mail.order_links": pgettext_lazy("job", "Mail: links to earlier orders"),
    "mail.payout": pgettext_lazy("job", "Mail: news of a payout"),
    "mail.payout_account": pgettext_lazy("job", "Mail: a payout account changed"),
    "mail.refund_bounced": pgettext_lazy("job", "Mail: money that went back was returned to us"),
    "mail.refund_done": pgettext_lazy("job", "Mail: money went back"),
    "mail.shop_open": pgettext_lazy("job", "Mail: a shop was opened, to its owner"),
    "mail.standing": pgettext_lazy("job", "Mail: a shop was suspended, or sells again, to its owners"),
    "mail.short_paid": pgettext_lazy("job", "Mail: a part of the price is missing"),
    "mail.staff_refund": pgettext_lazy("job", "Mail: staff gave money back"),
    "mail.staff_roles": pgettext_lazy("job", "Mail: somebody's roles were changed"),
    "mail.team": pgettext_lazy("job", "Mail: the team of a shop changed"),
    "mail.team_invitation": pgettext_lazy("job", "Mail: an invitation to a team"),
    "mail.trial": pgettext_lazy("job", "Mail: a test letter, to staff"),
    "merchants.count_records": pgettext_lazy("job", "Count how merchants did lately"),
    "orders.forget": pgettext_lazy("job", "Forget whom old orders went to"),
    "order.expire": pgettext_lazy("job", "Expire orders that were not paid"),
    "payment.ask_expired": pgettext_lazy("job", "Ask gateways about expired payments"),
    "payment.ask_open": pgettext_lazy("job", "Ask gateways about open payments"),
    "payment.close": pgettext_lazy("job", "Close a payment at the gateway"),
    "payment.confirm": pgettext_lazy("job", "Confirm a payment at the gateway"),
    "payout.ask_open": pgettext_lazy("job", "Ask gateways about payouts"),
    "payout.look_after_paid": pgettext_lazy("job", "Look which paid payouts gateways are asked about again"),
    "payout.look_again": pgettext_lazy("job", "Ask a gateway whether a payout came back"),
    "payout.send": pgettext_lazy("job", "Send a payout"),
    "promotions.reckon_members": pgettext_lazy("job", "Reckon member levels"),
    "promotions.tell_sales": pgettext_lazy("job", "Show flash sales that begin or end"),
    "promotions.vest": pgettext_lazy("job", "Credit commissions for recommending"),
    "provider.event": pgettext_lazy("job", "Take what a gateway says of a refund or dispute"),
    "provider.events": pgettext_lazy("job", "Fetch what gateways did not tell us of"),
    "refund.execute": pgettext_lazy("job", "Give money back"),
    "shop.tidy": pgettext_lazy("job", "Tidy up what is old"),
    "stock.import": pgettext_lazy("job", "Import codes"),
    "stock.tidy": pgettext_lazy("job", "Tidy up stock that went by"),
    "stock.undo": pgettext_lazy("job", "Withdraw the codes of an import"),
    "sweep.figures": pgettext_lazy("job", "Keep figures for monitoring"),
    "sweep.round": pgettext_lazy("job", "Look for what was forgotten"),
}
#: What each queue is for.
QUEUES: dict[str, Promise] = {
    "money": pgettext_lazy("queue", "Money and deadlines"),
    "mail": pgettext_lazy("queue", "Mail"),
    "chores": pgettext_lazy("queue", "Chores"),
}


def task_in_words(task: str) -> object:
    """Return what a task does; one without words by its own name."""
    return TASKS.get(task, task)


def queue_in_words(queue: str) -> object:
    """Return what a queue is for; one without words by its own name."""
    return QUEUES.get(queue, queue)


def problem_in_words(job: DeadLetter | TriedAgain) -> str:
    """Return why a job failed; whoever does not take a letter is no payment gateway."""
    kind, colon, rest = job.problem.partition(": ")
    if colon and kind == "ProviderError" and job.task.startswith("mail."):
        head = gettext("The mail server did not take it")
        return f"{head}: {rest}"
    return hindrance_in_words(job.problem)
