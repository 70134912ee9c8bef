"""Money that came for no order meets its order when two people say so, or goes back; once, whatever they do at once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from tests import cast
from tests.flows.payouts import finance
from tests.flows.rows import broken, leaves_nothing
from xinka.accounts.staff_roles import StaffRole
from xinka.flows import escrow
from xinka.flows.disputes.chargebacks import Chargeback, open_chargeback
from xinka.flows.disputes.evidence import _payments
from xinka.flows.expire import cancel
from xinka.flows.matching import Wanted, decide, missing_of, propose
from xinka.flows.reconciling.own_money import Became, clear_suspense
from xinka.flows.reconciling.suspense import NotInSuspense, lock_suspense
from xinka.flows.refunds.sending import mark_done_by_hand
from xinka.flows.refunds.unmatched import take_up
from xinka.flows.relay import relay_batch
from xinka.flows.settle import VerifiedMoney, settle_unusual
from xinka.flows.sweep import expire_orders
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.models import Entry, Journal
from xinka.merchants.models import Membership
from xinka.orders.errors import OrderNotFound
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.errors import (
    BuyerForgotten,
    NotUnmatched,
    OrderTakesNone,
    OtherCurrency,
    PartInMoney,
    ProposalDecided,
    ProposalKeyTaken,
    ProposalSameEyes,
    ProposalWaits,
)
from xinka.payments.models import Channel, Receipt, Refund, SuspenseProposal
from xinka.payments.queries import orders_paid_late
from xinka.payments.states import ProposalState, ReceiptOutcome, RefundReason, RefundState
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db

PRICE = 4_900
WHY = "The buyer sent the slip; it names our QR code."


@pytest.fixture
def bought() -> cast.Bought:
    """An order that waits for 49.00, with one more of its goods in stock."""
    return cast.buy(cast.ware(cast.adas_shop(), 2).sku, cast.channel())


def stray(channel: Channel, amount: int = PRICE, number: str = "T-stray", currency: str = "CNY") -> Receipt:
    """Money that came through a channel and names no payment of ours."""
    run(settle_unusual(VerifiedMoney(channel.id, None, number, amount, currency)))
    return Receipt.objects.get(channel_id=channel.id, trade_no=number)


def wanted(receipt: Receipt, order_id: UUID | None, key: UUID | None = None, reason: str = WHY) -> Wanted:
    return Wanted(receipt.channel_id, receipt.trade_no, order_id, reason, key or uuid4())


def matched(receipt: Receipt, bought: cast.Bought) -> SuspenseProposal:
    """Have two people say that the money is this order's."""
    return decide(propose(wanted(receipt, bought.order_id), by=finance()).id, grant=True, by=finance())


def standing() -> tuple[int, ...]:
    """What clearing, suspense, escrow and refunds in transit have; debits are positive."""
    accounts = (Account.CLEARING, Account.SUSPENSE, Account.ESCROW, Account.REFUND_IN_TRANSIT)
    return tuple(sum(Entry.objects.filter(account=one).values_list("amount", flat=True)) for one in accounts)


def expire(bought: cast.Bought) -> None:
    Order.objects.filter(id=bought.order_id).update(expires_at=timezone.now() - timedelta(minutes=5))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE stock_reservation SET expires_at = now() - interval '5 minutes'")
    expire_orders()
    assert bought.order.state == OrderState.EXPIRED


def test_two_people_match_it_and_the_goods_are_the_buyers_at_once(bought: cast.Bought) -> None:
    dee, fay = finance(), finance()
    receipt = stray(bought.channel)
    proposed = propose(wanted(receipt, bought.order_id), by=dee)
    assert standing() == (PRICE, -PRICE, 0, 0)
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    done = decide(proposed.id, grant=True, by=fay)
    assert (done.state, done.outcome, done.decided_by_id) == (ProposalState.DONE, ReceiptOutcome.MATCHED, fay.pk)
    assert bought.order.state == OrderState.DELIVERED
    assert standing() == (PRICE, 0, -PRICE, 0)
    receipt.refresh_from_db()
    assert (receipt.order_id, receipt.payment_id, receipt.outcome) == (bought.order_id, None, ReceiptOutcome.MATCHED)
    assert list(OutboxEvent.objects.values_list("kind", "subject")) == [("order.delivered", bought.order_id)]
    entered = Journal.objects.get(kind=JournalKind.MATCHED)
    assert (entered.key, entered.by_id) == (f"match/{proposed.id}", fay.pk)
    assert broken() == []


def test_the_audit_keeps_who_proposed_it_who_agreed_and_why(bought: cast.Bought) -> None:
    receipt, dee, fay = stray(bought.channel), finance(), finance()
    decide(propose(wanted(receipt, bought.order_id), by=dee).id, grant=True, by=fay)
    proposal, match = AuditEntry.objects.order_by("id")
    facts = {"amount": PRICE, "currency": "CNY", "channel": bought.channel.slug, "number": "T-stray", "reason": WHY}
    shown = ids.show("ord", bought.order_id)
    assert (proposal.action, proposal.actor, proposal.subject) == ("suspense.propose_match", dee, shown)
    assert proposal.details == facts
    assert (match.action, match.actor, match.subject) == ("suspense.match", fay, shown)
    assert match.details == facts | {"outcome": "matched", "asked_by": dee.pk}


def test_who_proposes_it_does_not_agree_to_it_and_may_take_it_back(bought: cast.Bought) -> None:
    receipt, dee = stray(bought.channel), finance()
    proposed = propose(wanted(receipt, bought.order_id), by=dee)
    with pytest.raises(ProposalSameEyes):
        leaves_nothing(lambda: decide(proposed.id, grant=True, by=dee))
    assert decide(proposed.id, grant=False, by=dee).state == ProposalState.REFUSED
    assert standing() == (PRICE, -PRICE, 0, 0)
    assert AuditEntry.objects.filter(action="suspense.refuse", actor=dee).count() == 1
    # What was taken back stands in nobody's way.
    assert matched(receipt, bought).outcome == ReceiptOutcome.MATCHED


def test_the_database_too_wants_four_eyes_and_one_proposal_at_a_time(bought: cast.Bought) -> None:
    receipt, dee = stray(bought.channel), finance()
    proposed = propose(wanted(receipt, bought.order_id), by=dee)
    with pytest.raises(DatabaseError), transaction.atomic():
        SuspenseProposal.objects.filter(id=proposed.id).update(
            state=ProposalState.DONE, decided_by=dee, decided_at=timezone.now()
        )
    copy = SuspenseProposal.objects.get(id=proposed.id)
    copy.id = uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)


def test_a_form_that_is_sent_twice_is_one_proposal(bought: cast.Bought) -> None:
    receipt, dee, key = stray(bought.channel), finance(), uuid4()
    first = propose(wanted(receipt, bought.order_id, key), by=dee)
    assert leaves_nothing(lambda: propose(wanted(receipt, bought.order_id, key), by=dee).id) == first.id
    with pytest.raises(ProposalKeyTaken):
        propose(wanted(receipt, None, key), by=dee)
    with pytest.raises(ProposalKeyTaken):
        propose(wanted(receipt, bought.order_id, key, "something else"), by=dee)


def test_two_proposals_for_one_money_do_not_stand_side_by_side(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    propose(wanted(receipt, bought.order_id), by=finance())
    for order_id in (bought.order_id, None):
        with pytest.raises(ProposalWaits):
            leaves_nothing(lambda order_id=order_id: propose(wanted(receipt, order_id), by=finance()))


def test_it_is_matched_once_and_decided_once(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    done = matched(receipt, bought)
    for grant in (True, False):
        with pytest.raises(ProposalDecided):
            leaves_nothing(lambda grant=grant: decide(done.id, grant=grant, by=finance()))
    other = cast.buy(bought.order.sku, bought.channel, contact="cy2@mail.example")
    with pytest.raises(NotUnmatched):
        propose(wanted(receipt, other.order_id), by=finance())
    with pytest.raises(ProposalDecided):
        decide(uuid4(), grant=True, by=finance())


def test_the_same_notice_again_changes_nothing_once_it_is_matched(bought: cast.Bought) -> None:
    matched(stray(bought.channel), bought)
    again = VerifiedMoney(bought.channel.id, None, "T-stray", PRICE)
    assert not leaves_nothing(lambda: run(settle_unusual(again)).is_new)


def test_too_little_waits_for_the_rest_which_then_delivers(bought: cast.Bought) -> None:
    assert matched(stray(bought.channel, 4_000), bought).outcome == ReceiptOutcome.SHORT
    assert bought.order.state == OrderState.PART_PAID
    assert missing_of(bought.order) == 900
    assert list(OutboxEvent.objects.values_list("kind", flat=True)) == ["order.short_paid"]
    assert broken() == []
    assert matched(stray(bought.channel, 900, "T-rest"), bought).outcome == ReceiptOutcome.MATCHED
    assert bought.order.state == OrderState.DELIVERED
    assert standing() == (PRICE, 0, -PRICE, 0)
    assert broken() == []


def test_too_little_goes_back_when_the_order_expires_all_the_same(bought: cast.Bought) -> None:
    matched(stray(bought.channel, 4_000), bought)
    expire(bought)
    back = Refund.objects.get()
    assert (back.amount, back.trade_no, back.reason) == (4_000, "T-stray", RefundReason.UNDERPAID)
    assert broken() == []


def test_too_much_delivers_and_the_surplus_goes_back(bought: cast.Bought) -> None:
    assert matched(stray(bought.channel, 5_000), bought).outcome == ReceiptOutcome.OVER
    assert bought.order.state == OrderState.DELIVERED
    back = Refund.objects.get()
    assert (back.amount, back.order_id, back.reason) == (100, bought.order_id, RefundReason.OVERPAID)
    assert standing() == (5_000, 0, -PRICE, -100)
    assert broken() == []


def test_an_order_that_expired_meanwhile_is_delivered_if_the_goods_are_there(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    Receipt.objects.update(received_at=timezone.now() - timedelta(days=5))
    proposed = propose(wanted(receipt, bought.order_id), by=finance())
    expire(bought)
    assert decide(proposed.id, grant=True, by=finance()).outcome == ReceiptOutcome.LATE_SETTLED
    assert bought.order.state == OrderState.DELIVERED
    assert broken() == []
    # The figures of a day find it by when it was matched: the money had come days before.
    today = timezone.now() - timedelta(days=1)
    assert list(orders_paid_late(today)) == [bought.order_id]
    assert list(Order.objects.filter(id__in=orders_paid_late(today))) == [bought.order]
    assert list(orders_paid_late(timezone.now() + timedelta(days=1))) == []


def test_an_order_that_expired_and_is_sold_out_gives_the_money_back(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    proposed = propose(wanted(receipt, bought.order_id), by=finance())
    expire(bought)
    for n in range(2):
        cast.pay(cast.buy(bought.order.sku, bought.channel, contact=f"quick{n}@mail.example"))
    assert decide(proposed.id, grant=True, by=finance()).outcome == ReceiptOutcome.LATE_REFUNDED
    back = Refund.objects.get()
    assert (back.order_id, back.trade_no, back.amount, back.reason) == (
        bought.order_id, "T-stray", PRICE, RefundReason.LATE,
    )  # fmt: skip
    assert bought.order.state == OrderState.EXPIRED
    assert broken() == []


def test_too_little_for_a_closed_order_goes_back(bought: cast.Bought) -> None:
    receipt = stray(bought.channel, 1_000)
    run(cancel(bought.order_id))
    assert matched(receipt, bought).outcome == ReceiptOutcome.LATE_REFUNDED
    assert bought.order.state == OrderState.CANCELLED
    assert standing() == (1_000, 0, 0, -1_000)
    assert broken() == []


def test_money_of_another_channel_than_the_order_was_sent_to_is_matched_too(bought: cast.Bought) -> None:
    receipt = stray(cast.channel("wechat"))
    assert matched(receipt, bought).outcome == ReceiptOutcome.MATCHED
    assert lock_suspense(receipt.channel_id, "CNY").strange == 0
    assert broken() == []


def test_another_currency_is_refused(bought: cast.Bought) -> None:
    receipt = stray(bought.channel, currency="USD")
    with pytest.raises(OtherCurrency, match=r"USD.*CNY"):
        leaves_nothing(lambda: propose(wanted(receipt, bought.order_id), by=finance()))


def test_an_order_paid_before_takes_none(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    cast.pay(bought)
    with pytest.raises(OrderTakesNone):
        leaves_nothing(lambda: propose(wanted(receipt, bought.order_id), by=finance()))


def test_an_order_paid_meanwhile_takes_none_and_the_proposal_can_be_refused(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    proposed = propose(wanted(receipt, bought.order_id), by=finance())
    cast.pay(bought)
    with pytest.raises(OrderTakesNone):
        leaves_nothing(lambda: decide(proposed.id, grant=True, by=finance()))
    decide(proposed.id, grant=False, by=finance())
    back = decide(propose(wanted(receipt, None), by=finance()).id, grant=True, by=finance())
    assert Refund.objects.get().id == back.refund_id
    assert broken() == []


def test_an_order_whose_money_went_back_takes_none(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    cast.pay(bought)
    run(relay_batch())
    run(
        escrow.give_back(
            bought.order_id, PRICE, reason=RefundReason.STAFF, key="all", by=Actor(Role.ARBITER, finance().pk)
        )
    )
    assert bought.order.state == OrderState.REFUNDED
    with pytest.raises(OrderTakesNone):
        leaves_nothing(lambda: propose(wanted(receipt, bought.order_id), by=finance()))


def test_an_order_that_is_not_there_or_whose_buyer_is_forgotten_takes_none(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    with pytest.raises(OrderNotFound):
        leaves_nothing(lambda: propose(wanted(receipt, uuid4()), by=finance()))
    Order.objects.update(contact=b"")
    with pytest.raises(BuyerForgotten):
        leaves_nothing(lambda: propose(wanted(receipt, bought.order_id), by=finance()))


def test_nobody_matches_money_to_an_order_they_buy_or_sell_in(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    gus, hal = (cast.person(f"{name}@mail.example", staff=True, roles=[StaffRole.FINANCE]) for name in ("gus", "hal"))
    Membership.objects.create(merchant_id=bought.order.merchant_id, user=gus, role="clerk")
    own = cast.buy(bought.order.sku, bought.channel, contact="hal@mail.example")
    proposals = [propose(wanted(receipt, bought.order_id), by=finance())]
    for by, order_id in ((gus, bought.order_id), (hal, own.order_id)):
        for proposed in proposals:
            if proposed.order_id == order_id:
                with pytest.raises(PartInMoney):
                    leaves_nothing(lambda p=proposed, by=by: decide(p.id, grant=True, by=by))
        other = stray(bought.channel, number=f"T-{by.pk}")
        with pytest.raises(PartInMoney):
            leaves_nothing(lambda r=other, o=order_id, by=by: propose(wanted(r, o), by=by))


def test_what_the_books_were_told_about_is_not_matched(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    proposed = propose(wanted(receipt, bought.order_id), by=finance())
    clear_suspense(bought.channel, "T-stray", PRICE, Became.RETURNED, by=finance())
    with pytest.raises(NotInSuspense):
        leaves_nothing(lambda: decide(proposed.id, grant=True, by=finance()))


def test_what_is_matched_is_neither_cleared_nor_sent_back(bought: cast.Bought) -> None:
    matched(stray(bought.channel), bought)
    with pytest.raises(NotInSuspense):
        clear_suspense(bought.channel, "T-stray", PRICE, Became.RETURNED, by=finance())
    with pytest.raises(NotUnmatched):
        take_up(bought.channel.id, "T-stray", by=finance())


def test_money_that_goes_back_is_not_matched(bought: cast.Bought) -> None:
    receipt = stray(bought.channel)
    take_up(bought.channel.id, "T-stray", by=finance())
    with pytest.raises(NotUnmatched):
        leaves_nothing(lambda: propose(wanted(receipt, bought.order_id), by=finance()))


def test_money_without_an_order_goes_back_when_two_people_say_so(bought: cast.Bought) -> None:
    receipt, dee, fay = stray(bought.channel), finance(), finance()
    done = decide(propose(wanted(receipt, None), by=dee).id, grant=True, by=fay)
    back = Refund.objects.get(id=done.refund_id)
    assert (back.state, back.amount, back.order_id) == (RefundState.NEEDS_STAFF, PRICE, None)
    assert standing() == (PRICE, 0, 0, -PRICE)
    with pytest.raises(ProposalSameEyes):
        leaves_nothing(lambda: mark_done_by_hand(back.id, by=dee, note="sent by bank, slip 7"))
    mark_done_by_hand(back.id, by=fay, note="sent by bank, slip 7")
    assert standing() == (0, 0, 0, 0)
    assert list(AuditEntry.objects.order_by("id").values_list("action", "actor")) == [
        ("suspense.propose_return", dee.pk),
        ("refund.take_up", fay.pk),
        ("refund.mark_done", fay.pk),
    ]
    assert broken() == []


def test_matched_money_goes_back_like_any_other_that_paid_an_order(bought: cast.Bought) -> None:
    matched(stray(bought.channel), bought)
    run(relay_batch())
    by = Actor(Role.ARBITER, finance().pk)
    run(escrow.give_back(bought.order_id, 1_000, reason=RefundReason.STAFF, key="part", by=by))
    back = Refund.objects.get()
    assert (back.trade_no, back.amount, back.order_id) == ("T-stray", 1_000, bought.order_id)
    assert broken() == []


def test_a_chargeback_of_matched_money_is_the_sellers_and_not_the_shops_loss(bought: cast.Bought) -> None:
    matched(stray(bought.channel, PRICE + 100), bought)
    run(relay_batch())
    open_chargeback(Chargeback(bought.channel.id, "T-stray", "CB-1", 0), now=timezone.now())
    took = dict(Entry.objects.filter(kind=JournalKind.CHARGEBACK_OPENED).values_list("account", "amount"))
    assert took == {
        Account.SUSPENSE: -PRICE - 100,
        Account.SELLER_RECEIVABLE: PRICE,
        Account.CHARGEBACK_LOSS: 100,  # it went back as too much
    }
    assert broken() == []


def test_an_evidence_pack_tells_of_it(bought: cast.Bought) -> None:
    matched(stray(bought.channel), bought)
    assert [one["number_at_the_gateway"] for one in _payments(bought.order)] == ["T-stray"]
