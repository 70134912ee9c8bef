"""A clerk without a mouse: keys that move and open, that rest while one types, and that decide nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.telephones import faults_of
from tools.tour import sign_in

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
#: Of orders that the demo shop delivered to its past buyers and that nobody argues about.
_ORDERS = """
SELECT o.id, o.merchant_id, o.amount FROM orders_order o
WHERE o.state = 'delivered' AND NOT EXISTS (SELECT 1 FROM disputes_case c WHERE c.order_id = o.id) LIMIT 3
"""
_OPEN = """
INSERT INTO disputes_case (id, order_id, merchant_id, kind, reason, positions, amount, currency, state, version, due_at,
    due_event, opened_at, moved_at, taken)
VALUES (%s, %s, %s, 'dispute', 'wrong_region', '{}', %s, 'CNY', 'under_review', 1, now() + interval '1 hour' * %s,
    'decide_late', now(), now(), '{}')
"""
QUEUE = "/office/cases?reason=wrong_region"


@pytest.fixture
def cases(shop: Shop) -> Iterator[list[UUID]]:
    """Three cases that wait for staff, the most urgent first."""
    made = [uuid4() for _ in range(3)]
    with shop.database() as database:
        found = database.execute(_ORDERS).fetchall()
        for n, (case, (order, merchant, amount)) in enumerate(zip(made, found, strict=True)):
            database.execute(_OPEN, (case, order, merchant, amount, n + 1))
        yield made
        database.execute("DELETE FROM disputes_case WHERE id = ANY(%s)", (made,))


@pytest.fixture
def sia(visit: Visit, shop: Shop) -> Page:
    """Support at a desktop, in English."""
    page = visit()
    page.context.add_cookies([{"name": "xk_lang", "value": "en", "url": shop.url}])
    sign_in(page, shop.url, "Sia")
    return page


def links_of(page: Page) -> list[str]:
    return [str(one.get_attribute("href")) for one in page.locator("[data-queue] tbody tr a").all()]


def at(page: Page) -> str:
    """Return the address that the focus is on."""
    return str(page.evaluate("document.activeElement.getAttribute('href') || ''"))


def test_a_queue_is_worked_through_by_keys_alone(sia: Page, shop: Shop, cases: list[UUID]) -> None:
    sia.goto(shop.url + QUEUE)
    links = links_of(sia)
    assert len(links) == len(cases)
    for key, row in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1), ("ArrowDown", 2), ("ArrowUp", 1)):
        sia.keyboard.press(key)
        assert at(sia) == links[row], (key, row)
    sia.keyboard.press("Enter")
    sia.wait_for_url(shop.url + links[1])
    assert sia.locator("main a[rel=next]").get_attribute("aria-keyshortcuts") == "n"
    sia.keyboard.press("n")
    sia.wait_for_url(shop.url + links[2])
    sia.keyboard.press("n")
    expect(sia.locator(".toast")).to_have_text("There is none after this one.")
    sia.keyboard.press("p")
    sia.wait_for_url(shop.url + links[1])
    sia.keyboard.press("u")
    sia.wait_for_url(shop.url + QUEUE)
    # Where the case was left, the list is taken up again.
    assert at(sia) == links[1]
    sia.keyboard.press("k")
    assert at(sia) == links[0]


def test_keys_rest_while_somebody_types_or_means_the_browser(sia: Page, shop: Shop, cases: list[UUID]) -> None:
    sia.goto(shop.url + QUEUE)
    links = links_of(sia)
    sia.keyboard.press("j")
    for chord in ("Control+j", "Alt+k", "Meta+u"):
        sia.keyboard.press(chord)
        assert (at(sia), sia.url) == (links[0], shop.url + QUEUE)
    sia.goto(shop.url + links[0])
    sia.focus("#id_reasons")
    sia.keyboard.type("jump up? no, keep punctuation")
    assert sia.input_value("#id_reasons") == "jump up? no, keep punctuation"
    expect(sia.locator("#keys")).to_be_hidden()
    sia.focus("[name=decision] >> nth=0")
    for key in "unpjk?":
        sia.keyboard.press(key)
    assert sia.url == shop.url + links[0]
    expect(sia.locator("#keys")).to_be_hidden()


def test_no_key_decides_or_sends_anything(sia: Page, shop: Shop, cases: list[UUID]) -> None:
    sent: list[str] = []
    sia.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    for where in (QUEUE, None):
        sia.goto(shop.url + (where or links_of(sia)[0]))
        here = sia.url
        for key in "abcdefghiklmoqrstvwxyz0123456789/.,;:!#+-*=ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            sia.keyboard.press(key)
        assert sia.url == here
    assert sent == []
    with shop.database() as database:
        states = database.execute("SELECT DISTINCT state, version FROM disputes_case WHERE id = ANY(%s)", (cases,))
        assert states.fetchall() == [("under_review", 1)]


def test_the_sheet_tells_the_keys_and_turns_them_off_and_on(sia: Page, shop: Shop, cases: list[UUID]) -> None:
    sia.goto(shop.url + QUEUE)
    links = links_of(sia)
    sia.keyboard.press("?")
    sheet = sia.locator("#keys")
    expect(sheet).to_be_visible()
    expect(sia.get_by_role("dialog", name="Keys")).to_be_visible()
    sia.keyboard.press("j")
    assert at(sia) == "", "the page behind the sheet does not move"
    sia.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    sia.keyboard.press("?")
    sia.click("text=Turn single letters off")
    sia.wait_for_url(shop.url + QUEUE)
    for key in ("j", "?", "n", "u"):
        sia.keyboard.press(key)
    expect(sheet).to_be_hidden()
    assert at(sia) == ""
    assert sia.locator("main [aria-keyshortcuts]").count() == 0
    # Arrows are no letters: from a row they still move. And the sheet can still be opened, by its button.
    sia.locator("[data-queue] tbody tr a").first.focus()
    sia.keyboard.press("ArrowDown")
    assert at(sia) == links[1]
    sia.click("[data-keys-open]")
    expect(sheet).to_contain_text("Single letters are turned off in this browser")
    sia.click("text=Turn single letters on")
    sia.wait_for_url(shop.url + QUEUE)
    sia.keyboard.press("j")
    assert at(sia) == links[0]


def test_arrows_scroll_where_no_row_has_the_focus(sia: Page, shop: Shop, cases: list[UUID]) -> None:
    sia.set_viewport_size({"width": 1280, "height": 300})
    sia.goto(shop.url + QUEUE)
    sia.keyboard.press("ArrowDown")
    sia.wait_for_function("scrollY > 0")
    assert at(sia) == ""


def test_axe_finds_nothing_serious_in_the_open_sheet(visit: Visit, shop: Shop) -> None:
    page = visit(bypass_csp=True, reduced_motion="reduce")
    sign_in(page, shop.url, "Sia")
    page.goto(shop.url + "/office/cases")
    # As a Chinese keyboard writes it.
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '？', shiftKey: true, bubbles: true }))"
    )
    expect(page.locator("#keys")).to_be_visible()
    assert faults_of(page, "keys") == []


def test_a_merchant_has_the_keys_too_and_a_buyer_has_none(visit: Visit, shop: Shop) -> None:
    page = visit()
    sign_in(page, shop.url, "Ada")
    page.goto(shop.url + "/desk/xinghe/orders")
    page.keyboard.press("j")
    assert at(page) == links_of(page)[0]
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/ord_*")
    page.keyboard.press("u")
    page.wait_for_url("**/desk/xinghe/orders")
    buyer = visit()
    buyer.goto(shop.url + "/")
    assert buyer.locator("#keys, [data-keys-open]").count() == 0
    for key in "jk?u":
        buyer.keyboard.press(key)
    assert buyer.url == shop.url + "/"
