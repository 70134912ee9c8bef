"""A buyer without a mouse: every stop is seen, the stops follow the page, none holds the keys, the goods are bought."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.telephones import PHONE
from tools.tour import open_cashier

if TYPE_CHECKING:
    from conftest import Shop, Visit

pytestmark = pytest.mark.browser
DESKTOP = {"width": 1440, "height": 900}
#: More stops than any page of a buyer has: who has not left the page by then is held on it.
_MOST_STOPS = 80
#: What has the focus: its words, whether its frame is drawn (on itself or on its label), and what lies over its middle.
_FOCUSED = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const box = node.getBoundingClientRect(), labels = [...(node.labels ?? [])];
  const middle = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const isFramed = [node, ...labels].some((one) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  });
  const isFree = [node, ...labels].some((one) => middle && (one.contains(middle) || middle.contains(one)));
  const words = node.getAttribute("aria-label") ?? labels[0]?.innerText ?? node.innerText;
  const place = ["main", "header", "footer", "aside"].find((part) => node.closest(part)) ?? "";
  return { words: words.trim().replace(/\\s+/g, " "), place, isFramed, isFree };
}"""


@dataclass(frozen=True)
class Stop:
    """Where the Tab key stops."""

    words: str
    place: str
    isFramed: bool  # noqa: N815 - as the script names it
    isFree: bool  # noqa: N815 - as above


def stop(page: Page) -> Stop | None:
    """Press Tab and return where the focus is then, nothing when it has left the page."""
    page.keyboard.press("Tab")
    found: dict[str, Any] | None = page.evaluate(_FOCUSED)
    return Stop(**found) if found else None


def stops(page: Page) -> list[Stop]:
    """Walk through the whole page by Tab."""
    made: list[Stop] = []
    while len(made) < _MOST_STOPS:
        one = stop(page)
        if one is None or (made and one.words == made[0].words and not one.place):
            return made  # out of the page, or around to its beginning
        made.append(one)
    pytest.fail(f"the keys never leave {page.url}: {[one.words for one in made[-5:]]}")


def go_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on something with these words."""
    for _ in range(_MOST_STOPS):
        one = stop(page)
        if one is not None and words in one.words:
            return
    pytest.fail(f"no key leads to {words!r} on {page.url}")


def faults_of(page: Page) -> list[tuple[str, str]]:
    """What is wrong with the stops of a page: unseen, covered, or not in the order of header, content, footer."""
    made = stops(page)
    found = [(one.words, "no frame") for one in made if not one.isFramed]
    found += [(one.words, "covered") for one in made if not one.isFree]
    order = ["", "header", "main", "aside", "footer"]
    places = [order.index(one.place) for one in made]
    assert made[0].words == "跳到正文"
    return found if places == sorted(places) else [*found, (str(places), "not in the order of the page")]


@pytest.mark.parametrize("window", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_goods_are_bought_and_opened_by_keys_alone(
    visit: Visit, shop: Shop, window: dict[str, int], theme: str
) -> None:
    page = visit(viewport=window, color_scheme=theme, reduced_motion="reduce")
    found: list[tuple[str, str]] = []
    page.goto(shop.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.goto(shop.url)
    found += faults_of(page)
    go_to(page, "星海远征 点卡 300 点")
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/*")
    found += faults_of(page)
    go_to(page, "邮箱或 QQ 号")
    page.keyboard.type(str(10**9 + secrets.randbelow(9 * 10**9)))
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=channel][value='wechat-sandbox']")).to_be_checked()
    go_to(page, "去付款")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pay")
    place = page.url.removesuffix("/pay")
    found += faults_of(page)
    open_cashier(page)
    go_to(page, "付款 ¥")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{place}*")
    page.goto(place)
    expect(page.locator("article.code")).to_have_count(1)
    found += faults_of(page)
    go_to(page, "拆封第 1 张")
    page.keyboard.press("Enter")
    expect(page.locator("#code-1-1")).to_be_focused()
    page.goto(f"{shop.url}/orders/find")
    assert found + faults_of(page) == []


def test_on_a_phone_the_button_that_buys_comes_before_the_foot_of_the_page(visit: Visit, shop: Shop) -> None:
    page = visit(viewport=PHONE)
    page.goto(f"{shop.url}/p/star-voyage-300")
    made = stops(page)
    buys = next(n for n, one in enumerate(made) if one.words == "去付款")
    assert made[buys].place == "aside"
    assert {one.place for one in made[:buys]} == {"", "header", "main"}
    assert {one.place for one in made[buys + 1 :]} == {"footer"}
