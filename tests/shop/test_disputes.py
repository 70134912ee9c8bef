"""The buyer's case: opened and settled as a guest from the order page; Eve sees nothing of it, not even that it is."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.disputing import SELLER, dee, verdict
from tests.flows.rows import leaves_nothing
from tests.platform.files.samples import SECRET, png
from xinka.disputes.models import Case, Evidence
from xinka.disputes.states import CaseState, Offer, Outcome
from xinka.flows import escrow
from xinka.flows.disputes import cases, chargebacks, deciding
from xinka.flows.refunds.sending import execute_refund
from xinka.ledger.accounts import Account
from xinka.ledger.queries import balance_of
from xinka.orders.access import order_path
from xinka.payments.models import Receipt, Refund
from xinka.payments.states import RefundState, RefundTo
from xinka.platform.database.django_drive import run
from xinka.platform.files.models import StoredFile
from xinka.platform.files.scanning import Scanner
from xinka.platform.look.templatetags.look import amount

pytestmark = pytest.mark.django_db

COMPLAINT = {"wish": "dispute", "reason": "already_used", "text": "It says used."}


def path_of(bought: cast.Bought) -> str:
    return order_path(bought.order_id)


def opened(cy: Client, bought: cast.Bought, **more: object) -> Case:
    answer = cy.post(f"{path_of(bought)}/help", {**COMPLAINT, **more})
    assert answer.status_code == 302, answer.content.decode()
    return Case.objects.get(order_id=bought.order_id)


def case_path(case: Case) -> str:
    return f"{order_path(case.order_id)}/case/{case.shown_id}"


def test_the_order_page_leads_to_a_form_with_the_reasons_of_its_kind(cy: Client, delivered: cast.Bought) -> None:
    assert f"{path_of(delivered)}/help" in cy.get(path_of(delivered)).content.decode()
    page = cy.get(f"{path_of(delivered)}/help").content.decode()
    assert "The code was used already" in page
    assert "It is for another region" in page
    assert "I cannot get in" not in page, "that is for courses"
    assert "No. 2" in page
    assert '<option value="" selected>Please choose</option>' in page, "nobody complains of what only stood first"


def test_who_chose_no_reason_is_asked_for_it(cy: Client, delivered: cast.Bought) -> None:
    page = cy.post(f"{path_of(delivered)}/help", {**COMPLAINT, "reason": ""}).content.decode()
    assert "Choose what is wrong." in page
    assert Case.objects.count() == 0


def test_a_guest_opens_a_case_and_sees_where_it_stands(cy: Client, delivered: cast.Bought) -> None:
    case = opened(cy, delivered, pieces=["2"])
    assert (case.positions, case.amount) == ([2], 4900)
    page = cy.get(case_path(case)).content.decode()
    assert "It says used." in page
    assert "¥49.00" in page
    assert "The merchant must answer" in page
    assert "never opened" in page, "the record says that the seal is whole"
    assert case.shown_id[-8:].upper() in cy.get(path_of(delivered)).content.decode()


def test_while_one_is_open_the_form_leads_to_it(cy: Client, delivered: cast.Bought) -> None:
    case = opened(cy, delivered)
    answer = cy.get(f"{path_of(delivered)}/help")
    assert answer["Location"] == case_path(case)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": " "},
        {"text": "used \u202e!"},
        {"reason": "no_access"},
        {"wish": "money"},
        {"pieces": ["9"]},
        {"text": "a" * 4001},
    ],
)
def test_what_is_not_whole_is_asked_for_again(cy: Client, delivered: cast.Bought, wrong: dict[str, object]) -> None:
    answer = cy.post(f"{path_of(delivered)}/help", {**COMPLAINT, **wrong})
    assert answer.status_code == 200
    assert Case.objects.count() == 0
    assert COMPLAINT["text"] in answer.content.decode() or "text" in wrong, "what was typed is kept"


def test_a_picture_is_kept_without_what_was_hidden_in_it(cy: Client, delivered: cast.Bought) -> None:
    shot = SimpleUploadedFile("失败.png", png(), content_type="text/html")
    case = opened(cy, delivered, files=shot)
    evidence = Evidence.objects.get(message__case=case)
    answer = cy.get(f"{case_path(case)}/file/{evidence.shown_id}")
    assert answer["Content-Type"] == "image/png"
    assert SECRET.encode() not in answer.content
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "失败.png" in cy.get(case_path(case)).content.decode()


def test_a_program_called_a_picture_is_not_taken_and_no_case_is_opened(cy: Client, delivered: cast.Bought) -> None:
    bad = SimpleUploadedFile("shot.png", b"MZ\x90\x00\x03\x00", content_type="image/png")
    answer = cy.post(f"{path_of(delivered)}/help", {**COMPLAINT, "files": bad})
    assert "Nothing was saved" in answer.content.decode()
    assert (Case.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_without_the_word_of_the_scanner_that_is_named_no_case_is_opened_with_a_file(
    cy: Client, delivered: cast.Bought, settings: Settings
) -> None:
    settings.CLAMD = Scanner(path="/nowhere/clamd.ctl")
    shot = SimpleUploadedFile("shot.png", png(), content_type="image/png")
    answer = cy.post(f"{path_of(delivered)}/help", {**COMPLAINT, "files": shot})
    page = answer.content.decode()
    assert "cannot be checked for viruses just now" in page
    assert COMPLAINT["text"] in page, "what was typed is kept"
    assert (Case.objects.count(), StoredFile.objects.count()) == (0, 0)
    opened(cy, delivered)
    assert Case.objects.count() == 1, "without a file it goes through"


def test_seven_files_are_too_many(cy: Client, delivered: cast.Bought) -> None:
    files = [SimpleUploadedFile(f"{n}.txt", b"text") for n in range(7)]
    answer = cy.post(f"{path_of(delivered)}/help", {**COMPLAINT, "files": files})
    assert answer.status_code == 413
    assert Case.objects.count() == 0


def test_a_large_file_is_given_up_on_while_it_comes(cy: Client, delivered: cast.Bought) -> None:
    large = SimpleUploadedFile("a.txt", b"a" * (8 * 1024 * 1024 + 1))
    assert cy.post(f"{path_of(delivered)}/help", {**COMPLAINT, "files": large}).status_code == 413


def test_an_offer_is_shown_and_taken(cy: Client, delivered: cast.Bought) -> None:
    case = opened(cy, delivered)
    cases.offer(case.id, Offer.PART, amount=2000, by=SELLER, now=timezone.now())
    assert "¥20.00 back" in cy.get(case_path(case)).content.decode()
    stale = cy.post(f"{case_path(case)}/act", {"move": "accept", "offer": "part", "amount": "9000"})
    assert stale.status_code == 409
    answer = cy.post(f"{case_path(case)}/act", {"move": "accept", "offer": "part", "amount": "2000"})
    assert answer.status_code == 303
    assert Case.objects.get().outcome == Outcome.PART_REFUNDED


def test_until_the_money_is_there_the_pages_say_that_it_is_on_its_way(cy: Client, delivered: cast.Bought) -> None:
    case = opened(cy, delivered)
    cases.concede(case.id, by=SELLER, now=timezone.now())
    page = cy.get(case_path(case)).content.decode()
    assert "The money is on its way back to you; the order page shows how far it is." in page
    order = cy.get(path_of(delivered)).content.decode()
    assert "Your money is on its way back to you" in order
    assert "Refunded" not in order
    Refund.objects.update(state=RefundState.DONE)
    page = cy.get(case_path(case)).content.decode()
    assert "on its way back" not in page
    assert "The money has gone back to you; the order page shows where." in page
    order = cy.get(path_of(delivered)).content.decode()
    assert "on its way back" not in order
    assert "Refunded" in order


def test_fresh_codes_stand_on_the_order_page_sealed(cy: Client, delivered: cast.Bought, ware: cast.Ware) -> None:
    case = opened(cy, delivered, pieces=["1"])
    cases.offer(case.id, Offer.REPLACE, by=SELLER, now=timezone.now())
    cy.post(f"{case_path(case)}/act", {"move": "accept", "offer": "replace", "amount": "0"})
    page = cy.get(path_of(delivered)).content.decode()
    assert "for no. 1" in page
    assert "2 codes are here" in page, "two were bought; the third is for a bad one"
    assert [code for code in ware.codes if code in page] == []


@pytest.mark.parametrize("move", ["decide", "concede", "offer", "seller_silent", "", "carry_out"])
def test_moves_that_are_not_the_buyers_do_not_exist_here(cy: Client, delivered: cast.Bought, move: str) -> None:
    case = opened(cy, delivered)
    assert cy.post(f"{case_path(case)}/act", {"move": move}).status_code == 409
    assert Case.objects.get().version == 1


def test_a_decision_is_shown_with_its_reasons_and_appealed_once(cy: Client, delivered: cast.Bought) -> None:
    case = opened(cy, delivered)
    cases.escalate(case.id, by=SELLER, now=timezone.now())
    deciding.decide(case.id, verdict("release"), by=dee(), now=timezone.now())
    page = cy.get(case_path(case)).content.decode()
    assert "the merchant showed nothing" in page
    assert "I agree, carry it out" in page, "the merchant has nothing to appeal against"
    cy.post(f"{case_path(case)}/act", {"move": "appeal", "text": "They \u202enever\u202c answered."})
    page = cy.get(case_path(case)).content.decode()
    assert "They never answered." in page, "nothing turns the direction of the text"
    assert Case.objects.get().state == CaseState.APPEALED
    assert "I agree" not in cy.get(case_path(case)).content.decode()


def test_who_accepts_first_is_not_promised_that_it_happens_at_once(cy: Client, delivered: cast.Bought) -> None:
    """The other side may still appeal: only the last yes that is needed carries a decision out."""
    case = opened(cy, delivered)
    cases.escalate(case.id, by=SELLER, now=timezone.now())
    deciding.decide(case.id, verdict("part", 2000), by=dee(), now=timezone.now())
    page = cy.get(case_path(case)).content.decode()
    assert "I accept the decision" in page
    assert "carry it out" not in page
    cy.post(f"{case_path(case)}/act", {"move": "waive"})
    page = cy.get(case_path(case)).content.decode()
    assert "it is carried out once the other side accepts" in page
    assert (Case.objects.get().state, Refund.objects.count()) == (CaseState.DECIDED, 0)
    deciding.waive(case.id, by=SELLER, now=timezone.now())
    assert "Nothing is left for you to do" not in cy.get(case_path(case)).content.decode()
    assert (Case.objects.get().state, Refund.objects.get().amount) == (CaseState.CLOSED, 2000)


def test_what_was_typed_is_said_with_whatever_is_pressed(cy: Client, delivered: cast.Bought) -> None:
    case = opened(cy, delivered)
    cases.offer(case.id, Offer.PART, amount=2000, by=SELLER, now=timezone.now())
    page = cy.get(case_path(case)).content.decode()
    of_the_form = re.findall(r'<button[^>]*form="say"[^>]*value="(\w+)"', page)
    assert of_the_form == ["accept", "decline", "escalate", "withdraw"]
    more = {"text": "Half is enough.", "files": SimpleUploadedFile("b.png", png())}
    accepted = {"move": "accept", "offer": "part", "amount": "2000", **more}
    assert cy.post(f"{case_path(case)}/act", accepted).status_code == 303
    page = cy.get(case_path(case)).content.decode()
    assert "Half is enough." in page
    assert "b.png" in page
    assert Case.objects.get().outcome == Outcome.PART_REFUNDED


def test_what_was_typed_stays_when_the_move_is_refused(cy: Client, delivered: cast.Bought) -> None:
    case = opened(cy, delivered)
    gone = {"move": "accept", "offer": "part", "amount": "2000", "text": "Half is enough."}
    answer = leaves_nothing(lambda: cy.post(f"{case_path(case)}/act", gone))
    assert answer.status_code == 422  # type: ignore[attr-defined]  # a response
    assert "Half is enough.</textarea>" in answer.content.decode()  # type: ignore[attr-defined]  # as above


def test_words_and_files_can_be_added(cy: Client, delivered: cast.Bought) -> None:
    case = opened(cy, delivered)
    shot = SimpleUploadedFile("b.png", png())
    assert cy.post(f"{case_path(case)}/say", {"text": "See here.", "files": shot}).status_code == 303
    page = cy.get(case_path(case)).content.decode()
    assert "See here." in page
    assert "b.png" in page
    assert cy.post(f"{case_path(case)}/say", {"text": ""}).status_code == 422


def test_what_somebody_writes_is_never_markup(cy: Client, delivered: cast.Bought) -> None:
    case = opened(cy, delivered, text="<script>alert(1)</script><img src=x onerror=alert(1)>")
    page = cy.get(case_path(case)).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_eve_finds_no_case_and_no_file_and_changes_nothing(
    cy: Client, stranger: Client, delivered: cast.Bought
) -> None:
    case = opened(cy, delivered, files=SimpleUploadedFile("a.png", png()))
    evidence = Evidence.objects.get()
    paths = [f"{path_of(delivered)}/help", case_path(case), f"{case_path(case)}/file/{evidence.shown_id}"]
    eve = Client()
    eve.force_login(cast.person(cast.EVE))
    for browser in (stranger, eve):
        for path in paths:
            assert browser.get(path).status_code == 404
        for suffix in ("say", "act"):
            posted = leaves_nothing(lambda b=browser, s=suffix: b.post(f"{case_path(case)}/{s}", {"move": "withdraw"}))
            assert posted.status_code == 404  # type: ignore[attr-defined]  # a response


def test_a_buyer_does_not_reach_a_case_through_another_order(
    cy: Client, delivered: cast.Bought, ware: cast.Ware
) -> None:
    other = cast.buy(ware.sku, delivered.channel, contact="eve@example.com")
    cast.pay(other)
    complaint = cases.Complaint(cases.Reason.INVALID, "mine")
    case = cases.open_case(other.order, complaint, by=cases.Actor(cases.Role.BUYER), now=timezone.now())
    assert cy.get(f"{path_of(delivered)}/case/{case.shown_id}").status_code == 404
    assert cy.get(f"{path_of(delivered)}/case/dsp_nonsense").status_code == 404


def test_posting_without_the_token_is_refused(delivered: cast.Bought) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["xk_order"] = delivered.cookie
    assert strict.post(f"{path_of(delivered)}/help", COMPLAINT).status_code == 403
    assert Case.objects.count() == 0


def test_an_order_that_was_not_delivered_has_a_page_that_says_so(cy: Client, bought: cast.Bought) -> None:
    assert "No case can be opened now" in cy.get(f"{path_of(bought)}/help").content.decode()


def test_chinese_comes_first(delivered: cast.Bought) -> None:
    client = Client()
    client.cookies["xk_order"] = delivered.cookie
    case = opened(client, delivered)
    for path in (path_of(delivered), case_path(case)):
        page = client.get(path).content.decode()
        assert "merchant" not in page.partition("<main")[2].partition("</main>")[0].replace("merchant-", "")


def test_a_buyer_with_a_balance_may_have_the_money_there(delivered: cast.Bought, settings: Settings) -> None:
    settings.WALLET = True
    browser, person = Client(), cast.person(cast.CY)
    browser.force_login(person)
    browser.cookies["xk_lang"] = "en"
    assert "put it into my balance" in browser.get(f"{path_of(delivered)}/help").content.decode()
    case = opened(browser, delivered, to_balance="on")
    cases.concede(case.id, by=SELLER, now=timezone.now())
    refund = Refund.objects.get()
    assert refund.goes_to == RefundTo.WALLET
    assert execute_refund(refund.id) is RefundState.DONE
    assert balance_of(Account.WALLET, person.pk) == delivered.amount


@pytest.mark.parametrize("reason", ["guest", "no balances", "not asked for"])
def test_otherwise_it_goes_back_the_way_it_was_paid(
    cy: Client, delivered: cast.Bought, settings: Settings, reason: str
) -> None:
    settings.WALLET = reason != "no balances"
    if reason != "guest":
        cy.force_login(cast.person(cast.CY))
    form = cy.get(f"{path_of(delivered)}/help").content.decode()
    assert ("put it into my balance" in form) == (reason == "not asked for")
    case = opened(cy, delivered, **({} if reason == "not asked for" else {"to_balance": "on"}))
    cases.concede(case.id, by=SELLER, now=timezone.now())
    assert Refund.objects.get().goes_to == RefundTo.CHANNEL


def test_what_a_buyers_bank_does_is_said_beside_the_money(cy: Client, delivered: cast.Bought) -> None:
    receipt = Receipt.objects.get(order_id=delivered.order_id)
    told = chargebacks.Chargeback(receipt.channel_id, receipt.trade_no, "dp_1", receipt.amount)
    run(escrow.ensure_hold(delivered.order_id))
    case = chargebacks.open_chargeback(told, now=timezone.now())
    confirming = f'action="{path_of(delivered)}/confirm"'
    page = cy.get(path_of(delivered), headers={"accept-language": "en"}).content.decode()
    assert "was asked to take this payment back" in page
    assert confirming not in page
    chargebacks.lose(case.id, now=timezone.now())
    page = cy.get(path_of(delivered), headers={"accept-language": "en"}).content.decode()
    assert f"Your bank has given you {amount(receipt.amount, 'CNY')} back" in page
    assert "is held for you while" not in page
    assert page.count("Given back by your bank") == 2  # the badge, and the last step
    assert "Held while you check" not in page
    assert confirming not in page


def test_where_the_bank_decided_for_the_merchant_the_money_is_told_of_as_before(
    cy: Client, delivered: cast.Bought
) -> None:
    receipt = Receipt.objects.get(order_id=delivered.order_id)
    told = chargebacks.Chargeback(receipt.channel_id, receipt.trade_no, "dp_1", receipt.amount)
    run(escrow.ensure_hold(delivered.order_id))
    chargebacks.win(chargebacks.open_chargeback(told, now=timezone.now()).id, now=timezone.now())
    page = cy.get(path_of(delivered), headers={"accept-language": "en"}).content.decode()
    assert "is held for you while you check the goods" in page
    assert "bank has given" not in page
