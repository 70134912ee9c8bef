"""A telephone with WeChat's browser, and what axe finds on a page that it and a computer show."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tools.tour import THEMES, WINDOWS

WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN"
)
PHONE = {"width": 390, "height": 844}
#: CSS pixels of the narrowest window that WCAG 2.2 asks for (1.4.10).
NARROWEST = 320


def leaves_a_narrow_phone(page: Page, name: str) -> list[tuple[str, ...]]:
    """Whether a page is wider than the narrowest telephone, with letters as they are and twice as large."""
    found: list[tuple[str, ...]] = []
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    browser = page.context.new_cdp_session(page)
    for size in (32, 16):
        browser.send("Page.setFontSizes", {"fontSizes": {"standard": size}})
        page.wait_for_function("size => getComputedStyle(document.documentElement).fontSize === `${size}px`", arg=size)
        if page.evaluate("document.documentElement.scrollWidth") > NARROWEST:
            found.append((name, f"letters of {size} px", "scrolls sideways"))
    browser.detach()
    return found


def faults_of(page: Page, name: str) -> list[tuple[str, ...]]:
    """What axe finds serious on a page, on both kinds of screen and in both colours."""
    found: list[tuple[str, ...]] = []
    for window, (width, height) in WINDOWS.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
            serious = [one["id"] for one in violations if one["impact"] in {"serious", "critical"}]
            found += [(name, window, theme, fault) for fault in serious]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append((name, window, "scrolls sideways"))
    return found
