"""What the shop writes to merchants: how their shop stands, and what runs low. Money has letters of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xinka.accounts.models import User
from xinka.catalog.models import Sku, spoken
from xinka.merchants.models import Membership, Merchant, MerchantState, Role
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import MAIL, Job, defer
from xinka.platform.look.templatetags.look import grouped
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.sending import send, send_each
from xinka.stock.back_notes import n_waiting
from xinka.stock.queries import unsold_counts

MAIL_SHOP_OPEN = Job("mail.shop_open", MAIL)
MAIL_STANDING = Job("mail.standing", MAIL)
MAIL_LOW_STOCK = Job("mail.low_stock", MAIL, priority=-5)
MAIL_MUCH_LOW = Job("mail.much_low", MAIL, priority=-5)
#: So many products of one merchant that run low at once have letters of their own; more have one together.
MOST_LOW_ALONE = 3
#: So many of them that letter names.
MOST_LOW_NAMED = 10


def tell_of_opening(merchant: Merchant, owner: User) -> None:
    """Have somebody told that a shop of theirs was opened; part of the transaction that opens it."""
    run(defer(MAIL_SHOP_OPEN, [{"merchant_id": merchant.pk, "user_id": owner.pk}]))


def mail_shop_open(merchant_id: int, user_id: int) -> bool:
    """Tell an owner where the desk is and how to begin; false when they have no part in it any more."""
    part = Membership.objects.select_related("merchant", "user").filter(merchant=merchant_id, user=user_id).first()
    if part is None or not part.user.is_active:
        return False
    merchant, language = part.merchant, part.user.language or "zh-hans"
    with translation.override(language):
        name = spoken(merchant.name, merchant.name_en)
        letter = Letter(
            kind="opened",
            about=uuid5(NAMESPACE_URL, f"opened:{merchant_id}:{user_id}"),
            to=part.user.email,
            language=language,
            title=_("Your shop is open: %(name)s") % {"name": name},
            paragraphs=(
                _("Sign in with this mail address. The overview shows the first steps to your first sale."),
                _("Say early where your money shall go: a new account waits a while before it can be used."),
            ),
            action=(_("To your desk"), f"{settings.SITE_URL}/desk/{merchant.slug}/"),
            closing=(_("You did not ask for a shop? Then tell whoever runs this site."),),
        )
        return send(letter)


def tell_of_standing(merchant_id: int, now: datetime) -> None:
    """Have the owners told that their shop was suspended, or sells again; part of the transaction that does it."""
    run(defer(MAIL_STANDING, [{"merchant_id": merchant_id, "at": now.isoformat()}]))


def mail_standing(merchant_id: int, at: str) -> int:
    """Tell the owners how their shop stands since a moment, and why; return how many there are."""
    merchant = Merchant.objects.get(id=merchant_id)
    owners = merchant.memberships.filter(role=Role.OWNER, user__is_active=True).select_related("user")
    letters = []
    for owner in owners:
        language = owner.user.language or "zh-hans"
        with translation.override(language):
            letters.append(
                Letter(
                    kind="standing",
                    about=uuid5(NAMESPACE_URL, f"standing:{merchant_id}:{at}:{owner.user.pk}"),
                    to=owner.user.email,
                    language=language,
                    action=(_("To your desk"), f"{settings.SITE_URL}/desk/{merchant.slug}/"),
                    **_of_standing(merchant),
                )
            )
    send_each(letters)
    return len(letters)


class _Standing(TypedDict):
    """What is said of how a shop stands."""

    title: str
    paragraphs: tuple[str, ...]


def _of_standing(merchant: Merchant) -> _Standing:
    name = {"name": spoken(merchant.name, merchant.name_en)}
    if merchant.state == MerchantState.ACTIVE:
        return {
            "title": _("Your shop sells again: %(name)s") % name,
            "paragraphs": (_("Its goods are in the shop as before."),),
        }
    reason = [_("Why: %(why)s") % {"why": merchant.suspended_why}] if merchant.suspended_why else []
    return {
        "title": _("Your shop is suspended: %(name)s") % name,
        "paragraphs": (
            *reason,
            _("Its goods are not on sale. What was paid is delivered, and orders, cases and money go on."),
            _("Write to whoever runs this site if you think that this is wrong."),
        ),
    }


def _told_of_stock(merchant: Merchant) -> dict[str, str]:
    """Return who hears of a merchant's stock, and in which language: the address set for it, else the owners."""
    owners = merchant.memberships.filter(role=Role.OWNER, user__is_active=True).select_related("user")
    people = {owner.user.email: owner.user.language for owner in owners}
    return {merchant.alert_email: next(iter(people.values()), "")} if merchant.alert_email else people


def mail_much_low(merchant_id: int, n: int, sku_ids: Sequence[int], at: str) -> int:
    """Tell a merchant of many products that run low since a moment; return to how many mailboxes it went."""
    merchant = Merchant.objects.get(id=merchant_id)
    people = _told_of_stock(merchant)
    skus = Sku.objects.select_related("product").in_bulk(list(sku_ids))
    left = unsold_counts(sku_ids)
    letters = []
    for address, language in people.items():
        with translation.override(language or "zh-hans"):
            letters.append(
                Letter(
                    kind="low",
                    about=uuid5(NAMESPACE_URL, f"much-low:{merchant_id}:{at}:{address}"),
                    to=address,
                    language=language or "zh-hans",
                    title=_("Running low: %(n)s products") % {"n": grouped(n)},
                    paragraphs=(
                        _("These have least left. All that runs low is listed at your desk, under Stock."),
                        _("Stock it in time; you hear of each again when nothing is left, and after it was stocked."),
                    ),
                    facts=tuple((skus[one].local_name, grouped(left.get(one, 0))) for one in sku_ids if one in skus),
                    action=(_("See what runs low"), f"{settings.SITE_URL}/desk/{merchant.slug}/stock?low=1"),
                )
            )
    send_each(letters)
    return len(people)


def mail_low_stock(sku_id: int, unsold: int) -> int:
    """Tell a merchant that a product runs low, or is sold out; return to how many mailboxes it went."""
    sku = Sku.objects.select_related("product__merchant").get(id=sku_id)
    people = _told_of_stock(sku.product.merchant)
    since_when = sku.low_stock_alerted_at if unsold else sku.sold_out_alerted_at
    about = f"{'low' if unsold else 'out'}:{sku.id}:{since_when.isoformat() if since_when else ''}"
    letters = []
    for address, language in people.items():
        with translation.override(language or "zh-hans"):
            name = sku.local_name
            letter = Letter(
                kind="low",
                about=uuid5(NAMESPACE_URL, f"{about}:{address}"),
                to=address,
                language=language or "zh-hans",
                title=(_("Running low: %(name)s") if unsold else _("Sold out: %(name)s")) % {"name": name},
                paragraphs=_of_the_rest(unsold) if unsold else _of_none(n_waiting([sku.id]).get(sku.id, 0)),
                facts=((_("Product"), name), (_("Alert at"), str(sku.low_stock_at))),
                action=(_("Add stock"), f"{settings.SITE_URL}/desk/{sku.product.merchant.slug}/stock/{sku.id}"),
            )
            letters.append(letter)
    send_each(letters)
    return len(people)


def _of_the_rest(unsold: int) -> tuple[str, ...]:
    return (
        ngettext("%(n)d piece is left.", "%(n)d pieces are left.", unsold) % {"n": unsold},
        _("Stock it before it sells out; you hear of it when nothing is left, and again only after it was stocked."),
    )


def _of_none(n_people: int) -> tuple[str, ...]:
    """Return what is said of a product of which nothing is left; buyers may have asked to be told of new stock."""
    people = ngettext(
        "%(n)d person asked for a mail when it is back.", "%(n)d people asked for a mail when it is back.", n_people
    )
    return (
        _("Nothing is left, so nobody can buy it."),
        *([people % {"n": n_people}] if n_people else []),
        _("You hear of it again only after it was stocked."),
    )
