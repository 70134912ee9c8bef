"""Which of the merchant's variants the stock page lists."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from xinka.catalog.models import Product, ProductState, Sku
from xinka.desk.lists import DeskList, number_in
from xinka.merchants.policies import Duty
from xinka.stock.holdings import expiring_soon, running_low

_LONGEST = 80
_NAMES = ("product__title", "product__title_en", "label", "label_en")


class StockFilter(DeskList):
    """What was asked for; without a question every variant of what is not archived."""

    key, address, duty = "stock", "stock", Duty.STOCK
    counts_kept = False  # what runs low is found by a look at every variant

    q = forms.CharField(label=_("Title, variant or SKU number"), max_length=_LONGEST, required=False)
    #: Only what runs low, only what has codes that expire soon, and the number of a product.
    low = forms.CharField(required=False, max_length=1, widget=forms.HiddenInput)
    expiring = forms.CharField(required=False, max_length=1, widget=forms.HiddenInput)
    product = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def clean_q(self) -> str:
        """Leave out what no text in the database can hold."""
        return str(self.cleaned_data["q"]).replace("\0", "").strip()

    @property
    def of_product(self) -> Product | None:
        """The product whose variants are meant, if it is one of this merchant's."""
        number = number_in(self.data.get("product"))
        return Product.objects.filter(merchant=self.desk.merchant, id=number).first() if number else None

    def found(self) -> QuerySet[Sku]:
        """Return the variants meant, those of the newest product first."""
        self.is_valid()
        told = self.cleaned_data
        found = Sku.objects.filter(product__merchant=self.desk.merchant).select_related("product")
        found = found.exclude(product__state=ProductState.ARCHIVED).order_by("-product_id", "position", "id")
        if told.get("product") and (of := self.of_product):
            found = found.filter(product=of)
        if words := told.get("q"):
            named = [Q(**{f"{name}__icontains": words}) for name in _NAMES]
            found = found.filter(reduce(or_, named, Q(id=number_in(words))))
        if told.get("low"):
            found = found.filter(id__in=running_low(self.desk.merchant.pk))
        if told.get("expiring"):
            found = found.filter(id__in=expiring_soon(self.desk.merchant.pk))
        return found

    def page_of(self, key: int) -> str:
        """Return the address of a variant's stock."""
        return self.at("sku", key)
