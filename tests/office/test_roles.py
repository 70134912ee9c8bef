"""Who of staff may do what: every address of the office against a table kept by hand, and the page that gives roles."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from xinka.accounts.models import User
from xinka.accounts.staff import NoOperator, OwnRoles, set_staff_roles
from xinka.accounts.staff_roles import StaffRole
from xinka.disputes.models import Case
from xinka.disputes.states import CaseKind
from xinka.flows.disputes import cases
from xinka.flows.relay import relay_batch
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.office.urls import urlpatterns
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

ALL = "review support risk finance operator"
MONEY, RISK, REVIEW, MERCHANTS, ONE = (
    "finance operator",
    "risk operator",
    "review operator",
    "review risk operator",
    "operator",
)
HOLDS, CASES = "support risk finance operator", "support finance operator"

#: Kept by hand, from the description of the roles and not from the code: every address, and whom it is open to.
MATRIX = {
    "home": ALL,
    "system": ONE,
    "check_now": ONE,
    "maintenance_on": ONE,
    "maintenance_off": ONE,
    "test_letter": ONE,
    "retry_job": ONE,
    "discard_job": ONE,
    "orders": HOLDS,
    "order": HOLDS,
    "order_mail_links": HOLDS,
    "money": MONEY,
    "refund": MONEY,
    "money_unmatched": MONEY,
    "money_return": MONEY,
    "money_match": MONEY,
    "money_decide": MONEY,
    "refund_done": MONEY,
    "refund_send": MONEY,
    "own_refunds": MONEY,
    "own_refund_find": MONEY,
    "own_refund_new": MONEY,
    "own_refund_decide": MONEY,
    "books": MONEY,
    "income": MONEY,
    "income_export": MONEY,
    "owed": MONEY,
    "owed_export": MONEY,
    "arrivals": MONEY,
    "books_export": MONEY,
    "books_journal": MONEY,
    "books_account": MONEY,
    "books_export_account": MONEY,
    "books_owned": MONEY,
    "books_export_owned": MONEY,
    "reconciling": MONEY,
    "fees": MONEY,
    "bill_read": MONEY,
    "difference": MONEY,
    "difference_settle": MONEY,
    "difference_enter": MONEY,
    "difference_decide": MONEY,
    "difference_move": MONEY,
    "payouts": MONEY,
    "payout_hold": MONEY,
    "payout_hold_buyer": MONEY,
    "payout_lift": MONEY,
    "payout_send_kind": MONEY,
    "payout_batch_new": MONEY,
    "payout_batch": MONEY,
    "payout_batch_file": MONEY,
    "payout_batch_results": MONEY,
    "payout_outcome": MONEY,
    "payout": MONEY,
    "payout_approve": MONEY,
    "payout_reject": MONEY,
    "payout_send": MONEY,
    "payout_by_hand": MONEY,
    "payout_call_back": MONEY,
    "payout_return": MONEY,
    "payout_ask_again": MONEY,
    "payout_return_decide": MONEY,
    "cases": CASES,
    "case": CASES,
    "case_say": CASES,
    "case_template": CASES,
    "reply_templates": CASES,
    "reply_template_new": CASES,
    "reply_template": CASES,
    "reply_template_delete": CASES,
    "case_decide": "support operator",
    "case_evidence": CASES,
    "case_sent": MONEY,
    "case_file": CASES,
    "filter_keep": ALL,
    "filter": ALL,
    "filter_delete": ALL,
    "transfers": MONEY,
    "transfer_confirm": MONEY,
    "transfer_discard": MONEY,
    "channels": MONEY,
    "channel_new": MONEY,
    "channel": MONEY,
    "channel_test": MONEY,
    "channel_change": MONEY,
    "channel_change_decide": MONEY,
    "channel_change_test": MONEY,
    "channel_switch": MONEY,
    "channel_move": MONEY,
    "merchants": MERCHANTS,
    "merchant_new": MERCHANTS,
    "merchant": MERCHANTS,
    "merchant_standing": MERCHANTS,
    "categories": REVIEW,
    "category_new": REVIEW,
    "category": REVIEW,
    "category_move": REVIEW,
    "escrow": HOLDS,
    "escrow_custody": MONEY,
    "escrow_terms": MONEY,
    "escrow_terms_edit": MONEY,
    "freeze_decide": RISK,
    "split_done": MONEY,
    "split_again": MONEY,
    "hold": HOLDS,
    "hold_stop": RISK,
    "hold_resume": RISK,
    "hold_freeze": RISK,
    "hold_hand_over": RISK,
    "promotions": MONEY,
    "coupon_new": MONEY,
    "coupon": MONEY,
    "coupon_codes": MONEY,
    "coupon_csv": MONEY,
    "coupon_stop": MONEY,
    "cards_new": MONEY,
    "cards_stop": MONEY,
    "level_new": MONEY,
    "level": MONEY,
    "referral_terms": MONEY,
    "staff": ONE,
    "staff_find": ONE,
    "staff_roles": ONE,
    "staff_sign_out": ONE,
    "audit": RISK,
}

_SAMPLES = {"int": "1", "uuid": str(uuid4()), "str": "none_such", "slug": "none-such"}


def path_of(pattern: URLPattern) -> str:
    """Return an address of this pattern; nothing is behind it, so whoever may enter finds that out and no more."""
    route = str(pattern.pattern)
    for kind, sample in _SAMPLES.items():
        for name in pattern.pattern.converters:
            route = route.replace(f"<{kind}:{name}>", sample)
    assert "<" not in route
    return f"/office/{route}"


def status_of(browser: Client, path: str) -> int:
    """Return how an address answers, asked in the way it can be."""
    answer = browser.get(path)
    return (browser.post(path) if answer.status_code == 405 else answer).status_code


def browser_of(user: User | None) -> Client:
    browser = Client(headers={"accept-language": "en"})
    if user is not None:
        browser.force_login(user)
    browser.cookies["xk_lang"] = "en"
    return browser


def fresh(user: User) -> Client:
    """Return a browser in which somebody has just proved who they are."""
    return cast.proved(browser_of(user))


def staff(role: str) -> User:
    return cast.person(f"{role}@staff.example", staff=True, roles=[StaffRole(role)])


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Settings) -> None:
    settings.STAFF_NEEDS_MFA = False


def test_the_table_names_every_address_and_no_other() -> None:
    assert {str(pattern.name) for pattern in urlpatterns} == set(MATRIX)


@pytest.mark.parametrize("role", ALL.split())
def test_each_role_enters_its_rooms_and_no_other(role: str) -> None:
    browser = browser_of(staff(role))
    # No case, refund, merchant … is behind these addresses: a room that is open says so by any answer but 403.
    refused = {str(one.name) for one in urlpatterns if status_of(browser, path_of(one)) == 403}
    assert refused == {name for name, roles in MATRIX.items() if role not in roles.split()}


@pytest.mark.parametrize("who", ["Eve", "a buyer", "a merchant", "a clerk", "staff without a role"])
def test_to_everybody_else_the_office_does_not_exist(who: str) -> None:
    cast.adas_shop()
    people = {"a merchant": "ada@ada-cards.example", "a clerk": "bo@ada-cards.example"}
    if who in people:
        user = User.objects.get(email=people[who])
    else:
        user = cast.person("someone@example.com", staff=who.startswith("staff"), roles=[])
    browser = browser_of(user)
    expected = 403 if who.startswith("staff") else 404
    assert {str(one.name): status_of(browser, path_of(one)) for one in urlpatterns} == dict.fromkeys(MATRIX, expected)


def test_who_is_not_signed_in_is_sent_to_sign_in() -> None:
    browser = browser_of(None)
    assert {status_of(browser, path_of(one)) for one in urlpatterns} == {302}


@pytest.mark.parametrize("role", ALL.split())
def test_the_side_links_lead_nowhere_that_is_refused(role: str) -> None:
    browser = browser_of(staff(role))
    page = browser.get("/office/").content.decode()
    links = {part.partition('"')[0] for part in page.split('href="')[1:] if part.startswith("/office/")}
    assert {browser.get(link).status_code for link in links} == {200}
    names = {"home", "cases", "money", "escrow", "payouts", "transfers", "reconciling", "books", "merchants"}
    names |= {"orders", "categories", "promotions", "channels", "system", "staff", "audit"}
    open_ones = {path_of(one) for one in urlpatterns if one.name in names and role in MATRIX[str(one.name)].split()}
    assert links == open_ones


def a_case(*, chargeback: bool) -> Case:
    ware = cast.ware(cast.adas_shop(), 1)
    bought = cast.buy(ware.sku, cast.channel())
    cast.pay(bought)
    complaint = cases.Complaint(cases.Reason.INVALID, "It does not work.")
    case = cases.open_case(bought.order, complaint, by=Actor(Role.BUYER), now=timezone.now())
    if chargeback:
        Case.objects.filter(id=case.id).update(
            kind=CaseKind.CHARGEBACK, state="gateway_asks", due_at=timezone.now() + timedelta(days=3)
        )
    else:
        cases.escalate(case.id, by=Actor(Role.SELLER), now=timezone.now())
    return Case.objects.get()


@pytest.mark.parametrize(("role", "opens"), [("support", "dispute"), ("finance", "chargeback"), ("operator", "both")])
@pytest.mark.parametrize("kind", ["dispute", "chargeback"])
def test_support_has_the_disputes_and_finance_the_chargebacks(role: str, opens: str, kind: str) -> None:
    case = a_case(chargeback=kind == "chargeback")
    browser, is_open = browser_of(staff(role)), opens in {kind, "both"}
    path = f"/office/cases/{case.shown_id}"
    assert browser.get(path).status_code == (200 if is_open else 403)
    assert browser.post(f"{path}/evidence").status_code == (200 if is_open else 403)
    assert browser.post(f"{path}/say", {"text": "Please tell us more."}).status_code == (303 if is_open else 403)
    assert (case.shown_id in browser.get("/office/cases").content.decode()) == is_open
    waits = browser.get("/office/").content.decode().partition("<main")[2]
    assert ("Nothing waits for you" in waits) != is_open


def test_a_hold_shows_support_what_it_is_and_nothing_to_press() -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    bought = cast.buy(ware.sku, cast.channel())
    cast.pay(bought)
    run(relay_batch())
    path = f"/office/escrow/{ids.show('ord', bought.order_id)}"
    for role, acts in (("support", set()), ("finance", set()), ("risk", {"stop", "freeze"})):
        page = browser_of(staff(role)).get(path).content.decode().partition("<main")[2]
        assert {part.partition('"')[0] for part in page.split(f'action="{path}/')[1:]} == acts


def test_an_operator_gives_and_takes_roles_and_both_are_in_the_audit() -> None:
    dee, sia = staff("operator"), cast.person("sia@example.com")
    browser = fresh(dee)
    assert browser.post("/office/staff/find", {"email": " SIA@example.com"}).url == f"/office/staff/{sia.pk}"
    assert browser.post(f"/office/staff/{sia.pk}", {"roles": ["support", "risk"]}).status_code == 303
    sia.refresh_from_db()
    assert (sia.is_staff, sia.staff_roles) == (True, ["risk", "support"])
    hers = browser_of(sia)
    assert hers.get("/office/cases").status_code == 200
    assert browser.post(f"/office/staff/{sia.pk}", {}).status_code == 303
    assert hers.get("/office/cases").status_code == 404
    entries = list(AuditEntry.objects.order_by("id").values_list("actor_id", "action", "subject", "details"))
    assert entries == [
        (dee.pk, "staff.roles", f"#{sia.pk}", {"before": "", "after": "risk support"}),
        (dee.pk, "staff.roles", f"#{sia.pk}", {"before": "risk support", "after": ""}),
    ]
    assert browser.post(f"/office/staff/{sia.pk}", {}).status_code == 303
    assert AuditEntry.objects.count() == 2  # nothing was changed


def test_an_operator_signs_somebody_out_everywhere() -> None:
    dee, sia = staff("operator"), cast.person("sia@example.com")
    hers = [browser_of(None), browser_of(None)]
    for browser in hers:
        browser.post("/account/login/", {"login": sia.email, "password": cast.PASSWORD})
        assert browser.get("/account/").status_code == 200
    browser, path = fresh(dee), f"/office/staff/{sia.pk}/sign-out"
    assert f'action="{path}"' in browser.get(f"/office/staff/{sia.pk}").content.decode()
    told = browser.post(path, follow=True).content.decode()
    assert "Signed out on 2 devices" in told
    assert [one.get("/account/").status_code for one in hers] == [302, 302]
    assert browser.get("/office/").status_code == 200, "nobody else is"
    entry = AuditEntry.objects.get(action="account.sign_out")
    assert (entry.actor_id, entry.subject) == (dee.pk, f"#{sia.pk}")
    assert "signed in nowhere" in browser.post(path, follow=True).content.decode()


def test_signing_somebody_out_needs_a_fresh_proof_and_is_not_for_oneself() -> None:
    dee, sia = staff("operator"), cast.person("sia@example.com")
    hers = browser_of(sia)
    assert hers.get("/account/").status_code == 200
    assert "reauthenticate" in browser_of(dee).post(f"/office/staff/{sia.pk}/sign-out").url
    mine = fresh(dee)
    assert mine.post(f"/office/staff/{dee.pk}/sign-out").url == "/account/sessions/"
    assert (hers.get("/account/").status_code, mine.get("/office/").status_code) == (200, 200)
    assert not AuditEntry.objects.filter(action="account.sign_out").exists()


def test_without_a_fresh_proof_the_roles_are_not_even_shown() -> None:
    dee, sia = staff("operator"), cast.person("sia@example.com")
    browser = browser_of(dee)
    for answer in (browser.get(f"/office/staff/{sia.pk}"), browser.post(f"/office/staff/{sia.pk}", {"roles": "risk"})):
        assert answer.status_code == 302
        assert "reauthenticate" in answer.url
    sia.refresh_from_db()
    assert sia.staff_roles == []


def test_roles_that_somebody_else_asked_for_at_an_open_browser_are_not_given_by_the_next_proof() -> None:
    """Eve is stopped by the question for the password; the operator answers it later, to look at the same page."""
    dee, eve = staff("operator"), cast.person("eve@example.com")
    browser, path = browser_of(dee), f"/office/staff/{eve.pk}"
    assert "reauthenticate" in browser.post(path, {"roles": ["operator"]}).url
    assert "reauthenticate" in browser.get(path).url
    browser.post("/account/reauthenticate/", {"password": cast.PASSWORD, "next": path})
    eve.refresh_from_db()
    assert (eve.is_staff, eve.staff_roles) == (False, [])
    assert browser.get(path).status_code == 200, "it was a proof all the same"


def test_nobody_changes_their_own_roles() -> None:
    dee = staff("operator")
    browser = fresh(dee)
    assert "You cannot change your own roles" in browser.get(f"/office/staff/{dee.pk}").content.decode()
    answer = browser.post(f"/office/staff/{dee.pk}", {"roles": ["finance", "operator"]})
    assert answer.status_code == 422
    assert "Nobody changes their own roles" in answer.content.decode()
    with pytest.raises(OwnRoles):
        set_staff_roles(dee, [StaffRole.FINANCE], by=dee)
    dee.refresh_from_db()
    assert dee.staff_roles == ["operator"]


def test_whose_own_role_was_just_taken_gives_none() -> None:
    dee, oli = staff("operator"), cast.person("oli@example.com", staff=True)
    set_staff_roles(dee, [], by=oli)
    with pytest.raises(NoOperator):
        set_staff_roles(oli, [], by=dee)  # the object in memory is still an operator
    oli.refresh_from_db()
    assert oli.staff_roles == ["operator"]
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("posted", [{"roles": "king"}, {"roles": ["support", "king"]}])
def test_a_role_nobody_knows_is_refused(posted: dict[str, object]) -> None:
    sia = cast.person("sia@example.com")
    assert fresh(staff("operator")).post(f"/office/staff/{sia.pk}", posted).status_code == 422
    sia.refresh_from_db()
    assert sia.staff_roles == []


def test_unknown_people_are_told_to_sign_up_first() -> None:
    answer = fresh(staff("operator")).post("/office/staff/find", {"email": "nobody@example.com"})
    assert answer.status_code == 422
    assert "Nobody has signed up with this address." in answer.content.decode()
    assert fresh(User.objects.get()).get("/office/staff/999999").status_code == 404


def test_the_page_lists_staff_with_their_roles_in_both_languages() -> None:
    dee, _fei = staff("operator"), staff("finance")
    browser = browser_of(dee)
    page = browser.get("/office/staff").content.decode()
    assert "finance@staff.example" in page
    assert "(you)" in page
    browser.cookies["xk_lang"] = "zh-hans"
    assert "各项职责" in browser.get("/office/staff").content.decode()


def test_posting_without_the_token_is_refused() -> None:
    sia, strict = cast.person("sia@example.com"), Client(enforce_csrf_checks=True)
    strict.force_login(staff("operator"))
    assert strict.post(f"/office/staff/{sia.pk}", {"roles": "risk"}).status_code == 403
    assert strict.post("/office/staff/find", {"email": "sia@example.com"}).status_code == 403
