"""The page of refunds that no buyer asked for: found, filtered, given with a reason, agreed to by somebody else."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from tests import cast
from tests.flows.disputing import BUYER, NOW, Trade, trade
from xinka.accounts.models import User
from xinka.accounts.staff_roles import StaffRole
from xinka.disputes.errors import CaseIsOpen
from xinka.escrow.errors import KeyTaken, NoHold
from xinka.escrow.models import StaffRefund
from xinka.flows.disputes import cases
from xinka.flows.escrow.four_eyes import ask_to_freeze, decide_freeze
from xinka.kernel import ids
from xinka.kernel.per_currency import PerCurrency
from xinka.office.staff_refunds import TABS
from xinka.payments.models import Refund

pytestmark = pytest.mark.django_db

LIST, NEW = "/office/refunds", "/office/refunds/new"
WHY = "The maker withdrew the product."


@pytest.fixture
def deal() -> Trade:
    """An order of ¥98, delivered."""
    return trade()


@pytest.fixture
def bea(settings: Settings) -> Client:
    """Another of the staff."""
    browser = Client()
    browser.force_login(cast.person("bea@example.com", staff=True))
    cast.proved(browser)
    browser.cookies["xk_lang"] = "en"
    return browser


def number_of(deal: Trade) -> str:
    return ids.show("ord", deal.order.id)


def form(**more: str) -> dict[str, str]:
    return {"amount": "40.00", "reason": WHY, "key": str(ids.new_uuid()), **more}


def give(browser: Client, deal: Trade, **more: str) -> int:
    return browser.post(f"{NEW}/{number_of(deal)}", form(**more)).status_code


def test_dee_finds_the_order_and_gives_some_of_it_back(office: Client, dee: User, deal: Trade) -> None:
    assert "Give money back" in office.get(LIST).content.decode()
    found = office.get(NEW, {"order": f" {number_of(deal).upper()} "})
    assert (found.status_code, found["Location"]) == (303, f"{NEW}/{number_of(deal)}")
    assert office.get(NEW, {"order": cast.CY})["Location"] == found["Location"], "by the address too"
    nobody = office.get(NEW, {"order": "ord_12"})
    assert nobody.status_code == 404
    assert 'value="ord_12"' in nobody.content.decode()
    page = office.get(found["Location"]).content.decode()
    assert all(words in page for words in ("¥98.00", 'value="98.00"', "At most 98.00", deal.order.title_en))
    assert give(office, deal) == 303
    assert list(Refund.objects.values_list("amount", "reason")) == [(4_000, "staff")]
    page = office.get(f"{LIST}?which=done").content.decode()
    assert all(words in page for words in (WHY, "¥40.00", number_of(deal)[-10:], "Given back", f"#{dee.pk}"))
    assert "¥58.00" in office.get(f"{NEW}/{number_of(deal)}").content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": ""}, "This field is required"),
        ({"reason": "because"}, "at least 10"),
        ({"reason": "          "}, "This field is required"),
        ({"amount": "98.01"}, "More than nothing, and at most 98.00."),
        ({"amount": "much"}, "alert"),
        ({"amount": "0"}, "More than nothing, and at most 98.00."),
    ],
)
def test_without_a_reason_or_a_fitting_sum_nothing_moves_and_what_was_typed_stays(
    office: Client, deal: Trade, change: dict[str, str], words: str
) -> None:
    answer = office.post(f"{NEW}/{number_of(deal)}", form(**change))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    kept = form() | change
    assert f'value="{kept["amount"]}"' in page
    assert kept["reason"].strip() in page
    assert (Refund.objects.count(), StaffRefund.objects.count()) == (0, 0)


def test_from_the_limit_on_another_agrees_and_it_waits_on_the_first_page(
    office: Client, bea: Client, deal: Trade, settings: Settings
) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 4_000})
    assert give(office, deal) == 303
    asked = StaffRefund.objects.get()
    assert "that a second person must agree to" in bea.get("/office/").content.decode()
    mine, hers = office.get(LIST).content.decode(), bea.get(LIST).content.decode()
    assert ("Take it back" in mine, "Agree" in mine) == (True, False)
    assert ("Take it back" in hers, "Agree" in hers) == (False, True)
    refused = office.post(f"{LIST}/{asked.id}/decide", {"grant": "1"}, follow=True).content.decode()
    assert "somebody else has to agree to it" in refused
    assert not Refund.objects.exists()
    for _ in range(2):
        bea.post(f"{LIST}/{asked.id}/decide", {"grant": "1"})
    assert Refund.objects.get().amount == 4_000
    page = bea.get(f"{LIST}?which=done").content.decode()
    assert f"#{StaffRefund.objects.get().decided_by_id}, <time" in page
    assert "that a second person must agree to" not in bea.get("/office/").content.decode()


def test_a_form_sent_twice_says_that_it_was_given_back_and_leads_to_the_same_place(office: Client, deal: Trade) -> None:
    whole = form(amount="98.00")
    first, second = (office.post(f"{NEW}/{number_of(deal)}", whole) for _ in range(2))
    assert (
        (first.status_code, first["Location"])
        == (second.status_code, second["Location"])
        == (303, f"{LIST}?q={number_of(deal)}")
    )
    page = office.get(LIST).content.decode()
    assert page.count("It was already given back. Nothing went twice.") == 1
    assert list(Refund.objects.values_list("amount", flat=True)) == [9_800]


@pytest.mark.parametrize(
    "change", [{"amount": "97.00"}, {"reason": "Another reason altogether."}, {"amount": "0"}], ids=str
)
def test_a_key_that_is_known_with_other_words_is_still_refused(
    office: Client, deal: Trade, change: dict[str, str]
) -> None:
    whole = form(amount="98.00")
    give(office, deal, **whole)
    answer = office.post(f"{NEW}/{number_of(deal)}", whole | change)
    assert answer.status_code == 422
    assert KeyTaken.en in answer.content.decode()
    assert list(Refund.objects.values_list("amount", flat=True)) == [9_800]


def test_another_form_after_a_full_refund_hears_that_nothing_is_left(office: Client, deal: Trade) -> None:
    give(office, deal, amount="98.00")
    answer = office.post(f"{NEW}/{number_of(deal)}", form(amount="98.00"))
    assert answer.status_code == 422
    assert "More than nothing, and at most 0.00." in answer.content.decode()
    assert StaffRefund.objects.count() == 1


def test_a_form_sent_twice_that_waits_or_was_refused_says_so(
    office: Client, bea: Client, deal: Trade, settings: Settings
) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 1})
    once = form()
    give(office, deal, **once)
    answer = office.post(f"{NEW}/{number_of(deal)}", once, follow=True).content.decode()
    assert "This was asked for already. Somebody else has to agree." in answer
    bea.post(f"{LIST}/{StaffRefund.objects.get().id}/decide", {"grant": "0"})
    answer = office.post(f"{NEW}/{number_of(deal)}", once, follow=True).content.decode()
    assert "This was asked for before and refused. No money moved." in answer
    assert (StaffRefund.objects.count(), Refund.objects.count()) == (1, 0)


def test_it_can_be_refused(office: Client, bea: Client, deal: Trade, settings: Settings) -> None:
    settings.REFUND_FOUR_EYES_FROM = PerCurrency({"CNY": 1})
    give(office, deal)
    bea.post(f"{LIST}/{StaffRefund.objects.get().id}/decide", {"grant": "0"})
    assert (StaffRefund.objects.get().state, Refund.objects.count()) == ("refused", 0)
    assert WHY in office.get(f"{LIST}?which=refused").content.decode()


def test_the_list_is_filtered_by_state_and_by_order(office: Client, deal: Trade) -> None:
    give(office, deal)
    shown = {which: WHY in office.get(f"{LIST}?which={which}").content.decode() for which, _ in TABS}
    assert shown == {"asked": False, "": True, "done": True, "refused": False}
    assert WHY in office.get(LIST, {"q": number_of(deal)}).content.decode()
    for nobodys in (ids.show("ord", ids.new_uuid()), "nonsense"):
        page = office.get(LIST, {"q": nobodys}).content.decode()
        assert "Staff gave nothing of this order back." in page


def test_a_number_nobody_knows_is_said_to_be_none(office: Client) -> None:
    answer = office.get(NEW, {"order": "ord_nonsense"})
    assert answer.status_code == 404
    assert "This number is not whole." in answer.content.decode()
    assert office.get(f"{NEW}/{ids.show('ord', ids.new_uuid())}").status_code == 404
    assert office.post(f"{LIST}/{ids.new_uuid()}/decide").status_code == 404


def test_an_open_case_is_named_as_the_reason_why_not(office: Client, deal: Trade) -> None:
    deal.complain()
    answer = office.post(f"{NEW}/{number_of(deal)}", form())
    assert answer.status_code == 422
    assert WHY in answer.content.decode()
    assert not Refund.objects.exists()


def test_eve_and_ada_and_support_see_nothing_of_it(deal: Trade, settings: Settings) -> None:
    settings.STAFF_NEEDS_MFA = False
    reads = [LIST, NEW, f"{NEW}/{number_of(deal)}"]
    writes = [f"{NEW}/{number_of(deal)}", f"{LIST}/{ids.new_uuid()}/decide"]
    for user in (cast.person("eve@example.com"), User.objects.get(email="ada@ada-cards.example")):
        outsider = Client()
        outsider.force_login(user)
        assert {outsider.get(page).status_code for page in reads} == {404}
        assert {outsider.post(page, form()).status_code for page in writes} == {404}
    assert {Client().get(page).status_code for page in reads} == {302}
    sue = cast.person("sue@example.com", staff=True, roles=[StaffRole.SUPPORT])
    support = Client()
    support.force_login(sue)
    assert {support.get(page).status_code for page in reads} == {403}
    assert {support.post(page, form()).status_code for page in writes} == {403}
    assert not Refund.objects.exists()


def test_it_is_written_in_chinese_too(office: Client, deal: Trade) -> None:
    give(office, deal)
    office.cookies["xk_lang"] = "zh-hans"
    assert "客服退款" in office.get(f"{LIST}?which=done").content.decode()


def test_a_hold_offers_to_give_money_back_only_when_that_can_be_done(office: Client, deal: Trade) -> None:
    hold, offer = f"/office/escrow/{number_of(deal)}", f'href="{NEW}/{number_of(deal)}"'
    assert offer in office.get(hold).content.decode()
    case = deal.complain()
    told = office.get(hold).content.decode()
    assert (CaseIsOpen.en in told, offer in told) == (True, False)
    cases.withdraw(case.id, by=BUYER, now=NOW)
    assert offer in office.get(hold).content.decode()


def test_where_nothing_can_go_back_the_page_says_why_instead_of_a_form(office: Client, deal: Trade) -> None:
    page = f"{NEW}/{number_of(deal)}"
    assert 'name="amount"' in office.get(page).content.decode()
    case = deal.complain()
    told = office.get(page).content.decode()
    assert (CaseIsOpen.en in told, 'name="amount"' in told) == (True, False)
    cases.withdraw(case.id, by=BUYER, now=NOW)
    give(office, deal, amount="98.00")
    told = office.get(page).content.decode()
    assert "Nothing is left to give back" in told
    assert ('name="amount"' in told, WHY in told) == (False, True), "what went back before stays in sight"


def test_an_order_that_was_never_delivered_has_nothing_to_give_back(office: Client) -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 2).sku, cast.channel())
    told = office.get(f"{NEW}/{ids.show('ord', bought.order_id)}").content.decode()
    assert (NoHold.en in told, 'name="amount"' in told) == (True, False)


def test_frozen_money_is_named_as_frozen(office: Client, deal: Trade) -> None:
    asked = ask_to_freeze(deal.order.id, "CASE-1", by=cast.person("dan@example.com", staff=True))
    decide_freeze(asked.id, grant=True, by=cast.person("don@example.com", staff=True))
    told = office.get(f"{NEW}/{number_of(deal)}").content.decode()
    assert ("frozen by an official case" in told, 'name="amount"' in told) == (True, False)
