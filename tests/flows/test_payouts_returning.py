"""What a bank sends back days after it was paid: whose money it is has it again, once, and the account is marked."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from pytest_django import Settings

from tests.flows.payouts import account, ada_of, approved, finance, money_of, wish
from tests.flows.returning import WHY, paid, returned, shop_with, told
from tests.flows.rows import broken
from xinka.flows.payouts import asking, sending
from xinka.flows.payouts.mailing import News, mail_payout
from xinka.flows.payouts.returning import decide_return, enter_return, eyes_needed, returned_by_gateway
from xinka.flows.payouts.review import asked_before
from xinka.flows.payouts.sending import Outcome, read_outcomes, record_outcomes
from xinka.kernel.errors import Refusal
from xinka.kernel.ids import new_uuid
from xinka.kernel.per_currency import PerCurrency
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.days import day_of
from xinka.ledger.models import Entry
from xinka.ledger.months import Line, months_of
from xinka.payments.errors import ProposalDecided, ProposalKeyTaken, ProposalSameEyes, ProposalWaits
from xinka.payouts.errors import (
    AccountReturned,
    BadResultFile,
    KeptTooMuch,
    NotYourOwn,
    PayoutMoved,
    PayoutNotFound,
    ReturnNumberMissing,
    ReturnNumberTaken,
)
from xinka.payouts.models import Payout, PayoutReturn
from xinka.payouts.states import PayoutState
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


def legs() -> dict[int, int]:
    """Return what the journals of returns moved, by account."""
    found = Entry.objects.filter(kind=JournalKind.PAYOUT_RETURNED)
    return dict(found.values_list("account", "amount"))


def state_of(payout: Payout) -> str:
    payout.refresh_from_db()
    return payout.state


def test_all_of_it_is_available_again_and_the_fee_is_not(settings: Settings) -> None:
    settings.PAYOUT_FEE_FIXED = PerCurrency({"CNY": 100})
    shop, to = shop_with()
    payout = paid(to)
    assert money_of(shop) == (89_900, 0, 0)
    made = returned(payout)
    assert (made.state, made.eyes, state_of(payout)) == ("done", 1, PayoutState.RETURNED)
    assert money_of(shop) == (99_900, 0, 0)
    assert legs() == {Account.BANK_TRUST: 10_000, Account.SELLER_AVAILABLE: -10_000}
    assert (payout.problem, payout.reference) == (WHY, "B-1")
    assert broken() == []


def test_what_the_bank_kept_the_shop_bears() -> None:
    shop, to = shop_with()
    returned(paid(to), kept=500)
    assert money_of(shop) == (100_000, 0, 0)
    assert legs() == {Account.BANK_TRUST: 9_500, Account.PSP_FEE: 500, Account.SELLER_AVAILABLE: -10_000}
    assert broken() == []


@pytest.mark.parametrize("kept", [-1, 10_001])
def test_a_bank_keeps_no_more_than_was_paid_and_nothing_below_zero(kept: int) -> None:
    _shop, to = shop_with()
    payout = paid(to)
    with pytest.raises(KeptTooMuch):
        returned(payout, kept=kept)
    assert (state_of(payout), legs()) == (PayoutState.PAID, {})


def test_it_comes_back_once_under_any_number() -> None:
    shop, to = shop_with()
    payout = paid(to)
    returned(payout)
    for reference in ("TP-1", "TP-2"):
        with pytest.raises(PayoutMoved):
            returned(payout, reference)
    assert money_of(shop) == (100_000, 0, 0)


def test_one_number_of_the_bank_brings_back_one_payout() -> None:
    shop, to = shop_with()
    first, second = paid(to), paid(to, 20_000)
    returned(first)
    with pytest.raises(ReturnNumberTaken):
        returned(second)
    assert (state_of(second), money_of(shop)) == (PayoutState.PAID, (80_000, 0, 0))


def test_the_same_form_twice_is_one_return_and_other_facts_are_refused() -> None:
    shop, to = shop_with()
    payout, key, fay = paid(to), new_uuid(), finance()
    made = [enter_return(told(payout), key=key, by=fay).id for _ in range(2)]
    assert made == [key, key]
    with pytest.raises(ProposalKeyTaken):
        enter_return(told(payout, "TP-9"), key=key, by=fay)
    assert money_of(shop) == (100_000, 0, 0)


@pytest.mark.parametrize("state", [one for one in PayoutState if one is not PayoutState.PAID])
def test_only_what_was_paid_comes_back(state: PayoutState) -> None:
    shop, to = shop_with()
    payout = approved(to, 10_000)
    finished = payout.asked_at if state.is_over else None
    Payout.objects.filter(id=payout.id).update(state=state.value, finished_at=finished)
    with pytest.raises(PayoutMoved):
        returned(payout)
    assert (money_of(shop), PayoutReturn.objects.count()) == ((90_000, 10_000, 0), 0)


def test_who_asked_for_it_or_belongs_to_the_shop_cannot_say_that_it_came_back() -> None:
    shop, to = shop_with(2_000_000)
    small, large = paid(to), paid(to, 600_000)
    for by in (ada_of(shop),):
        with pytest.raises(NotYourOwn):
            enter_return(told(small), key=new_uuid(), by=by)
    asked = returned(large, "TP-2")
    for grant in (True, False):
        with pytest.raises(NotYourOwn):
            decide_return(asked.id, grant=grant, by=ada_of(shop))
    assert (state_of(small), state_of(large)) == (PayoutState.PAID, PayoutState.PAID)
    with pytest.raises(PayoutNotFound):
        enter_return(told(Payout(id=new_uuid())), key=new_uuid(), by=finance())


def test_a_large_one_waits_for_another_person() -> None:
    shop, to = shop_with(1_000_000)
    payout, fay, dee = paid(to, 500_000), finance(), finance()
    asked = enter_return(told(payout), key=new_uuid(), by=fay)
    assert (asked.state, asked.eyes, state_of(payout), legs()) == ("asked", 2, PayoutState.PAID, {})
    with pytest.raises(ProposalWaits):
        returned(payout, "TP-2")
    with pytest.raises(ProposalSameEyes):
        decide_return(asked.id, grant=True, by=fay)
    decide_return(asked.id, grant=True, by=dee)
    assert (state_of(payout), money_of(shop)) == (PayoutState.RETURNED, (1_000_000, 0, 0))
    with pytest.raises(ProposalDecided):
        decide_return(asked.id, grant=True, by=finance())
    with pytest.raises(ProposalDecided):
        decide_return(new_uuid(), grant=True, by=dee)
    assert broken() == []
    acts = AuditEntry.objects.filter(action__contains="return").order_by("id").values_list("action", "actor_id")
    assert list(acts) == [("payout.propose_return", fay.pk), ("payout.return", dee.pk)]


def test_what_was_refused_moved_nothing_and_may_be_said_again() -> None:
    shop, to = shop_with(1_000_000)
    payout, fay = paid(to, 500_000), finance()
    asked = enter_return(told(payout), key=new_uuid(), by=fay)
    decide_return(asked.id, grant=False, by=fay)
    assert (state_of(payout), legs(), money_of(shop)) == (PayoutState.PAID, {}, (500_000, 0, 0))
    again = enter_return(told(payout), key=new_uuid(), by=fay)
    decide_return(again.id, grant=True, by=finance())
    assert state_of(payout) == PayoutState.RETURNED


def test_many_small_ones_of_one_payee_are_a_large_one(settings: Settings) -> None:
    settings.PAYOUT_FOUR_EYES_FROM = PerCurrency({"CNY": 25_000})
    _shop, to = shop_with()
    first, second, third = (paid(to) for _ in range(3))
    assert returned(first, "TP-1").eyes == 1
    assert returned(second, "TP-2").eyes == 1
    assert returned(third, "TP-3").state == "asked"
    assert eyes_needed(third) == 2


def test_the_database_keeps_four_eyes_and_one_return_by_itself() -> None:
    _shop, to = shop_with(1_000_000)
    payout, fay = paid(to, 500_000), finance()
    asked = enter_return(told(payout), key=new_uuid(), by=fay)
    mine = PayoutReturn.objects.filter(id=asked.id)
    with pytest.raises(IntegrityError, match="payout_return_four_eyes"), transaction.atomic():
        mine.update(state="done", decided_by=fay, decided_at=asked.asked_at)
    with pytest.raises(IntegrityError, match="payout_returned_once"), transaction.atomic():
        PayoutReturn.objects.create(**_columns(asked) | {"id": new_uuid(), "reference": "other"})
    with pytest.raises(IntegrityError, match="payout_return_of_gateway"), transaction.atomic():
        mine.update(eyes=0)


def _columns(row: PayoutReturn) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.fields}


def test_the_account_is_marked_and_asks_to_be_looked_at_before_the_next() -> None:
    shop, to = shop_with()
    returned(paid(to))
    to.refresh_from_db()
    assert (to.returned_at is not None, to.returned_why) == (True, WHY)
    with pytest.raises(AccountReturned):
        asking.ask(wish(to, 5_000), by=ada_of(shop))
    other = account(shop)
    asking.ask(wish(other, 5_000), by=ada_of(shop))
    looked_at = asking.Wish(to.payee, to.id, 5_000, "CNY", "looked at", is_checked=True)
    asking.ask(looked_at, by=ada_of(shop))
    to.refresh_from_db()
    assert to.returned_at is None
    assert AuditEntry.objects.filter(action="payout_account.confirm").count() == 1
    asking.ask(wish(to, 5_000), by=ada_of(shop))
    assert broken() == []


def test_a_withdrawal_that_is_refused_leaves_the_account_marked() -> None:
    shop, to = shop_with()
    returned(paid(to))
    with pytest.raises(Refusal):
        asking.ask(asking.Wish(to.payee, to.id, 900_000, "CNY", "too much", is_checked=True), by=ada_of(shop))
    to.refresh_from_db()
    assert to.returned_at is not None


@pytest.mark.parametrize(("language", "title"), [("zh-hans", "被银行退回"), ("en", "The bank returned")])
def test_the_owner_reads_it_in_a_letter(mailoutbox: list[EmailMessage], language: str, title: str) -> None:
    shop, to = shop_with()
    ada = ada_of(shop)
    ada.language = language
    ada.save(update_fields=["language"])
    payout = paid(to)
    returned(payout)
    assert mail_payout(payout.id, News.RETURNED) == 1
    (letter,) = mailoutbox
    assert title in letter.subject
    assert WHY in letter.body
    assert "/payouts/accounts" in letter.body


def test_a_statement_names_it_on_a_line_of_its_own() -> None:
    shop, to = shop_with()
    returned(paid(to), kept=300)
    today = day_of(Payout.objects.get().asked_at)
    (month,) = [one for one in months_of(shop.id, today.year, today) if one.first == date(today.year, today.month, 1)]
    assert (month.sums[Line.PAID_OUT], month.sums[Line.PAID_BACK]) == (-10_000, 10_000)
    assert month.closing == 100_000


def test_what_came_back_does_not_count_among_the_days_payouts() -> None:
    _shop, to = shop_with()
    first = paid(to)
    second = asking.ask(wish(to, 5_000), by=to.added_by)
    assert asked_before(second) == 10_000
    returned(first)
    assert asked_before(second) == 0


def _file(payout: Payout, result: str, reference: str = "TP-1", why: str = WHY) -> list[Outcome]:
    return read_outcomes(f"payout,result,reference,why\n{asking.shown(payout)},{result},{reference},{why}\n")


@pytest.mark.parametrize("word", ["退票", "returned", "RETURNED"])
def test_a_line_of_the_banks_file_brings_it_back_once(word: str) -> None:
    shop, to = shop_with()
    payout = paid(to)
    batch = payout.batch
    assert batch is not None
    fay = finance()
    assert record_outcomes(batch, _file(payout, word), by=fay) == 1
    assert (state_of(payout), money_of(shop)) == (PayoutState.RETURNED, (100_000, 0, 0))
    for again in (_file(payout, word), _file(payout, "paid", "B-1")):
        assert record_outcomes(batch, again, by=fay) == 0
    with pytest.raises(PayoutMoved):
        record_outcomes(batch, _file(payout, word, "TP-2"), by=fay)
    with pytest.raises(PayoutMoved):
        record_outcomes(batch, _file(payout, "failed"), by=fay)
    assert broken() == []


def test_a_large_line_waits_for_another_and_the_file_twice_is_no_second_yes() -> None:
    shop, to = shop_with(1_000_000)
    payout = paid(to, 500_000)
    batch = payout.batch
    assert batch is not None
    assert record_outcomes(batch, _file(payout, "退票"), by=finance()) == 1
    assert record_outcomes(batch, _file(payout, "退票"), by=finance()) == 0
    assert (state_of(payout), money_of(shop)) == (PayoutState.PAID, (500_000, 0, 0))
    decide_return(PayoutReturn.objects.get().id, grant=True, by=finance())
    assert money_of(shop) == (1_000_000, 0, 0)


def test_a_line_without_the_banks_number_is_refused_whole() -> None:
    shop, to = shop_with()
    payout = paid(to)
    assert payout.batch is not None
    with pytest.raises(ReturnNumberMissing):
        record_outcomes(payout.batch, _file(payout, "退票", ""), by=finance())
    assert (state_of(payout), money_of(shop)) == (PayoutState.PAID, (90_000, 0, 0))
    with pytest.raises(BadResultFile):
        _file(payout, "back")


def test_what_the_bank_returns_before_it_said_that_it_paid_has_failed() -> None:
    shop, to = shop_with()
    payout = approved(to, 10_000)
    batch = sending.make_batch(payout.account_kind, "CNY", by=finance())  # type: ignore[arg-type]
    assert record_outcomes(batch, _file(payout, "退票"), by=finance()) == 1
    assert (state_of(payout), money_of(shop), legs()) == (PayoutState.FAILED, (100_000, 0, 0), {})
    assert broken() == []


def test_a_banks_payout_is_not_returned_by_the_word_of_a_gateway() -> None:
    _shop, to = shop_with()
    payout = paid(to)
    with pytest.raises(PayoutMoved):
        returned_by_gateway(payout.id, reason="closed", reference="")
    assert state_of(payout) == PayoutState.PAID
