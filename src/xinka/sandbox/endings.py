"""The ways a payment can end, each a button of the cashier: the ordinary one and everything that goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.sandbox import notifier, trades
from xinka.sandbox.models import SandboxTrade
from xinka.sandbox.protocols import protocol_of
from xinka.sandbox.states import NoticeKind, Said, TradeState

DELAY = timedelta(minutes=2)
AFTER_EXPIRY = timedelta(minutes=1)
REORDER_GAP = timedelta(seconds=1)
DUPLICATES = 20


@dataclass(frozen=True)
class Situation:
    """A trade, the moment, and how its notices go out."""

    trade: SandboxTrade
    now: datetime
    method: str

    def notify(self, said: Said = Said.PAID, *, kind: NoticeKind, after: timedelta = timedelta()) -> None:
        """Plan a genuine notice, if this protocol tells of such a thing."""
        request = protocol_of(self.trade).notice(self.trade, said, method=self.method)
        if request is not None:
            notifier.plan(self.trade, request, due_at=self.now + after, kind=kind)

    def pay(self, money: int | None = None, *, after: timedelta = timedelta()) -> bool:
        """Book the money, the asked amount unless another is named."""
        return trades.pay(self.trade, money=money or self.trade.money, paid_at=self.now + after)


def _pay(at: Situation) -> None:
    if at.pay():
        at.notify(kind=NoticeKind.GENUINE)


def _fail(at: Situation) -> None:
    if trades.close(at.trade, TradeState.FAILED):
        at.notify(Said.CLOSED, kind=NoticeKind.CLOSED)


def _expire(at: Situation) -> None:
    trades.close(at.trade, TradeState.EXPIRED)


def _pay_twice(at: Situation) -> None:
    if at.pay():
        at.notify(kind=NoticeKind.GENUINE)
        second = trades.pay_again(at.trade, now=at.now)
        Situation(second, at.now, at.method).notify(kind=NoticeKind.GENUINE)


def _pay_late(at: Situation) -> None:
    wait = max(at.trade.expires_at + AFTER_EXPIRY - at.now, timedelta())
    if at.pay(after=wait):
        at.notify(kind=NoticeKind.GENUINE, after=wait)


def _pay_less(at: Situation) -> None:
    if at.pay(max(at.trade.money * 9 // 10, 1)):
        at.notify(kind=NoticeKind.GENUINE)


def _pay_more(at: Situation) -> None:
    if at.pay(at.trade.money + max(at.trade.money // 10, 1)):
        at.notify(kind=NoticeKind.GENUINE)


def _forge(at: Situation) -> None:
    request = protocol_of(at.trade).forged(at.trade, method=at.method)
    notifier.plan(at.trade, request, due_at=at.now, kind=NoticeKind.FORGED)


def _duplicate(at: Situation) -> None:
    if at.pay():
        for _number in range(DUPLICATES):
            at.notify(kind=NoticeKind.GENUINE)


def _reorder(at: Situation) -> None:
    if at.pay():
        at.notify(kind=NoticeKind.GENUINE)
        at.notify(Said.WAITING, kind=NoticeKind.STALE, after=REORDER_GAP)


def _delay(at: Situation) -> None:
    if at.pay():
        at.notify(kind=NoticeKind.GENUINE, after=DELAY)


def _keep_silent(at: Situation) -> None:
    at.pay()


@dataclass(frozen=True)
class Ending:
    """One button: its words, what it does, and whether it is possible after the trade expired or was paid."""

    label: str | Promise
    hint: str | Promise
    act: Callable[[Situation], None]
    after_expiry: bool = False
    after_payment: bool = False
    least_money: int = 1


ENDINGS: Mapping[str, Ending] = MappingProxyType(
    {
        "pay": Ending(_("Pay"), _("The ordinary case: paid in full, one notice at once."), _pay),
        "fail": Ending(_("Let it fail"), _("No money moves; the shop is told that the trade was closed."), _fail),
        "expire": Ending(_("Let it expire"), _("No money moves and nobody is told."), _expire),
        "pay-twice": Ending(_("Pay twice"), _("Two payments of the same order, each with its own number."), _pay_twice),
        "pay-late": Ending(
            _("Pay late"), _("The money comes one minute after the expiry."), _pay_late, after_expiry=True
        ),
        "pay-less": Ending(_("Pay too little"), _("Nine tenths of the amount."), _pay_less, least_money=2),
        "pay-more": Ending(_("Pay too much"), _("A tenth more than the amount."), _pay_more),
        "forge": Ending(_("Forge a notice"), _("Nothing is paid; the notice has a wrong signature."), _forge),
        "duplicate": Ending(_("Send the notice 20 times"), _("Paid once, told twenty times at once."), _duplicate),
        "reorder": Ending(
            _("Mix up the order"), _('First "paid", a second later an older "waiting for payment".'), _reorder
        ),
        "delay": Ending(_("Delay the notice"), _("Paid now, told in two minutes."), _delay),
        "silent": Ending(_("Send no notice"), _("Paid; only a question from the shop finds out."), _keep_silent),
    }
)


def possible(trade: SandboxTrade, now: datetime) -> dict[str, Ending]:
    """Return the endings a trade still has."""
    expired = trade.state == TradeState.EXPIRED or (trade.state == TradeState.WAITING and trade.expires_at <= now)
    protocol = protocol_of(trade)
    return {
        code: ending
        for code, ending in {**ENDINGS, **protocol.endings}.items()
        if code not in protocol.without
        and trade.money >= ending.least_money
        and _is_open(trade, ending, expired=expired)
    }


def _is_open(trade: SandboxTrade, ending: Ending, *, expired: bool) -> bool:
    if trade.state == TradeState.PAID:
        return ending.after_payment
    if trade.state != TradeState.WAITING and not expired:
        return False
    return not ending.after_payment and (ending.after_expiry or not expired)


@transaction.atomic
def bring_about(trade: SandboxTrade, code: str, *, now: datetime, method: str = "GET") -> bool:
    """Let a trade end in one way; return False where that way is not open (any more)."""
    ending = possible(trade, now).get(code)
    if ending is None:
        return False
    ending.act(Situation(trade, now, method))
    trade.refresh_from_db()
    return True
