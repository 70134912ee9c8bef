"""Every address of the desk against a table kept by hand of whose it is, an owner's or a clerk's too."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import URLPattern

from tests import cast
from tests.desk.test_desk import every_address, signed_in, state_of_the_shop
from xinka.accounts.models import User
from xinka.desk.urls import urlpatterns
from xinka.merchants.models import Merchant, Role
from xinka.merchants.policies import DUTIES, Duty, may

pytestmark = pytest.mark.django_db

#: Kept by hand: what a clerk may. All else is for owners, and a new address without a line here fails.
CLERKS = {
    *("start", "products", "product_new", "product_preview", "product", "product_move"),
    *("products_many", "product_copy", "filter_keep", "filter", "filter_delete"),
    *("stock", "trace", "sku", "content", "upload", "import", "progress", "confirm", "columns", "resume", "discard"),
    *("undo", "codes", "withdraw", "orders", "order", "cases", "case", "case_say", "case_act", "case_file"),
    *("team", "team_leave", "team_answer"),
    *("case_template", "reply_templates", "reply_template_new", "reply_template", "reply_template_delete"),
}
OWNERS = {
    *("orders_csv", "order_give_back", "promotions", "coupon_new", "coupon", "coupon_codes", "coupon_csv"),
    *("coupon_stop", "sale_new", "sale", "sale_stop", "sale_withdraw", "referral_terms", "balance"),
    *("statement", "statement_csv", "statement_xlsx", "months", "months_csv", "months_xlsx", "payouts", "payout_new"),
    *("payout", "payout_accounts", "payout_account_new", "payout_account_remove", "payout_cancel"),
    *(
        "payout_call_back",
        "team_invite",
        "team_uninvite",
        "team_person",
        "team_clerk",
        "team_offer",
        "team_remove",
        "team_take_back",
    ),
}


@pytest.fixture
def shop() -> Merchant:
    return cast.adas_shop()


@pytest.fixture
def bo(shop: Merchant) -> Client:
    return cast.proved(signed_in(User.objects.get(email="bo@ada-cards.example")))


def _duty(pattern: URLPattern) -> object:
    view: object = pattern.callback
    while view is not None:
        if hasattr(view, "duty"):
            return view.duty
        view = getattr(view, "__wrapped__", None)
    return None


def test_every_address_names_its_duty_and_whose_it_is() -> None:
    bare = {pattern.name for pattern in urlpatterns if not isinstance(_duty(pattern), Duty)}
    assert bare == {"choose"}
    duties = {str(pattern.name): _duty(pattern) for pattern in urlpatterns if pattern.name != "choose"}
    assert {name for name, duty in duties.items() if may(Role.CLERK, Duty(str(duty)))} == CLERKS
    assert set(duties) == CLERKS | OWNERS
    assert all(may(Role.OWNER, Duty(str(duty))) for duty in duties.values())


@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_that_is_for_owners_answers_a_clerk(shop: Merchant, bo: Client, method: str) -> None:
    addresses = [address for pattern, address in every_address(shop) if pattern.name in OWNERS]
    before = state_of_the_shop()
    answers = {address: getattr(bo, method)(address, {"answer": "accept"}).status_code for address in addresses}
    assert set(answers.values()) <= {403, 405}, answers
    assert 403 in answers.values()
    if method == "post":
        assert [address for address, status in answers.items() if status != 403 and "/new" in address] == []
    assert state_of_the_shop() == before


def test_each_role_has_its_duties_by_name_and_no_other() -> None:
    clerk = {"see_orders", "edit_products", "stock", "answer_cases", "see_team"}
    assert {role: set(duties) for role, duties in DUTIES.items()} == {Role.OWNER: set(Duty), Role.CLERK: clerk}
