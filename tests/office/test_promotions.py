"""Dee's promotions: the platform's coupons, levels, gift cards and terms; nobody else sees or makes any."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.flows.rows import broken
from tests.promotions import offers
from xinka.accounts.models import User
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry
from xinka.platform.audit.models import AuditEntry
from xinka.promotions.models import Code, Coupon, GiftCard, Level, ReferralTerms
from xinka.stock.models import StockCode

pytestmark = pytest.mark.django_db
HOME = "/office/promotions"


def moment(hours: int) -> str:
    """Return a moment as the browser's field writes it."""
    return f"{timezone.localtime() + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


def coupon_form(**more: object) -> dict[str, object]:
    """Return what a person fills in for a coupon of 10 %."""
    values = {"name": "All", "takes": "percent", "percent": "10", "applies_to": "all:", "starts_at": moment(-1)}
    return {**values, "code": "double-11", **more}


def test_dee_makes_a_coupon_that_the_platform_bears(office: Client) -> None:
    assert office.post(f"{HOME}/coupons/new", coupon_form(most_off="20")).status_code == 303
    made = Coupon.objects.get()
    assert (made.merchant_id, made.funded_by, made.bps, made.most_off) == (None, "platform", 1000, 2000)
    assert Code.objects.get().issuer_id == 0
    ware = cast.ware(cast.adas_shop(), 1)
    cast.checkout(cast.ask(ware.sku, cast.channel(), wish=offers.wish("DOUBLE11"), expected=4410))
    page = office.get(f"{HOME}/coupons/{made.id}").content.decode()
    assert "The platform" in page
    assert "ord_" in page
    office.post(f"{HOME}/coupons/{made.id}/stop")
    made.refresh_from_db()
    assert made.stopped_at is not None
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["coupon.make", "coupon.stop"]


def test_a_coupon_for_one_merchant(office: Client) -> None:
    ada = cast.adas_shop()
    assert office.post(f"{HOME}/coupons/new", coupon_form(applies_to=f"seller:{ada.id}")).status_code == 303
    made = Coupon.objects.get()
    assert (made.scope, made.seller, made.merchant) == ("merchant", ada, None)
    assert ada.name in office.get(f"{HOME}/coupons/{made.id}").content.decode()


def test_codes_are_made_in_bulk_and_whoever_takes_them_away_is_written_down(office: Client) -> None:
    office.post(f"{HOME}/coupons/new", coupon_form(code="", n_codes="300"))
    made = Coupon.objects.get()
    answer = office.get(f"{HOME}/coupons/{made.id}/codes.csv")
    assert b"".join(answer.streaming_content).count(b"\n") == 301  # type: ignore[attr-defined]
    assert AuditEntry.objects.filter(action="coupon.export").count() == 1


def test_gift_cards_leave_as_a_file_once(office: Client) -> None:
    answer = office.post(f"{HOME}/cards/new", {"count": "3", "value": "50", "paid_from": "given", "note": "Autumn"})
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert rows[0] == ["code", "value"]
    assert [row[1] for row in rows[1:]] == ["50.00"] * 3
    assert answer.headers["Cache-Control"] == "no-store"
    page = office.get(HOME).content.decode()
    assert "Autumn" in page
    assert not [row for row in rows[1:] if row[0] in page]
    assert -sum(Entry.objects.filter(account=Account.GIFT_CARDS).values_list("amount", flat=True)) == 15_000
    assert broken() == []


def test_without_a_fresh_proof_nobody_makes_what_is_as_good_as_cash(stale: Client) -> None:
    data = {"count": "3", "value": "50", "paid_from": "given", "note": "Autumn"}
    for answer in (stale.get(f"{HOME}/cards/new"), stale.post(f"{HOME}/cards/new", data)):
        assert answer["Location"].startswith("/account/reauthenticate")
    assert (GiftCard.objects.count(), Entry.objects.count(), AuditEntry.objects.count()) == (0, 0, 0)


def test_gift_cards_can_be_stock_of_the_shop(office: Client) -> None:
    shelf = cast.ware(cast.adas_shop(), 0, slug="cards").sku
    data = {"count": "4", "value": "50", "paid_from": "stock", "sku": str(shelf.id)}
    assert office.post(f"{HOME}/cards/new", data).status_code == 303
    assert StockCode.objects.filter(sku=shelf).count() == GiftCard.objects.count() == 4
    assert office.post(f"{HOME}/cards/new", {**data, "sku": "999999"}).status_code == 422
    assert broken() == []


def test_a_batch_of_cards_is_stopped_after_asking(office: Client) -> None:
    made = offers.card("LOST-CARD-0001")
    address = f"{HOME}/cards/{made.batch_id}/stop"
    assert "Stop 1 gift card" in office.get(address).content.decode()
    assert GiftCard.objects.get().stopped_at is None
    office.post(address)
    assert GiftCard.objects.get().stopped_at is not None


def test_levels_and_terms(office: Client) -> None:
    data = {"name": "金", "name_en": "Gold", "spent_from": "1000", "off_bps": "2.5"}
    assert office.post(f"{HOME}/levels/new", data).status_code == 303
    made = Level.objects.get()
    assert (made.spent_from, made.off_bps) == (100_000, 250)
    assert office.post(f"{HOME}/levels/{made.id}", {**data, "off_bps": "60"}).status_code == 422
    assert office.post(f"{HOME}/levels/{made.id}", {**data, "off_bps": "3"}).status_code == 303
    office.post(f"{HOME}/recommending", {"percent": "1"})
    assert (Level.objects.get().off_bps, ReferralTerms.objects.get().bps) == (300, 100)
    page = office.get(HOME).content.decode()
    assert "Gold" in page
    assert "3 %" in page


def test_dee_does_not_change_merchants_coupons_here(office: Client) -> None:
    made = offers.coupon(merchant=cast.adas_shop())
    assert office.get(f"{HOME}/coupons/{made.id}").status_code == 404
    assert office.post(f"{HOME}/coupons/{made.id}/stop").status_code == 404


@pytest.mark.parametrize("who", ["guest", "merchant"])
def test_eve_finds_none_of_it(client: Client, who: str) -> None:
    made, card = offers.coupon(), offers.card("EVES-CARD-0001")
    if who == "merchant":
        cast.adas_shop(slug="eves-cards")
        client.force_login(User.objects.get(email="ada@eves-cards.example"))
    expected = 302 if who == "guest" else 404
    for path in ("", f"/coupons/{made.id}", f"/coupons/{made.id}/codes.csv", "/cards/new", "/levels/new"):
        assert client.get(HOME + path).status_code == expected
    for path in ("/coupons/new", f"/coupons/{made.id}/stop", "/cards/new", f"/cards/{card.batch_id}/stop"):
        assert client.post(HOME + path, {}).status_code == expected
    assert (Coupon.objects.get().stopped_at, GiftCard.objects.get().stopped_at) == (None, None)


def test_the_form_of_gift_cards_says_where_the_number_of_a_variant_stands(office: Client) -> None:
    assert "merchant&#x27;s desk, under Stock" in office.get("/office/promotions/cards/new").content.decode()
    shop = cast.adas_shop()
    made = cast.ware(shop)
    desk = Client()
    desk.force_login(User.objects.get(email="ada@ada-cards.example"))
    desk.cookies["xk_lang"] = "en"
    page = desk.get(f"/desk/{shop.slug}/stock/{made.sku.id}").content.decode()
    assert f"SKU {made.sku.id}" in page, "and there it stands"
