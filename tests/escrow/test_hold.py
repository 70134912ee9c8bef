"""The arithmetic of a hold: whatever happens in whatever order, every cent is somewhere, and nobody is below zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from xinka.escrow.hold import NAMES, Hold
from xinka.escrow.models import Hold as Row
from xinka.escrow.states import HoldState, Timer
from xinka.flows.escrow import books
from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import Account
from xinka.ledger.posting import Journal

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def hold(amount: int, *, commission_bps: int = 0, reserve_bps: int = 0, discount: int = 0) -> Hold:
    return Hold(
        order_id=new_uuid(),
        version=0,
        merchant_id=7,
        kind="card_code",
        currency="CNY",
        amount=amount,
        refunded=0,
        released=0,
        commission=0,
        reserved=0,
        subsidy=0,
        seized_held=0,
        seized_net=0,
        discount_platform=discount,
        commission_bps=commission_bps,
        reserve_bps=reserve_bps,
        confirm_seconds=86_400,
        after_sale_seconds=86_400,
        reserve_seconds=86_400,
        state=HoldState.HELD,
        frozen_from="",
        n_stops=0,
        due_at=MOMENT,
        due_event=Timer.CONFIRM,
        rest_seconds=None,
        remind_at=None,
        delivered_at=MOMENT,
        released_at=None,
        settled_at=None,
    )


holds = st.builds(
    hold,
    st.integers(1, 10**12),
    commission_bps=st.integers(0, 5_000),
    reserve_bps=st.integers(0, 5_000),
    discount=st.integers(0, 10**12),
)
parts = st.lists(st.integers(1, 10**12), max_size=6)


def balanced(journals: list[Journal]) -> bool:
    return all(sum(leg.amount for leg in journal.legs) == 0 for journal in journals)


def moved(journals: list[Journal], account: Account) -> int:
    return -sum(leg.amount for journal in journals for leg in journal.legs if leg.account is account)


def test_it_has_every_column_that_moves() -> None:
    columns = {field.attname for field in Row._meta.concrete_fields}
    assert set(NAMES) == columns


@given(holds, parts, parts)
def test_every_cent_is_somewhere(start: Hold, before: list[int], after: list[int]) -> None:
    now, journals = start, []
    for n, part in enumerate(before):
        amount = min(part, now.returnable - 1)
        if amount > 0:
            then = now.after_return(amount)
            journals.append(books.of_return(now, then, f"b{n}", 0, None))
            now = then
    then = now.after_release()
    journals += books.of_release(now, then)
    now = then
    for n, part in enumerate([*after, 10**13]):
        amount = min(part, now.returnable)
        if amount > 0:
            then = now.after_return(amount)
            assert then.pending >= 0
            assert then.net <= now.net
            journals.append(books.of_return(now, then, f"a{n}", now.reserved, None))
            now = then
    assert balanced(journals)
    assert (now.released, now.commission, now.net, now.reserved, now.subsidy) == (0, 0, 0, 0, 0)
    assert moved(journals, Account.REFUND_IN_TRANSIT) == start.amount == now.refunded
    for account in (Account.SELLER_PENDING, Account.SELLER_RESERVE, Account.COMMISSION, Account.PROMOTIONS):
        assert moved(journals, account) == 0
    assert moved(journals, Account.ESCROW) == -start.amount


@given(holds)
def test_what_is_released_is_shared_without_rest(start: Hold) -> None:
    after = start.after_release()
    assert after.in_escrow == 0
    assert after.net + after.commission == start.amount + after.subsidy
    assert after.subsidy == start.discount_platform
    assert 0 <= after.reserved <= after.net
    journals = books.of_release(start, after)
    assert balanced(journals)
    assert moved(journals, Account.SELLER_PENDING) == after.pending


@given(holds, st.integers(0, 10**12))
def test_what_the_reserve_lacks_the_seller_owes_and_nobody_else_pays(start: Hold, in_reserve: int) -> None:
    released = start.after_release()
    back = released.after_return(released.amount)
    journal = books.of_return(released, back, "k", in_reserve, None)
    assert balanced([journal])
    taken = -moved([journal], Account.SELLER_RESERVE)
    assert taken == min(released.reserved, in_reserve)
    assert -moved([journal], Account.SELLER_RECEIVABLE) == released.reserved - taken


@given(holds)
def test_a_freeze_and_its_end_cancel_out(start: Hold) -> None:
    released = replace(start.after_release(), version=3)
    there = books.of_freeze(released, released.reserved, by_id=1)
    back = books.of_thaw(replace(released, version=4), by_id=2)
    assert balanced([*there, *back])
    assert moved([*there, *back], Account.FROZEN) == 0
    assert len({journal.key for journal in [*there, *back]}) == len(there) + len(back)


@given(holds, st.integers(1, 10**12), st.integers(1, 10**12), st.booleans())
def test_what_a_court_leaves_can_go_back_and_nobody_is_below_zero(
    start: Hold, seized: int, back: int, is_released: bool
) -> None:
    now = start.after_release() if is_released else start
    journals = books.of_release(start, now) if is_released else []
    amount = min(seized, now.freezable)
    if amount <= 0:
        return
    journals += books.of_freeze(now, now.reserved, by_id=1)
    journals.append(books.of_hand_over(now, amount, by_id=2))
    then = replace(now.after_hand_over(amount), version=1)
    assert then.freezable == now.freezable - amount
    assert 0 <= then.reserved <= max(0, then.net)
    journals += books.of_thaw(then, by_id=1)
    wanted = min(back, then.returnable)
    if wanted > 0:
        after = then.after_return(wanted)
        assert (after.net >= 0, after.pending >= 0, after.in_escrow >= 0) == (True, True, True)
        journals.append(books.of_return(then, after, "back", then.reserved, None))
        then = after
    assert balanced(journals)
    assert moved(journals, Account.FROZEN) == 0
    assert moved(journals, Account.BANK_TRUST) == amount
    assert moved(journals, Account.SELLER_PENDING) + moved(journals, Account.SELLER_RESERVE) == then.net
