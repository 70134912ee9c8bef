"""Money that came for no order of ours is taken up once, waits for a person, and leaves the books when it is sent."""

from __future__ import annotations

import pytest

from tests import cast
from tests.flows.payouts import finance
from tests.flows.rows import broken, leaves_nothing
from xinka.flows.reconciling import arrivals
from xinka.flows.reconciling.own_money import Became, clear_suspense
from xinka.flows.reconciling.suspense import NotInSuspense
from xinka.flows.refunds import sending, unmatched
from xinka.flows.refunds.sending import execute_refund, finish_if_done, mark_done_by_hand, send_again
from xinka.flows.refunds.unmatched import NotUnmatched, take_up
from xinka.flows.settle import VerifiedMoney, settle_unusual
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry
from xinka.payments.models import Channel, Refund
from xinka.payments.providers.protocol import Can, RefundRequest, RefundResult, RefundStatus
from xinka.payments.states import RefundState
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def strange() -> Channel:
    """A channel through which 12.34 came that nobody knows."""
    channel = cast.channel()
    run(settle_unusual(VerifiedMoney(channel.id, None, "T-strange", 1234)))
    return channel


def standing() -> tuple[int, ...]:
    """What clearing, suspense and refunds in transit have; debits are positive."""
    accounts = (Account.CLEARING, Account.SUSPENSE, Account.REFUND_IN_TRANSIT)
    return tuple(sum(Entry.objects.filter(account=one).values_list("amount", flat=True)) for one in accounts)


def test_it_is_taken_up_once_and_is_done_when_a_person_has_sent_it(strange: Channel) -> None:
    fay = finance()
    assert standing() == (1234, -1234, 0)
    made = take_up(strange.id, "T-strange", by=fay)
    assert (made.state, made.amount, made.order_id) == (RefundState.NEEDS_STAFF, 1234, None)
    assert standing() == (1234, 0, -1234)
    assert broken() == []
    assert leaves_nothing(lambda: take_up(strange.id, "T-strange", by=fay).id) == made.id
    mark_done_by_hand(made.id, by=fay, note="sent by bank, slip 7")
    assert standing() == (0, 0, 0)
    assert broken() == []
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "refund.take_up",
        "refund.mark_done",
    ]


def test_no_gateway_is_asked_even_if_it_is_sent_again(strange: Channel) -> None:
    fay = finance()
    made = take_up(strange.id, "T-strange", by=fay)
    send_again(made.id, by=fay)
    assert execute_refund(made.id, sure=True) == RefundState.NEEDS_STAFF
    assert Refund.objects.get().problem == "the receipt names no payment"
    assert broken() == []


class Knowing:
    """A gateway that gives back by its own number; ``mood`` decides how a call ends."""

    can = frozenset({Can.REFUND, Can.REFUND_QUERY, Can.REFUND_STRAY})

    def __init__(self) -> None:
        self.asked: list[RefundRequest] = []
        self.mood = "yes"

    def refund(self, request: RefundRequest) -> None:
        """Give money back, or say no."""
        self.asked.append(request)
        if self.mood == "no":
            raise ProviderError("this trade is not yours", permanent=True)

    def refund_query(self, request: RefundRequest) -> RefundResult:
        """Tell of a refund: it was sent another way in its own pages."""
        return RefundResult(RefundStatus.DONE, request.amount_minor, "G-1")


@pytest.fixture
def knowing(monkeypatch: pytest.MonkeyPatch) -> Knowing:
    made = Knowing()
    for module in (sending, unmatched):
        monkeypatch.setattr(module, "provider_of", lambda _: made)
    return made


def test_a_gateway_that_gives_back_by_its_own_number_sends_it(strange: Channel, knowing: Knowing) -> None:
    made = take_up(strange.id, "T-strange", by=finance())
    assert made.state == RefundState.DUE
    assert list(OutboxEvent.objects.values_list("kind", "subject")) == [("refund.due", made.id)]
    assert standing() == (1234, 0, -1234)
    assert execute_refund(made.id) is RefundState.DONE
    (asked,) = knowing.asked
    assert (asked.out_trade_no, asked.trade_no, asked.amount_minor) == ("", "T-strange", 1234)
    assert (asked.refund_no, asked.total_minor) == (ids.show("ref", made.id), 1234)
    assert standing() == (0, 0, 0)
    assert broken() == []


def test_what_the_gateway_refuses_waits_for_a_person(strange: Channel, knowing: Knowing) -> None:
    knowing.mood = "no"
    made = take_up(strange.id, "T-strange", by=finance())
    assert execute_refund(made.id) is RefundState.NEEDS_STAFF
    assert Refund.objects.get().problem.endswith("this trade is not yours")
    assert finish_if_done(made.id) is RefundState.DONE, "the gateway told later that somebody sent it there"
    assert broken() == []


def test_a_gateway_whose_settings_cannot_be_read_is_not_asked(strange: Channel) -> None:
    Channel.objects.update(config=b"")
    assert take_up(strange.id, "T-strange", by=finance()).state == RefundState.NEEDS_STAFF


def test_money_of_an_order_and_money_nobody_knows_of_cannot_be_taken_up(strange: Channel) -> None:
    fay = finance()
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, strange)
    cast.settle(cast.money_for(bought, trade_no="T-ours"))
    for channel_id, number in ((strange.id, "T-ours"), (strange.id, "T-nobody"), (strange.id + 1, "T-strange")):
        with pytest.raises(NotUnmatched):
            take_up(channel_id, number, by=fay)
    assert Refund.objects.count() == 0
    assert not AuditEntry.objects.exists()


def test_what_the_books_were_told_about_is_not_taken_up_and_what_was_taken_up_is_not_cleared(strange: Channel) -> None:
    fay = finance()
    run(settle_unusual(VerifiedMoney(strange.id, None, "T-other", 5000)))
    clear_suspense(strange, "T-strange", 1234, Became.RETURNED, by=fay)
    with pytest.raises(NotInSuspense):
        take_up(strange.id, "T-strange", by=fay)
    take_up(strange.id, "T-other", by=fay)
    for number, amount in (("T-other", 5000), ("T-again", 1)):
        with pytest.raises(NotInSuspense):
            clear_suspense(strange, number, amount, Became.RETURNED, by=fay)
    assert standing() == (5000, 0, -5000)
    assert broken() == []


def test_money_cleared_under_a_number_of_the_banks_is_not_taken_up_either(strange: Channel) -> None:
    clear_suspense(strange, "slip 7", 1000, Became.RETURNED, by=finance())
    with pytest.raises(NotInSuspense, match=r"2\.34"):
        take_up(strange.id, "T-strange", by=finance())
    assert standing() == (234, -234, 0)


def test_what_is_missing_at_the_bank_does_not_hide_money_of_nobody(strange: Channel) -> None:
    """Each side is cleared by itself: 0.50 that did not arrive is no part of the 12.34 that came for nobody."""
    arrivals.enter_arrivals(strange, [arrivals.Arrival("S1", 1000, 950)], by=None)
    with pytest.raises(NotInSuspense, match=r"0\.50"):
        clear_suspense(strange, "S1", 51, Became.FEE, by=None)
    take_up(strange.id, "T-strange", by=finance())
    clear_suspense(strange, "S1", 50, Became.ARRIVED, by=None)
    assert standing() == (234, 0, -1234)
