"""Pictures of every main page of a running demo shop: phone and desktop, light and dark.

python -m tools.screenshots http://127.0.0.1:8000 pictures/
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Browser

from tools import money_tour
from tools.tour import THEMES, WINDOWS, buyer_pages, chromium, guest_pages, merchant_pages, settled, staff_pages

_WALKS = {
    "guest": guest_pages,
    "buyer": buyer_pages,
    "merchant": merchant_pages,
    "staff": staff_pages,
    "buyer-money": money_tour.buyer_money_pages,
    "cashiers": money_tour.cashier_pages,
    "inside": money_tour.inside_pages,
    "confirm": money_tour.confirm_pages,
    "merchant-money": money_tour.merchant_money_pages,
    "staff-money": money_tour.staff_money_pages,
}


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", help="where `xinka run --demo` serves, for example http://127.0.0.1:8000")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--only", default="", help="take only pages whose name contains this")
    parser.add_argument("--walks", nargs="+", choices=_WALKS, default=list(_WALKS))
    parser.add_argument("--window", choices=WINDOWS)
    parser.add_argument("--theme", choices=THEMES)
    parser.add_argument("--language", choices=("zh-hans", "en"), default="zh-hans")
    parser.add_argument("--whole", action="store_true", help="the whole page instead of what fits the window")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for window in [options.window] if options.window else WINDOWS:
            for theme in [options.theme] if options.theme else THEMES:
                _one_round(browser, options, window, theme)


def _one_round(browser: Browser, options: argparse.Namespace, window: str, theme: str) -> None:
    site = options.site.rstrip("/")
    width, height = WINDOWS[window]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    wishes = {"xk_theme": theme, "xk_lang": options.language}
    context.add_cookies([{"name": name, "value": value, "url": site} for name, value in wishes.items()])
    page = context.new_page()
    for walk in [_WALKS[name] for name in options.walks]:
        for name in walk(page, site):
            if options.only in name:
                settled(page)
                path = options.directory / f"{name}-{window}-{theme}.png"
                page.screenshot(path=path, full_page=options.whole)
                sys.stderr.write(f"{path}\n")
    context.close()


if __name__ == "__main__":
    main()
