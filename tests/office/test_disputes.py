"""Dee's cases: what the records know, a decision asked for twice, evidence whose taking is written down."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.disputing import BUYER, NOW, REASONS, SELLER, Trade, trade
from tests.platform.files.samples import png
from xinka.accounts.models import User
from xinka.delivery.actions import Opener
from xinka.disputes.errors import BadAmount
from xinka.disputes.models import Case, Evidence
from xinka.disputes.states import CaseState, Outcome
from xinka.flows.disputes import cases, chargebacks, deciding
from xinka.flows.disputes.chargebacks import Chargeback
from xinka.flows.reveal import reveal
from xinka.payments.models import Receipt
from xinka.platform.audit.models import AuditEntry
from xinka.platform.files.actions import Handed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_vault() -> None:
    from xinka.platform.vault import keys

    keys.forget()


@pytest.fixture
def deal() -> Trade:
    """Two pieces, delivered, the first opened."""
    made = trade()
    reveal(made.order.id, {1}, opener=Opener("Chrome, Windows", "203.0.113.77"), now=NOW)
    return made


@pytest.fixture
def case(deal: Trade) -> Case:
    """A case that the seller handed to staff."""
    complaint = cases.Complaint(cases.Reason.ALREADY_USED, "It says used.", (1,), files=(Handed("a.png", png()),))
    made = cases.open_case(deal.order, complaint, by=BUYER, now=timezone.now())
    return cases.escalate(made.id, by=SELLER, now=timezone.now())


def path_of(case: Case, suffix: str = "") -> str:
    return f"/office/cases/{case.shown_id}{suffix}"


def decision(**more: str) -> dict[str, str]:
    return {"decision": "refund", "amount": "", "reasons": REASONS, **more}


def now_of(case: Case) -> Case:
    return Case.objects.get(id=case.id)


def test_what_waits_stands_on_the_first_page_and_in_the_queue(office: Client, case: Case) -> None:
    assert "Cases that need a decision" in office.get("/office/").content.decode()
    assert path_of(case) in office.get("/office/cases").content.decode()
    assert path_of(case) not in office.get("/office/cases?which=closed").content.decode()


def test_the_page_tells_what_the_records_know_and_no_code(office: Client, case: Case, deal: Trade) -> None:
    page = office.get(path_of(case)).content.decode()
    assert "Chrome, Windows" in page
    assert "203.0.113.0/24" in page
    assert "203.0.113.77" not in page
    assert "complained of" in page
    assert "cy@example.com" not in page
    assert [code for code in deal.ware.codes if code in page] == []


def test_a_decision_is_asked_for_twice_and_says_what_will_happen(office: Client, case: Case) -> None:
    first = office.post(path_of(case, "/decide"), decision(decision="part", amount="10"))
    assert "¥10.00 go back to the buyer" in first.content.decode()
    assert now_of(case).state == CaseState.UNDER_REVIEW
    answer = office.post(path_of(case, "/decide"), decision(decision="part", amount="10", confirmed="1"))
    assert answer.status_code == 303
    assert (now_of(case).state, now_of(case).decision_amount) == (CaseState.DECIDED, 1000)
    assert AuditEntry.objects.filter(action="case.decide").count() == 1


@pytest.mark.parametrize(
    "wrong", [{"reasons": "because"}, {"decision": "nothing"}, {"decision": "part", "amount": "49", "confirmed": "1"}]
)
def test_a_decision_that_is_not_whole_is_asked_for_again(office: Client, case: Case, wrong: dict[str, str]) -> None:
    assert office.post(path_of(case, "/decide"), decision(**wrong)).status_code == 422
    assert now_of(case).state == CaseState.UNDER_REVIEW


@pytest.mark.parametrize("amount", ["", "0", "abc", "-1", "49.00", "99999"])
def test_a_part_that_is_none_is_told_at_its_field_before_anything_is_asked(
    office: Client, case: Case, amount: str
) -> None:
    answer = office.post(path_of(case, "/decide"), decision(decision="part", amount=amount))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'name="confirmed"' not in page
    assert 'id="id_amount_error"' in page
    assert REASONS in page, "what was written stays"
    assert now_of(case).state == case.state


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "For all of it, choose “Everything goes back to the buyer”."),
        ("zh-hans", "要退全部，请选「全额退给买家」。"),
    ],
)
def test_who_means_all_of_it_is_told_the_choice_by_its_own_name(
    office: Client, case: Case, language: str, told: str
) -> None:
    office.cookies["xk_lang"] = language
    page = office.post(path_of(case, "/decide"), decision(decision="part", amount="99999")).content.decode()
    assert told in page
    assert page.count(told.partition("「")[2].partition("」")[0] or "Everything goes back to the buyer") > 1
    assert BadAmount(most="¥1.00").message(language) not in page
    assert "全额退款" not in BadAmount(most="¥1.00").message(language), "no page has a choice of this name"


def test_a_part_typed_with_full_width_digits_is_read(office: Client, case: Case) -> None:
    page = office.post(path_of(case, "/decide"), decision(decision="part", amount="１．５０")).content.decode()
    assert "¥1.50 go back to the buyer" in page


def test_words_to_both_sides_that_were_not_sent_are_asked_about_before_a_decision(office: Client, case: Case) -> None:
    answer = office.post(path_of(case, "/decide"), decision(text="Which account?"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This is not sent yet." in page
    assert "Which account?</textarea>" in page
    assert REASONS in page
    chosen = office.post(path_of(case, "/decide"), decision(files="a.png"))
    assert chosen.status_code == 422, "a file that was chosen counts"


def test_a_decision_that_was_begun_stays_when_words_are_sent(office: Client, case: Case) -> None:
    page = office.post(path_of(case, "/say"), decision(text="Which account?")).content.decode()
    assert f"{REASONS}</textarea>" in page
    assert "Which account?</textarea>" not in page
    assert case.messages.last().role == "staff"  # type: ignore[union-attr]  # there is one


def test_going_back_from_the_question_keeps_what_was_written(office: Client, case: Case) -> None:
    written = decision(decision="part", amount="1.50")
    answer = office.post(path_of(case, "/decide"), {**written, "confirmed": "1", "back": "1"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="confirmed"' not in page
    assert REASONS in page
    assert 'value="1.50"' in page
    assert now_of(case).state == case.state


def test_reasons_that_are_too_short_are_told_what_is_missing_in_the_readers_language(
    office: Client, case: Case
) -> None:
    office.cookies["xk_lang"] = "zh-hans"
    page = office.post(path_of(case, "/decide"), decision(reasons="因为")).content.decode()
    assert "至少写 20 个字：看了什么，得出什么。" in page


def test_the_appeal_is_anothers(office: Client, case: Case, dee: User, settings: Settings) -> None:
    office.post(path_of(case, "/decide"), decision(decision="release", confirmed="1"))
    deciding.appeal(case.id, "No.", by=BUYER, now=timezone.now())
    assert "somebody else must decide" in office.get(path_of(case)).content.decode()
    assert office.post(path_of(case, "/decide"), decision(confirmed="1")).status_code == 422
    dan = Client(headers={"accept-language": "en"})
    dan.force_login(cast.person("dan@example.com", staff=True))
    cast.proved(dan)
    assert dan.post(path_of(case, "/decide"), decision(confirmed="1")).status_code == 303
    assert now_of(case).outcome == Outcome.REFUNDED


def test_staff_ask_the_sides(office: Client, case: Case) -> None:
    assert office.post(path_of(case, "/say"), {"text": "Please show the time."}).status_code == 303
    assert now_of(case).state == CaseState.UNDER_REVIEW
    assert "Please show the time." in office.get(path_of(case)).content.decode()


def test_the_evidence_pack_is_a_post_and_is_written_down(office: Client, case: Case) -> None:
    assert office.get(path_of(case, "/evidence")).status_code == 405
    answer = office.post(path_of(case, "/evidence"))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert set(archive.namelist()) == {"case.json", "case.html", "files/01-a.png", "SHA256SUMS"}
    assert AuditEntry.objects.filter(action="case.take_evidence", subject=case.shown_id).count() == 1


def test_a_chargeback_waits_for_evidence_and_then_for_the_bank(office: Client, deal: Trade) -> None:
    receipt = Receipt.objects.get(payment_id=deal.bought.payment_id)
    told = Chargeback(receipt.channel_id, receipt.trade_no, "dp_77", 9800)
    case = chargebacks.open_chargeback(told, now=timezone.now())
    page = office.get(path_of(case)).content.decode()
    assert "dp_77" in page
    assert "I handed it in" in page
    assert page.count("Evidence pack (ZIP)") == 1, "beside the button that says it was handed in"
    assert "the merchant has the sum again, or the bank keeps it" in page
    assert office.post(path_of(case, "/sent")).status_code == 303
    page = office.get(path_of(case)).content.decode()
    assert page.count("Evidence pack (ZIP)") == 1
    assert page.count("Evidence was sent to the bank") == 2, "in the thread, and in the line of steps"
    assert now_of(case).state == CaseState.GATEWAY_DECIDES
    assert path_of(case) in office.get("/office/cases?which=chargebacks").content.decode()


def test_only_staff_see_any_of_it(case: Case, client: Client) -> None:
    shown = Evidence.objects.get().shown_id
    gets = ["/office/cases", path_of(case), path_of(case, f"/file/{shown}")]
    posts = [path_of(case, suffix) for suffix in ("/say", "/decide", "/evidence", "/sent")]
    assert {client.get(path).status_code for path in gets} | {client.post(path).status_code for path in posts} == {302}
    for email in ("ada@ada-cards.example", "cy@example.com"):
        person = User.objects.filter(email=email).first() or cast.person(email)
        client.force_login(person)
        found = {client.get(path).status_code for path in gets}
        found |= {client.post(path, decision(confirmed="1")).status_code for path in posts}
        assert found == {404}
    assert now_of(case).version == 2
