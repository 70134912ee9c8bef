"""Components show what they are given as text, whatever it is."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
import time_machine
from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone, translation
from django_cotton.cotton_loader import Loader

from xinka.platform.look.charts import Bar, draw
from xinka.platform.look.templatetags import look
from xinka.platform.look.tickets import art_of

_EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</text></svg><script>alert(1)</script>",
    "{{ 7|add:7 }}{% now 'Y' %}",
]
_PIECES = {
    "button": '<c-button href="{{ x }}" icon="{{ x }}" class="{{ x }}">{{ x }}</c-button>',
    "badge": '<c-badge kind="{{ x }}">{{ x }}</c-badge>',
    "seal": '<c-seal href="{{ x }}" />',
    "note": '<c-note kind="{{ x }}">{{ x }}</c-note>',
    "panel": '<c-panel title="{{ x }}" id="{{ x }}">{{ x }}</c-panel>',
    "ticket": '<c-ticket art="{{ x }}" face="{{ x }}" />',
    "price": '<c-price :minor="4900" currency="{{ x }}" />',
    "live stock": '<c-live-stock sku="{{ x }}" :count="3" />',
    "tiers": '<c-tiers :tiers="tiers" currency="{{ x }}" />',
    "quantity": '<c-quantity id="{{ x }}" name="{{ x }}" />',
    "field": '<c-field :field="form.name" label="{{ x }}" /><c-field :field="form.pick" />',
    "form errors": '<c-form-errors :form="form" />',
    "code card": '<c-code-card :rows="rows" state="open" stamp="{{ x }}" reason="{{ x }}">{{ x }}</c-code-card>',
    "timeline": '<c-timeline :steps="steps" />',
    "table": '<c-table label="{{ x }}"><tr><td>{{ x }}</td></tr></c-table>',
    "pagination": '<c-pagination :page="page" />',
    "empty": '<c-empty title="{{ x }}" icon="{{ x }}">{{ x }}</c-empty>',
    "steps": '<c-steps :names="names" />',
    "kpi": '<c-kpi :facts="facts" />',
    "file drop": '<c-file-drop name="{{ x }}" accept="{{ x }}" hint="{{ x }}" />',
    "bar": '<c-bar :good="1" label="{{ x }}" />',
    "chart": '<c-chart :bars="bars" title="{{ x }}" summary="{{ x }}" unit="{{ x }}" />',
    "switch": '<c-switch name="{{ x }}" label="{{ x }}" value="{{ x }}" />',
    "side link": '<c-side-link href="{{ x }}" icon="{{ x }}" n="{{ x }}">{{ x }}</c-side-link>',
    "qr": '<c-qr-pay src="{{ x }}" alt="{{ x }}" expires="{{ x }}">{{ x }}</c-qr-pay>',
    "wait line": "<c-wait-line>{{ x }}</c-wait-line>",
    "product card": '<c-product-card :product="product" />',
}


class _Seen(HTMLParser):
    """Collects what a browser would find: tags, and attributes that run code."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.running: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.running |= {name for name, _ in attrs if name.startswith("on") or name == "style"}


def _rendered(source: str, evil: str) -> str:
    form = type(
        "Form",
        (forms.Form,),
        {
            "name": forms.CharField(label=evil, help_text=evil, max_length=3),
            "pick": forms.ChoiceField(label=evil, choices=[(evil, evil)], widget=forms.RadioSelect),
        },
    )({"name": evil, "pick": evil})
    form.add_error(None, evil)
    context = {
        "x": evil,
        "form": form,
        "request": RequestFactory().get("/", {"q": evil, "page": 2}),
        "rows": [{"label": evil, "value": evil}],
        "steps": [{"state": evil, "title": evil, "text": evil}],
        "names": [evil],
        "facts": [{"label": evil, "value": evil, "context": evil}],
        "bars": [Bar(evil, 3, evil)],
        "tiers": [{"from_quantity": evil, "to_quantity": None, "minor": 1}],
        "page": Paginator(range(30), 10).page(2),
        "product": {"title": evil, "path": evil, "merchant_name": evil, "minor": 1, "currency": evil, "tier_text": evil,
                    "art": evil, "face": evil, "sku": evil, "stock": 1},
    }  # fmt: skip
    loader = Loader(engines["django"].engine)  # type: ignore[attr-defined]  # the Django engine
    return str(loader.get_template_from_string(loader.cotton_compiler.process(source)).render(_context(context)))


def _context(values: dict[str, object]) -> object:
    from django.template import Context

    return Context(values)


@pytest.mark.parametrize("evil", _EVIL)
@pytest.mark.parametrize("name", _PIECES)
def test_a_component_shows_markup_as_text(name: str, evil: str) -> None:
    html = _rendered(_PIECES[name], evil)
    seen = _Seen()
    seen.feed(html)
    assert not seen.tags & {"script", "iframe", "object"}
    assert "img" not in seen.tags or name == "qr"
    assert not seen.running
    assert "14" not in html or "{{" in html or evil != _EVIL[4]


def test_good_news_come_in_one_toast_and_what_is_wrong_stays() -> None:
    told = [(constants.SUCCESS, "Added"), (constants.ERROR, "Refused"), (constants.INFO, "Made"), (30, "Careful")]
    messages = [Message(level, words) for level, words in told]
    page = engines["django"].get_template("look/_messages.html").render({"messages": messages, "look": {}})
    assert page.count('class="toast"') == 1, "a second one would hide the first"
    assert "<span>Added<br>Made</span>" in page
    assert [page.count(f'class="note {kind}"') for kind in "dw"] == [1, 1]
    silent = engines["django"].get_template("look/_messages.html").render({"messages": messages[1:2], "look": {}})
    assert "toast" not in silent


def test_a_field_is_tied_to_its_help_and_its_errors() -> None:
    html = _rendered('<c-field :field="form.name" />', "far too long")
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert '<label for="id_name">' in html


def test_amounts_are_grouped_and_signed() -> None:
    assert look.amount(123456, "CNY") == "¥1,234.56"
    assert look.amount(-5, "CNY") == "−¥0.05"
    assert look.amount(500, "JPY") == "JP¥500"
    assert look.amount(None) == "—"
    assert look.money(4900) == '<span class="price"><i>¥</i>49.00</span>'


def test_contacts_and_codes_are_masked() -> None:
    assert look.mask_contact("lin.xiao@mail.example") == "li•••o@mail.example"
    assert look.mask_contact("a@b.c") == "a•••@b.c"
    assert look.mask_contact("12345678") == "12•••8"
    assert look.mask_code("7QMK9D2RWX4PH6TN") == "7QMK •••• H6TN"
    assert look.mask_code("short") == "•" * 8


def test_times_are_relative_and_exact() -> None:
    with time_machine.travel("2026-11-21T21:04:00+08:00", tick=False), translation.override("en"):
        now = timezone.now()
        assert ">just now</time>" in look.ago(now)
        assert ">5 hours 12 minutes ago</time>" in look.ago(now - timedelta(hours=5, minutes=12))
        assert ">2026-11-01</time>" in look.ago(now - timedelta(days=20))
        assert ">6 days 23 hours left</time>" in look.until(now + timedelta(days=6, hours=23, minutes=5))
        assert ">over</time>" in look.until(now)
        assert 'datetime="2026-11-21T21:04:00+08:00"' in look.clock(now)


def test_a_query_string_keeps_what_is_not_changed() -> None:
    context = {"request": RequestFactory().get("/", {"q": "a&b", "page": "2"})}
    assert look.querystring_with(context, page=3) == "?q=a%26b&page=3"  # type: ignore[arg-type]  # a dict will do
    assert look.querystring_with(context, page=None, q="") == "?"  # type: ignore[arg-type]  # as above


def test_a_ticket_is_drawn_from_an_object_or_a_mapping() -> None:
    from_object = look.ticket(SimpleNamespace(art="member", face="12 个月"))
    assert from_object == look.ticket({"art": "c2", "face": "12 个月"})
    assert "12 个月</text>" in from_object
    assert art_of("unheard of") == "c1"
    assert "…</text>" in look.ticket({"art": "c1", "face": "一张面值写得非常长的票"})


def test_bars_reach_no_higher_than_the_drawing() -> None:
    chart = draw([Bar("a", 0), Bar("b", 3482), Bar("c", 4000)])
    assert [tick for _, tick in chart.ticks] == ["0", "2,000", "4,000"]
    assert [bar.y for bar in chart.bars] == [148.0, 36.6, 20.0]
    assert draw([]).last is None


def test_stock_says_how_much_in_word_and_shape() -> None:
    def words(count: object) -> tuple[str, str]:
        with translation.override("en"):
            html = _rendered(f'<c-live-stock :count="{count}" />', "").strip()
        return html.partition('class="')[2].partition('"')[0], html.partition(">")[2].partition("<")[0]

    assert words(318) == ("live", "In stock 318")
    assert words(4) == ("live low wait", "4 left")
    assert words(0) == ("live out q", "Sold out")
    assert words(None) == words(-1) == ("live", "In stock")


def test_the_value_of_the_newest_bar_never_stands_upon_a_taller_one() -> None:
    """It stood upon yesterday's, and read as its value."""
    rising = draw([Bar("1", 100, "100.00"), Bar("2", 488, "488.00")])
    assert rising.last_text_y == max(12.0, rising.bars[-1].y - 5)
    days = [Bar(f"11-{n}", 10, "10.00") for n in range(17, 29)]
    falling = draw([*days, Bar("11-29", 488, "488.00"), Bar("11-30", 294, "294.00")])
    assert falling.last_text_y is None
    long_ago = draw([Bar("11-16", 488, "488.00"), *days, Bar("11-30", 294, "294.00")])
    assert long_ago.last_text_y == long_ago.bars[-1].y - 5
    html = _rendered('<c-chart :bars="bars" title="{{ x }}" summary="{{ x }}" unit="CNY" />', "x")
    assert html.count('class="v"') == 1
    assert draw([]).last_text_y is None


def test_a_sum_that_would_break_within_a_tile_is_written_smaller() -> None:
    for value, is_long in (("¥9,117.35", False), ("¥23,069,117.35", True)):
        assert ('<dd class="long">' in _rendered('<c-kpi :facts="facts" />', value)) is is_long
