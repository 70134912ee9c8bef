"""A file for the bank holds each approved payout once, and what the bank says is entered once."""

from __future__ import annotations

import csv
import io

import pytest
from pytest_django import Settings

from tests.cast import adas_shop
from tests.flows.payouts import ALIPAY, account, ada_of, approved, asked, enter, finance, money_of
from tests.flows.rows import broken
from xinka.flows.payouts import sending
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.sending import Outcome, file_of, make_batch, read_outcomes, record_outcomes
from xinka.kernel.per_currency import PerCurrency
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry
from xinka.merchants.models import Membership, Merchant
from xinka.payouts.details import AccountKind
from xinka.payouts.errors import BadResultFile, NothingToSend, NotYourOwn, PayoutMoved
from xinka.payouts.models import Payout, PayoutBatch
from xinka.payouts.states import PayoutState
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Merchant:
    made = adas_shop()
    enter(made, 100_000)
    return made


def bank_trust() -> int:
    return sum(Entry.objects.filter(account=Account.BANK_TRUST, kind=10).values_list("amount", flat=True))


def test_a_file_takes_what_is_approved_of_its_kind_once(shop: Merchant) -> None:
    bank, other = account(shop), account(shop, ALIPAY)
    first, second = approved(bank, 10_000), approved(bank, 20_000)
    approved(other, 5_000)
    asked(bank, 5_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    assert (batch.n_payouts, batch.total) == (2, 30_000)
    assert set(batch.payouts.values_list("id", "state")) == {
        (first.id, PayoutState.SENDING),
        (second.id, PayoutState.SENDING),
    }
    with pytest.raises(NothingToSend):
        make_batch(AccountKind.BANK, "CNY", by=finance())
    assert broken() == []


def test_the_file_names_payee_account_and_amount_and_taking_it_is_written_down(shop: Merchant) -> None:
    payout = approved(account(shop), 12_345)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    rows = list(csv.reader(io.StringIO(file_of(batch, by=finance()).removeprefix("\ufeff"))))
    assert rows == [
        ["payout", "name", "bank", "account", "network", "amount", "currency"],
        [shown(payout), "林小满", "招商银行", "6222021234567890123", "", "123.45", "CNY"],
    ]
    assert AuditEntry.objects.filter(action="payout.batch_file").count() == 1


def test_no_cell_of_a_file_is_a_formula(shop: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    approved(account(shop), 12_345)  # names are looked at when an account is added; the file does not rely on that
    monkeypatch.setattr(sending, "_cells", lambda _: ("=1+1", "＝1+1", *["x"] * 5))
    text = file_of(make_batch(AccountKind.BANK, "CNY", by=finance()), by=finance())
    assert text.splitlines()[1].startswith('"\'=1+1","\'＝1+1"')


def test_a_person_of_finance_leaves_their_own_shop_to_others(shop: Merchant) -> None:
    approved(account(shop), 10_000)
    dee = finance()
    Membership.objects.create(merchant=shop, user=dee)
    with pytest.raises(NothingToSend):
        make_batch(AccountKind.BANK, "CNY", by=dee)


def test_what_was_paid_leaves_the_trust_account_and_the_fee_is_ours(shop: Merchant, settings: Settings) -> None:
    settings.PAYOUT_FEE_FIXED = PerCurrency({"CNY": 100})
    payout = approved(account(shop), 40_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    outcome = Outcome(payout.id, is_paid=True, reference="B-77")
    assert record_outcomes(batch, [outcome], by=finance()) == 1
    assert record_outcomes(batch, [outcome], by=finance()) == 0
    payout.refresh_from_db()
    assert (payout.state, payout.reference) == (PayoutState.PAID, "B-77")
    assert money_of(shop) == (59_900, 0, 0)
    assert bank_trust() == -40_000
    assert list(Entry.objects.filter(account=Account.PAYOUT_FEE).values_list("amount", flat=True)) == [-100]
    with pytest.raises(PayoutMoved):
        record_outcomes(batch, [Outcome(payout.id, is_paid=False)], by=finance())
    assert broken() == []


def test_nobody_enters_outcomes_of_ones_own_shop(shop: Merchant) -> None:
    payout = approved(account(shop), 10_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    with pytest.raises(NotYourOwn):
        record_outcomes(batch, [Outcome(payout.id, is_paid=False)], by=ada_of(shop))
    assert money_of(shop) == (90_000, 10_000, 0)


def test_what_failed_is_available_again_with_its_fee(shop: Merchant, settings: Settings) -> None:
    settings.PAYOUT_FEE_FIXED = PerCurrency({"CNY": 100})
    payout = approved(account(shop), 40_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    record_outcomes(batch, [Outcome(payout.id, is_paid=False, why="account closed")], by=finance())
    payout.refresh_from_db()
    assert (payout.state, payout.problem) == (PayoutState.FAILED, "account closed")
    assert money_of(shop) == (100_000, 0, 0)
    assert bank_trust() == 0
    assert broken() == []


def test_one_wrong_line_and_nothing_of_the_file_is_entered(shop: Merchant) -> None:
    to = account(shop)
    mine = approved(to, 10_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    elsewhere = approved(to, 10_000)
    make_batch(AccountKind.BANK, "CNY", by=finance())
    with pytest.raises(PayoutMoved):
        record_outcomes(batch, [Outcome(mine.id, is_paid=True), Outcome(elsewhere.id, is_paid=True)], by=finance())
    assert set(Payout.objects.values_list("state", flat=True)) == {PayoutState.SENDING}
    assert money_of(shop) == (80_000, 20_000, 0)


def test_a_file_of_results_is_read_line_by_line(shop: Merchant) -> None:
    to = account(shop)
    one, two = approved(to, 10_000), approved(to, 10_000)
    text = f"\ufeffpayout,result,reference,why\n{shown(one)},成功,B-1,\n{shown(two)},FAILED,,no such account\n"
    assert read_outcomes(text) == [
        Outcome(one.id, is_paid=True, reference="B-1"),
        Outcome(two.id, is_paid=False, why="no such account"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, "payout, result"),
        ("number,result\n1,paid\n", 1, "payout"),
        ("payout,result\nout_1,paid\n", 2, "payout"),
        ("payout,result\n{n},perhaps\n", 2, "result"),
        ("payout,result\n{n},paid\n{n},paid\nout_1,paid\n", 3, "payout"),
        ('payout,result\n{n},"paid\n', 2, "—"),
    ],
)
def test_what_cannot_be_read_names_its_line_and_column(shop: Merchant, text: str, line: int, column: str) -> None:
    number = shown(approved(account(shop), 10_000))
    with pytest.raises(BadResultFile) as refused:
        read_outcomes(text.replace("{n}", number))
    assert (refused.value.params["line"], refused.value.params["column"]) == (line, column)


def test_files_are_of_one_currency(shop: Merchant) -> None:
    enter(shop, 50_000, currency="USD")
    approved(account(shop), 10_000)
    with pytest.raises(NothingToSend):
        make_batch(AccountKind.BANK, "USD", by=ada_of(adas_shop(slug="beas-cards")))
    assert PayoutBatch.objects.count() == 0
