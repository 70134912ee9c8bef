"""The merchant desk: who may see it, and what its pages do."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse
from django.utils import timezone

from tests.cast import adas_shop, buy, channel, pay, person, ware
from tests.flows.payouts import account, asked, enter
from tests.promotions import offers
from xinka.accounts.models import SavedFilter, User
from xinka.accounts.saved_filters import keep_filter
from xinka.catalog.models import Product, ProductState, Sku
from xinka.desk.fields import TiersField
from xinka.desk.urls import urlpatterns
from xinka.disputes.models import Evidence, ReplyTemplate
from xinka.flows import stocking
from xinka.flows.disputes import cases
from xinka.flows.teams import inviting
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.merchants.models import Invitation, Membership, Merchant
from xinka.platform.files.actions import Handed
from xinka.stock.models import StockBatch, UnsoldCode

pytestmark = pytest.mark.django_db

XSS = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "javascript:alert(1)", "</title><b>")


@pytest.fixture
def shop() -> Merchant:
    return adas_shop()


def signed_in(user: User, **more: bool) -> Client:
    """Return a browser in which somebody is signed in."""
    browser = Client(**more)
    browser.force_login(user)
    return browser


@pytest.fixture
def ada(shop: Merchant) -> Client:
    return signed_in(User.objects.get(email="ada@ada-cards.example"))


@pytest.fixture
def bo(shop: Merchant) -> Client:
    return signed_in(User.objects.get(email="bo@ada-cards.example"))


@pytest.fixture
def eve(db: None) -> Client:
    adas_shop(slug="eves-cards")
    return signed_in(User.objects.get(email="ada@eves-cards.example"))


def every_address(shop: Merchant) -> Iterator[tuple[URLPattern, str]]:
    """Yield each address of the desk with things of this merchant in it."""
    made = ware(shop, 3)
    bought = buy(made.sku, channel())
    batch = stocking.receive(made.sku.id, [b"WAITING-1"], name="w.txt", by_id=None)
    pay(bought)
    shown = (Handed("a.txt", b"seen"),)
    complaint = cases.Complaint(cases.Reason.OTHER, "wrong", files=shown)
    case = cases.open_case(bought.order, complaint, by=Actor(Role.BUYER), now=timezone.now())
    values = {
        "merchant": shop.slug,
        "case_id": case.shown_id,
        "evidence_id": Evidence.objects.get(message__case=case).shown_id,
        "product_id": made.product.id,
        "sku_id": made.sku.id,
        "batch_id": batch.id,
        "shown_id": ids.show("ord", bought.order_id),
        "account_id": bought.order_id,
        "coupon_id": offers.coupon(merchant=shop).id,
        "sale_id": offers.sale(made.sku).id,
        "user_id": User.objects.get(email=f"bo@{shop.slug}.example").pk,
        "invitation_id": _invited(shop).id,
        "template_id": _template(shop).pk,
        "filter_id": _filter(shop).pk,
        "key": "orders",
    }
    of_payouts = values | {"shown_id": _payout(shop)}
    for pattern in urlpatterns:
        if pattern.name != "choose":
            names = pattern.pattern.converters
            known = of_payouts if str(pattern.name).startswith("payout") else values
            yield pattern, reverse(f"desk:{pattern.name}", kwargs={name: known[name] for name in names})


def _payout(shop: Merchant) -> str:
    enter(shop, 20_000)
    return ids.show("out", asked(account(shop), 10_000).id)


def _template(shop: Merchant) -> ReplyTemplate:
    name = f"Hello {ReplyTemplate.objects.count()}"
    return ReplyTemplate.objects.create(
        merchant=shop, owner=None, name=name, text="您好", text_en="Hello", changed_at=timezone.now()
    )


def _filter(shop: Merchant) -> SavedFilter:
    """Return a filter that Ada keeps of her orders."""
    ada, name = User.objects.get(email=f"ada@{shop.slug}.example"), f"Mine {SavedFilter.objects.count()}"
    return keep_filter(ada, f"orders:{shop.pk}", name=name, query="state=paid")


def _invited(shop: Merchant) -> Invitation:
    ada = User.objects.get(email=f"ada@{shop.slug}.example")
    return inviting.invite(shop, "fay@example.com", by=ada, language="en", now=timezone.now())


def state_of_the_shop() -> list[object]:
    """Return what a forbidden request must leave alone."""
    return [
        list(Product.objects.order_by("id").values_list("id", "state", "title", "category_id")),
        list(Sku.objects.values_list("id", "price")),
        list(StockBatch.objects.order_by("id").values_list("id", "state", "n_added", "n_undone")),
        list(UnsoldCode.objects.order_by("code_id").values_list("code_id", flat=True)),
        list(Membership.objects.order_by("id").values_list("user_id", "role")),
        list(Invitation.objects.values_list("id", "state")),
        list(ReplyTemplate.objects.order_by("id").values_list("id", "name", "text", "text_en")),
        list(SavedFilter.objects.order_by("id").values_list("id", "name", "query")),
    ]


@pytest.mark.parametrize("method", ["get", "post"])
def test_eve_sees_no_page_of_another_merchant_and_changes_nothing(shop: Merchant, eve: Client, method: str) -> None:
    addresses = list(every_address(shop))
    before = state_of_the_shop()
    answers = {pattern.name: getattr(eve, method)(address).status_code for pattern, address in addresses}
    assert set(answers.values()) <= {404, 405}
    assert 404 in answers.values()
    assert state_of_the_shop() == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_gets_in_without_signing_in(shop: Merchant, method: str) -> None:
    addresses = list(every_address(shop))
    before = state_of_the_shop()
    for pattern, address in addresses:
        answer = getattr(Client(), method)(address)
        sent_to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/account/login")
        assert sent_to_sign_in or answer.status_code == 405, pattern.name
    assert state_of_the_shop() == before


def test_ada_sees_all_her_pages(shop: Merchant, ada: Client) -> None:
    seen = {pattern.name: ada.get(address).status_code for pattern, address in every_address(shop)}
    assert set(seen.values()) == {200, 302, 405}
    assert {name for name, status in seen.items() if status == 302} == {
        "payout_new",
        "payout_account_new",
        "products_many",
    }
    assert {name for name, status in seen.items() if status == 405} == {
        *("product_preview", "product_move", "product_copy", "filter_keep", "filter_delete"),
        *("content", "columns", "confirm", "resume", "discard", "undo"),
        *("withdraw", "trace", "case_say", "case_act", "case_template", "reply_template_delete"),
        *("payout_cancel", "payout_call_back", "payout_account_remove"),
        *("coupon_codes", "coupon_stop", "sale_stop", "sale_withdraw", "referral_terms", "order_give_back"),
        *("team_invite", "team_uninvite", "team_leave", "team_answer", "team_take_back"),
        *("team_clerk", "team_offer", "team_remove"),
    }


def test_bo_sees_what_a_clerk_may(shop: Merchant, bo: Client) -> None:
    refused = {pattern.name for pattern, address in every_address(shop) if bo.get(address).status_code == 403}
    money = {"balance", "statement", "statement_csv", "statement_xlsx", "payouts", "payout", "payout_new"}
    money |= {"months", "months_csv", "months_xlsx"}
    promotions = {"promotions", "coupon", "coupon_new", "coupon_csv", "sale", "sale_new"}
    team = {"team_person", "reply_template"}  # the template is a shared one
    assert refused == {"orders_csv"} | money | {"payout_accounts", "payout_account_new"} | promotions | team


def test_every_change_needs_the_token(shop: Merchant) -> None:
    browser = signed_in(User.objects.get(email="ada@ada-cards.example"), enforce_csrf_checks=True)
    addresses = list(every_address(shop))
    before = state_of_the_shop()
    answers = {pattern.name: browser.post(address).status_code for pattern, address in addresses}
    assert set(answers.values()) <= {403, 405}
    assert {
        "undo",
        "confirm",
        "upload",
        "columns",
        "product",
        "product_move",
        "products_many",
        "product_copy",
        "withdraw",
    } <= {name for name, status in answers.items() if status == 403}
    assert state_of_the_shop() == before


def product_form(**changed: str) -> dict[str, str]:
    """Return a filled form of a new product with one variant."""
    category = ware(adas_shop(slug=f"shelf-{len(changed)}"), slug=f"shelf-{len(changed)}").product.category_id
    return {
        "title": "迷雾大陆 通行证",
        "title_en": "Mist pass",
        "category": str(category),
        "kind": "card_code",
        "v-TOTAL_FORMS": "1",
        "v-INITIAL_FORMS": "0",
        "v-MIN_NUM_FORMS": "1",
        "v-MAX_NUM_FORMS": "20",
        "v-0-price": "¥49.90",
        "v-0-min_quantity": "1",
        "v-0-max_quantity": "50",
        "v-0-mode": "unique",
        "v-0-delivery_order": "oldest",
        "v-0-low_stock_at": "10",
        "v-0-on_sale": "on",
        "v-0-tiers": "10 = 46.55\n50=44",
        **changed,
    }


@pytest.mark.parametrize("name", ["title", "title_en", "face", "description", "v-0-label"])
def test_a_product_that_turns_the_direction_of_writing_is_not_made(shop: Merchant, ada: Client, name: str) -> None:
    answer = ada.post(f"/desk/{shop.slug}/products/new", product_form(**{name: "100 \u202e001"}))
    assert answer.status_code == 422
    assert "“100”" in answer.content.decode()
    assert not Product.objects.filter(merchant=shop).exists()


def test_a_product_is_made_as_a_draft_with_exact_prices(shop: Merchant, ada: Client) -> None:
    answer = ada.post(f"/desk/{shop.slug}/products/new", product_form())
    made = Product.objects.get(merchant=shop)
    assert answer["Location"] == f"/desk/{shop.slug}/products/{made.id}"
    assert (made.state, made.title) == (ProductState.DRAFT, "迷雾大陆 通行证")
    (sku,) = made.skus.all()
    assert sku.price == 4990
    assert list(sku.tiers.values_list("min_quantity", "unit_price")) == [(10, 4655), (50, 4400)]


def test_prices_are_taken_as_people_write_them(shop: Merchant, ada: Client) -> None:
    typed = {"v-0-price": "￥1,234.50", "v-0-tiers": "10 = ¥ 1,200.50\n50: １100,5"}
    ada.post(f"/desk/{shop.slug}/products/new", product_form(**typed))
    (sku,) = Product.objects.get(merchant=shop).skus.all()
    assert sku.price == 123450
    assert list(sku.tiers.values_list("min_quantity", "unit_price")) == [(10, 120050), (50, 110050)]


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("v-0-price", "49.9999", "too many decimals"),
        ("v-0-price", "1e3", "Write it like 12.34"),
        ("v-0-price", "-5", "without a sign in front"),
        ("v-0-price", "0", "at least 0.01"),
        ("v-0-max_quantity", "0", "cannot be less"),
        ("v-0-tiers", "ten cheap", "Line 1"),
        ("v-0-tiers", "10=60", "cheaper"),
        ("title", "   ", "required"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    shop: Merchant, ada: Client, field: str, typed: str, says: str
) -> None:
    ada.cookies["xk_lang"] = "en"
    form = product_form(**{field: typed, "description": "MY LONG TEXT"})
    answer = ada.post(f"/desk/{shop.slug}/products/new", form)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert says in page
    assert "MY LONG TEXT" in page
    assert not Product.objects.filter(merchant=shop).exists()


def test_an_empty_form_is_answered_in_the_words_of_the_trade(shop: Merchant, ada: Client) -> None:
    empty = product_form(title="", **{"v-0-price": "", "v-0-tiers": ""})
    page = ada.post(f"/desk/{shop.slug}/products/new", empty).content.decode()
    assert "至少填一个规格：要有单价。" in page
    assert "表单" not in page


def test_shelves_are_offered_in_the_language_of_the_desk(shop: Merchant, ada: Client) -> None:
    category = ware(shop, 1).product.category
    ada.cookies["xk_lang"] = "en"
    page = ada.get(f"/desk/{shop.slug}/products/new").content.decode()
    assert f">{category.name_en}</option>" in page
    assert ">Choose a category</option>" in page


def test_the_heading_keeps_the_title_that_the_shop_shows(shop: Merchant, ada: Client) -> None:
    made = ware(shop, 1)
    form = product_form(title="Not saved", **{"v-INITIAL_FORMS": "1", "v-0-id": str(made.sku.id), "v-0-price": "x"})
    page = ada.post(f"/desk/{shop.slug}/products/{made.product.id}", form).content.decode()
    assert f">{made.product.title}</h1>" in page
    assert 'value="Not saved"' in page


def test_a_price_change_tells_the_tills_and_leaves_placed_orders_alone(shop: Merchant, ada: Client) -> None:
    made = ware(shop, 2)
    bought = buy(made.sku, channel())
    form = product_form(
        **{
            "v-INITIAL_FORMS": "1",
            "v-0-id": str(made.sku.id),
            "v-0-price": "99",
            "v-0-tiers": "",
            "v-MIN_NUM_FORMS": "0",
        }
    )
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = ada.post(f"/desk/{shop.slug}/products/{made.product.id}", form)
    assert answer.status_code == 302
    assert any("xinka_pages" in query["sql"] and f"product:{made.product.id}" in query["sql"] for query in queries)
    made.sku.refresh_from_db()
    assert (made.sku.price, bought.order.amount) == (9900, 4900)


def test_the_shelf_only_the_owner_archives(shop: Merchant, ada: Client, bo: Client) -> None:
    made = ware(shop, 1)
    address = f"/desk/{shop.slug}/products/{made.product.id}/move"
    assert bo.post(address, {"seen": "live", "to": "archived"}).status_code == 403
    assert bo.post(address, {"seen": "live", "to": "paused"}).status_code == 302
    assert ada.post(address, {"seen": "live", "to": "paused"}).status_code == 409
    assert ada.post(address, {"seen": "paused", "to": "archived"}).status_code == 302
    made.product.refresh_from_db()
    assert made.product.state == ProductState.ARCHIVED


@pytest.mark.parametrize("evil", XSS)
def test_no_title_becomes_markup(shop: Merchant, ada: Client, evil: str) -> None:
    made = ware(shop, 1, product={"title": evil, "description": evil}, sku={"label": evil[:40]})
    buy(made.sku, channel())
    pages = ["products", f"products/{made.product.id}", "stock", f"stock/{made.sku.id}", "orders", ""]
    for page in pages:
        text = ada.get(f"/desk/{shop.slug}/{page}").content.decode()
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "49" not in re.findall(r"<h1[^>]*>([^<]*)", text)


def test_markdown_is_previewed_without_harm(shop: Merchant, ada: Client) -> None:
    answer = ada.post(
        f"/desk/{shop.slug}/products/preview", {"description": "**bold** <script>x</script> [a](javascript:x)"}
    )
    page = answer.content.decode()
    assert "<strong>bold</strong>" in page
    assert "<script" not in page
    assert 'href="javascript' not in page


def test_orders_are_listed_with_masked_contacts_and_found_by_number(shop: Merchant, ada: Client) -> None:
    made = ware(shop, 3)
    bought = buy(made.sku, channel(), contact="cynthia@example.com")
    pay(bought)
    shown = ids.show("ord", bought.order_id)
    page = ada.get(f"/desk/{shop.slug}/orders", {"q": shown}).content.decode()
    assert "cy***@example.com" in page
    assert "cynthia" not in page
    assert shown in page
    assert "cynthia" not in ada.get(f"/desk/{shop.slug}/orders/{shown}").content.decode()


@pytest.mark.parametrize(("language", "title"), [("en", "Star Voyage card 300"), ("zh-hans", "星海远征 点卡 300 点")])
def test_orders_are_listed_in_the_readers_language_and_found_by_either_title(
    shop: Merchant, ada: Client, language: str, title: str
) -> None:
    buy(ware(shop, 1).sku, channel())
    User.objects.update(language=language)
    for words in ("voyage", "星海", ""):
        page = ada.get(f"/desk/{shop.slug}/orders", {"q": words}, headers={"accept-language": language})
        assert page.content.decode().count(f">{title}</a>") == 1


def test_goods_in_another_currency_are_shown_edited_and_exported_in_it(shop: Merchant, ada: Client) -> None:
    made = ware(shop, 3, sku={"currency": "JPY", "price": 1500})
    listed = ada.get(f"/desk/{shop.slug}/products").content.decode()
    assert "JP¥1,500" in listed
    page = ada.get(f"/desk/{shop.slug}/products/{made.product.id}").content.decode()
    assert '<option value="JPY" selected>' in page
    assert 'name="v-0-price" value="1500"' in page
    buy(made.sku, channel(currency="JPY"), quantity=2)
    exported = b"".join(ada.get(f"/desk/{shop.slug}/orders.csv")).decode()
    assert '"3000","JPY"' in exported


def test_an_export_holds_ones_own_orders_and_no_other(shop: Merchant, ada: Client, eve: Client) -> None:
    eves = Merchant.objects.get(slug="eves-cards")
    titles = {browser: f"a title of {one.slug}" for browser, one in ((ada, shop), (eve, eves))}
    for one, title in ((shop, titles[ada]), (eves, titles[eve])):
        made = ware(one, 2, slug=f"of-{one.slug}", product={"title": title})
        pay(buy(made.sku, channel(f"way-{one.slug}")))
    for browser, one in ((ada, shop), (eve, eves)):
        text = b"".join(browser.get(f"/desk/{one.slug}/orders.csv")).decode("utf-8-sig")
        assert {row["title"] for row in csv.DictReader(io.StringIO(text))} == {titles[browser]}


def test_counts_have_commas_between_their_thousands(shop: Merchant, ada: Client) -> None:
    made = ware(shop, 1)
    batch = StockBatch.objects.get(sku=made.sku)
    StockBatch.objects.filter(id=batch.id).update(n_added=100000, n_lines=123456, n_known=1234)
    for path in (f"stock/{made.sku.id}", f"imports/{batch.id}"):
        page = ada.get(f"/desk/{shop.slug}/{path}").content.decode()
        assert "100,000" in page
        assert "1,234" in page
    assert "123,456 行" in page


def test_the_export_is_safe_in_spreadsheets_and_reads_back(shop: Merchant, ada: Client) -> None:
    pay_by = channel()
    titles = [f"{sign}cmd|' /C calc'!A{n}" for n, sign in enumerate(("=", "+", "-", "@", "＝"))]
    for n, title in enumerate(titles):
        buy(ware(shop, 1, slug=f"evil-{n}", product={"title": title}).sku, pay_by, contact=f"c{n}@example.com")
    answer = ada.get(f"/desk/{shop.slug}/orders.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]  # a synchronous stream
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sorted(row["title"].strip() for row in rows) == sorted(f"'{title}" for title in titles)
    assert not [
        cell for row in rows for cell in row.values() if cell.lstrip(" ").startswith(("=", "+", "-", "@", "＝"))
    ]


def test_tiers_are_shown_as_they_are_read() -> None:
    field = TiersField(required=False)
    assert field.clean(field.prepare_value([(10, 4655), (50, 4400)])) == [(10, 4655), (50, 4400)]


def test_people_with_one_shop_go_there_and_those_with_none_are_told(shop: Merchant, ada: Client) -> None:
    assert ada.get("/desk/")["Location"] == f"/desk/{shop.slug}/"
    cy = signed_in(person("cy-alone@example.com"))
    assert cy.get("/desk/").status_code == 200
