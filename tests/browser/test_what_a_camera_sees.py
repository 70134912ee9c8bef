"""The QR code of a payment is read from the screen, as a camera does, and leads to nobody but the gateway."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tools.tour import order
from xinka.engines.lookalike.codes import read_codes
from xinka.kernel import ids
from xinka.shop.qr import qr_image

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
_PRODUCT = "/p/star-voyage-300"
_OTHER_PAYEE = "https://pay.example/to-a-thief"


def _seen(page: Page) -> list[str]:
    """Return what a camera reads from the whole screen."""
    return read_codes(Image.open(io.BytesIO(page.screenshot())))


def _token_at_the_gateway(shop: Shop, order_url: str) -> str:
    """Return under which token the gateway itself keeps the payment of an order, for the order's sum."""
    number = ids.parse("ord", urlsplit(order_url).path.rpartition("/")[2])
    with shop.database() as connection:
        payment, amount = connection.execute(
            "SELECT id, amount FROM payments_payment WHERE order_id = %s", [number]
        ).fetchone() or (None, 0)
        trades = connection.execute(
            "SELECT token, money FROM sandbox_sandboxtrade WHERE out_trade_no = %s", [ids.show("pay", payment)]
        ).fetchall()
    assert [money for _, money in trades] == [amount]
    return str(trades[0][0])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_code_on_the_screen_is_the_address_that_the_gateway_keeps_for_this_payment(
    visit: Visit, shop: Shop, scheme: str
) -> None:
    page = visit(color_scheme=scheme)
    here = order(page, shop.url, _PRODUCT, "alipay-sandbox")
    expect(page.locator(".qr img")).to_be_visible()
    token = _token_at_the_gateway(shop, here)
    (told,) = _seen(page)
    address = urlsplit(told)
    assert f"{address.scheme}://{address.netloc}" == shop.url
    assert [part for part in address.path.split("/") if part][-1] == token
    assert told == page.locator("a[href*='/sandbox/']").first.get_attribute("href")


def test_control_a_code_of_another_payee_is_seen_to_be_another(visit: Visit, shop: Shop) -> None:
    page = visit()
    order(page, shop.url, _PRODUCT, "alipay-sandbox")
    page.locator(".qr img").evaluate("(code, swapped) => { code.src = swapped }", qr_image(_OTHER_PAYEE))
    page.locator(".qr img").evaluate("code => code.decode()")
    assert _seen(page) == [_OTHER_PAYEE]
