"""Journals are entered whole, once, balanced and for ever, and nobody's balance goes below nothing."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import OWED_TO_CUSTOMERS, OWNED, RESTRICTED, Account, JournalKind, Nature
from xinka.ledger.errors import KeyReused, is_overdraft
from xinka.ledger.models import Balance, Entry
from xinka.ledger.models import Journal as WrittenJournal
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import balance_of, balances_of_merchant
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

ADA = 7
BEA = 8


def release(key: str = "release/1", amount: int = 4900, owner: int = ADA, **more: object) -> Journal:
    """Ada's money leaves escrow, a tenth of it for the shop."""
    fee = amount // 10
    legs = (
        Leg(Account.ESCROW, amount),
        Leg(Account.SELLER_PENDING, fee - amount, owner),
        Leg(Account.COMMISSION, -fee),
    )
    return Journal(JournalKind.RELEASE, key, "CNY", legs, **more)  # type: ignore[arg-type]  # fields by name


def payout(amount: int, key: str = "payout/1") -> Journal:
    legs = (Leg(Account.SELLER_PENDING, amount, ADA), Leg(Account.SELLER_AVAILABLE, -amount, ADA))
    return Journal(JournalKind.MATURE, key, "CNY", legs)


def written() -> list[tuple[int, int, int | None]]:
    return list(Entry.objects.order_by("journal_id", "account").values_list("account", "amount", "owner_id"))


def nothing_written() -> bool:
    return not (Entry.objects.exists() or WrittenJournal.objects.exists() or Balance.objects.exists())


def test_a_journal_is_entered_leg_by_leg_and_its_balance_follows() -> None:
    order_id = new_uuid()
    (journal_id,) = run(post([release(order_id=order_id, note="confirmed", by_id=3)]))
    assert written() == [(Account.ESCROW, 4900, None), (Account.SELLER_PENDING, -4410, ADA), (15, -490, None)]
    made = WrittenJournal.objects.get()
    assert (made.id, made.key, made.n_legs, made.note, made.by_id) == (journal_id, "release/1", 3, "confirmed", 3)
    assert set(Entry.objects.values_list("order_id", flat=True)) == {order_id}
    assert balance_of(Account.SELLER_PENDING, ADA) == 4410


def test_many_journals_are_entered_at_once_in_the_order_they_were_given() -> None:
    asked = [release(f"release/{n}", 1000 + n) for n in range(50)]
    made = run(post(asked))
    assert len(set(made)) == 50
    assert made == sorted(made)
    for journal, journal_id in zip(asked, made, strict=True):
        assert Entry.objects.get(journal_id=journal_id, account=Account.ESCROW).amount == journal.legs[0].amount
    assert balance_of(Account.SELLER_PENDING, ADA) == -sum(journal.legs[1].amount for journal in asked)


def test_an_event_told_twice_is_entered_once() -> None:
    first = run(post([release()]))
    before = written()
    assert run(post([release(note="another note", by_id=4)])) == first
    assert written() == before
    assert balance_of(Account.SELLER_PENDING, ADA) == 4410


def test_an_event_named_twice_in_one_breath_is_entered_once() -> None:
    one, two = run(post([release(), release()]))
    assert one == two
    assert Entry.objects.count() == 3


@pytest.mark.parametrize(
    "other",
    [
        release(amount=4901),
        release(owner=BEA),
        release(order_id=new_uuid()),
        release(channel_id=5),
        Journal(JournalKind.CORRECTION, "release/1", "CNY", release().legs),
        Journal(JournalKind.RELEASE, "release/1", "USD", release().legs),
    ],
    ids=["amount", "owner", "order", "channel", "kind", "currency"],
)
def test_a_key_with_other_content_is_refused_and_nothing_of_the_batch_is_entered(other: Journal) -> None:
    run(post([release()]))
    before = written()
    with pytest.raises(KeyReused, match="release/1"):
        run(post([release("release/2"), other]))
    assert written() == before
    assert WrittenJournal.objects.count() == 1


def test_legs_of_nothing_are_left_out() -> None:
    legs = (Leg(Account.ESCROW, 5), Leg(Account.COMMISSION, 0), Leg(Account.SELLER_PENDING, -5, ADA))
    run(post([Journal(JournalKind.RELEASE, "k", "CNY", legs)]))
    assert [account for account, _, _ in written()] == [Account.ESCROW, Account.SELLER_PENDING]


def test_a_journal_of_nothing_takes_its_key_and_enters_nothing() -> None:
    nothing = Journal(JournalKind.RESERVE, "r", "CNY", (Leg(Account.SELLER_PENDING, 0, ADA),))
    first = run(post([nothing]))
    assert run(post([nothing])) == first
    assert written() == []
    with pytest.raises(KeyReused):
        run(post([release("r")]))


def test_posting_nothing_is_nothing() -> None:
    assert run(post([])) == []


def test_a_journal_that_does_not_sum_to_zero_is_refused_with_all_that_came_with_it() -> None:
    crooked = Journal(JournalKind.RELEASE, "k", "CNY", (Leg(Account.ESCROW, 5), Leg(Account.SELLER_PENDING, -4, ADA)))
    with pytest.raises(psycopg.errors.CheckViolation, match="does not sum to zero") as caught:
        run(post([release(), crooked]))
    assert not is_overdraft(caught.value)
    assert nothing_written()


@pytest.mark.parametrize(
    "leg",
    [Leg(Account.SELLER_PENDING, -5), Leg(Account.COMMISSION, -5, ADA)],
    ids=["nobody's", "somebody's"],
)
def test_owned_accounts_have_an_owner_and_no_others_do(leg: Leg) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="entry_owner"):
        run(post([Journal(JournalKind.RELEASE, "k", "CNY", (Leg(Account.ESCROW, 5), leg))]))
    assert nothing_written()


def test_more_than_there_is_cannot_be_taken() -> None:
    run(post([release()]))
    before = written()
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        run(post([payout(4411)]))
    assert is_overdraft(caught.value)
    assert written() == before
    run(post([payout(4410)]))
    assert balances_of_merchant(ADA) == {
        "pending": 0,
        "available": 4410,
        "reserve": 0,
        "in_transit": 0,
        "receivable": 0,
        "frozen": 0,
    }


def test_a_receivable_cannot_be_paid_back_beyond_what_is_owed() -> None:
    def owes(amount: int, key: str) -> Journal:
        legs = (Leg(Account.SELLER_RECEIVABLE, amount, ADA), Leg(Account.SUSPENSE, -amount))
        return Journal(JournalKind.CHARGEBACK_OPENED, key, "CNY", legs)

    run(post([owes(300, "a")]))
    assert balances_of_merchant(ADA)["receivable"] == 300
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        run(post([owes(-301, "b")]))
    assert is_overdraft(caught.value)
    assert balance_of(Account.SELLER_RECEIVABLE, ADA) == 300


def test_balances_are_kept_apart_by_owner_and_currency() -> None:
    run(post([release(), release("b", 1000, BEA), Journal(JournalKind.RELEASE, "c", "USD", release().legs)]))
    assert balance_of(Account.SELLER_PENDING, ADA) == 4410
    assert balance_of(Account.SELLER_PENDING, BEA) == 900
    assert balance_of(Account.SELLER_PENDING, ADA, "USD") == 4410
    assert balance_of(Account.SELLER_PENDING, 99) == 0


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_journal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET kind = 30", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_is_written_stays_written(table: str, statement: str) -> None:
    run(post([release()]))
    before = written()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert written() == before
    assert WrittenJournal.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_balance SET amount = -1",
        "DELETE FROM ledger_balance",
        "INSERT INTO ledger_balance VALUES (9, 1, 'CNY', -100)",
    ],
)
def test_nobody_sets_a_balance_by_hand(statement: str) -> None:
    run(post([release()]))
    with pytest.raises(DatabaseError, match="follow from entries"), transaction.atomic():
        connection.cursor().execute(statement)
    assert balance_of(Account.SELLER_PENDING, ADA) == 4410


def test_a_journal_does_not_grow_afterwards() -> None:
    (journal_id,) = run(post([release()]))
    with pytest.raises(DatabaseError, match="cannot grow"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, channel_id, at) "
            "VALUES (%s, 18, 5, 1, 'CNY', 0, now()), (%s, 1, 5, -1, 'CNY', 0, now())",
            [journal_id, journal_id],
        )
    assert Entry.objects.count() == 3


def test_the_chart_says_of_every_account_what_it_is() -> None:
    assert {account.nature for account in Account} == set(Nature)

    def by_nature(nature: Nature) -> set[int]:
        return {account for account in Account if account.nature is nature}

    assert by_nature(Nature.ASSET) == {1, 5, 6, 7}
    assert by_nature(Nature.INCOME) == {15, 16, 17}
    assert by_nature(Nature.EXPENSE) == {18, 19, 20, 24}
    assert by_nature(Nature.EQUITY) == {21}
    assert RESTRICTED < OWNED
    assert by_nature(Nature.LIABILITY) - {Account.TAX} == OWED_TO_CUSTOMERS
