"""Made-up facts for the gallery: every component in the states it can be in, so one can look at all of them at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django import forms
from django.core.paginator import Page, Paginator
from django.utils import timezone
from django.utils.translation import pgettext

from xinka.platform.look.charts import Bar

#: As long as gateways' numbers may be, and without a gap.
_LONG_NUMBER = "42000027612026112912345678" + "0" * 38
_SALES = (2210, 1990, 2480, 2870, 2400, 2150, 2620, 2750, 2460, 3010, 3160, 2810, 2310, 3482)


class SampleForm(forms.Form):
    """One field of each kind."""

    email = forms.EmailField(label="E-mail", help_text="<b>not bold</b>")
    amount = forms.CharField(label="Amount")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "Card code"), ("b", "Licence")])
    pay = forms.ChoiceField(label="Pay with", choices=[("a", "Alipay"), ("w", "WeChat")], widget=forms.RadioSelect)
    agree = forms.BooleanField(label="Terms")
    text = forms.CharField(label="Codes", widget=forms.Textarea(attrs={"class": "mono", "rows": 3}), required=False)


def sample_form() -> SampleForm:
    """Return the form with one right and two wrong answers."""
    form = SampleForm({"email": "lin.xiao@mail", "amount": "12.00", "kind": "a"})
    form.is_valid()
    return form


def _timeline() -> list[dict[str, str]]:
    return [
        {"state": "done", "title": pgettext("gallery", "You pay"), "text": "21:03:52"},
        {"state": "done", "title": pgettext("gallery", "Code delivered"), "text": "21:03:53"},
        {
            "state": "now",
            "title": pgettext("gallery", "Held by Xinka"),
            "text": pgettext("gallery", "until 28 November"),
        },
        {
            "state": "next",
            "title": pgettext("gallery", "Merchant is paid"),
            "text": pgettext("gallery", "after you confirm"),
        },
    ]


def _tickets() -> list[dict[str, str]]:
    return [
        {"art": "game", "face": pgettext("gallery", "300 pts")},
        {"art": "member", "face": pgettext("gallery", "12 months")},
        {"art": "software", "face": pgettext("gallery", "For good")},
        {"art": "course", "face": pgettext("gallery", "42 lessons")},
    ]


def context() -> dict[str, object]:
    """Return everything the gallery page shows."""
    return {
        "form": sample_form(),
        "long_number": _LONG_NUMBER,
        "paid_at": datetime(2026, 11, 21, 13, 3, tzinfo=UTC),
        "tickets": _tickets(),
        "products": _products(),
        "tiers": [
            {"from_quantity": 1, "to_quantity": 4, "minor": 4900},
            {"from_quantity": 5, "to_quantity": 19, "minor": 4750},
            {"from_quantity": 20, "to_quantity": None, "minor": 4600},
        ],
        "open_rows": [
            {"label": pgettext("gallery", "Number"), "value": "XH30 0261 1217 4408"},
            {"label": pgettext("gallery", "Code"), "value": "7QMK-9D2R-WX4P-H6TN"},
        ],
        "sealed_rows": [
            {"label": pgettext("gallery", "Number"), "value": "XH30 0261 1217 4409"},
            {"label": pgettext("gallery", "Code"), "value": ""},
        ],
        "timeline": _timeline(),
        "steps": [
            pgettext("gallery", "File"),
            pgettext("gallery", "Columns"),
            pgettext("gallery", "Preview"),
            pgettext("gallery", "Done"),
        ],
        "facts": [
            {
                "label": pgettext("gallery", "Sold today"),
                "value": "¥3,482.60",
                "context": pgettext("gallery", "71 orders"),
            },
            {
                "label": pgettext("gallery", "Codes to sell"),
                "value": "4,218",
                "context": pgettext("gallery", "2 products run low"),
                "warn": True,
            },
        ],
        "bars": [Bar(f"11-{day + 8:02d}", value, f"{value:,}", day < 7) for day, value in enumerate(_SALES)],
        "page": _second_page(),
        "past": timezone.now() - timedelta(hours=5, minutes=12),
        "future": timezone.now() + timedelta(days=6, hours=23),
        "icons": _ICONS.split(),
    }


def _products() -> list[dict[str, object]]:
    common = {"path": "/look/gallery", "merchant_name": "Ada", "is_verified": True, "currency": "CNY"}
    return [
        {
            **common,
            "title": "星海远征 点卡 300 点（国服）",
            "art": "c1",
            "face": "300 点",
            "minor": 4900,
            "stock": 318,
            "sku": 0,
        },
        {
            **common,
            "title": "云听音乐 年度会员 直充码",
            "art": "c2",
            "face": "12 个月",
            "minor": 9310,
            "stock": 4,
            "sku": 0,
        },
        {**common, "title": "墨页 Pro 永久授权", "art": "c3", "face": "永久", "minor": 19800, "stock": None, "sku": 0},
        {**common, "title": "从零学 Rust", "art": "c4", "face": "42 讲", "minor": 12900, "stock": 0, "sku": 0},
    ]


def _second_page() -> Page[int]:
    return Paginator(range(25), 10).page(2)


_ICONS = (
    "again alert arrow bell bin bolt book box card cdown chain chart chat check chev clock cog copy down eye file flag "
    "game globe half img info key list lock mail member menu minus moon order out pen phone plus qr scale seal search "
    "shield stop sun tag undo up user wallet x"
)
