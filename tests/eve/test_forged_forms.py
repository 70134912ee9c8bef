"""No form that another site sends does anything: every address there is, posted to without the token of our pages."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.eve.addresses import every_address
from xinka.accounts.models import User
from xinka.disputes.models import Case, Message
from xinka.flows.disputes import cases
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

#: Kept by hand. The same for everybody, so it has no token; it must come from this site, which is looked at.
FROM_THIS_SITE = {"look:language", "look:theme", "look:keys", "shop:use_code", "shop:back_ask"}
#: These look at the token themselves, once they know how large an upload may be.
LATER = {
    *("shop:help", "shop:case_say", "shop:case_act"),
    *("desk:upload", "desk:case_say", "desk:case_act"),
    "office:case_say",
}
FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


def everybody() -> User:
    """Return somebody who may do whatever anybody may: owner of a shop, staff in every role, buyer."""
    shop = cast.adas_shop()
    user = shop.memberships.get(role="owner").user
    user.is_staff, user.staff_roles = True, ["operator"]
    user.save()
    return user


def strict(user: User) -> Client:
    browser = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    browser.force_login(user)
    return cast.proved(browser)


def test_the_tables_name_every_page_that_looks_for_no_token_at_its_door() -> None:
    exempt = {one.name for one in every_address() if getattr(one.pattern.callback, "csrf_exempt", False)}
    assert exempt == FROM_THIS_SITE | LATER


def is_forged(answer: HttpResponse) -> bool:
    words = answer.content.decode()
    return answer.status_code == 403 and any(why in words for why in ("did not send our cookie", "form is too old"))


def test_every_other_page_refuses_a_form_without_a_token() -> None:
    browser = strict(everybody())
    addresses = [one for one in every_address() if one.name not in FROM_THIS_SITE | LATER]
    assert len(addresses) > 150
    for one in addresses:
        assert is_forged(browser.post(one.path, {"a": "b"})), one.name
    assert not AuditEntry.objects.exists()


def test_who_looks_later_looks_before_anything_happens() -> None:
    user = everybody()
    ware = cast.ware(user.memberships.get().merchant, 2)
    bought = cast.buy(ware.sku, cast.channel())
    cast.pay(bought)
    complaint = cases.Complaint(cases.Reason.OTHER, "It is wrong.")
    case = cases.open_case(bought.order, complaint, by=Actor(Role.BUYER), now=timezone.now())
    cases.escalate(case.id, by=Actor(Role.SELLER), now=timezone.now())
    browser, order = strict(user), ids.show("ord", bought.order_id)
    browser.cookies["xk_order"] = bought.cookie
    paths = {
        "shop:help": f"/order/{order}/help",
        "shop:case_say": f"/order/{order}/case/{case.shown_id}/say",
        "shop:case_act": f"/order/{order}/case/{case.shown_id}/act",
        "desk:upload": f"/desk/ada-cards/stock/{ware.sku.id}/import",
        "desk:case_say": f"/desk/ada-cards/cases/{case.shown_id}/say",
        "desk:case_act": f"/desk/ada-cards/cases/{case.shown_id}/act",
        "office:case_say": f"/office/cases/{case.shown_id}/say",
    }
    assert set(paths) == LATER
    before = [list(model.objects.values()) for model in (Case, Message)]
    for name, path in paths.items():
        for form in ({"text": "forged", "act": "withdraw"}, {"text": "forged", "csrfmiddlewaretoken": "a" * 64}):
            assert is_forged(browser.post(path, form)), name
    assert [list(model.objects.values()) for model in (Case, Message)] == before


def test_what_has_no_token_does_nothing_for_another_site() -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    browser = Client()
    for path, form in (
        ("/look/language", {"language": "en"}),
        ("/look/theme", {"theme": "dark"}),
        ("/code", {"sku": str(ware.sku.id), "coupon": "SPRING"}),
    ):
        for name, value in FOREIGN.items():
            assert not browser.post(path, form, headers={name: value}).cookies, (path, name)
