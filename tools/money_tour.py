"""The walk through the pages of money: escrow, disputes, payouts, books, channels, promotions and each cashier."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urljoin

from playwright.sync_api import Page

from tools.tour import links, order, sign_in
from xinka.accounts.demo_people import PASSWORD
from xinka.payments.providers.registry import KINDS

#: Which page is reached by the first such link of which list.
_STAFF = {
    "office-case": ("cases", "/cases/dsp_"),
    "office-hold": ("escrow", "/escrow/ord_"),
    "office-escrow-rule": ("escrow/terms", "/terms/category:"),
    "office-books-account": ("books", "/books/[0-9]+/"),
    "office-books-owned": ("books/201/CNY", "/books/[0-9]+/[A-Z]+/[0-9]+$"),
    "office-books-journal": ("books/1/CNY", "/journals/jrn_"),
    "office-difference": ("reconciling?state=all", "/reconciling/[0-9]+$"),
    "office-payout": ("payouts", "/payouts/[a-z]+_"),
    "office-payout-file": ("payouts", "/payouts/files/[0-9]+$"),
    "office-refund": ("money", "/refunds/"),
    "office-staff-roles": ("staff", "/staff/[0-9]+$"),
    "office-channel": ("channels", "/channels/[0-9]+$"),
    "office-merchant": ("merchants", "/merchants/[0-9]+$"),
    "office-category": ("categories", "/categories/[0-9]+$"),
    "office-coupon": ("promotions", "/coupons/[0-9]+$"),
    "office-level": ("promotions", "/levels/[0-9]+$"),
}
_STAFF_PLAIN = {
    "office-home": "",
    "office-staff": "staff",
    "office-escrow": "escrow",
    "office-escrow-custody": "escrow/custody",
    "office-escrow-rules": "escrow/terms",
    "office-books": "books",
    "office-income": "books/income",
    "office-owed": "books/owed",
    "office-arrivals": "books/arrivals",
    "office-reconciling": "reconciling",
    "office-payouts": "payouts",
    "office-transfers": "transfers",
    "office-money": "money",
    "office-staff-refunds": "refunds?which=",
    "office-staff-refund-find": "refunds/new",
    "office-cases": "cases",
    "office-chargebacks": "cases?which=chargebacks",
    "office-channels": "channels",
    "office-fees": "fees",
    "office-templates": "templates",
    "office-template-new": "templates/new",
    **{f"office-channel-{kind}": f"channels/new/{kind}" for kind in KINDS},
    "office-merchants": "merchants",
    "office-merchant-new": "merchants/new",
    "office-categories": "categories",
    "office-category-new": "categories/new",
    "office-promotions": "promotions",
    "office-coupon-new": "promotions/coupons/new",
    "office-cards-new": "promotions/cards/new",
    "office-level-new": "promotions/levels/new",
}
_MERCHANT = {
    "desk-order": ("orders", "/orders/ord_"),
    "desk-case": ("cases", "/cases/dsp_"),
    "desk-coupon": ("promotions", "/coupons/[0-9]+$"),
    "desk-sale": ("promotions", "/sales/[0-9]+$"),
    "desk-team-person": ("team", "/team/[0-9]+$"),
}
_MERCHANT_PLAIN = {
    "desk-home": "",
    "desk-cases": "cases",
    "desk-balance": "balance",
    "desk-statement": "statement?currency=CNY",
    "desk-months": "months",
    "desk-team": "team",
    "desk-templates": "templates",
    "desk-template-new": "templates/new",
    "desk-payouts": "payouts",
    "desk-payout-accounts": "payouts/accounts",
    "desk-payout-account-new": "payouts/accounts/new",
    "desk-withdraw": "payouts/new?currency=CNY",
    "desk-promotions": "promotions",
    "desk-coupon-new": "promotions/coupons/new",
    "desk-sale-new": "promotions/sales/new",
}
#: Goods in yuan and in dollars, and one channel of each protocol that the demo's gateway speaks.
CHANNELS = {
    "/p/star-voyage-300": (
        "alipay-sandbox",
        "epay-v2-sandbox",
        "alipay-direct-sandbox",
        "wechatpay-sandbox",
        "usdt-sandbox",
    ),
    "/p/star-voyage-global": ("stripe-sandbox", "paypal-sandbox", "coins-sandbox"),
}


def buyer_money_pages(page: Page, site: str) -> Iterator[str]:
    """Stand on what a buyer sees of promises: the money of an order, asking for help, a case, cards and codes."""
    sign_in(page, site, "Cy")
    address = order(page, site, "/p/star-voyage-300", "alipay-sandbox", contact="cy@demo.xinka.example")
    page.goto(str(page.locator("a[href*='/sandbox/']").first.get_attribute("href")))
    page.locator("form[action$='/pay'] button").click()
    page.goto(address)
    page.wait_for_selector("article.code")
    yield "order-money"
    page.goto(f"{address}/help")
    yield "help"
    page.goto(f"{site}/orders")
    for found in [urljoin(site, href) for href in links(page) if "/order/ord_" in href]:
        page.goto(found)
        cases = [href for href in links(page) if "/case/dsp_" in href]
        if cases:
            page.goto(urljoin(site, cases[0]))
            yield "case"
            break
    for name, path in {"gift-cards": "/gift-cards", "recommend": "/recommend"}.items():
        page.goto(site + path)
        yield name


def cashier_pages(page: Page, site: str) -> Iterator[str]:
    """Stand on the pay page of each protocol and on the cashier behind it."""
    for product, channels in CHANNELS.items():
        pay_page = order(page, site, product, channels[0]) + "/pay"
        for channel in channels:
            page.goto(pay_page)
            _choose(page, channel)
            yield f"pay-{channel}"
            way_out = page.locator("a.btn.pri[href*='/sandbox/']")
            if way_out.count():
                page.goto(str(way_out.first.get_attribute("href")))
                yield f"cashier-{channel}"


def inside_pages(page: Page, site: str) -> Iterator[str]:
    """Stand on the pages of paying inside WeChat: the switch of the sandbox, its window, and after it was closed."""
    page.goto(f"{site}/sandbox/wechat/browser")
    yield "inside-switch"
    _pretend(page, site, on=True)
    order(page, site, "/p/star-voyage-300", "wechatpay-sandbox")
    yield "inside-pay"
    page.click("form[action$='/pay/inside'] button.pri")
    page.wait_for_selector("dialog[open]")
    yield "inside-window"
    page.locator("dialog button").nth(1).click()
    page.wait_for_selector("[data-inside=cancel]:visible")
    yield "inside-cancelled"
    _pretend(page, site, on=False)


def confirm_pages(page: Page, site: str) -> Iterator[str]:
    """Stand on the page of a payee of WeChat: on this browser, and in one that pretends to be WeChat's."""
    sign_in(page, site, "Ada")
    page.goto(f"{site}/desk/xinghe/payouts")
    found = [href for href in links(page) if "/confirm/" in href]
    if not found:
        return  # confirmed in an earlier walk
    page.goto(urljoin(site, found[0]))
    yield "payout-confirm"
    _pretend(page, site, on=True)
    page.goto(urljoin(site, found[0]))
    page.wait_for_selector("dialog[open]")
    yield "payout-confirm-window"
    page.locator("dialog button").nth(1).click()
    page.wait_for_selector("[data-inside=cancel]:visible")
    yield "payout-confirm-cancelled"
    _pretend(page, site, on=False)


def _pretend(page: Page, site: str, *, on: bool) -> None:
    """Let this browser pass for WeChat's, or end that."""
    page.goto(f"{site}/sandbox/wechat/browser")
    page.click(f"button[name=on][value='{int(on)}']")
    page.wait_for_selector(f"button[name=on][value='{int(not on)}']")


def _choose(page: Page, channel: str) -> None:
    """Change to a channel, unless it is the one that the page shows."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    other = page.locator(f"button[name=channel][value='{channel}']")
    if other.count():
        other.click()
        page.wait_for_url("**/pay?channel=*", wait_until="load")


def merchant_money_pages(page: Page, site: str) -> Iterator[str]:
    """Stand on the merchant's pages of money."""
    sign_in(page, site, "Ada")
    yield from _plain(page, f"{site}/desk/xinghe/", _MERCHANT_PLAIN)
    yield from _one_of_each(page, f"{site}/desk/xinghe/", _MERCHANT)


def staff_money_pages(page: Page, site: str) -> Iterator[str]:
    """Stand on the office's pages of money."""
    sign_in(page, site, "Dee")
    yield from _plain(page, f"{site}/office/", _STAFF_PLAIN)
    yield from _one_of_each(page, f"{site}/office/", _STAFF)
    _open_a_refund(page, site)
    yield "office-staff-refund-new"


def _open_a_refund(page: Page, site: str) -> None:
    """Stand on the form that gives money back, of the first held order that nothing speaks against."""
    page.goto(f"{site}/office/escrow?view=held")
    for held in [urljoin(page.url, href) for href in links(page) if re.search("/escrow/ord_", href)]:
        page.goto(held)
        offered = [href for href in links(page) if re.search("/refunds/new/ord_", href)]
        if not offered:
            continue  # a case is open, or a bank decides
        page.goto(urljoin(page.url, offered[0]))
        _prove(page)
        if page.locator("[name=reason]").count():
            return
    raise AssertionError("Nothing speaks for giving back any money that is held.")


def _plain(page: Page, entrance: str, pages: Mapping[str, str]) -> Iterator[str]:
    for name, path in pages.items():
        page.goto(entrance + path)
        _prove(page)
        yield name


def _one_of_each(page: Page, entrance: str, pages: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    for name, (index, link) in pages.items():
        page.goto(entrance + index)
        found = [href for href in links(page) if re.search(link, href)]
        if found:
            page.goto(urljoin(page.url, found[0]))
            _prove(page)
            yield name


def _prove(page: Page) -> None:
    """Say once more who one is, if the page asks."""
    if "/reauthenticate/" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.locator("form:has([name=password]) button[type=submit]").first.click()
        page.wait_for_url(lambda url: "/reauthenticate/" not in url)
