"""The forms of flash sales, levels, gift cards and terms, for merchants and for the office alike."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xinka.catalog.models import LONG_TEXTS, ProductState, Sku
from xinka.merchants.models import Merchant
from xinka.platform.look.templatetags.look import amount
from xinka.promotions.fields import MomentField, MoneyField, PercentField
from xinka.promotions.models import FlashSale, Level

MOST_CODES = 10_000
MOST_CHOICES = 500
#: A number of so many digits is none of ours.
_DIGITS = 19


def number_of(text: object) -> int:
    """Return the number of a choice as it was posted, or 0."""
    typed = str(text or "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < _DIGITS else 0


def _for_sale(merchant: Merchant) -> QuerySet[Sku]:
    found = Sku.objects.filter(product__merchant=merchant, on_sale=True).exclude(product__state=ProductState.ARCHIVED)
    return (
        found.select_related("product")
        .defer(*(f"product__{name}" for name in LONG_TEXTS))
        .order_by("-product_id", "position")
    )


def _matching(found: QuerySet[Sku], query: str) -> QuerySet[Sku]:
    """Return those whose title or variant has these words in it, or that have this number."""
    if not query:
        return found
    names = ("product__title", "product__title_en", "label", "label_en")
    return found.filter(reduce(or_, (Q(**{f"{name}__icontains": query}) for name in names), Q(id=number_of(query))))


class SaleForm(forms.Form):
    """A flash sale; what has begun keeps its price and its beginning."""

    sku = forms.ChoiceField(label=_("Variant"))
    price = MoneyField(label=_("Flash price"), help_text=_("In the currency of the variant."))
    units = forms.IntegerField(
        label=_("Pieces at this price"),
        min_value=1,
        max_value=1_000_000,
        help_text=_("Set aside at once: nobody has them at the plain price until the sale is over."),
    )
    per_buyer = forms.IntegerField(label=_("Pieces per buyer"), min_value=1, max_value=10_000, required=False)
    starts_at = MomentField(label=_("Begins"), initial=timezone.now)
    ends_at = MomentField(label=_("Ends"))

    #: Whether there is more to choose from than a select can hold, so that one has to search.
    is_part = False
    most = MOST_CHOICES

    def __init__(
        self, *args: Any, merchant: Merchant, sale: FlashSale | None = None, query: str = "", **kwargs: Any
    ) -> None:
        self.sale = sale
        if sale is not None:
            names = ("price", "units", "per_buyer", "starts_at", "ends_at")
            kwargs.setdefault("initial", {name: getattr(sale, name) for name in names} | {"sku": sale.sku_id})
        super().__init__(*args, **kwargs)
        named = sale.sku_id if sale else number_of(self.data.get("sku") or self.initial.get("sku"))
        kept = [sale.sku] if sale else list(_for_sale(merchant).filter(id=named))
        # A sale that is there keeps its variant, so nothing else need be read.
        found = [] if sale else list(_matching(_for_sale(merchant), query)[: MOST_CHOICES + 1])
        self.is_part = bool(query) or len(found) > MOST_CHOICES
        self.skus = {sku.id: sku for sku in [*found[:MOST_CHOICES], *kept]}
        # Of hundreds the first would be as good as any: whoever named none chooses one.
        unnamed = [] if named in self.skus else [("", _("Choose a variant"))]
        self.fields["sku"].choices = unnamed + [  # type: ignore[attr-defined]  # a select has choices
            (sku.id, " ".join(f"{sku.local_name} {amount(sku.price, sku.currency)}".split()))
            for sku in self.skus.values()
        ]
        chosen = sale.sku if sale is not None else self.skus.get(number_of(self.data.get("sku")))
        if chosen is not None:
            self.fields["price"].currency = chosen.currency  # type: ignore[attr-defined]  # ours, see MoneyField
        if sale is not None:
            self.fields["sku"].disabled = True
            for name in ("price", "starts_at") if sale.starts_at <= timezone.now() else ():
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        """What only the fields together can tell."""
        data = super().clean() or self.cleaned_data
        sku = self.skus.get(int(data.get("sku") or 0))
        if sku and data.get("price") and data["price"] >= sku.price and not self.fields["price"].disabled:
            self.add_error("price", _("It must be lower than the price, or there is no sale."))
        if data.get("ends_at") and data.get("starts_at") and data["ends_at"] <= data["starts_at"]:
            self.add_error("ends_at", _("It must end after it begins."))
        if self.sale and data.get("units") and data["units"] < self.sale.n_taken:
            self.add_error("units", _("%(n)s are taken already.") % {"n": self.sale.n_taken})
        return data

    def sale_of(self, merchant: Merchant, by_id: int) -> FlashSale:
        """Return the sale as it shall become."""
        made = self.sale or FlashSale(merchant=merchant, made_by_id=by_id)
        made.sku = self.skus[int(self.cleaned_data["sku"])]
        for name in ("price", "units", "per_buyer", "starts_at", "ends_at"):
            setattr(made, name, self.cleaned_data[name])
        return made


class WithdrawForm(forms.Form):
    """How many of a sale's codes are to be withdrawn, ``of`` so many that the page showed."""

    count = forms.IntegerField(min_value=1, max_value=1_000_000)
    of = forms.IntegerField(min_value=0, max_value=1_000_000, required=False)

    def most(self) -> int | None:
        """Return how many at most; ``None`` for all, though some may have come back since the page was shown."""
        count: int = self.cleaned_data["count"]
        shown = self.cleaned_data.get("of")
        return None if shown and count >= shown else count


class TermsForm(forms.Form):
    """What whoever sends a buyer gets."""

    percent = PercentField(
        label=_("Commission for recommending, in percent"),
        most=5_000,
        least=0,
        required=False,
        help_text=_("Of what is released to the seller. Empty or 0: none."),
    )


class LevelForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs alone
    """A member level; the platform bears its share."""

    spent_from = MoneyField(label=_("From spent in all (¥)"), least=0)
    off_bps = PercentField(label=_("Percentage off"), most=5_000)

    class Meta:
        model = Level
        fields = ("name", "name_en", "spent_from", "off_bps")
        labels = {"name": _("Name in Chinese"), "name_en": _("Name in English")}


class CardsForm(forms.Form):
    """New gift cards."""

    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_CODES)
    value = MoneyField(label=_("Value of each (¥)"), least=100)
    paid_from = forms.ChoiceField(
        label=_("Who pays for them"),
        choices=[
            ("given", _("Given away: a cost of promotions")),
            ("sold", _("Sold elsewhere: the money is at our bank")),
            ("stock", _("To be sold here: the merchant of the variant owes it")),
        ],
    )
    sku = forms.IntegerField(
        label=_("Variant (SKU number) to stock"),
        help_text=_(
            "For cards to be sold here. The number stands on the variant's page on its merchant's desk, under Stock."
        ),
        min_value=1,
        required=False,
        widget=forms.NumberInput(attrs={"data-of": "stock"}),
    )
    expires_at = MomentField(label=_("Good until"), required=False)
    note = forms.CharField(label=_("Note"), max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        """A variant is named exactly when the cards are to be sold here."""
        data = super().clean() or self.cleaned_data
        if data.get("paid_from") != "stock":
            self.errors.pop("sku", None)
            data["sku"] = None
        else:
            data["sku"] = Sku.objects.select_related("product").filter(id=data.get("sku") or 0).first()
            if data["sku"] is None:
                self.add_error("sku", _("There is no such variant."))
        expires_at: datetime | None = data.get("expires_at")
        if expires_at is not None and expires_at <= timezone.now():
            self.add_error("expires_at", _("That is over."))
        return data
