"""Every address that buyers use, against a table kept by hand of whom it is open to; a new one without a rule fails."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from tests import cast
from tests.shop.test_order_access import eves_browsers
from xinka.config import urls
from xinka.disputes.models import Case, Evidence
from xinka.flows.disputes import cases
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.payments.models import Channel
from xinka.platform.files.actions import Handed
from xinka.shop.urls import urlpatterns

pytestmark = pytest.mark.django_db

#: Kept by hand: all that lies below an order is for whoever may open that order, and to everybody else there is no such
#: order. What needs a proof in its address is found by nobody who has none.
ANYBODY = {
    *("home", "category", "search", "product", "refused", "find_order", "mail_links", "use_code", "gift_cards"),
    *("follow", "balance", "back_ask", "closed"),
}
PROOF_IN_ADDRESS = {
    "gateway_return",
    "gateway_return_of",
    "pay_here",
    "payout_confirm",
    "team_join",
    "team_join_answer",
    "back_note",
    "back_mailbox",
}
SIGNED_IN = {
    *("my_orders", "begin", "referrals", "close_account", "keep_account"),
    *("balance_withdraw", "balance_accounts", "balance_account_new", "balance_account_remove"),
    *("balance_cancel", "balance_call_back"),
}
#: What the addresses name that are of a person and of one thing of theirs.
THINGS = {
    "balance_account_remove": [str(ids.new_uuid())],
    "balance_cancel": [ids.show("out", ids.new_uuid())],
    "balance_call_back": [ids.show("out", ids.new_uuid())],
}
BUYER = {
    *("order", "pay", "pay_balance", "pay_transfer", "pay_inside", "pay_inside_here", "pay_inside_back", "cancel"),
    *("goods", "reveal", "download", "open", "elsewhere", "confirm", "refund_wish", "help"),
    *("case", "case_say", "case_act", "case_file"),
}
ONLY_FORMS = {"pay_inside", "cancel", "reveal", "download", "confirm", "refund_wish"}
ONLY_READ = {
    *("pay_transfer", "order", "pay_inside_here", "pay_inside_back", "goods", "open", "elsewhere", "case", "case_file"),
}
#: Which table, here or in another room's tests, has the addresses below each entrance.
ENTRANCES = {
    "": "this one",
    "account/": "tests/accounts/test_outsiders.py",
    "desk/": "tests/desk/test_desk.py",
    "office/": "tests/office/test_roles.py",
    "look/": "test_the_switches_are_all_there_is_of_the_look",
    "sandbox/": "never in a shop that takes real money",
}


def test_every_entrance_of_the_site_has_a_table() -> None:
    found = get_resolver().url_patterns
    assert all(isinstance(entry, URLResolver) for entry in found), "a page beside the rooms has no rule"
    assert {str(entry.pattern) for entry in found} == set(ENTRANCES)
    assert len(found) == len(urls.urlpatterns) == len(ENTRANCES)


def test_the_switches_are_all_there_is_of_the_look() -> None:
    look = next(entry for entry in get_resolver().url_patterns if str(entry.pattern) == "look/")
    assert isinstance(look, URLResolver)
    assert {str(entry.name) for entry in look.url_patterns} == {"language", "theme", "keys", "gallery"}
    assert settings.SANDBOX, "the gallery is there because of the sandbox"


def test_the_table_names_every_address_once_and_no_other() -> None:
    rules = [ANYBODY, PROOF_IN_ADDRESS, SIGNED_IN, BUYER]
    assert sum(map(len, rules)) == len(set.union(*rules)) == len(urlpatterns)
    assert {str(pattern.name) for pattern in urlpatterns} == set.union(*rules)


def cys_case(bought: cast.Bought) -> Case:
    complaint = cases.Complaint(cases.Reason.OTHER, "canary complaint", files=(Handed("a.txt", b"canary file"),))
    return cases.open_case(bought.order, complaint, by=Actor(Role.BUYER), now=timezone.now())


def addresses(
    bought: cast.Bought, case: Case, *, through: str = "", made_up: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield each address below an order (or its parts below ``through``, another order), or below none there is."""
    evidence = Evidence.objects.filter(message__case=case).first()
    assert evidence is not None
    values = {
        "shown_id": through or ids.show("ord", bought.order_id),
        "case_id": case.shown_id,
        "evidence_id": evidence.shown_id,
        "number": ids.show("pay", bought.payment_id),
    }
    if made_up:
        values = {name: ids.show(value.partition("_")[0], ids.new_uuid()) for name, value in values.items()}
    for pattern in urlpatterns:
        if pattern.name in BUYER:
            assert isinstance(pattern, URLPattern)
            names = pattern.pattern.converters
            assert "shown_id" in names, "what is a buyer's own lies below the order"
            yield str(pattern.name), reverse(f"shop:{pattern.name}", kwargs={name: values[name] for name in names})


def told(answer: HttpResponse) -> tuple[int, str]:
    """Return what an answer tells, but for the numbers that were asked for."""
    return answer.status_code, re.sub(r"(ord|pay|dsp|evd)_[0-9a-z]{26}", "NUMBER", answer.content.decode())


def rows() -> dict[str, list[object]]:
    """Return all that is on record of trade, which a request that is refused leaves alone."""
    rooms = ("orders", "payments", "stock", "delivery", "ledger", "escrow", "disputes", "files", "jobs", "outbox")
    models = [model for room in rooms for model in apps.get_app_config(room).get_models()]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}


@pytest.mark.parametrize("method", ["get", "post"])
def test_to_eve_no_order_has_any_address(delivered: cast.Bought, ware: cast.Ware, alipay: Channel, method: str) -> None:
    case, other = cys_case(delivered), cast.buy(ware.sku, alipay, contact=cast.EVE)
    before = rows()
    real, none = dict(addresses(delivered, case)), dict(addresses(delivered, case, made_up=True))
    statuses: dict[str, set[int]] = {}
    for browser in eves_browsers(other).values():
        for name, path in real.items():
            answer = getattr(browser, method)(path)
            said = told(answer)
            assert said == told(getattr(browser, method)(none[name])), name
            assert "canary" not in said[1]
            assert not answer.cookies.get("xk_order")
            statuses.setdefault(name, set()).add(answer.status_code)
    # The balance is for people who are signed in; whoever is not is sent there first.
    assert statuses.pop("pay_balance") == {302, 404}
    assert set.union(*statuses.values()) == {404, 405}
    assert {name for name, codes in statuses.items() if codes == {405}} == {"get": ONLY_FORMS, "post": ONLY_READ}[
        method
    ]
    assert rows() == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_through_her_own_order_eve_reaches_nothing_of_another(
    delivered: cast.Bought, ware: cast.Ware, alipay: Channel, method: str
) -> None:
    case, other = cys_case(delivered), cast.buy(ware.sku, alipay, contact=cast.EVE)
    browser = Client()
    browser.cookies["xk_order"] = other.cookie
    before = rows()
    own = ids.show("ord", other.order_id)
    found = addresses(delivered, case, through=own)
    nested = {name: path for name, path in found if name.startswith(("case", "pay_inside_"))}
    assert len(nested) == 6
    for name, path in nested.items():
        answer = getattr(browser, method)(path)
        assert answer.status_code in {404, 405}, name
        assert "canary" not in answer.content.decode()
    assert rows() == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_of_a_person_sends_others_to_sign_in(client: Client, method: str) -> None:
    for name in SIGNED_IN:
        answer = getattr(client, method)(reverse(f"shop:{name}", args=THINGS.get(name)))
        assert answer.status_code == 405 or answer["Location"].startswith("/account/login/"), name


def test_an_address_with_a_wrong_proof_leads_nowhere(client: Client, delivered: cast.Bought) -> None:
    nobody = ids.show("pay", ids.new_uuid())
    for path in (
        reverse("shop:gateway_return", args=["alipay-md5"]) + f"?out_trade_no={nobody}",
        reverse("shop:gateway_return_of", args=["alipay-md5", nobody]),
        reverse("shop:pay_here", args=[nobody]),
        reverse("shop:payout_confirm", args=[ids.show("out", ids.new_uuid()), "0" * 32]),
        reverse("shop:back_note", args=[ids.show("bak", ids.new_uuid()), "0" * 40]),
        reverse("shop:back_mailbox", args=[ids.show("box", ids.new_uuid()), "0" * 40]),
    ):
        assert client.get(path).status_code == 404
