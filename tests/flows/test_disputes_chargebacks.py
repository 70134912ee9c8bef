"""A bank takes money back: it is set aside at once, given back when we win, gone when we lose; told twice is once."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tests import cast
from tests.flows.disputing import BUYER, NOW, SELLER, Trade, dee, later, trade
from tests.flows.payouts import finance
from tests.flows.poison import poison
from tests.flows.rows import broken, leaves_nothing
from tests.platform.files.samples import png
from xinka.delivery.actions import Opener
from xinka.disputes.errors import BankDecides, CaseMoved, CaseNotFound
from xinka.disputes.models import Case
from xinka.disputes.states import CaseKind, CaseState, Outcome
from xinka.flows.disputes import cases, chargebacks
from xinka.flows.disputes.chargebacks import Chargeback
from xinka.flows.disputes.evidence import evidence_pack
from xinka.flows.disputes.timers import fire_due
from xinka.flows.escrow import confirm, mature_due
from xinka.flows.expire import cancel
from xinka.flows.matching import Wanted, propose
from xinka.flows.provider_events import handle_event
from xinka.flows.refunds.unmatched import take_up
from xinka.flows.reveal import reveal
from xinka.flows.settle import VerifiedMoney, settle_unusual
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry
from xinka.ledger.queries import balances_of_merchant
from xinka.payments.errors import BankWantsIt
from xinka.payments.models import ProviderEvent, Receipt, Refund
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.files.actions import Handed
from xinka.platform.jobs.each_alone import SomeFailed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_vault() -> None:
    from xinka.platform.vault import keys

    keys.forget()


@pytest.fixture
def deal() -> Trade:
    return trade()


def receipt_of(deal: Trade) -> Receipt:
    return Receipt.objects.get(payment_id=deal.bought.payment_id)


def told(deal: Trade, amount: int = 9800, number: str = "dp_1") -> Chargeback:
    return Chargeback(deal.bought.channel.id, receipt_of(deal).trade_no, number, amount)


def balance(account: Account) -> int:
    return sum(Entry.objects.filter(account=account).values_list("amount", flat=True))


def money_of(deal: Trade) -> dict[str, int]:
    return {name: sum_ for name, sum_ in dict(balances_of_merchant(deal.order.merchant_id)).items() if sum_}


def matured(deal: Trade) -> int:
    """Let the seller have the money; return how much became available."""
    run(confirm(deal.order.id, by=BUYER))
    run(mature_due(timezone.now() + timedelta(days=60)))
    return balances_of_merchant(deal.order.merchant_id)["available"]


def test_while_the_money_is_held_the_hold_stops_and_the_seller_owes_the_sum(deal: Trade) -> None:
    case = chargebacks.open_chargeback(told(deal), now=NOW)
    assert (case.kind, case.state, case.due_at) == (CaseKind.CHARGEBACK, CaseState.GATEWAY_ASKS, later(days=7))
    assert (deal.stops, money_of(deal), balance(Account.SUSPENSE)) == ({"dispute"}, {"receivable": 9800}, -9800)
    assert broken() == []


def test_after_settlement_it_comes_out_of_what_can_be_withdrawn(deal: Trade) -> None:
    available = matured(deal)
    assert available > 0
    chargebacks.open_chargeback(told(deal), now=NOW)
    left = money_of(deal)
    assert left.get("available", 0) == 0
    assert left.get("receivable", 0) == 9800 - available
    assert broken() == []


@pytest.mark.parametrize("is_settled", [True, False])
def test_won_gives_back_exactly_what_was_taken(deal: Trade, is_settled: bool) -> None:
    if is_settled:
        matured(deal)
    before = money_of(deal)
    case = chargebacks.open_chargeback(told(deal), now=NOW)
    chargebacks.win(case.id, now=NOW)
    assert (money_of(deal), balance(Account.SUSPENSE), deal.stops) == (before, 0, set())
    assert Case.objects.get(id=case.id).outcome == Outcome.WON
    assert broken() == []


def test_lost_money_is_no_longer_with_the_gateway(deal: Trade) -> None:
    case = chargebacks.open_chargeback(told(deal), now=NOW)
    before = balance(Account.CLEARING)
    chargebacks.lose(case.id, now=NOW)
    assert (balance(Account.CLEARING), balance(Account.SUSPENSE)) == (before - 9800, 0)
    with pytest.raises(CaseMoved):
        leaves_nothing(lambda: chargebacks.win(case.id, now=NOW))
    assert broken() == []


def test_told_twice_is_one_case(deal: Trade) -> None:
    first = chargebacks.open_chargeback(told(deal), now=NOW)
    again = leaves_nothing(lambda: chargebacks.open_chargeback(told(deal), now=NOW))
    assert first == again


def test_a_chargeback_may_come_while_a_dispute_is_open(deal: Trade) -> None:
    deal.complain()
    chargebacks.open_chargeback(told(deal), now=NOW)
    assert deal.hold.n_stops == 2
    assert broken() == []


def test_the_buyer_is_not_paid_twice_by_us_and_by_the_bank(deal: Trade) -> None:
    dispute = deal.complain()
    case = chargebacks.open_chargeback(told(deal), now=NOW)
    with pytest.raises(BankDecides):
        leaves_nothing(lambda: cases.concede(dispute.id, by=SELLER, now=NOW))
    assert fire_due(later(hours=13)) == 0, "the silent seller's timer waits for the bank"
    chargebacks.lose(case.id, now=later(days=3))
    assert fire_due(later(days=4)) == 1
    assert Case.objects.get(id=dispute.id).outcome == Outcome.LOST
    assert (deal.stops, Refund.objects.count()) == (set(), 0)
    with pytest.raises(BankDecides):
        leaves_nothing(deal.complain)
    assert broken() == []


def test_after_a_won_chargeback_the_dispute_goes_on(deal: Trade) -> None:
    dispute = deal.complain()
    chargebacks.win(chargebacks.open_chargeback(told(deal), now=NOW).id, now=NOW)
    cases.concede(dispute.id, by=SELLER, now=NOW)
    assert sum(Refund.objects.values_list("amount", flat=True)) == 9800
    assert broken() == []


def test_an_amount_in_another_currency_counts_as_the_whole(deal: Trade) -> None:
    receipt = receipt_of(deal)
    foreign = Chargeback(receipt.channel_id, receipt.trade_no, "dp_3", 1300, "USD")
    assert chargebacks.open_chargeback(foreign, now=NOW).amount == 9800


def test_a_payment_of_nobody_is_no_case(deal: Trade) -> None:
    strange = Chargeback(deal.bought.channel.id, "never", "dp_9", 9800)
    with pytest.raises(CaseNotFound):
        leaves_nothing(lambda: chargebacks.open_chargeback(strange, now=NOW))


def test_more_than_was_paid_is_not_set_aside(deal: Trade) -> None:
    assert chargebacks.open_chargeback(told(deal, 99_999), now=NOW).amount == 9800


@pytest.mark.parametrize("is_won", [True, False])
def test_what_the_buyer_paid_twice_and_the_bank_took_back_is_no_loss_of_the_sellers(deal: Trade, is_won: bool) -> None:
    matured(deal)
    before = money_of(deal)
    cast.settle(cast.money_for(deal.bought, trade_no="twice"))
    case = chargebacks.open_chargeback(Chargeback(deal.bought.channel.id, "twice", "dp_2", 9800), now=NOW)
    assert (money_of(deal), balance(Account.CHARGEBACK_LOSS)) == (before, 9800)
    assert broken() == []
    (chargebacks.win if is_won else chargebacks.lose)(case.id, now=NOW)
    assert (money_of(deal), balance(Account.CHARGEBACK_LOSS)) == (before, 0 if is_won else 9800)
    assert balance(Account.SUSPENSE) == 0
    assert broken() == []


def test_of_what_was_paid_too_much_the_seller_bears_only_the_price() -> None:
    ware = cast.ware(cast.adas_shop(), 1, sku={"price": 9800})
    bought = cast.buy(ware.sku, cast.channel())
    cast.settle(cast.money_for(bought, amount=9907, trade_no="over"))
    chargebacks.open_chargeback(Chargeback(bought.channel.id, "over", "dp_1", 9907), now=NOW)
    assert balance(Account.SELLER_RECEIVABLE) == 9800
    assert balance(Account.CHARGEBACK_LOSS) == 107
    assert broken() == []


def test_money_of_an_order_that_was_never_delivered_is_taken_from_no_seller() -> None:
    ware = cast.ware(cast.adas_shop(), 1, sku={"price": 9800})
    bought = cast.buy(ware.sku, cast.channel())
    cast.settle(cast.money_for(bought, amount=5000, trade_no="short"))
    run(cancel(bought.order_id))
    chargebacks.open_chargeback(Chargeback(bought.channel.id, "short", "dp_1", 5000), now=NOW)
    assert balance(Account.SELLER_RECEIVABLE) == 0
    assert balance(Account.CHARGEBACK_LOSS) == 5000
    assert broken() == []


def test_evidence_that_was_not_sent_in_time_is_late_and_the_bank_decides(deal: Trade) -> None:
    case = chargebacks.open_chargeback(told(deal), now=NOW)
    assert fire_due(later(days=7)) == 1
    seen = Case.objects.get(id=case.id)
    assert (seen.state, seen.is_late) == (CaseState.GATEWAY_DECIDES, True)


def event(deal: Trade, status: str, number: str) -> None:
    ProviderEvent.objects.create(
        channel=deal.bought.channel,
        event_id=number,
        about="dispute",
        subject_no="dp_1",
        trade_no=receipt_of(deal).trade_no,
        amount=9800,
        currency="CNY",
        status=status,
        received_at=NOW,
    )


def test_what_the_gateway_tells_is_taken_in_once_and_in_any_order(deal: Trade) -> None:
    for n, status in enumerate(("warning_needs_response", "needs_response", "under_review", "won", "won"), 1):
        event(deal, status, f"evt_{n}")
    assert chargebacks.take_in_events(NOW) == 5
    assert chargebacks.take_in_events(NOW) == 0
    assert Case.objects.get().outcome == Outcome.WON
    assert broken() == []


def test_a_loss_that_is_told_first_opens_and_closes(deal: Trade) -> None:
    event(deal, "lost", "evt_1")
    chargebacks.take_in_events(NOW)
    event(deal, "needs_response", "evt_0")
    chargebacks.take_in_events(NOW)
    assert [case.outcome for case in Case.objects.all()] == [Outcome.LOST]
    assert broken() == []


@pytest.mark.parametrize(("first", "then"), [("lost", "won"), ("won", "lost")])
def test_a_bank_that_says_the_opposite_later_moves_nothing_and_is_in_the_log(
    deal: Trade, caplog: pytest.LogCaptureFixture, first: str, then: str
) -> None:
    for n, status in enumerate(("needs_response", first, first)):
        event(deal, status, f"evt_{n}")
    chargebacks.take_in_events(NOW)
    assert "case.decided_otherwise" not in caplog.messages
    n_entries = Entry.objects.count()
    event(deal, then, "evt_9")
    assert chargebacks.take_in_events(NOW) == 1
    assert (Case.objects.get().outcome, Entry.objects.count()) == (first, n_entries)
    assert caplog.messages.count("case.decided_otherwise") == 1
    assert broken() == []


def test_an_event_about_nothing_of_ours_is_put_aside_and_the_next_is_read(deal: Trade) -> None:
    event(deal, "needs_response", "evt_1")
    ProviderEvent.objects.filter(event_id="evt_1").update(trade_no="never", subject_no="dp_0")
    event(deal, "needs_response", "evt_2")
    assert chargebacks.take_in_events(NOW) == 2
    assert Case.objects.get().gateway_case_no == "dp_1"


@pytest.fixture
def wanted(deal: Trade) -> Receipt:
    """Money that came for no order, and that a bank wants back."""
    run(settle_unusual(VerifiedMoney(deal.bought.channel.id, None, "T-stray", 4900)))
    event(deal, "needs_response", "evt_1")
    ProviderEvent.objects.update(trade_no="T-stray", amount=4900)
    assert chargebacks.take_in_events(NOW) == 0
    return Receipt.objects.get(trade_no="T-stray")


def test_money_of_nobody_that_a_bank_wants_is_neither_sent_back_nor_matched(deal: Trade, wanted: Receipt) -> None:
    fay = finance()
    leaves_nothing(lambda: refused(lambda: take_up(wanted.channel_id, wanted.trade_no, by=fay)))
    unpaid = cast.buy(deal.ware.sku, deal.bought.channel, contact="bea@example.com")
    for order_id in (None, unpaid.order_id):
        wish = Wanted(wanted.channel_id, wanted.trade_no, order_id, "it must be", uuid4())
        leaves_nothing(lambda wish=wish: refused(lambda: propose(wish, by=fay)))
    event(deal, "lost", "evt_2")
    ProviderEvent.objects.filter(event_id="evt_2").update(trade_no="T-stray")
    assert chargebacks.take_in_events(NOW) == 0
    refused(lambda: take_up(wanted.channel_id, wanted.trade_no, by=fay))
    assert broken() == []


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(BankWantsIt, match="dp_1"):
        act()


def test_money_of_nobody_goes_back_once_the_bank_has_given_up(deal: Trade, wanted: Receipt) -> None:
    event(deal, "won", "evt_2")
    ProviderEvent.objects.filter(event_id="evt_2").update(trade_no="T-stray")
    assert chargebacks.take_in_events(NOW) == 1
    assert not ProviderEvent.objects.filter(handled_at=None).exists()
    assert take_up(wanted.channel_id, wanted.trade_no, by=finance()).amount == 4900
    assert not Case.objects.exists()


def test_a_dispute_gets_its_case_when_the_late_notice_names_its_order(deal: Trade, wanted: Receipt) -> None:
    bought = cast.buy(deal.ware.sku, deal.bought.channel, contact="bea@example.com")
    cast.settle(cast.money_for(bought, trade_no="T-stray"))
    assert chargebacks.take_in_events(NOW) == 1
    case = Case.objects.get()
    assert (case.order_id, case.amount, case.kind) == (bought.order_id, 4900, CaseKind.CHARGEBACK)
    assert broken() == []


def test_a_dispute_about_money_of_nobody_is_told_at_first_and_does_not_wait_for_ever(
    wanted: Receipt, caplog: pytest.LogCaptureFixture
) -> None:
    assert chargebacks.take_in_events(NOW + timedelta(minutes=1)) == 0
    assert "case.about_stray" in caplog.text
    caplog.clear()
    assert chargebacks.take_in_events(NOW + timedelta(minutes=3)) == 0
    assert "case.about_stray" not in caplog.text
    assert chargebacks.take_in_events(later(days=181)) == 1


def test_the_evidence_pack_holds_every_fact_and_no_code(deal: Trade) -> None:
    reveal(deal.order.id, {1}, opener=Opener("Chrome, Windows", "203.0.113.77"), now=NOW)
    deal.complain(files=(Handed("shot.png", png()),))
    case = chargebacks.open_chargeback(told(deal), now=NOW)
    dispute = Case.objects.exclude(id=case.id).get()
    judge = dee()
    for one in (case, dispute):
        pack = evidence_pack(one, by=judge, now=NOW)
        with zipfile.ZipFile(io.BytesIO(pack.content)) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        facts = json.loads(found["case.json"])
        assert [piece["first_opened_from"] for piece in facts["goods"]] == ["Chrome, Windows", ""]
        assert [piece["first_opened_in_network"] for piece in facts["goods"]] == ["203.0.113.0/24", ""]
        assert facts["order"]["buyer"] == "cy@example.com"
        assert facts["payments"][0]["number_at_the_gateway"] == receipt_of(deal).trade_no
        sums = dict(reversed(line.split("  ")) for line in found.pop("SHA256SUMS").decode().splitlines())
        assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
        assert not any(code.encode() in content for code in deal.ware.codes for content in found.values())
        assert b"<script" not in found["case.html"]
    assert facts["thread"][0]["text"] == "It says used."
    assert [name for name in found if name.startswith("files/")] == ["files/01-shot.png"]
    assert AuditEntry.objects.filter(action="case.take_evidence").count() == 2


def test_an_event_that_cannot_be_taken_in_keeps_no_other_waiting(deal: Trade) -> None:
    event(deal, "needs_response", "evt_1")
    ProviderEvent.objects.filter(event_id="evt_1").update(subject_no="dp_bad")
    event(deal, "needs_response", "evt_2")
    poison(Case, "gateway_case_no <> 'dp_bad'")
    with pytest.raises(SomeFailed):
        chargebacks.take_in_events(NOW)
    assert Case.objects.get().gateway_case_no == "dp_1"
    (waiting,) = ProviderEvent.objects.filter(handled_at=None)
    with pytest.raises(IntegrityError):  # its own job says so, and ends as a dead letter
        handle_event(waiting.id)
