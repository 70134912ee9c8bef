"""Tags and filters of every page: ``{% load look %}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from django import template
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext

from xinka.kernel.money import MINOR_DIGITS, plain_amount
from xinka.platform.look.charts import Bar, Chart, draw
from xinka.platform.look.tickets import art_of, draw_ticket

register = template.Library()

_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "HKD": "HK$", "JPY": "JP¥"}


@register.filter
def stays(messages: Iterable[Message], wanted: bool) -> list[Message]:
    """Return the messages that stay on the page (errors, warnings), or those that go by themselves."""
    return [one for one in messages or () if (one.level >= constants.WARNING) is wanted]


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon of the sprite: ``{% icon "copy" %}``, ``{% icon "file" "lg" %}``. Always decoration."""
    return _drawn(name, css, static("xinka/sprite.svg"))


@lru_cache(maxsize=512)
def _drawn(name: str, css: str, sprite: str) -> SafeString:
    return format_html(
        '<svg class="i {}" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css,
        sprite,
        name,
    )


@register.simple_tag
def ticket(thing: object, css: str = "") -> SafeString:
    """Draw the ticket of a product: whatever has ``art`` (``c1``–``c4`` or a category's word) and ``face``."""
    read = thing.get if isinstance(thing, Mapping) else lambda name: getattr(thing, name, "")
    return draw_ticket(art_of(read("art")), str(read("face") or ""), css=css)


@register.simple_tag
def ticket_of(art: object, face: object) -> SafeString:
    """Draw a ticket from its two facts."""
    return draw_ticket(art_of(art), str(face or ""))


@register.filter
def amount(minor: int | None, currency: str = "CNY") -> str:
    """Write an amount in plain text: ``123456|amount:"CNY"`` → ``¥1,234.56``."""
    if minor is None:
        return "—"
    sign = "−" if minor < 0 else ""
    return f"{sign}{_SIGNS.get(currency, currency + ' ')}{unsigned(abs(int(minor)), currency)}"


#: How far stock is counted for a page (``stock.sql.COUNT_ON_SALE``); ``trade.js`` writes it the same way.
COUNTED_TO = 10_000


@register.filter
def grouped(number: int | None) -> str:
    """Write a count with commas between its thousands: ``100000`` → ``100,000``."""
    return "—" if number is None else f"{number:,}"


@register.filter
def in_stock(count: int) -> str:
    """Write how many pieces there are: ``12000`` → ``10,000+``, since nobody counts further for a page."""
    return f"{min(count, COUNTED_TO):,}" + ("+" if count >= COUNTED_TO else "")


@register.filter
def money(minor: int | None, currency: str = "CNY") -> SafeString:
    """Write a price with the smaller sign of its currency."""
    if minor is None:
        return SafeString("—")
    sign = "−" if minor < 0 else ""
    return format_html(
        '<span class="price">{}<i>{}</i>{}</span>', sign, _SIGNS.get(currency, currency), unsigned(abs(minor), currency)
    )


@register.filter
def currency_sign(currency: str) -> str:
    """Return the sign of a currency."""
    return _SIGNS.get(currency, currency)


@register.filter
def minor_digits(currency: str) -> int:
    """Return how many digits a currency has after the point."""
    return MINOR_DIGITS.get(currency, 2)


@register.filter
def ago(moment: datetime | None) -> SafeString:
    """Write how long ago a moment was, with the exact time in ``datetime`` and as a title."""
    if moment is None:
        return SafeString("—")
    past = timezone.now() - moment
    if past < timedelta(minutes=1):
        words = gettext("just now")
    elif past < timedelta(days=7):
        words = gettext("%(span)s ago") % {"span": span(past)}
    else:
        words = timezone.localtime(moment).strftime("%Y-%m-%d")
    return _time(moment, words)


@register.filter
def until(moment: datetime | None) -> SafeString:
    """Write how long it is until a moment."""
    if moment is None:
        return SafeString("—")
    left = moment - timezone.now()
    words = pgettext("deadline", "over") if left <= timedelta(0) else gettext("%(span)s left") % {"span": span(left)}
    return _time(moment, words)


@register.filter
def clock(moment: datetime | None) -> SafeString:
    """Write a moment as ``2026-11-21 21:04`` in the site's time zone."""
    if moment is None:
        return SafeString("—")
    local = timezone.localtime(moment)
    # Those who read it in another time zone are told which one it is (xinka.js).
    east = int((local.utcoffset() or timedelta()) / timedelta(minutes=1))
    return _time(moment, local.strftime("%Y-%m-%d %H:%M"), east)


@register.filter
def span(duration: timedelta) -> str:
    """Write a duration in its largest unit, and the next smaller one for days and hours."""
    minutes = max(1, round(duration.total_seconds() / 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = []
    if days:
        parts.append(ngettext("%(n)d day", "%(n)d days", days) % {"n": days})
    if hours:
        parts.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes and not days:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    return " ".join(parts[:2])


@register.filter
def mmss(seconds: float) -> str:
    """Write what is left on a clock: ``702`` → ``11:42``."""
    left = max(0, int(seconds))
    return f"{left // 60:02d}:{left % 60:02d}"


@register.filter
def mask_contact(contact: str) -> str:
    """Hide the middle of an e-mail address or number: ``lin.xiao@mail.example`` → ``li•••o@mail.example``."""
    name, at, domain = str(contact).partition("@")
    if len(name) <= 2:
        return f"{name[:1]}•••{at}{domain}"
    return f"{name[:2]}•••{name[-1]}{at}{domain}"


@register.filter
def mask_code(code: str) -> str:
    """Hide a code for a preview: the first and last four characters, and only if enough stays hidden."""
    text = str(code)
    return f"{text[:4]} •••• {text[-4:]}" if len(text) >= 12 else "•" * 8


@register.filter
def draw_bars(bars: list[Bar]) -> Chart:
    """Place bars for the chart component."""
    return draw(bars)


@register.simple_tag(takes_context=True)
def querystring_with(context: Context, **changes: object) -> str:
    """Return the page's query string with some values replaced; an empty value takes the name out."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def querystring_to(context: Context, name: str, number: int, part: str = "") -> str:
    """Return the page's query string with one list of it at another of its pages, and the part of the page it is in."""
    return querystring_with(context, **{name: number}) + (f"#{part}" if part else "")


def unsigned(minor: int, currency: str) -> str:
    """Write an amount of nothing or more with its thousands apart and without the sign of its currency."""
    whole, point, rest = plain_amount(minor, currency if currency in MINOR_DIGITS else "CNY").partition(".")
    return f"{int(whole):,}{point}{rest}"


def _time(moment: datetime, words: str, east: int | None = None) -> SafeString:
    local = timezone.localtime(moment)
    zone = "" if east is None else format_html(' data-east="{}"', east)
    title = local.strftime("%Y-%m-%d %H:%M:%S %Z")
    return format_html('<time datetime="{}" title="{}"{}>{}</time>', local.isoformat(), title, zone, words)
