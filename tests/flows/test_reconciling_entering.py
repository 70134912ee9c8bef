"""Money that only a bill tells of is entered by two people, once, and then meets its order or goes back."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests import cast
from tests.flows.payouts import finance
from tests.flows.rows import broken
from tests.flows.test_disputes_races import together
from tests.flows.test_matching import PRICE, matched, standing, wanted
from xinka.delivery.models import DeliveredCode
from xinka.flows.disputes.chargebacks import Chargeback, open_chargeback
from xinka.flows.matching import decide, propose
from xinka.flows.reconciling import entering
from xinka.flows.reconciling.bills import reconcile_day
from xinka.flows.reconciling.differences import DifferenceMoved
from xinka.flows.reconciling.differences import decide as say
from xinka.flows.reconciling.entering import decide_entry, may_be_entered, propose_entry
from xinka.flows.reconciling.own_money import Became, clear_suspense
from xinka.flows.relay import relay_batch
from xinka.flows.settle import Settlement, VerifiedMoney
from xinka.flows.settling import settle_now
from xinka.kernel import ids
from xinka.ledger.accounts import Account
from xinka.ledger.days import day_of, start_of
from xinka.ledger.models import Entry
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.errors import (
    NotUnmatched,
    ProposalDecided,
    ProposalKeyTaken,
    ProposalSameEyes,
    ProposalWaits,
    TradeMismatch,
)
from xinka.payments.models import Channel, Payment, Receipt
from xinka.payments.providers.protocol import BillKind, BillRow
from xinka.payments.states import PaymentState, ReceiptOutcome
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.reconciling.models import Difference, LineEntry
from xinka.reconciling.states import DifferenceState, EntryState

pytestmark = pytest.mark.django_db

DAY = day_of(timezone.now()) - timedelta(days=3)
WHY = "It stands on the gateway's page; the buyer sent the slip."


@pytest.fixture
def bought() -> cast.Bought:
    """An order that waits for 49.00, with one more of its goods in stock."""
    return cast.buy(cast.ware(cast.adas_shop(), 2).sku, cast.channel())


def line(number: str = "T-bill", amount: int = PRICE, *, out: str = "") -> BillRow:
    return BillRow(BillKind.PAYMENT, number, out, "", amount, 0, "CNY", start_of(DAY) + timedelta(hours=15))


def told(channel: Channel, *lines: BillRow) -> Difference:
    """Compare a bill of three days ago and return the one difference."""
    reconcile_day(channel, DAY, lines or (line(),))
    return Difference.objects.get()


def asked(found: Difference, by: cast.User | None = None) -> LineEntry:
    return propose_entry(found.id, reason=WHY, key=uuid4(), by=by or finance())


def entered(found: Difference) -> LineEntry:
    return decide_entry(asked(found).id, grant=True, by=finance())


def notice(bought: cast.Bought, amount: int = PRICE) -> Settlement:
    """The gateway's notice of the same money comes after all, and names the payment."""
    return settle_now(VerifiedMoney(bought.channel.id, bought.payment_id, "T-bill", amount, "CNY"))


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_two_people_enter_it_and_then_have_it_meet_its_order(bought: cast.Bought) -> None:
    found = told(bought.channel)
    entry = asked(found)
    assert Receipt.objects.count() == Entry.objects.count() == 0
    entry = decide_entry(entry.id, grant=True, by=finance())
    receipt = Receipt.objects.get()
    assert (receipt.trade_no, receipt.amount, receipt.outcome) == ("T-bill", PRICE, ReceiptOutcome.UNMATCHED)
    assert receipt.received_at == start_of(DAY) + timedelta(hours=15)
    assert entry.journal_id == receipt.journal_id
    assert standing() == (PRICE, -PRICE, 0, 0)
    found.refresh_from_db()
    assert (found.state, found.note) == (DifferenceState.RESOLVED, "entered: unmatched")
    assert matched(receipt, bought).outcome == ReceiptOutcome.MATCHED
    assert bought.order.state == OrderState.DELIVERED
    assert standing() == (PRICE, 0, -PRICE, 0)
    assert acts()[:2] == ["difference.propose_entry", "difference.enter"]
    assert broken() == []


def test_or_back_to_its_payer(bought: cast.Bought) -> None:
    entered(told(bought.channel))
    asked_back = propose(wanted(Receipt.objects.get(), None), by=finance())
    assert decide(asked_back.id, grant=True, by=finance()).refund_id is not None
    assert standing() == (PRICE, 0, 0, -PRICE)
    assert broken() == []


def test_the_same_bill_read_again_finds_nothing_left(bought: cast.Bought) -> None:
    entered(told(bought.channel))
    assert reconcile_day(bought.channel, DAY, [line()]).n_differences == 0
    assert reconcile_day(bought.channel, day_of(timezone.now()), []).n_differences == 0


def test_a_line_without_a_time_came_on_the_day_of_its_bill(bought: cast.Bought) -> None:
    entered(told(bought.channel, line()._replace(at=None)))
    assert Receipt.objects.get().received_at == start_of(DAY) + timedelta(hours=12)


def test_a_number_that_another_channel_knows_too_is_another_payment(bought: cast.Bought) -> None:
    other = cast.channel("other")
    settle_now(VerifiedMoney(other.id, None, "T-bill", 7, "CNY"))
    found = told(bought.channel)
    assert may_be_entered(found)
    entered(found)
    assert sorted(Receipt.objects.values_list("channel_id", "amount")) == sorted(
        [(other.id, 7), (bought.channel.id, PRICE)]
    )
    assert broken() == []


def test_deciding_about_one_line_says_nothing_about_another(bought: cast.Bought) -> None:
    reconcile_day(bought.channel, DAY, [line(), line("T-other", 7)])
    first, second = [asked(found) for found in Difference.objects.order_by("id")]
    decide_entry(first.id, grant=False, by=finance())
    second.refresh_from_db()
    assert (second.state, second.decided_at) == (EntryState.ASKED, None)
    decide_entry(second.id, grant=True, by=finance())
    first.refresh_from_db()
    assert (first.state, Receipt.objects.count()) == (EntryState.REFUSED, 1)


def test_money_whose_notice_came_in_this_very_moment_keeps_the_time_it_came(
    bought: cast.Bought, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = told(bought.channel)
    entry = asked(found)
    settle_now(VerifiedMoney(bought.channel.id, None, "T-bill", PRICE, "CNY"))
    came_at = Receipt.objects.get().received_at
    monkeypatch.setattr(entering, "receipt_of", lambda _found: None)  # we looked a moment before
    decide_entry(entry.id, grant=True, by=finance())
    assert Receipt.objects.get().received_at == came_at
    assert Entry.objects.count() == 2


def test_of_a_line_that_is_not_there_nothing_is_asked_or_decided() -> None:
    with pytest.raises(DifferenceMoved):
        propose_entry(987_654, reason=WHY, key=uuid4(), by=finance())
    with pytest.raises(ProposalDecided):
        decide_entry(uuid4(), grant=True, by=finance())
    assert not LineEntry.objects.exists()


def test_who_asked_does_not_agree_but_may_take_it_back(bought: cast.Bought) -> None:
    found, ada = told(bought.channel), finance()
    entry = asked(found, ada)
    with pytest.raises(ProposalSameEyes):
        decide_entry(entry.id, grant=True, by=ada)
    assert decide_entry(entry.id, grant=False, by=ada).state == EntryState.REFUSED
    with pytest.raises(ProposalDecided):
        decide_entry(entry.id, grant=True, by=finance())
    assert Receipt.objects.count() == Entry.objects.count() == 0
    asked(found)  # it can be asked for anew


def test_the_database_knows_that_two_are_needed_and_that_one_waits(bought: cast.Bought) -> None:
    entry = asked(told(bought.channel))
    done = {"state": EntryState.DONE, "decided_at": timezone.now()}
    for by in (None, entry.asked_by):
        with pytest.raises(IntegrityError), transaction.atomic():
            LineEntry.objects.filter(id=entry.id).update(decided_by=by, **done)
    with pytest.raises(ProposalWaits):
        asked(entry.difference)


def test_the_same_form_twice_is_one_and_with_other_words_none(bought: cast.Bought) -> None:
    found, by, key = told(bought.channel), finance(), uuid4()
    once = propose_entry(found.id, reason=WHY, key=key, by=by)
    assert propose_entry(found.id, reason=WHY, key=key, by=by).id == once.id
    with pytest.raises(ProposalKeyTaken):
        propose_entry(found.id, reason="Something else altogether", key=key, by=by)
    assert LineEntry.objects.count() == 1


def test_what_is_none_of_this_is_not_entered(bought: cast.Bought) -> None:
    """A payment of ours is asked about, a refund is none, and what is resolved is over."""
    reconcile_day(
        bought.channel,
        DAY,
        [
            line("T-ours", out=ids.show("pay", bought.payment_id)),
            line("T-over"),
            BillRow(BillKind.REFUND, "T-back", "", "R1", 100, 0, "CNY", None),
        ],
    )
    over = Difference.objects.get(trade_no="T-over")
    say(over.id, DifferenceState.RESOLVED, by=finance(), note="a test", source=DifferenceState.OPEN)
    for found in Difference.objects.select_related("bill"):
        assert not may_be_entered(found)
        with pytest.raises(DifferenceMoved):
            asked(found)
    assert LineEntry.objects.count() == 0


def test_a_bill_that_says_something_else_by_now_enters_nothing(bought: cast.Bought) -> None:
    entry = asked(told(bought.channel))
    told(bought.channel, line(amount=PRICE + 1))
    with pytest.raises(DifferenceMoved):
        decide_entry(entry.id, grant=True, by=finance())
    assert Receipt.objects.count() == 0


def test_what_the_gateway_told_before_somebody_agreed_counts_once(bought: cast.Bought) -> None:
    entry = asked(told(bought.channel))
    assert notice(bought).outcome is ReceiptOutcome.SETTLED
    assert decide_entry(entry.id, grant=True, by=finance()).state == EntryState.DONE
    assert (Receipt.objects.count(), DeliveredCode.objects.count()) == (1, 1)
    assert standing() == (PRICE, 0, -PRICE, 0)
    assert Difference.objects.get().note == "entered: settled"


def test_what_the_gateway_told_with_another_sum_is_refused(bought: cast.Bought) -> None:
    entry = asked(told(bought.channel))
    notice(bought, PRICE - 1)
    with pytest.raises(TradeMismatch):
        decide_entry(entry.id, grant=True, by=finance())
    entry.refresh_from_db()
    assert (entry.state, Receipt.objects.count()) == (EntryState.ASKED, 1)


def test_its_notice_comes_after_all_and_pays_the_order_it_names(bought: cast.Bought) -> None:
    """The file had no column for our number, so nobody knew whose money it is; the gateway does."""
    entered(told(bought.channel))
    settlement = notice(bought)
    assert (settlement.outcome, settlement.order_id, settlement.is_new) == (
        ReceiptOutcome.MATCHED,
        bought.order_id,
        True,
    )
    assert bought.order.state == OrderState.DELIVERED
    receipt = Receipt.objects.get()
    assert (receipt.payment_id, receipt.order_id) == (bought.payment_id, bought.order_id)
    assert Payment.objects.get(id=bought.payment_id).state == PaymentState.PAID
    assert standing() == (PRICE, 0, -PRICE, 0)
    assert notice(bought).is_new is False
    assert (standing(), broken()) == ((PRICE, 0, -PRICE, 0), [])


def test_a_proposal_that_waits_is_too_late_then(bought: cast.Bought) -> None:
    entered(told(bought.channel))
    other = cast.buy(cast.ware(cast.adas_shop(slug="bea-cards"), 2, slug="bea-300").sku, bought.channel)
    waits = propose(wanted(Receipt.objects.get(), other.order_id), by=finance())
    notice(bought)
    with pytest.raises(NotUnmatched):
        decide(waits.id, grant=True, by=finance())
    assert (bought.order.state, other.order.state) == (OrderState.DELIVERED, OrderState.AWAITING_PAYMENT)
    assert broken() == []


def test_money_on_its_way_back_is_not_fetched_by_a_notice(bought: cast.Bought) -> None:
    entered(told(bought.channel))
    decide(propose(wanted(Receipt.objects.get(), None), by=finance()).id, grant=True, by=finance())
    assert notice(bought) == Settlement(ReceiptOutcome.UNMATCHED, bought.order_id, is_new=False)
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    assert standing() == (PRICE, 0, 0, -PRICE)


@pytest.mark.parametrize("number", ["T-bill", "another number"])
def test_nor_is_money_that_the_books_were_told_of(bought: cast.Bought, number: str) -> None:
    entered(told(bought.channel))
    clear_suspense(bought.channel, number, PRICE, Became.RETURNED, by=None)
    assert notice(bought).is_new is False
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    assert standing() == (0, 0, 0, 0)


def test_a_notice_for_another_order_than_people_found_does_not_pass_in_silence(bought: cast.Bought) -> None:
    other = cast.buy(cast.ware(cast.adas_shop(slug="bea-cards"), 2, slug="bea-300").sku, bought.channel)
    entered(told(bought.channel))
    matched(Receipt.objects.get(), other)
    with pytest.raises(TradeMismatch):
        notice(bought)
    assert (bought.order.state, other.order.state) == (OrderState.AWAITING_PAYMENT, OrderState.DELIVERED)
    assert standing() == (PRICE, 0, -PRICE, 0)


def test_a_chargeback_of_it_is_the_sellers(bought: cast.Bought) -> None:
    entered(told(bought.channel))
    notice(bought)
    run(relay_batch())
    case = open_chargeback(Chargeback(bought.channel.id, "T-bill", "CB-1", PRICE), now=timezone.now())
    assert case is not None
    loss = Entry.objects.filter(account=Account.CHARGEBACK_LOSS)
    assert not loss.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_agreement_and_the_notice_in_one_moment_count_once() -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 5).sku, cast.channel())
    entry, clerks = asked(told(bought.channel)), [finance() for _ in range(3)]
    acts = [lambda by=by: decide_entry(entry.id, grant=True, by=by) for by in clerks]

    def tell() -> None:
        try:
            notice(bought)
        except psycopg.errors.UniqueViolation:  # the till looks again then, as it does for any two that meet
            notice(bought)

    assert "done" in together(*acts, tell)
    notice(bought)
    assert (Receipt.objects.count(), DeliveredCode.objects.count()) == (1, 1)
    assert Order.objects.get(id=bought.order_id).state == OrderState.DELIVERED
    assert standing() == (PRICE, 0, -PRICE, 0)
    assert broken() == []
