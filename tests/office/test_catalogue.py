"""Dee opens, renames and suspends merchants and keeps the shelves; others cannot."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client

from tests import cast
from xinka.catalog.categories import move_category, save_category
from xinka.catalog.models import Category
from xinka.merchants.actions import set_standing, set_verified
from xinka.merchants.models import Membership, Merchant, MerchantState, Role
from xinka.office import catalogue
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

NEW = {"slug": "bea-cards", "name": "贝亚卡铺", "name_en": "Bea's cards", "kind": "individual", "verified": "on"}


def test_outsiders_see_and_change_nothing(client: Client) -> None:
    shop, shelf = cast.adas_shop(), cast.shelf()
    pages = ["/office/merchants", "/office/merchants/new", f"/office/merchants/{shop.id}", "/office/categories"]
    pages += ["/office/categories/new", f"/office/categories/{shelf.id}"]
    acts = [*pages[1:3], *pages[4:], f"/office/merchants/{shop.id}/standing", f"/office/categories/{shelf.id}/move"]
    for user in (cast.person("eve@example.com"), cast.User.objects.get(email="ada@ada-cards.example")):
        client.force_login(user)
        assert {client.get(page).status_code for page in pages} == {404}
        assert {client.post(act, {**NEW, "to": "suspended"}).status_code for act in acts} == {404}
    assert (Merchant.objects.get().state, Category.objects.get().name) == (MerchantState.ACTIVE, "游戏点卡")


def test_a_merchant_is_opened_for_somebody_with_an_account(office: Client) -> None:
    assert office.post("/office/merchants/new", {**NEW, "owner": "bea@example.com"}).status_code == 422
    assert Merchant.objects.count() == 0
    bea = cast.person("bea@example.com")
    answer = office.post("/office/merchants/new", {**NEW, "owner": "Bea@example.com"})
    made = Merchant.objects.get()
    assert answer["Location"] == f"/office/merchants/{made.id}"
    assert made.verified_at is not None
    assert list(Membership.objects.values_list("user", "role")) == [(bea.id, Role.OWNER)]
    assert AuditEntry.objects.get().action == "merchant.open"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'merchant_id', args->>'user_id' FROM procrastinate_jobs WHERE task_name = 'mail.shop_open'"
        )
        assert cursor.fetchall() == [(str(made.id), str(bea.id))]
    assert office.post("/office/merchants/new", {**NEW, "owner": "bea@example.com"}).status_code == 422


def test_a_merchant_is_renamed_and_keeps_its_short_name(office: Client) -> None:
    shop = cast.adas_shop()
    since = shop.verified_at
    address = f"/office/merchants/{shop.id}"
    office.post(address, {**NEW, "slug": "other", "name": "新名字"})
    shop.refresh_from_db()
    assert (shop.slug, shop.name, shop.verified_at) == ("ada-cards", "新名字", since)
    office.post(address, {"name": "新名字", "kind": "company"})
    shop.refresh_from_db()
    assert (shop.verified_at, shop.kind) == (None, "company")


def test_who_renames_a_merchant_does_not_let_it_sell_again_that_somebody_suspends_in_that_moment(
    office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = cast.adas_shop()

    def suspended_meanwhile(merchant: Merchant, *, verified: bool) -> None:
        set_standing(shop.id, to=MerchantState.SUSPENDED, why="Codes were used before.")
        set_verified(merchant, verified=verified)

    monkeypatch.setattr(catalogue, "set_verified", suspended_meanwhile)
    form = {"name": "阿达的店", "kind": shop.kind, "verified": "on"}
    assert office.post(f"/office/merchants/{shop.id}", form).status_code in {302, 303}
    shop.refresh_from_db()
    assert (shop.name, shop.verified_at is not None) == ("阿达的店", True)
    assert (shop.state, shop.suspended_why) == (MerchantState.SUSPENDED, "Codes were used before.")


def shown_by(office: Client, address: str) -> dict[str, str]:
    """Return what the form of a page would send back if nobody touched it."""
    page = office.get(address).content.decode()
    found = {
        name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="(seen)" value="(.*?)"', page)
    }
    assert found["seen"]
    return found


def test_of_two_who_change_a_merchant_the_second_sees_what_the_first_wrote(office: Client) -> None:
    shop = cast.adas_shop()
    address = f"/office/merchants/{shop.id}"
    seen = shown_by(office, address)
    first = {
        "name": shop.name,
        "name_en": shop.name_en,
        "kind": shop.kind,
        "alert_email": "new@shop.example",
    }  # and no longer verified
    assert office.post(address, first | seen).status_code == 303
    old = first | {"name": "新名字", "kind": shop.kind, "alert_email": "", "verified": "on"} | seen
    answer = office.post(address, old, headers={"accept-language": "en"})
    shop.refresh_from_db()
    assert answer.status_code == 422
    assert (shop.name, shop.verified_at, shop.alert_email) == ("艾达卡铺", None, "new@shop.example")
    told = unescape(answer.content.decode())
    assert "What is stored differs in: Name in Chinese, Alarm address, We have checked who this is." in told
    again = re.findall(r'name="seen" value="(.*?)"', told)[0]
    assert office.post(address, old | {"seen": again}).status_code == 303
    shop.refresh_from_db()
    assert (shop.name, shop.verified_at is not None, shop.alert_email) == ("新名字", True, "")
    fields = list(AuditEntry.objects.order_by("id").values_list("details", flat=True))
    n_before = AuditEntry.objects.count()
    assert [one["fields"] for one in fields] == ["alert_email, verified", "name, alert_email, verified"]
    assert office.post(address, old | shown_by(office, address)).status_code == 303
    assert AuditEntry.objects.count() == n_before, "nothing was changed"


def test_of_two_who_change_a_shelf_the_second_sees_it_and_it_stays_where_it_was_moved(office: Client) -> None:
    shelf, _ = (Category.objects.create(slug=f"s{n}", name=f"架{n}", glyph="card", position=n) for n in (0, 1))
    address = f"/office/categories/{shelf.id}"
    form = {"slug": "s0", "name": "旧的", "name_en": "Shelf", "glyph": "card", "tint": shelf.tint} | shown_by(
        office, address
    )
    assert office.post(address, form | {"name": "新的"}).status_code in {302, 303}
    assert office.post(address, form).status_code == 422
    assert Category.objects.get(id=shelf.id).name == "新的"
    read = Category.objects.get(id=shelf.id)
    assert move_category(shelf.id, up=False)
    read.name = "又改"
    save_category(read)
    assert list(Category.objects.order_by("position").values_list("name", flat=True)) == ["架1", "又改"]


def test_a_suspended_merchant_leaves_the_shop_and_comes_back(office: Client, client: Client) -> None:
    shop = cast.adas_shop()
    made = cast.ware(shop, 1)
    assert client.get(f"/p/{made.product.slug}").status_code == 200
    office.post(f"/office/merchants/{shop.id}/standing", {"to": "suspended", "reason": " no "})
    assert client.get(f"/p/{made.product.slug}").status_code == 200
    office.post(f"/office/merchants/{shop.id}/standing", {"to": "suspended", "reason": "Codes were used before."})
    assert client.get(f"/p/{made.product.slug}").status_code == 404
    assert "Codes were used before." in office.get(f"/office/merchants/{shop.id}").content.decode()
    assert "Suspended" in office.get("/office/merchants").content.decode()
    office.post(f"/office/merchants/{shop.id}/standing", {"to": "active"})
    assert client.get(f"/p/{made.product.slug}").status_code == 200
    assert office.post(f"/office/merchants/{shop.id}/standing", {"to": "gone"}).status_code == 404
    acts = set(AuditEntry.objects.values_list("action", flat=True))
    assert acts == {"merchant.suspended", "merchant.active"}


def test_the_owner_of_a_suspended_shop_is_told_by_mail_and_reads_why_on_every_page_of_the_desk(
    office: Client,
) -> None:
    shop, client = cast.adas_shop(), Client()
    client.force_login(shop.memberships.get(role="owner").user)
    assert "被暂停" not in client.get("/desk/ada-cards/").content.decode()
    for _ in range(2):  # who clicks twice has it told once
        office.post(f"/office/merchants/{shop.id}/standing", {"to": "suspended", "reason": "<b>旧码</b>又卖了"})
    for page in ("/desk/ada-cards/", "/desk/ada-cards/orders"):
        said = client.get(page).content.decode()
        assert "本店已被暂停" in said
        assert "原因：&lt;b&gt;旧码&lt;/b&gt;又卖了" in said
    with connection.cursor() as cursor:
        cursor.execute("SELECT args ->> 'merchant_id' FROM procrastinate_jobs WHERE task_name = 'mail.standing'")
        assert cursor.fetchall() == [(str(shop.id),)]
    assert AuditEntry.objects.get(action="merchant.suspended").details["reason"] == "<b>旧码</b>又卖了"
    office.post(f"/office/merchants/{shop.id}/standing", {"to": "active"})
    assert "被暂停" not in client.get("/desk/ada-cards/").content.decode()


def test_merchants_are_found_by_their_name(office: Client) -> None:
    cast.adas_shop()
    assert "Ada&#x27;s cards" in office.get("/office/merchants?q=艾达").content.decode()
    assert "Ada&#x27;s cards" in office.get("/office/merchants?q=ada's CARDS").content.decode()
    assert "Ada&#x27;s cards" in office.get("/office/merchants", {"q": "ada\0"}).content.decode()
    assert "No merchant here" in office.get("/office/merchants?q=zzz").content.decode()


def test_shelves_are_put_up_renamed_and_ordered(office: Client) -> None:
    assert "No category yet" in office.get("/office/categories").content.decode()
    for slug in ("games", "music"):
        told = {"slug": slug, "name": slug, "name_en": slug, "glyph": "card", "tint": "c1"}
        assert office.post("/office/categories/new", told).status_code == 303
    games, music = Category.objects.order_by("position")
    assert (games.slug, music.position) == ("games", 1)
    office.post(f"/office/categories/{music.id}/move", {"to": "up"})
    assert list(Category.objects.values_list("slug", flat=True)) == ["music", "games"]
    told = {"slug": "games", "name": "游戏", "name_en": "Games", "glyph": "game", "tint": "c2"}
    office.post(f"/office/categories/{games.id}", told)
    games.refresh_from_db()
    assert (games.name, games.position) == ("游戏", 1)
    assert office.post("/office/categories/new", told).status_code == 422


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_there_in_both_languages(office: Client, language: str) -> None:
    shop, shelf = cast.adas_shop(), cast.shelf()
    office.cookies["xk_lang"] = language
    for page in ("merchants", "merchants/new", f"merchants/{shop.id}", "categories", f"categories/{shelf.id}"):
        assert office.get(f"/office/{page}").status_code == 200


@pytest.mark.parametrize("room", ["merchants", "categories"])
def test_a_short_name_that_will_not_do_says_so_without_the_words_of_the_code(office: Client, room: str) -> None:
    shop = cast.adas_shop()
    cast.ware(shop)
    taken = {"merchants": shop.slug, "categories": Category.objects.get().slug}[room]
    for cookie, wrong, told in (
        ("en", "Bad name!", "Take letters, digits and hyphens only"),
        ("en", taken, "This short name is taken"),
        ("zh-hans", "Bad name!", "只用字母、数字和连字符"),
        ("zh-hans", taken, "这个短名已经有了"),
    ):
        office.cookies["xk_lang"] = cookie
        page = office.post(f"/office/{room}/new", {"slug": wrong}).content.decode()
        assert told in page
        assert "Slug" not in page


@pytest.mark.parametrize("page", ["/office/merchants/new", "/office/categories/new"])
@pytest.mark.parametrize(("language", "hint"), [("en", "without spaces"), ("zh-hans", "不含空格")])
def test_a_short_name_says_beforehand_what_it_may_be(office: Client, page: str, language: str, hint: str) -> None:
    office.cookies["xk_lang"] = language
    assert hint in office.get(page).content.decode()
