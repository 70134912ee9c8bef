"""A walk through every main page of a running demo shop, shared by the screenshots and by the accessibility tests."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, sync_playwright

from xinka.accounts.demo_people import PASSWORD, PEOPLE

#: Width and height of the two windows that pages are looked at in.
WINDOWS = {"phone": (390, 844), "desktop": (1280, 900)}
THEMES = ("light", "dark")
_PRODUCTS = {
    "product": "/p/star-voyage-300",
    "product-variants": "/p/cloud-realm-pass?quantity=3",
    "product-choose": "/p/nice-number-card",
    "product-sold-out": "/p/chess-hall-coins",
    "product-download": "/p/spreadsheet-templates",
}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give Debian's Chromium, without a network life of its own."""
    path = os.environ.get("XINKA_TEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def guest_pages(page: Page, site: str) -> Iterator[str]:
    """Stand on each page that a guest sees, from the shelves to the open code; yields the page's name."""
    plain = {"home": "/", "shelf": "/c/software", "search": "/search?q=会员", "search-nothing": "/search?q=zzzz"}
    rest = {
        "find-order": "/orders/find",
        "sign-in": "/account/login/",
        "sign-up": "/account/signup/",
        "missing": "/p/no",
        "refused": "/checkout/refused",
        "gift-cards": "/gift-cards",
    }
    for name, path in (plain | _PRODUCTS | rest).items():
        page.goto(site + path)
        yield name
    order(page, site, "/p/cloud-music?quantity=2", "wechat-sandbox")
    yield "pay-redirect"
    order(page, site, "/p/star-voyage-300?quantity=2", "alipay-sandbox")
    yield "pay-qr"
    pay_page = page.url
    open_cashier(page)
    yield "cashier"
    page.locator("form[action$='/pay'] button").click()
    page.goto(pay_page)
    page.wait_for_selector("article.code")
    yield "order-sealed"
    page.locator("article.code form button").first.click()
    page.wait_for_selector("[data-code]")
    yield "order-open"


def buyer_pages(page: Page, site: str) -> Iterator[str]:
    """Stand on the pages of somebody with an account."""
    sign_in(page, site, "Cy")
    page.goto(f"{site}/orders")
    for order_page in links(page):
        page.goto(urljoin(site, order_page))
        cases = [href for href in links(page) if "/case/dsp_" in href]
        if cases:
            page.goto(urljoin(site, cases[0]))
            yield "case"
            break
    rest = {
        "my-orders": "/orders",
        "account": "/account/",
        "devices": "/account/sessions/",
        "close-account": "/close-account",
    }
    for name, path in rest.items():
        page.goto(site + path)
        yield name


def merchant_pages(page: Page, site: str) -> Iterator[str]:
    """Stand on the merchant's pages: every one that the desk's navigation leads to, and one of each list."""
    sign_in(page, site, "Ada")
    yield from _rooms(page, site, "/desk/", "desk")
    for name, link in (
        ("desk-product", "/products/[0-9]+$"),
        ("desk-order", "/orders/ord_"),
        ("desk-sku", "/stock/[0-9]+$"),
        ("desk-case", "/cases/dsp_"),
    ):
        index = {"desk-product": "products", "desk-order": "orders", "desk-sku": "stock", "desk-case": "cases"}[name]
        page.goto(f"{site}/desk/xinghe/{index}")
        found = [href for href in links(page) if re.search(link, href)]
        if found:
            page.goto(urljoin(page.url, found[0]))
            yield name
    page.goto(f"{site}/desk/xinghe/products/new")
    yield "desk-product-new"


def staff_pages(page: Page, site: str) -> Iterator[str]:
    """Stand on the pages of those who run the marketplace."""
    sign_in(page, site, "Dee")
    yield from _rooms(page, site, "/office/", "office")
    page.goto(f"{site}/office/cases")
    for path in [href for href in links(page) if "/cases/dsp_" in href][:1]:
        page.goto(urljoin(site, path))
        yield "office-case"


def _rooms(page: Page, site: str, entrance: str, name: str) -> Iterator[str]:
    page.goto(site + entrance)
    yield name
    here = page.url.rstrip("/")
    paths = {urljoin(page.url, href).partition("?")[0].rstrip("/") for href in links(page, "nav a")}
    for path in sorted(paths - {here, (site + entrance).rstrip("/")}):
        if path.startswith(site + entrance):
            page.goto(path)
            yield f"{name}-{path.rsplit('/', 1)[-1]}"


def links(page: Page, where: str = "main a") -> list[str]:
    """Return where the links of a part of the page lead."""
    return [str(link.get_attribute("href") or "") for link in page.locator(where).all()]


def order(page: Page, site: str, product: str, channel: str, *, contact: str = "") -> str:
    """Place an order as a guest, a new one if none is named, and return its address; the page shows how to pay."""
    page.goto(site + product)
    page.fill("#contact", contact or str(10**9 + secrets.randbelow(9 * 10**9)))
    page.check(f"[name=channel][value='{channel}']")
    page.locator("button.btn[form=buy]:visible, #buy button.btn[type=submit]:visible").first.click()
    page.wait_for_url("**/pay", wait_until="load")
    return page.url.removesuffix("/pay")


def open_cashier(page: Page) -> None:
    """Go to the pretend gateway as the buyer's phone or browser would."""
    link = page.locator("a[href*='/sandbox/']").first
    page.goto(str(link.get_attribute("href")))
    page.wait_for_selector("#amount")


def sign_in(page: Page, site: str, name: str) -> None:
    """Sign in as one of the demo's people, whoever was signed in before."""
    context = page.context
    kept = [cookie for cookie in context.cookies() if cookie["name"] in {"xk_theme", "xk_lang"}]
    context.clear_cookies()
    context.add_cookies(kept)  # type: ignore[arg-type]  # what it gave is what it takes
    person = next(person for person in PEOPLE if person.name == name)
    page.goto(f"{site}/account/login/")
    page.fill("[name=login]", person.email)
    page.fill("[name=password]", PASSWORD)
    page.locator("form:has([name=password]) button[type=submit]").first.click()
    page.wait_for_url(re.compile("^(?!.*/login/).*$"))


def settled(page: Page) -> None:
    """Wait until nothing moves, so that two pictures of one page are the same picture."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    time.sleep(0.15)
