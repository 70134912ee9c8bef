"""The merchant's cases: Ada settles, Bo answers but gives no money away, others see nothing."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.flows.disputing import BUYER, Trade, trade
from tests.platform.files.samples import png
from xinka.accounts.models import User
from xinka.disputes.models import Case, Evidence
from xinka.disputes.states import CaseState, Outcome
from xinka.flows.disputes import cases, chargebacks
from xinka.kernel import ids
from xinka.kernel.ids import new_uuid
from xinka.payments.models import Receipt
from xinka.platform.files.actions import Handed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_vault() -> None:
    from xinka.platform.vault import keys

    keys.forget()


@pytest.fixture
def deal() -> Trade:
    """Two pieces, delivered."""
    return trade()


@pytest.fixture
def case(deal: Trade) -> Case:
    """Cy's complaint, made now."""
    complaint = cases.Complaint(cases.Reason.ALREADY_USED, "It says used.", files=(Handed("a.png", png()),))
    return cases.open_case(deal.order, complaint, by=BUYER, now=timezone.now())


def browser_of(email: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.get(email=email))
    return client


@pytest.fixture
def ada(deal: Trade) -> Client:
    """The owner's browser."""
    return browser_of("ada@ada-cards.example")


@pytest.fixture
def bo(deal: Trade) -> Client:
    """The clerk's browser."""
    return browser_of("bo@ada-cards.example")


def path_of(case: Case, suffix: str = "") -> str:
    return f"/desk/ada-cards/cases/{case.shown_id}{suffix}"


def now_of(case: Case) -> Case:
    return Case.objects.get(id=case.id)


def test_the_queue_shows_what_waits_and_how_long(ada: Client, case: Case) -> None:
    page = ada.get("/desk/ada-cards/cases").content.decode()
    assert path_of(case) in page
    assert "11 hours" in page or "12 hours" in page
    assert "Nobody waits for you" not in page
    assert "No cases here" in ada.get("/desk/ada-cards/cases?which=closed").content.decode()


def test_the_order_leads_to_what_is_open_about_it(ada: Client, case: Case, deal: Trade) -> None:
    page = ada.get(f"/desk/ada-cards/orders/{ids.show('ord', case.order_id)}").content.decode()
    assert f'href="{path_of(case)}"' in page
    assert "Your turn" in page


def test_the_page_tells_what_was_said_and_what_can_be_done(ada: Client, case: Case) -> None:
    page = ada.get(path_of(case)).content.decode()
    assert "It says used." in page
    assert "Offer fresh codes from stock" in page
    assert "Give ¥98.00 back" in page
    assert "a.png" in page


def test_ada_answers_offers_and_gives_back(ada: Client, case: Case) -> None:
    assert ada.post(path_of(case, "/say"), {"text": "Which?"}).status_code == 303
    assert now_of(case).state == CaseState.AWAITS_BUYER
    assert ada.post(path_of(case, "/act"), {"move": "part", "amount": "20"}).status_code == 303
    assert (now_of(case).offer, now_of(case).offer_amount) == ("part", 2000)
    assert ada.post(path_of(case, "/act"), {"move": "replace"}).status_code == 303
    assert (now_of(case).offer, now_of(case).offer_amount) == ("replace", 0)
    assert ada.post(path_of(case, "/act"), {"move": "concede"}).status_code == 303
    assert now_of(case).outcome == Outcome.REFUNDED


def test_what_ada_typed_goes_along_with_her_offer_and_stays_when_it_is_none(ada: Client, case: Case) -> None:
    offer = {"move": "part", "amount": "98", "text": "Half of it was fine."}
    assert "Half of it was fine.</textarea>" in ada.post(path_of(case, "/act"), offer).content.decode()
    assert case.messages.count() == 1
    log = SimpleUploadedFile("log.txt", b"21:16")
    assert ada.post(path_of(case, "/act"), {**offer, "amount": "20", "files": log}).status_code == 303
    page = ada.get(path_of(case)).content.decode()
    assert "Half of it was fine." in page
    assert "log.txt" in page
    assert now_of(case).offer_amount == 2000


def test_a_part_that_was_typed_stays_when_words_are_sent(ada: Client, case: Case) -> None:
    page = ada.post(path_of(case, "/say"), {"text": "Which?", "amount": "20"}, follow=True).content.decode()
    assert 'value="20"' in page


@pytest.mark.parametrize("amount", ["", "0", "98", "98.01", "-1", "1e3", "2.000", "20.001", "abc"])
def test_a_part_that_is_no_part_is_refused(ada: Client, case: Case, amount: str) -> None:
    answer = ada.post(path_of(case, "/act"), {"move": "part", "amount": amount})
    assert answer.status_code == 422
    assert f'value="{amount}"' in answer.content.decode()
    assert now_of(case).version == 1


def test_a_part_is_offered_as_people_write_it(ada: Client, case: Case) -> None:
    assert ada.post(path_of(case, "/act"), {"move": "part", "amount": "¥２0,50"}).status_code == 303
    assert now_of(case).offer_amount == 2050


def test_bo_answers_and_offers_fresh_codes_but_gives_no_money_away(bo: Client, case: Case) -> None:
    assert bo.post(path_of(case, "/act"), {"move": "replace"}).status_code == 303
    version = now_of(case).version
    for move in ("part", "concede", "waive"):
        assert bo.post(path_of(case, "/act"), {"move": move, "amount": "10"}).status_code == 403
    assert now_of(case).version == version
    assert "Give ¥98.00 back" not in bo.get(path_of(case)).content.decode()


@pytest.mark.parametrize("move", ["accept", "withdraw", "decide", "decline", "nonsense", ""])
def test_moves_that_are_not_the_sellers_do_not_exist_here(ada: Client, case: Case, move: str) -> None:
    assert ada.post(path_of(case, "/act"), {"move": move}).status_code == 409
    assert now_of(case).version == 1


def test_evidence_goes_both_ways(ada: Client, case: Case) -> None:
    shown = Evidence.objects.get().shown_id
    assert ada.get(path_of(case, f"/file/{shown}"))["Content-Type"] == "image/png"
    log = SimpleUploadedFile("log.txt", "21:16 已兑换".encode())
    assert ada.post(path_of(case, "/say"), {"text": "Our log.", "files": log}).status_code == 303
    assert Evidence.objects.count() == 2


def test_others_see_nothing(case: Case) -> None:
    cast.adas_shop(slug="other-shop")
    cast.person(cast.EVE)
    shown = Evidence.objects.get().shown_id
    for email in ("ada@other-shop.example", cast.EVE):
        client = browser_of(email)
        for path in ("/desk/ada-cards/cases", path_of(case), path_of(case, f"/file/{shown}")):
            assert client.get(path).status_code == 404
        for suffix in ("/say", "/act"):
            assert client.post(path_of(case, suffix), {"move": "concede", "text": "x"}).status_code == 404
    other = browser_of("ada@other-shop.example")
    assert other.get(f"/desk/other-shop/cases/{case.shown_id}").status_code == 404
    assert case.shown_id not in other.get("/desk/other-shop/cases?which=all").content.decode()
    guest = Client()
    assert guest.get(path_of(case)).status_code == 302
    assert now_of(case).version == 1


def test_the_orders_page_tells_of_a_chargeback_and_offers_nothing_that_would_be_refused(
    deal: Trade, client: Client
) -> None:
    receipt = Receipt.objects.get(payment_id=deal.bought.payment_id)
    told = chargebacks.Chargeback(receipt.channel_id, receipt.trade_no, "dp_1", 9_800)
    client.force_login(User.objects.get(email="ada@ada-cards.example"))
    client.cookies["xk_lang"] = "en"
    address = f"/desk/ada-cards/orders/{ids.show('ord', deal.order.id)}"
    assert "/give-back" in client.get(address).content.decode()
    case = chargebacks.open_chargeback(told, now=timezone.now())
    page = client.get(address).content.decode()
    assert ("/give-back" in page, f"/cases/{case.shown_id}" in page) == (False, True)
    assert "It asked for this payment back." in page
    chargebacks.lose(case.id, now=timezone.now())
    page = client.get(address).content.decode()
    assert ("/give-back" in page, "It has given ¥98.00 back to the buyer" in page) == (False, True)


def test_where_the_bank_decided_for_the_merchant_money_can_be_given_back_again(deal: Trade, client: Client) -> None:
    receipt = Receipt.objects.get(payment_id=deal.bought.payment_id)
    told = chargebacks.Chargeback(receipt.channel_id, receipt.trade_no, "dp_1", 9_800)
    chargebacks.win(chargebacks.open_chargeback(told, now=timezone.now()).id, now=timezone.now())
    client.force_login(User.objects.get(email="ada@ada-cards.example"))
    client.cookies["xk_lang"] = "en"
    page = client.get(f"/desk/ada-cards/orders/{ids.show('ord', deal.order.id)}").content.decode()
    assert ("/give-back" in page, "decided for you" in page) == (True, True)


def test_a_chargeback_says_that_there_is_nothing_to_do_until_the_bank_has_decided(deal: Trade, client: Client) -> None:
    receipt = Receipt.objects.get(payment_id=deal.bought.payment_id)
    told = chargebacks.Chargeback(receipt.channel_id, receipt.trade_no, "dp_1", 9_800)
    case = chargebacks.open_chargeback(told, now=timezone.now())
    client.force_login(User.objects.get(email="ada@ada-cards.example"))
    client.cookies["xk_lang"] = "en"
    address = f"/desk/ada-cards/cases/{case.shown_id}"
    page = client.get(address).content.decode()
    assert "there is nothing for you to do" in page
    assert "the merchant has the sum again, or the bank keeps it" in page
    chargebacks.lose(case.id, now=timezone.now())
    page = client.get(address).content.decode()
    assert ("This case is closed." in page, "there is nothing for you to do" in page) == (True, False)


def another_case(case: Case, **changes: object) -> Case:
    """Return a case like one, whose time ends a little later; its order is not there."""
    told = {name: getattr(case, name) for name in ("merchant_id", "kind", "state", "reason", "amount", "currency")}
    times = {"opened_at": case.opened_at, "moved_at": case.moved_at, "due_at": case.due_at + timedelta(hours=1)}
    values = {**told, **times, "due_event": case.due_event, **changes}
    return Case.objects.create(id=new_uuid(), order_id=new_uuid(), **values)


def test_one_case_is_answered_after_the_other_in_the_order_of_the_list(ada: Client, case: Case) -> None:
    after, other = another_case(case), another_case(case, reason="invalid")
    place = "?in=which%3Dmine%26reason%3Dalready_used"
    page = ada.get("/desk/ada-cards/cases?which=mine&reason=already_used").content.decode()
    assert path_of(case, place) in page
    assert path_of(other) not in page
    shown = unescape(ada.get(path_of(case, place)).content.decode())
    assert '<a class="back" href="/desk/ada-cards/cases?which=mine&reason=already_used">' in shown
    assert f'rel="next" href="{path_of(after, place)}"' in shown
    assert f'action="{path_of(case, "/say" + place)}"' in shown
    answer = ada.post(path_of(case, "/say" + place), {"text": "Which?"})
    assert now_of(case).state == CaseState.AWAITS_BUYER
    again = unescape(ada.get(answer["Location"]).content.decode())
    assert f'rel="next" href="{path_of(after, place)}"' in again, "it left the list, and the way on is still there"
    assert '<a class="back" href="/desk/ada-cards/cases?which=mine&reason=already_used">' in again
    assert "No case here is about that" in ada.get("/desk/ada-cards/cases?reason=never_arrived").content.decode()


def test_a_way_on_leads_to_no_address_but_a_case_of_the_list(ada: Client, case: Case) -> None:
    page = ada.get(path_of(case, "?in=which%3Dclosed&then=https://evil.example/")).content.decode()
    assert 'href="https://evil' not in page
