"""The page of the team: what owners and clerks may do there, and that the desk shuts behind whoever leaves."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.desk.test_desk import every_address, signed_in
from xinka.accounts.models import User
from xinka.flows.teams import handing_over, inviting
from xinka.merchants.models import Invitation, InvitationState, Membership, Merchant, OwnershipOffer, Role
from xinka.merchants.policies import SETTLES_IN

pytestmark = pytest.mark.django_db

HOME = "/desk/ada-cards/team"


@pytest.fixture
def shop() -> Merchant:
    return cast.adas_shop()


@pytest.fixture
def ada(shop: Merchant) -> Client:
    return cast.proved(signed_in(one("ada")))


@pytest.fixture
def bo(shop: Merchant) -> Client:
    return cast.proved(signed_in(one("bo")))


def one(name: str, slug: str = "ada-cards") -> User:
    """Return somebody of a shop."""
    return User.objects.get(email=f"{name}@{slug}.example")


def roles() -> dict[str, str]:
    """Return who is what in Ada's team."""
    found = Membership.objects.filter(merchant__slug="ada-cards")
    return dict(found.values_list("user__email", "role"))


def said(browser: Client, address: str, **form: str) -> str:
    """Send a form, and return the page that is shown then."""
    return browser.post(address, form, follow=True).content.decode()


def test_the_owner_sees_everybody_with_role_and_last_sign_in(ada: Client) -> None:
    User.objects.filter(pk=one("bo").pk).update(last_login=timezone.now())
    page = ada.get(HOME).content.decode()
    assert "ada@ada-cards.example" in page
    assert "bo@ada-cards.example" in page
    assert timezone.localtime().strftime("%Y-%m-%d") in page
    assert f"{HOME}/{one('bo').pk}" in page


def test_a_clerk_sees_colleagues_by_name_and_nothing_more(shop: Merchant, bo: Client) -> None:
    User.objects.filter(pk=one("ada").pk).update(display_name="艾达", last_login=timezone.now())
    inviting.invite(shop, "fay@example.com", by=one("ada"), language="en", now=timezone.now())
    page = bo.get(HOME).content.decode()
    assert "艾达" in page
    for hidden in ("ada@ada-cards.example", "fay@example.com", "上次登录", "/invite", f"{HOME}/{one('ada').pk}"):
        assert hidden not in page, hidden


@pytest.mark.parametrize(
    "path",
    ["invite", "{ada}", "{bo}", "{bo}/offer", "{ada}/clerk", "{ada}/remove", "{bo}/remove", "offer/take-back"],
)
def test_a_clerk_changes_nothing_and_does_not_raise_herself(shop: Merchant, bo: Client, path: str) -> None:
    address = f"{HOME}/{path.format(ada=one('ada').pk, bo=one('bo').pk)}"
    before = roles()
    form = {"email": "fay@example.com", "after": "owner", "role": "owner", "to": "owner", "answer": "accept"}
    assert bo.post(address, form).status_code in ({405, 403} if path in {"{ada}", "{bo}"} else {403})
    assert bo.get(address).status_code in {403, 405}
    assert bo.post(f"{HOME}/offer/answer", form).status_code == 409, "nobody offered her anything"
    assert (roles(), Invitation.objects.count(), OwnershipOffer.objects.count()) == (before, 0, 0)


@pytest.mark.parametrize("path", ["{bo}", "{bo}/offer", "{bo}/clerk", "{bo}/remove"])
def test_an_owner_of_another_shop_reaches_nobody_here(shop: Merchant, path: str) -> None:
    cast.adas_shop(slug="eves-cards")
    eve, before = cast.proved(signed_in(one("ada", "eves-cards"))), roles()
    for slug in ("ada-cards", "eves-cards"):
        address = f"/desk/{slug}/team/{path.format(bo=one('bo').pk)}"
        assert {eve.get(address).status_code, eve.post(address, {"after": "owner"}).status_code} <= {404, 405}
    made = inviting.invite(shop, "fay@example.com", by=one("ada"), language="en", now=timezone.now())
    through = f"/desk/eves-cards/team/invitations/{made.id}/withdraw"
    assert eve.post(through).status_code == 410
    assert eve.post(f"{HOME}/invitations/{made.id}/withdraw").status_code == 404
    assert Invitation.objects.get().state == InvitationState.OPEN
    assert roles() == before


@pytest.mark.parametrize(
    "path", ["invite", "{bo}/offer", "{bo}/remove", "{bo}/clerk", "leave", "offer/answer", "offer/take-back"]
)
def test_every_change_asks_again_who_one_is(shop: Merchant, path: str) -> None:
    stale, before = signed_in(one("ada")), roles()
    answer = stale.post(f"{HOME}/{path.format(bo=one('bo').pk)}", {"email": "fay@example.com", "after": "owner"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/reauthenticate/")
    assert (roles(), Invitation.objects.count(), OwnershipOffer.objects.count()) == (before, 0, 0)


def test_inviting_says_the_same_whether_or_not_there_is_an_account(ada: Client) -> None:
    cast.person("fay@example.com")
    pages = []
    for name in ("fay", "gus"):
        page = said(ada, f"{HOME}/invite", email=f"{name}@example.com")
        assert "已邀请，带链接的邮件正在发出。" in page
        hidden = rf"{name}@|<input type=\"hidden\"[^>]*>|invitations/[-0-9a-f]+|<time[^>]*>|nonce=\S+"
        pages.append(re.sub(hidden, "", page))
        Invitation.objects.all().delete()
    assert pages[0] == pages[1]


def test_what_cannot_be_invited_is_said_at_the_field_and_kept(ada: Client) -> None:
    for address, words in (("bo@ada-cards.example", "已经在团队里"), ("nobody", "邮")):
        answer = ada.post(f"{HOME}/invite", {"email": address})
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert address in answer.content.decode()
    assert Invitation.objects.count() == 0


def test_an_invitation_is_withdrawn(shop: Merchant, ada: Client) -> None:
    made = inviting.invite(shop, "fay@example.com", by=one("ada"), language="en", now=timezone.now())
    assert "fay@example.com" in ada.get(HOME).content.decode()
    page = said(ada, f"{HOME}/invitations/{made.id}/withdraw")
    assert "fay@example.com" not in page
    assert ada.post(f"{HOME}/invitations/{made.id}/withdraw").status_code == 410


def test_who_is_taken_out_finds_no_page_of_the_desk_any_more(shop: Merchant, ada: Client, bo: Client) -> None:
    addresses = [address for _, address in every_address(shop)]
    assert bo.get(f"/desk/{shop.slug}/").status_code == 200
    said(ada, f"{HOME}/{one('bo').pk}/remove")
    for address in addresses:
        assert bo.get(address).status_code in {404, 405}, address
        assert bo.post(address).status_code in {404, 405}, address
    assert "Ada" not in bo.get("/desk/").content.decode()
    assert roles() == {"ada@ada-cards.example": Role.OWNER}


def test_pages_of_the_team_are_not_kept_by_browsers(ada: Client) -> None:
    for address in (HOME, f"{HOME}/{one('bo').pk}"):
        assert "no-store" in ada.get(address)["Cache-Control"]


def test_a_clerk_leaves(bo: Client) -> None:
    assert "你已离开团队。" in said(bo, f"{HOME}/leave")
    assert bo.get(HOME).status_code == 404
    assert roles() == {"ada@ada-cards.example": Role.OWNER}


def test_the_only_owner_is_told_what_to_do_first_and_stays(ada: Client) -> None:
    assert "你是唯一的店主" in ada.get(HOME).content.decode()
    for path in ("leave", f"{one('ada').pk}/remove", f"{one('ada').pk}/clerk"):
        answer = ada.post(f"{HOME}/{path}")
        assert answer.status_code == 409
        assert "最后一位店主" in answer.content.decode()
    assert roles()["ada@ada-cards.example"] == Role.OWNER


def test_the_shop_is_handed_over_on_the_page(ada: Client, bo: Client) -> None:
    bos = one("bo").pk
    assert ada.post(f"{HOME}/{bos}/offer", {"after": "thief"}).status_code == 422
    assert "店主转让等待答复" in said(ada, f"{HOME}/{bos}/offer", after="clerk")
    assert "请你做店主" in bo.get(HOME).content.decode()
    assert bo.get("/desk/ada-cards/balance").status_code == 403
    assert "你现在是这家店的店主。" in said(bo, f"{HOME}/offer/answer", answer="accept")
    assert roles() == {"ada@ada-cards.example": Role.CLERK, "bo@ada-cards.example": Role.OWNER}
    assert bo.get("/desk/ada-cards/balance").status_code == 200
    assert ada.get("/desk/ada-cards/balance").status_code == 403


def test_another_clerk_neither_sees_nor_answers_an_offer(shop: Merchant, bo: Client) -> None:
    fay = cast.person("fay@example.com")
    Membership.objects.create(merchant=shop, user=fay, role=Role.CLERK)
    handing_over.offer(shop, one("bo"), by=one("ada"), is_shared=True, now=timezone.now())
    browser = cast.proved(signed_in(fay))
    page = browser.get(HOME).content.decode()
    assert "店主转让等待答复" not in page
    assert "请你做店主" not in page
    for answer in ("accept", "decline"):
        assert browser.post(f"{HOME}/offer/answer", {"answer": answer}).status_code == 409
    assert OwnershipOffer.objects.count() == 1
    assert "已谢绝" in said(bo, f"{HOME}/offer/answer", answer="decline")
    assert OwnershipOffer.objects.count() == 0


def test_an_offer_is_taken_back(shop: Merchant, ada: Client, bo: Client) -> None:
    handing_over.offer(shop, one("bo"), by=one("ada"), is_shared=True, now=timezone.now())
    assert "已撤回" in said(ada, f"{HOME}/offer/take-back")
    assert ada.post(f"{HOME}/offer/take-back").status_code == 409
    assert bo.post(f"{HOME}/offer/answer", {"answer": "accept"}).status_code == 409
    assert roles()["bo@ada-cards.example"] == Role.CLERK


def test_a_new_owner_is_told_from_when_on_they_may_change_the_old_one(ada: Client, bo: Client) -> None:
    Membership.objects.update(since=timezone.now() - SETTLES_IN * 2)
    Membership.objects.filter(user=one("bo")).update(role=Role.OWNER, owner_since=timezone.now())
    answer = bo.post(f"{HOME}/{one('ada').pk}/remove")
    assert answer.status_code == 409
    until = timezone.localtime(timezone.now() + SETTLES_IN).strftime("%Y-%m-%d")
    assert f"你是新店主，{until}" in answer.content.decode()
    assert "已改" in said(ada, f"{HOME}/{one('bo').pk}/clerk")
    assert roles() == {"ada@ada-cards.example": Role.OWNER, "bo@ada-cards.example": Role.CLERK}


def test_no_name_becomes_code(shop: Merchant, ada: Client) -> None:
    User.objects.filter(pk=one("bo").pk).update(display_name="<script>alert(1)</script>")
    for address in (HOME, f"{HOME}/{one('bo').pk}"):
        page = ada.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
    assert mail.outbox == []
