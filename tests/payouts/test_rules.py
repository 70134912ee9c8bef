"""The auditor sees each thing that must never be true of payouts; every rule is shown to fail."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.cast import adas_shop
from tests.flows.payouts import account, approved, enter, finance
from tests.flows.returning import paid, returned, shop_with
from tests.flows.rows import broken
from xinka.flows.payouts.sending import Outcome, make_batch, record_outcomes
from xinka.payouts.details import AccountKind
from xinka.payouts.models import Payout

pytestmark = pytest.mark.django_db


def ends(*, paid: bool) -> Payout:
    """Return a payout that went all the way."""
    shop = adas_shop()
    enter(shop, 100_000)
    payout = approved(account(shop), 10_000)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    record_outcomes(batch, [Outcome(payout.id, is_paid=paid)], by=finance())
    return payout


@pytest.mark.parametrize("paid", [True, False])
def test_a_payout_that_ends_breaks_nothing(paid: bool) -> None:
    ends(paid=paid)
    assert broken() == []


@pytest.mark.parametrize(
    ("tampering", "rules"),
    [
        ("UPDATE payouts_payout SET state = 'sending', finished_at = NULL", {"in_transit_is_payouts", "ended_once"}),
        ("UPDATE payouts_payout SET state = 'failed'", {"ended_once"}),
        ("UPDATE payouts_payout SET state = 'cancelled'", {"ended_once"}),
        ("DELETE FROM payouts_payoutapproval", {"enough_eyes"}),
        ("UPDATE payouts_payoutapproval SET by_id = (SELECT asked_by_id FROM payouts_payout)", {"enough_eyes"}),
    ],
)
def test_what_was_tampered_with_shows(tampering: str, rules: set[str]) -> None:
    ends(paid=True)
    with connection.cursor() as cursor:
        cursor.execute(tampering)
    assert set(broken()) == rules


_STRAY = """WITH j AS (INSERT INTO ledger_journal (id, key, content_hash, n_legs, kind, note, at)
      SELECT gen_random_uuid(), 'payout/other/payout_returned', content_hash, n_legs, kind, '', at FROM ledger_journal
      WHERE kind = 23 RETURNING id)
    INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, channel_id, owner_id, at)
    SELECT j.id, account, kind, amount, currency, channel_id, owner_id, at FROM ledger_entry, j WHERE kind = 23"""


@pytest.mark.parametrize(
    ("tampering", "rules"),
    [
        ("UPDATE payouts_payout SET state = 'paid'", {"returned_once", "returns_were_said"}),
        ("UPDATE payouts_payout SET state = 'failed'", {"ended_once", "returned_once", "returns_were_said"}),
        ("UPDATE payouts_payout SET amount = amount - 1", {"returned_once"}),
        ("UPDATE payouts_payout SET currency = 'USD'", {"returned_once"}),
        ("DELETE FROM payouts_payoutreturn", {"returns_were_said"}),
        ("UPDATE payouts_payoutreturn SET state = 'refused'", {"returns_were_said"}),
        ("UPDATE payouts_payoutreturn SET asked_by_id = NULL, eyes = 0", {"returns_were_said"}),
        ("UPDATE payouts_payoutreturn SET channel_id = 7", {"returns_were_said"}),
        (
            "UPDATE payouts_payoutreturn SET asked_by_id = (SELECT asked_by_id FROM payouts_payout)",
            {"returns_were_said"},
        ),
    ],
)
def test_a_return_that_was_tampered_with_shows(tampering: str, rules: set[str]) -> None:
    _shop, to = shop_with()
    returned(paid(to))
    assert broken() == []
    with connection.cursor() as cursor:
        cursor.execute(tampering)
    assert set(broken()) == rules


def test_a_return_of_no_payout_shows() -> None:
    _shop, to = shop_with()
    returned(paid(to))
    with connection.cursor() as cursor:
        cursor.execute(_STRAY)
    assert "returned_once" in broken()


def test_a_return_that_nobody_entered_into_the_books_shows() -> None:
    _shop, to = shop_with()
    payout = paid(to)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE payouts_payout SET state = 'returned' WHERE id = %s", [payout.id])
    assert set(broken()) == {"returned_once", "returns_were_said"}
