"""After the sale: gift cards and referrals follow the hold of their order, from release to settlement, and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.holding import books, terms
from tests.flows.poison import poison
from tests.flows.rows import broken
from tests.promotions import offers
from xinka.accounts.models import User
from xinka.flows import escrow
from xinka.flows.checkout import Placed, place
from xinka.flows.closing_accounts import close_account
from xinka.flows.promotions.cards import Batch, balance_of, issue, redeem
from xinka.flows.promotions.clock import reckon_members, tell_sales
from xinka.flows.promotions.vesting import book_uses, vest_due, vest_for
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import Refusal
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry
from xinka.ledger.queries import balance_of as owed_to
from xinka.merchants.models import Merchant
from xinka.payments.models import Channel
from xinka.payments.states import RefundReason
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import SomeFailed
from xinka.promotions import errors
from xinka.promotions.models import Coupon, FlashSale, GiftCard, Level, Member, Referral, ReferralTerms, Use

pytestmark = pytest.mark.django_db
BUYER, ARBITER = Actor(Role.BUYER), Actor(Role.ARBITER, 1)
CARD = "GIFT-CARD-0001-ABCD"


@pytest.fixture
def ada() -> Merchant:
    """Ada's merchant."""
    return cast.adas_shop()


@pytest.fixture
def alipay() -> Channel:
    """A way to pay."""
    return cast.channel()


@pytest.fixture
def ware(ada: Merchant) -> cast.Ware:
    """Cards at ¥100."""
    return cast.ware(ada, 20, sku={"price": 10_000})


@pytest.fixture(autouse=True)
def _audited() -> Iterator[None]:
    """The platform takes 5 %; after every test here, all the auditor's rules hold."""
    terms(commission_bps=500)
    yield
    assert broken() == []


def bought_with(ware: cast.Ware, alipay: Channel, expected: int, **more: Any) -> cast.Bought:
    """Return an order that was placed with a wish and paid."""
    bought = cast.buy(ware.sku, alipay, expected=expected, **more)
    cast.pay(bought)
    return bought


def settled(bought: cast.Bought) -> None:
    """Let an order be released and settled."""
    run(escrow.confirm(bought.order_id, by=BUYER))
    run(escrow.mature_due(timezone.now() + timedelta(days=60)))


def given_back(bought: cast.Bought, amount: int | None = None) -> None:
    """Let an arbiter give money back."""
    key = f"test-{bought.order_id}-{amount}"
    run(escrow.give_back(bought.order_id, amount, reason=RefundReason.DISPUTE, key=key, by=ARBITER))


def debt() -> int:
    """Return what the books owe to gift cards."""
    return -sum(Entry.objects.filter(account=Account.GIFT_CARDS).values_list("amount", flat=True))


def test_the_seller_is_paid_in_full_and_the_cards_debt_goes_with_the_release(ware: cast.Ware, alipay: Channel) -> None:
    made = offers.card(value=6000)
    bought = bought_with(ware, alipay, 4000, wish=offers.wish(CARD))
    assert (book_uses(), debt()) == (0, 6000)
    run(escrow.confirm(bought.order_id, by=BUYER))
    assert (book_uses(), book_uses(), debt()) == (1, 0, 0)
    entered = books(bought.order_id)
    assert entered["seller_pending"] + entered["commission"] == 10_000
    assert "promotions" not in entered
    settled(bought)
    assert (book_uses(), book_uses()) == (1, 0)
    made.refresh_from_db()
    assert (made.balance, Use.objects.get().booked, Use.objects.get().done) == (0, 6000, True)


def test_a_card_that_cannot_be_booked_keeps_no_other_waiting(ware: cast.Ware, alipay: Channel) -> None:
    offers.card(value=6000), offers.card(value=6000, code="GIFT-CARD-0002-ABCD")
    bad = bought_with(ware, alipay, 4000, wish=offers.wish(CARD))
    good = bought_with(ware, alipay, 4000, wish=offers.wish("GIFT-CARD-0002-ABCD"))
    for bought in (bad, good):
        run(escrow.confirm(bought.order_id, by=BUYER))
    poison(Use, f"order_id <> '{bad.order_id}' OR booked = 0")
    for _again in range(2):
        with pytest.raises(SomeFailed, match="poison"):
            book_uses()
        assert debt() == 6000
    assert Use.objects.get(order_id=good.order_id).booked == 6000


def test_a_commission_that_cannot_accrue_keeps_no_other_waiting(ware: cast.Ware, alipay: Channel) -> None:
    gil = cast.person("gil@example.com")
    ReferralTerms.objects.create(merchant=None, bps=300)
    orders = [bought_with(ware, alipay, 10_000, referrer_id=gil.pk) for _n in range(2)]
    for bought in orders:
        run(escrow.confirm(bought.order_id, by=BUYER))
    poison(Referral, f"order_id <> '{orders[0].order_id}' OR state = 'waiting'")
    with pytest.raises(SomeFailed, match="poison"):
        vest_due()
    assert [pending(gil), *Referral.objects.order_by("at").values_list("state", flat=True)] == [
        300,
        "waiting",
        "accrued",
    ]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_order_given_back_gives_the_card_its_money_back(ware: cast.Ware, alipay: Channel, when: str) -> None:
    made = offers.card(value=6000)
    bought = bought_with(ware, alipay, 4000, wish=offers.wish(CARD))
    if when == "after":
        run(escrow.confirm(bought.order_id, by=BUYER))
        book_uses()
    given_back(bought)
    assert (book_uses(), book_uses(), debt()) == (1, 0, 6000)
    made.refresh_from_db()
    assert (made.balance, Use.objects.get().state) == (6000, "returned")


def test_of_an_order_given_back_by_half_the_card_has_its_half(ware: cast.Ware, alipay: Channel) -> None:
    made = offers.card(value=6000)
    bought = bought_with(ware, alipay, 4000, wish=offers.wish(CARD))
    given_back(bought, 2000)
    settled(bought)
    book_uses()
    made.refresh_from_db()
    assert (made.balance, debt()) == (3000, 3000)


@pytest.mark.parametrize("back", [True, False])
def test_whether_a_coupon_of_a_refunded_order_is_good_again_is_its_own_rule(
    ada: Merchant, ware: cast.Ware, alipay: Channel, *, back: bool
) -> None:
    made = offers.coupon(merchant=ada, most_total=1, back_on_refund=back)
    bought = bought_with(ware, alipay, 9500, wish=offers.wish("SPRING"))
    given_back(bought)
    assert (book_uses(), book_uses()) == (1, 0)
    made.refresh_from_db()
    assert made.n_used == (0 if back else 1)


def test_the_platforms_coupon_is_the_platforms_cost(ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon()
    bought = bought_with(ware, alipay, 9500, wish=offers.wish("SPRING"))
    settled(bought)
    entered = books(bought.order_id)
    assert entered["promotions"] == -500
    assert entered["seller_available"] + entered["commission"] == 10_000


def test_a_merchants_coupon_is_the_merchants_cost(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon(merchant=ada)
    bought = bought_with(ware, alipay, 9500, wish=offers.wish("SPRING"))
    settled(bought)
    entered = books(bought.order_id)
    assert "promotions" not in entered
    assert entered["seller_available"] + entered["commission"] == 9500


# --- referrals ---


@pytest.fixture
def gil() -> User:
    """Somebody who tells friends."""
    return cast.person("gil@example.com")


def pending(user: User) -> int:
    """Return the commission a person may hope for."""
    return abs(owed_to(Account.REFERRAL_PENDING, user.id, "CNY"))


def test_commission_accrues_with_the_release_and_not_before(ware: cast.Ware, alipay: Channel, gil: User) -> None:
    ReferralTerms.objects.create(merchant=None, bps=300)
    bought = bought_with(ware, alipay, 10_000, referrer_id=gil.id)
    assert (vest_due(), pending(gil), Referral.objects.get().state) == (0, 0, "waiting")
    run(escrow.confirm(bought.order_id, by=BUYER))
    assert (vest_for([bought.order_id]), vest_due(), pending(gil)) == (1, 0, 300)
    assert books(bought.order_id)["promotions"] == -300


def test_commission_is_taken_back_with_the_clawback(ware: cast.Ware, alipay: Channel, gil: User) -> None:
    ReferralTerms.objects.create(merchant=None, bps=300)
    bought = bought_with(ware, alipay, 10_000, referrer_id=gil.id)
    run(escrow.confirm(bought.order_id, by=BUYER))
    vest_due()
    given_back(bought, 4000)
    assert (vest_due(), pending(gil)) == (1, 180)
    given_back(bought)
    assert (vest_due(), vest_due(), pending(gil), Referral.objects.get().state) == (1, 0, 0, "void")
    assert "promotions" not in books(bought.order_id)


def test_an_order_refunded_before_the_release_brings_nothing(ware: cast.Ware, alipay: Channel, gil: User) -> None:
    ReferralTerms.objects.create(merchant=None, bps=300)
    bought = bought_with(ware, alipay, 10_000, referrer_id=gil.id)
    given_back(bought)
    assert (vest_due(), pending(gil), Referral.objects.get().state) == (1, 0, "void")


def test_nobody_earns_on_their_own_purchases(ware: cast.Ware, alipay: Channel, gil: User) -> None:
    ReferralTerms.objects.create(merchant=None, bps=300)
    by_address = bought_with(ware, alipay, 10_000, contact="GIL@example.com", referrer_id=gil.id)
    settled(by_address)
    assert (vest_due(), pending(gil), Referral.objects.get().state) == (1, 0, "void")
    bought_with(ware, alipay, 10_000, contact="other@example.com", referrer_id=gil.id, buyer_id=gil.id)
    assert Referral.objects.count() == 1


def test_a_merchants_offer_is_charged_to_the_merchant_and_paid_out_when_settled(
    ada: Merchant, ware: cast.Ware, alipay: Channel, gil: User, settings: Settings
) -> None:
    settings.WALLET = True
    ReferralTerms.objects.create(merchant=None, bps=100)
    ReferralTerms.objects.create(merchant=ada, bps=500)
    bought = bought_with(ware, alipay, 10_000, referrer_id=gil.id)
    settled(bought)
    assert (vest_due(), vest_due()) == (1, 0)
    entered = books(bought.order_id)
    assert (entered["wallet"], entered["seller_available"] + entered["commission"]) == (500, 9500)
    assert (pending(gil), "promotions" in entered) == (0, False)


def test_a_merchant_who_has_taken_everything_out_owes_the_commission(
    ada: Merchant, ware: cast.Ware, alipay: Channel, gil: User
) -> None:
    from xinka.ledger.accounts import JournalKind  # here, because only this test empties a balance
    from xinka.ledger.posting import Journal, Leg, post

    ReferralTerms.objects.create(merchant=ada, bps=500)
    bought = bought_with(ware, alipay, 10_000, referrer_id=gil.id)
    settled(bought)
    left = abs(owed_to(Account.SELLER_AVAILABLE, ada.id, "CNY"))
    legs = (Leg(Account.SELLER_AVAILABLE, left, ada.id), Leg(Account.BANK_TRUST, -left))
    run(post([Journal(JournalKind.CORRECTION, "emptied", "CNY", legs)]))
    assert vest_due() == 1
    assert owed_to(Account.SELLER_RECEIVABLE, ada.id, "CNY") == 500


def test_who_has_closed_the_account_earns_nothing_more(
    ada: Merchant, ware: cast.Ware, alipay: Channel, gil: User
) -> None:
    ReferralTerms.objects.create(merchant=ada, bps=500)
    bought = bought_with(ware, alipay, 10_000, referrer_id=gil.id)
    assert close_account(gil, by="person", now=timezone.now()) == []
    settled(bought)
    vest_due()
    assert owed_to(Account.REFERRAL_PENDING, gil.id, "CNY") == owed_to(Account.WALLET, gil.id, "CNY") == 0
    assert Referral.objects.get().state == "void"


def test_without_terms_nothing_is_noted(ware: cast.Ware, alipay: Channel, gil: User) -> None:
    requests = [cast.ask(ware.sku, alipay, referrer_id=gil.id)]
    assert [type(answer) for answer in run(place(requests))] == [Placed]
    assert not Referral.objects.exists()


# --- cards ---


def test_cards_are_issued_with_their_debt_and_only_their_hashes_are_kept(ada: Merchant) -> None:
    batch_id, codes = issue(Batch(3, 5000, note="中秋"), by_id=1)
    assert len(set(codes)) == 3
    assert debt() == 15_000
    kept = list(GiftCard.objects.filter(batch_id=batch_id).values())
    assert not [row for row in kept if any(code in str(row) or code.replace("-", "") in str(row) for code in codes)]
    found = balance_of(codes[0].lower(), "here")
    assert isinstance(found, GiftCard)
    assert found.balance == 5000


def test_cards_sold_as_stock_are_owed_by_their_merchant(ada: Merchant, gil: User) -> None:
    shelf = cast.ware(ada, 0, slug="cards", sku={"price": 5000})
    issue(Batch(4, 5000, sku=shelf.sku), by_id=gil.id)
    assert owed_to(Account.SELLER_RECEIVABLE, ada.id, "CNY") == 20_000


def test_a_card_is_redeemed_once(settings: Settings, gil: User) -> None:
    settings.WALLET = True
    _, (code,) = issue(Batch(1, 5000), by_id=1)
    assert redeem(code, gil.id, "here") == (5000, "CNY")
    assert isinstance(redeem(code, gil.id, "here"), errors.CardEmpty)
    assert (abs(owed_to(Account.WALLET, gil.id, "CNY")), debt()) == (5000, 0)


def test_without_balances_a_card_is_only_for_orders(gil: User) -> None:
    _, (code,) = issue(Batch(1, 5000), by_id=1)
    assert isinstance(redeem(code, gil.id, "here"), errors.NoBalances)
    assert debt() == 5000


def test_guessing_cards_is_stopped(gil: User) -> None:
    _, (code,) = issue(Batch(1, 5000), by_id=1)
    kinds = [type(balance_of(f"GUESS-{n:04d}", "here")) for n in range(11)]
    assert kinds == [errors.CodeUnknown] * 10 + [errors.TooManyCodes]
    found = balance_of(code, "here")
    assert isinstance(found, Refusal)


# --- time ---


def test_pages_are_told_once_when_a_sale_begins_and_once_when_it_ends(ware: cast.Ware) -> None:
    now = timezone.now()
    made = offers.sale(ware.sku, starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=2))
    assert tell_sales() == 0
    FlashSale.objects.filter(id=made.id).update(starts_at=now - timedelta(hours=1))
    assert (tell_sales(), tell_sales()) == (1, 0)
    FlashSale.objects.filter(id=made.id).update(ends_at=now - timedelta(minutes=1))
    assert (tell_sales(), tell_sales()) == (1, 0)


def test_members_rise_with_what_they_have_spent_for_good(ware: cast.Ware, alipay: Channel) -> None:
    cy, eve = cast.person(cast.CY), cast.person(cast.EVE, verified=False)
    Level.objects.create(name="银", name_en="Silver", spent_from=10_000, off_bps=100)
    gold = Level.objects.create(name="金", name_en="Gold", spent_from=20_000, off_bps=300)
    for contact in (cast.CY, cast.CY, cast.EVE):
        settled(bought_with(ware, alipay, 10_000, contact=contact))
    bought_with(ware, alipay, 10_000)
    reckon_members()
    assert list(Member.objects.values_list("user_id", "spent", "level_id")) == [(cy.id, 20_000, gold.id)]
    assert not Member.objects.filter(user=eve).exists()


def test_the_demo_shows_each_kind_of_promotion() -> None:
    from xinka.flows.demo.promotions import make_things_cheaper  # here, because only this test is about the demo

    ware = cast.ware(cast.adas_shop(slug="xinghe"), 30, slug="iron-harbour-gold")
    make_things_cheaper("xinghe")
    assert list(Coupon.objects.order_by("id").values_list("codes__code", flat=True)) == ["WELCOME", "XINGHE5"]
    assert (FlashSale.objects.get().price, ReferralTerms.objects.get().bps, Level.objects.count()) == (4410, 200, 2)
    placed = cast.checkout(cast.ask(ware.sku, cast.channel(), wish=offers.wish("welcome"), expected=4410))
    assert placed.amount == 4410
