"""Through her own desk, her own order and her own account nobody reaches what is somebody else's.

Every address with a number in it is asked for at one's own door with the numbers of another's things: what is new is
asked for as well.
"""

from __future__ import annotations

import pytest
from django.apps import apps
from django.test import Client

from tests.cast import adas_shop, person, proved
from tests.desk.test_desk import every_address
from xinka.accounts.models import User
from xinka.merchants.models import Merchant, Role

pytestmark = pytest.mark.django_db

#: These have no number in their address but the merchant's own.
ROOMS = (
    *("catalog", "merchants", "stock", "orders", "payments", "delivery", "ledger", "escrow", "disputes", "files"),
    *("payouts", "promotions", "audit", "outbox", "accounts"),
)


def rows() -> dict[str, list[object]]:
    models = [model for room in ROOMS for model in apps.get_app_config(room).get_models()]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}


@pytest.fixture
def eves() -> Merchant:
    return adas_shop(slug="eves-cards")


@pytest.fixture
def eve(eves: Merchant) -> Client:
    """Eve, an honest merchant's owner as far as the shop knows, who has just proved who she is."""
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(User.objects.get(email=f"ada@{eves.slug}.example"))
    return proved(browser)


def numbered(shop: Merchant) -> list[tuple[str, str]]:
    """Return each address of the desk that has a number of a thing of this merchant's."""
    return [
        (str(pattern.name), address)
        for pattern, address in every_address(shop)
        if set(pattern.pattern.converters) - {"merchant", "key"}  # a key names one of the desk's lists
    ]


@pytest.mark.parametrize("method", ["get", "post"])
def test_at_her_own_desk_eve_reaches_nothing_of_another_shop(eves: Merchant, eve: Client, method: str) -> None:
    found = numbered(adas_shop())
    assert len(found) >= 35
    before = rows()
    for name, address in found:
        answer = getattr(eve, method)(address.replace("/desk/ada-cards/", "/desk/eves-cards/"))
        # An invitation that is not open here is said to be over, whether there is one elsewhere or not.
        refused = {404, 405, 410} if name == "team_uninvite" else {404, 405}
        assert answer.status_code in refused, (name, answer.status_code)
    assert rows() == before


def test_the_walk_would_notice() -> None:
    """At the desk they belong to, the same addresses open: so what refused above was the other shop's number."""
    shop = adas_shop()
    found = numbered(shop)
    ada = Client(headers={"accept-language": "en"})
    ada.force_login(User.objects.get(email="ada@ada-cards.example"))
    opened = {name for name, address in found if proved(ada).get(address).status_code == 200}
    assert {
        "product",
        "sku",
        "import",
        "codes",
        "order",
        "case",
        "case_file",
        "coupon",
        "sale",
        "team_person",
    } <= opened


def test_who_knocks_at_anothers_door_is_told_of_in_the_log(
    eves: Merchant, eve: Client, caplog: pytest.LogCaptureFixture
) -> None:
    adas_shop()
    clerk, member, staff = (person(f"{name}@example.com") for name in ("bo", "cy", "dee"))
    eves.memberships.create(user=clerk, role=Role.CLERK)
    staff.is_staff, staff.staff_roles = True, ["support"]
    staff.save()
    knocks = [
        (User.objects.get(email=f"ada@{eves.slug}.example"), "/desk/ada-cards/", "not_in_the_team", 404),
        (clerk, "/desk/eves-cards/balance", "not_your_duty", 403),
        (member, "/office/", "not_staff", 404),
        (staff, "/office/staff", "not_your_room", 403),
    ]
    for user, path, why, status in knocks:
        caplog.clear()
        browser = Client(headers={"x-xinka-client": "203.0.113.9"})
        browser.force_login(user)
        assert browser.get(path).status_code == status, path
        told = [vars(record) for record in caplog.records if record.msg == "access.refused"]
        assert [(one["user"], one["path"], one["why"], one["address"]) for one in told] == [
            (user.pk, path, why, "203.0.113.9")
        ]
