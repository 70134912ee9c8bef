"""Words about things: names in the visitor's language, tiers in a sentence, what a kind of goods is counted in."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext, pgettext

from xinka.catalog.models import Category, Kind, Product, Sku, spoken
from xinka.merchants.models import Merchant
from xinka.payments.models import Channel
from xinka.platform.look.templatetags.look import amount


def title_of(product: Product) -> str:
    """Return a product's title."""
    return product.local_title


def label_of(sku: Sku) -> str:
    """Return a variant's label; empty where there is only one."""
    return sku.local_label


def category_name(category: Category) -> str:
    """Return a category's name."""
    return spoken(category.name, category.name_en)


def merchant_name(merchant: Merchant) -> str:
    """Return a merchant's name."""
    return spoken(merchant.name, merchant.name_en)


def merchant_about(merchant: Merchant) -> str:
    """Return what a merchant says about itself, in Chinese where there is no English."""
    return spoken(merchant.about, merchant.about_en)


def channel_name(channel: Channel) -> str:
    """Return the name of a way to pay."""
    return spoken(channel.name, channel.name_en)


def figures(minor: int, currency: str) -> str:
    """Return an amount without the sign of its currency: ``1,234.56``."""
    return amount(minor, currency).lstrip("".join({*amount(0, currency)} - {"0", "."}))


def tiers_in_words(sku: Sku) -> str:
    """Return the first two tiers of a variant in a sentence: "from 5 pcs ¥47.50, from 20 pcs ¥46.00"."""
    tiers = sorted(sku.tiers.all(), key=lambda tier: tier.min_quantity)[:2]
    parts = [
        gettext("from %(n)d pcs %(price)s") % {"n": tier.min_quantity, "price": amount(tier.unit_price, sku.currency)}
        for tier in tiers
    ]
    return gettext(", ").join(parts)


def delivered_in_words(kind: Kind, count: int) -> str:
    """Return the headline of a delivered order."""
    numbers = {"n": count}
    match kind:
        case Kind.LICENCE:
            return ngettext("Your licence key is here", "%(n)d licence keys are here", count) % numbers
        case Kind.DOWNLOAD:
            return ngettext("Your download is ready", "%(n)d downloads are ready", count) % numbers
        case Kind.COURSE:
            return ngettext("Your course is open", "%(n)d courses are open", count) % numbers
        case _:
            return ngettext("Your code is here", "%(n)d codes are here", count) % numbers


def content_label(kind: Kind) -> str:
    """Return what the sealed content of one piece is called on its card."""
    return {
        Kind.LICENCE: gettext("Licence key"),
        Kind.DOWNLOAD: gettext("Download"),
        Kind.COURSE: gettext("Access"),
        Kind.TOP_UP: gettext("Top-up"),
    }.get(kind, pgettext("goods", "Code"))


def piece_in_words(kind: Kind, number: int) -> str:
    """Return what one piece among several is called; Chinese counts card codes as cards, and all else as pieces."""
    words = gettext("No. %(number)s") if kind is Kind.CARD_CODE else pgettext("piece of goods", "No. %(number)s")
    return words % {"number": number}


def opening_in_words(kind: Kind, number: int) -> str:
    """Return what the button does that opens one seal, for those who hear it."""
    if kind is Kind.CARD_CODE:
        return gettext("Open no. %(number)s") % {"number": number}
    return pgettext("piece of goods", "Open no. %(number)s") % {"number": number}


def care_in_words(kind: Kind) -> tuple[str, str]:
    """Return why the goods are shown to nobody, and what a fraud asks for."""
    match kind:
        case Kind.DOWNLOAD:
            why = gettext("This download is for you alone.")
            return why, gettext("Nobody at Xinka asks for its link or for a picture of it. Whoever does is a fraud.")
        case Kind.COURSE:
            why = gettext("This access is for you alone.")
            return why, gettext("Nobody at Xinka asks for it or for its password. Whoever does is a fraud.")
        case Kind.LICENCE:
            why = gettext("A licence key is cash.")
            return why, gettext("Nobody at Xinka asks for the key or for a picture of it. Whoever does is a fraud.")
        case Kind.TOP_UP:
            why = gettext("What tops up an account is cash.")
            return why, gettext(
                "Nobody at Xinka asks for what is above or for a picture of it. Whoever does is a fraud."
            )
        case _:
            why = gettext("A code is cash.")
            return why, gettext("Nobody at Xinka asks for it or for a picture of it. Whoever does is a fraud.")
