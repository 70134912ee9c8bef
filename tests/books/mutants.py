"""Faults to seed into the money's flows: each changes one line of one function, as a careless edit would."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType

#: A machine, a state and an event.
Move = tuple[str, str, str]


@dataclass(frozen=True)
class Mutant:
    """A fault: the function, the words that are replaced, what stands there instead, and the world that shows it.

    ``way`` is a move the shortest way to which shows it, ``scene`` one of ``paths.SCENES`` that does; where there
    is neither, long walks look for it.
    """

    function: str
    old: str
    new: str
    with_reserve: bool = False
    at_provider: bool = False
    scene: str = ""
    way: Move | None = None

    @property
    def name(self) -> str:
        """How the test's output calls it."""
        return f"{self.function.removeprefix('xinka.')}: {self.old} → {self.new or 'nothing'}"


MUTANTS = [
    Mutant("xinka.escrow.hold:Hold.in_escrow", " - self.refunded", ""),
    Mutant("xinka.escrow.hold:Hold.with_released", "// _BPS", "// _BPS + 1", way=("case", "appealed", "decide_appeal")),
    Mutant(
        "xinka.escrow.hold:Hold.after_return",
        "self.released - amount",
        "self.released",
        way=("hold", "aftersale", "give_back"),
    ),
    Mutant("xinka.escrow.hold:Hold.after_return", "min(self.reserved, rest.net)", "self.reserved", with_reserve=True),
    Mutant("xinka.flows.escrow.holding:allow", "hold.n_stops and event in _LETS_GO", "False", scene="a stopped hold"),
    Mutant("xinka.flows.escrow.holding:allow", "by.role not in move.actors", "False"),
    Mutant(
        "xinka.flows.escrow.holding:running",
        "max(hold.rest_seconds, REST_AT_LEAST)",
        "hold.rest_seconds",
        way=("case", "awaits_buyer", "accept"),
    ),
    Mutant("xinka.flows.escrow.holding:running", "hold.n_stops or ", "", way=("case", "awaits_buyer", "raise")),
    Mutant(
        "xinka.flows.escrow.holding:paused", "hold.due_at is None", "True", way=("case", "appealed", "decide_appeal")
    ),
    Mutant("xinka.flows.escrow.releasing:confirm_due", "(hold, _due_of(hold))", "(hold, at)"),
    Mutant("xinka.flows.escrow.returning:give_back", "not 0 < wanted <= hold.returnable", "wanted < 0"),
    Mutant(
        "xinka.flows.escrow.returning:_after",
        "target is not HoldState.RETURNED",
        "True",
        way=("case", "awaits_buyer", "concede"),
    ),
    Mutant("xinka.flows.escrow.freezing:_cause", "by[0] == by[1]", "False"),
    Mutant("xinka.flows.escrow.freezing:unfreeze", "HoldState(hold.frozen_from)", "HoldState.HELD"),
    Mutant(
        "xinka.flows.escrow.books:of_freeze",
        "max(0, hold.reserved - in_reserve)",
        "0",
        with_reserve=True,
        scene="reserve spent, freeze",
    ),
    Mutant(
        "xinka.flows.escrow.books:of_return",
        "max(0, from_reserve - in_reserve)",
        "0",
        with_reserve=True,
        scene="reserve spent, give_back",
    ),
    Mutant(
        "xinka.flows.escrow.releasing:free_reserve_due",
        "min(hold.reserved, left.get(owner, 0))",
        "hold.reserved",
        with_reserve=True,
    ),
    Mutant(
        "xinka.flows.escrow.releasing:shared",
        "replace(released(hold, at), reserved=0)",
        "released(hold, at)",
        with_reserve=True,
        at_provider=True,
        way=("hold", "held", "shared"),
    ),
    Mutant(
        "xinka.flows.escrow.splits:ask_to_share",
        "after.released - after.commission",
        "after.released",
        at_provider=True,
        way=("hold", "held", "shared"),
    ),
    Mutant(
        "xinka.flows.escrow.splits:ask_to_return",
        "missing = amount",
        "missing = 0",
        at_provider=True,
        scene="shared, then back",
    ),
    Mutant(
        "xinka.flows.escrow.splits:take_back_share",
        "row[1] != SplitState.DUE",
        "False",
        at_provider=True,
    ),
    Mutant(
        "xinka.flows.escrow.splitting:_finish",
        "run(shared(split.order_id))",
        "pass",
        at_provider=True,
        way=("hold", "held", "shared"),
    ),
    Mutant(
        "xinka.flows.escrow.splitting:_ask_and_send",
        "if was_in_flight else",
        "if False else",
        at_provider=True,
        way=("hold", "held", "shared"),
    ),
    Mutant(
        "xinka.flows.escrow.returning:_carry_out",
        "if hold.due_event is Timer.SHARE:",
        "if False:",
        at_provider=True,
        way=("hold", "aftersale", "give_back"),
    ),
    Mutant(
        "xinka.flows.disputes.cases:concede",
        "case.amount, by=by",
        "case.amount - 1, by=by",
        way=("case", "awaits_buyer", "concede"),
    ),
    Mutant(
        "xinka.flows.disputes.cases:withdraw",
        "money.resume_hold(case)",
        "pass",
        way=("case", "awaits_buyer", "withdraw"),
    ),
    Mutant(
        "xinka.flows.disputes.cases:accept",
        "money.give_back(case, amount,",
        "money.give_back(case, case.amount,",
        way=("case", "awaits_buyer", "accept"),
    ),
    Mutant(
        "xinka.flows.disputes.deciding:_move_money",
        "case.decision != Decision.REFUND",
        "False",
        way=("case", "appealed", "decide_appeal"),
    ),
    Mutant(
        "xinka.flows.disputes.deciding:waive",
        "case.buyer_waived and case.seller_waived",
        "True",
        way=("case", "decided", "waive"),
    ),
    Mutant(
        "xinka.flows.disputes.timers:_refund",
        "money.give_back(case, case.amount, by=TIMER)",
        "pass",
        way=("case", "awaits_seller", "seller_silent"),
    ),
    Mutant(
        "xinka.flows.disputes.chargebacks:_set_aside",
        "if left:",
        "if False:",
        way=("case", "gateway_asks", "evidence_late"),
    ),
    Mutant(
        "xinka.flows.disputes.chargebacks:_returned",
        "owed - still_owed",
        "owed",
        way=("case", "gateway_asks", "gateway_won"),
    ),
    Mutant(
        "xinka.flows.escrow.freezing:hand_over",
        "if is_whole and is_split_at_provider():",
        "if False:",
        way=("hold", "frozen", "hand_over"),
        at_provider=True,
    ),
    Mutant("xinka.flows.payouts.asking:_net", "netted = min(available, owed)", "netted = 0"),
    Mutant("xinka.flows.payouts.asking:cancel", "give_back(payout)", "pass", way=("payout", "approved", "cancel")),
    Mutant("xinka.flows.payouts.review:approvals_needed", "return 2 if", "return 1 if"),
    Mutant(
        "xinka.flows.payouts.sending:settle_outcome",
        "run(post([_paid(payout)]))",
        "pass",
        way=("payout", "sending", "pay"),
    ),
    Mutant(
        "xinka.flows.payouts.sending:settle_outcome",
        "give_back(payout)",
        "pass",
        way=("payout", "sending", "cancel"),
    ),
    Mutant(
        "xinka.flows.payouts.returning:_carry_out",
        "run(post([_came_back(payout, entry.kept, by)]))",
        "pass",
        way=("payout", "paid", "return"),
    ),
    Mutant(
        "xinka.flows.payouts.returning:_came_back",
        "-payout.amount, payout.payee",
        "-payout.total, payout.payee",
        way=("payout", "paid", "return"),
    ),
    Mutant(
        "xinka.flows.payouts.returning:_came_back", "payout.amount - kept", "payout.amount", scene="payout, returned"
    ),
    Mutant(
        "xinka.flows.payouts.returning:decide_return",
        "entry.asked_by_id == by.pk",
        "False",
        scene="payout, returned by one",
    ),
    Mutant(
        "xinka.flows.payouts.returning:enter_return",
        "refuse_own(payout, by)",
        "pass",
        scene="payout, returned by its owner",
    ),
    Mutant("xinka.flows.payouts.returning:eyes_needed", "return 2 if", "return 1 if", scene="payout, returned by one"),
    Mutant("xinka.flows.payouts.sending:_paid", "if payout.channel_id else", "if False else"),
    Mutant("xinka.flows.payouts.gateway:_step", "if payout.attempts:", "if False:", scene="payout, done_but_silent"),
    Mutant(
        "xinka.flows.payouts.gateway:_step", "now < payout.sent_at + MAY_STILL_ARRIVE", "False", scene="payout, late"
    ),
    Mutant(
        "xinka.flows.payouts.gateway:_step",
        "if payout.called_back_at is not None:",
        "if False:",
        scene="payout, called back",
    ),
    Mutant(
        "xinka.flows.payouts.gateway:_call_back",
        "found = provider.query(shown(payout), payout.reference)",
        "found = TransferResult(TransferStatus.CALLED_BACK)",
        scene="payout, confirmed as it is called back",
    ),
    Mutant("xinka.flows.payouts.gateway:_enter", "found.status is TransferStatus.DONE", "True", scene="payout, no"),
    Mutant(
        "xinka.flows.payouts.gateway:_send",
        "if not error.permanent or isinstance(error, OutcomeUnknown):",
        "if False:",
        scene="payout, late",
    ),
    Mutant(
        "xinka.flows.refunds.sending:_ask_and_send",
        "is RefundStatus.NOT_FOUND",
        "is RefundStatus.PENDING",
        scene="refund, silent",
    ),
    Mutant(
        "xinka.flows.refunds.sending:_send",
        "_try_later(refund, error, sent=True)",
        "_finish(refund, RefundState.SENDING)",
        scene="refund, silent",
    ),
    Mutant(
        "xinka.flows.refunds.sending:_paid_from_balance_of",
        "refund.channel.provider != BALANCE",
        "True",
        scene="balance spent, then back",
    ),
    Mutant(
        "xinka.flows.refunds.sending:_into_balance",
        "if run(open_accounts([whose])):",
        "if True:",
        scene="balance spent, closed, then back",
    ),
    Mutant(
        "xinka.flows.refunds.sending:_post_sent",
        "if refund.channel.provider == BALANCE else",
        "if False else",
        scene="balance spent, closed, then back",
    ),
    Mutant(
        "xinka.flows.closing_accounts:_as_buyer",
        "account__in=USER_OWNED",
        "account=Account.WALLET",
        scene="balance spent, closed, then back",
    ),
    Mutant(
        "xinka.flows.refunds.wishes:destination_of",
        "wish is not None and not wish.to_balance",
        "False",
        scene="balance not wished",
    ),
    Mutant(
        "xinka.flows.payouts.payees:fee_for",
        "Fee() if payee.is_buyer else",
        "Fee() if False else",
        scene="balance withdrawn",
    ),
    Mutant("xinka.flows.settle:_settle_or_return", "if excess:", "if False:"),
    Mutant("xinka.flows.settle:_judge_repeated", "is_new=False", "is_new=True", scene="payout, yes"),
]


@contextmanager
def seeded(mutant: Mutant) -> Iterator[None]:
    """Put the fault into the function where it stands, and take it out again.

    Raises:
        ValueError: if the words are not there exactly once: the code has changed, and the mutant must too.
    """
    function = _function(mutant.function)
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: its words occur {source.count(mutant.old)} times")
    source = source.replace("@property\n", "").replace(mutant.old, mutant.new)
    made: dict[str, object] = {}
    exec(compile("from __future__ import annotations\n" + source, mutant.function, "exec"), function.__globals__, made)  # noqa: S102
    changed = made[function.__name__]
    assert isinstance(changed, FunctionType)
    before, function.__code__ = function.__code__, changed.__code__
    try:
        yield
    finally:
        function.__code__ = before


def _function(path: str) -> FunctionType:
    module, _, name = path.partition(":")
    found = import_module(module)
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
    if isinstance(found, property):
        found = found.fget
    assert isinstance(found, FunctionType), path
    return found
