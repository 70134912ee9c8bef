"""Codes, flash prices and levels as a visitor sees them, with and without scripts; what pages must not give away."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.promotions import offers
from xinka.payments.models import Channel
from xinka.promotions.models import Coupon, GiftCard, Level, Member
from xinka.promotions.passes import MemberPass
from xinka.shop.deals import passes

CARD = "GIFT-CARD-0001-ABCD"
PAGE = "/p/star-300"


def expected(html: str) -> int:
    """Return the total the page would order at."""
    found = re.search(r'name="expected" value="(\d+)"', html)
    assert found is not None
    return int(found[1])


def page(client: Client, query: str = "") -> str:
    """Return the product's page."""
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    return answer.content.decode()


def use(client: Client, ware: cast.Ware, code: str, *, quantity: int = 1, script: bool = False) -> object:
    """Send a code as the page's button does."""
    body = {"sku": ware.sku.id, "quantity": quantity, "coupon": code}
    return client.post("/code", body, headers={"accept": "application/json"} if script else {})


@pytest.fixture
def _shop(ware: cast.Ware, alipay: Channel) -> None:
    """Ada's shop."""


@pytest.mark.usefixtures("_shop")
def test_without_scripts_a_code_is_sent_and_the_page_comes_back_with_its_price(
    ware: cast.Ware, stranger: Client
) -> None:
    offers.coupon()
    answer = use(stranger, ware, "ｓpring", quantity=2)
    assert (answer.status_code, "SPRING" in answer["Location"].upper()) == (303, False)  # type: ignore[attr-defined]
    html = stranger.get(answer["Location"].partition("#")[0]).content.decode()  # type: ignore[index]
    assert expected(html) == 9300
    assert 'value="SPRING"' in html
    assert expected(page(stranger)) == 4400
    use(stranger, ware, "")
    assert expected(page(stranger)) == 4900


@pytest.mark.usefixtures("_shop")
def test_scripts_are_told_how_to_reckon(ware: cast.Ware, stranger: Client) -> None:
    offers.coupon(bps=1000, most_off=300)
    told = use(stranger, ware, "SPRING", script=True).json()  # type: ignore[attr-defined]
    assert (told["code"], told["bps"], told["most"], told["total"], told["refusal"]) == ("SPRING", 1000, 300, 4600, "")
    told = use(stranger, ware, "NOTHING", script=True).json()  # type: ignore[attr-defined]
    assert (told["code"], told["total"]) == ("", 4900)
    assert told["refusal"].startswith("There is no such code")


@pytest.mark.usefixtures("_shop")
def test_a_refused_code_is_explained_in_both_languages_and_not_remembered(ware: cast.Ware, stranger: Client) -> None:
    offers.coupon(ends_at=timezone.now() - timedelta(hours=1), starts_at=timezone.now() - timedelta(hours=2))
    answer = use(stranger, ware, "SPRING")
    assert answer.status_code == 409  # type: ignore[attr-defined]
    assert b"This code has expired" in answer.content  # type: ignore[attr-defined]
    chinese = Client(headers={"accept-language": "zh"})
    assert "这个码过期了" in use(chinese, ware, "SPRING").content.decode()  # type: ignore[attr-defined]
    assert expected(page(stranger)) == 4900
    assert stranger.cookies["xk_code"].value == ""


@pytest.mark.usefixtures("_shop")
def test_what_a_code_asks_for_is_written_like_every_price(ware: cast.Ware, stranger: Client) -> None:
    offers.coupon(least_spend=5000)
    assert "at least ¥50.00." in use(stranger, ware, "SPRING").content.decode()  # type: ignore[attr-defined]
    assert "at least ¥50.00." in use(stranger, ware, "SPRING", script=True).json()["refusal"]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_shop")
def test_without_scripts_a_code_that_is_sent_forgets_no_chosen_goods(ware: cast.Ware, stranger: Client) -> None:
    offers.coupon()
    body = {"sku": ware.sku.id, "quantity": 1, "coupon": "SPRING", "chosen": "7"}
    assert stranger.post("/code", body)["Location"].endswith("&chosen=7#buy")


@pytest.mark.usefixtures("_shop")
def test_a_code_nobody_looked_at_cannot_be_tried_by_cookie(stranger: Client) -> None:
    offers.coupon()
    stranger.cookies["xk_code"] = "SPRING"
    assert expected(page(stranger)) == 4900
    stranger.cookies["xk_code"] = passes().code("SPRING")[:-1] + "x"
    assert expected(page(stranger)) == 4900


@pytest.mark.usefixtures("_shop")
def test_a_code_that_ran_out_meanwhile_is_said_and_the_plain_price_shown(ware: cast.Ware, stranger: Client) -> None:
    made = offers.coupon()
    use(stranger, ware, "SPRING")
    Coupon.objects.filter(id=made.id).update(stopped_at=timezone.now() - timedelta(days=1))
    html = page(stranger)
    assert expected(html) == 4900
    assert "This code has expired" in html
    assert 'value="SPRING"' not in html


@pytest.mark.usefixtures("_shop")
def test_guessing_by_the_page_is_counted_too(ware: cast.Ware, stranger: Client) -> None:
    words = [use(stranger, ware, f"GUESS{n}", script=True).json()["refusal"][:8] for n in range(11)]  # type: ignore[attr-defined]
    assert set(words[:10]) == {"There is"}
    assert words[10] == "Too many"


@pytest.mark.usefixtures("_shop")
@pytest.mark.parametrize("header", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
def test_other_sites_cannot_send_codes(ware: cast.Ware, stranger: Client, header: dict[str, str]) -> None:
    body = {"sku": ware.sku.id, "quantity": 1, "coupon": "SPRING"}
    assert stranger.post("/code", body, headers=header).status_code == 404


@pytest.mark.usefixtures("_shop")
def test_the_page_for_everybody_stays_one_and_pages_of_ones_own_are_not_kept(stranger: Client) -> None:
    offers.coupon()
    assert stranger.get(PAGE).headers["X-Xinka-Cache"].startswith("product:")
    stranger.cookies["xk_code"] = passes().code("SPRING")
    assert "X-Xinka-Cache" not in stranger.get(PAGE).headers


@pytest.mark.usefixtures("_shop")
def test_a_sale_shows_its_price_its_end_and_its_sale_to_everybody(ware: cast.Ware, stranger: Client) -> None:
    sold = offers.sale(ware.sku, price=3900, units=10, per_buyer=2)
    html = page(stranger)
    assert expected(html) == 3900
    assert f'name="sale" value="{sold.id}"' in html
    assert (
        f'data-ends="{sold.ends_at.astimezone(timezone.get_default_timezone()).isoformat()[:16]}' in html
        or "data-ends" in html
    )
    assert 'max="2"' in html
    assert "Otherwise ¥49.00" in html
    assert stranger.get(PAGE).headers["X-Xinka-Cache"]


@pytest.mark.usefixtures("_shop")
@pytest.mark.parametrize("state", ["over", "stopped", "empty", "early"])
def test_a_sale_that_is_not_on_changes_no_price(ware: cast.Ware, stranger: Client, state: str) -> None:
    hour = timedelta(hours=1)
    rules = {
        "over": {"starts_at": timezone.now() - 2 * hour, "ends_at": timezone.now() - hour},
        "stopped": {"stopped_at": timezone.now()},
        "empty": {"units": 5, "n_taken": 5},
        "early": {"starts_at": timezone.now() + hour, "ends_at": timezone.now() + 2 * hour},
    }[state]
    offers.sale(ware.sku, **rules)
    html = page(stranger)
    assert expected(html) == 4900
    assert 'name="sale"' not in html
    assert ("data-flash" in html) == (state == "early")


@pytest.mark.usefixtures("_shop")
def test_a_member_sees_the_price_of_the_level_and_the_till_is_told(stranger: Client) -> None:
    cy = cast.person(cast.CY)
    gold = Level.objects.create(name="金", name_en="Gold", spent_from=1, off_bps=1000)
    Member.objects.create(user=cy, spent=100, level=gold, reckoned_at=timezone.now())
    stranger.force_login(cy)
    answer = stranger.get(PAGE)
    html = answer.content.decode()
    assert (expected(html), "Gold member, 10 % off" in html) == (4410, True)
    assert "X-Xinka-Cache" not in answer.headers
    cookie = answer.cookies["xk_member"]
    assert (cookie["path"], cookie["httponly"]) == ("/checkout", True)
    session = stranger.cookies["xk_session"].value
    assert passes().read_member(cookie.value, session, int(timezone.now().timestamp())) == MemberPass(cy.id, 1000)


@pytest.mark.usefixtures("_shop")
@pytest.mark.parametrize(
    ("query", "words", "button"),
    [
        ("code=code_used_up", "This code is used up", "Buy without the code"),
        ("code=code_needs_more&least=9900", "at least ¥99.00", "Buy without the code"),
        ("code=code_used_by_you&most=1", "1 per person", "Buy without the code"),
        ("code=flash_gone&left=1", "(1 pcs)", "Look at the price now"),
        ("code=flash_limit&most=2", "At most 2 pcs", "Look at the price now"),
        ("code=flash_not_on", "The flash price is over", "Look at the price now"),
    ],
)
def test_a_refusal_of_the_till_is_explained_with_a_way_on(
    ware: cast.Ware, stranger: Client, query: str, words: str, button: str
) -> None:
    html = stranger.get(f"/checkout/refused?{query}&sku={ware.sku.id}&quantity=1").content.decode()
    assert words in html
    assert button in html


@pytest.mark.usefixtures("_shop")
def test_a_price_that_changed_by_a_code_is_the_price_with_the_code(ware: cast.Ware, stranger: Client) -> None:
    offers.coupon()
    stranger.cookies["xk_code"] = passes().code("SPRING")
    html = stranger.get(f"/checkout/refused?code=price_changed&sku={ware.sku.id}&quantity=1").content.decode()
    assert "¥44.00" in html


@pytest.mark.django_db
def test_a_gift_cards_balance_is_shown_to_who_knows_the_code(stranger: Client) -> None:
    offers.card(CARD, value=12_300)
    assert b"Look at the balance" in stranger.get("/gift-cards").content
    html = stranger.post("/gift-cards", {"code": CARD.lower()}).content.decode()
    assert "¥123.00" in html
    assert "Put it into my balance" not in html
    wrong = stranger.post("/gift-cards", {"code": "WRONG-CARD"})
    assert (wrong.status_code, b"There is no such gift card" in wrong.content) == (409, True)


@pytest.mark.django_db
def test_eve_guesses_ten_cards_and_no_more(stranger: Client) -> None:
    offers.card(CARD)
    states = [stranger.post("/gift-cards", {"code": f"WRONG-{n:04d}"}).status_code for n in range(12)]
    assert states == [409] * 10 + [429] * 2
    assert stranger.post("/gift-cards", {"code": CARD}).status_code == 429


@pytest.mark.django_db
def test_a_card_goes_into_the_balance_of_who_is_signed_in(stranger: Client, settings: Settings) -> None:
    settings.WALLET = True
    offers.card(CARD, value=5000)
    assert "Sign in" in stranger.post("/gift-cards", {"code": CARD}).content.decode()
    assert stranger.post("/gift-cards", {"code": CARD, "redeem": "1"}).status_code == 200
    assert GiftCard.objects.get().balance == 5000
    stranger.force_login(cast.person(cast.CY))
    assert stranger.post("/gift-cards", {"code": CARD, "redeem": "1"}).status_code == 303
    assert GiftCard.objects.get().balance == 0


@pytest.mark.django_db
def test_a_link_is_remembered_for_the_till_alone_and_leads_nowhere_else(stranger: Client) -> None:
    answer = stranger.get(f"/r/{passes().referral(7)}?to=/p/star-300")
    assert (answer.status_code, answer["Location"]) == (303, "/p/star-300")
    cookie = answer.cookies["xk_ref"]
    assert (cookie["path"], passes().read_referral(cookie.value)) == ("/checkout", 7)
    away = stranger.get("/r/7.forged?to=https://evil.example/")
    assert (away["Location"], "xk_ref" in away.cookies) == ("/", False)


@pytest.mark.django_db
def test_a_person_sees_their_own_link_and_a_guest_is_asked_to_sign_in(stranger: Client) -> None:
    assert stranger.get("/recommend").status_code == 302
    gil = cast.person("gil@example.com")
    stranger.force_login(gil)
    html = stranger.get("/recommend").content.decode()
    assert f"/r/{passes().referral(gil.id)}" in html
    assert "Nobody came yet" in html
