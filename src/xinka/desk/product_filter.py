"""Which of the merchant's products are meant, and in which order."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Aggregate, Count, Min, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from xinka.catalog.models import LONG_TEXTS, Category, Product, ProductState, Sku
from xinka.desk.lists import DeskList, number_in
from xinka.merchants.policies import Duty

_LONGEST = 80
#: What the list tells of a product's variants; each is looked up for the products of the page alone.
_FIGURES: dict[str, Aggregate] = {"n_skus": Count("id"), "lowest": Min("price"), "currency": Min("currency")}
#: How the list may be sorted: by prices of one currency after the other, since amounts of two cannot be compared.
_ORDERS = {
    "": ("-id",),
    "changed": ("-updated_at", "-id"),
    "title": ("title", "-id"),
    "cheap": ("currency", "lowest", "-id"),
    "dear": ("currency", "-lowest", "-id"),
}
_ORDER_WORDS = {
    "": gettext_lazy("Newest products first"),
    "changed": gettext_lazy("Last changed first"),
    "title": gettext_lazy("By title"),
    "cheap": gettext_lazy("Cheapest first"),
    "dear": gettext_lazy("Dearest first"),
}


def _of_skus(function: Aggregate) -> QuerySet[Sku, Any]:
    found = Sku.objects.filter(product=OuterRef("pk")).order_by().values("product")
    return found.annotate(figure=function).values("figure")


class ProductFilter(DeskList):
    """What was asked for; without a question all products that are not archived."""

    key, address, duty = "products", "products", Duty.EDIT_PRODUCTS

    q = forms.CharField(label=gettext_lazy("Title or number"), max_length=_LONGEST, required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    category = forms.ChoiceField(label=gettext_lazy("Category"), required=False)
    sort = forms.ChoiceField(label=pgettext_lazy("list", "Order"), required=False, choices=list(_ORDER_WORDS.items()))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("state", [("", _("All but archived")), *ProductState.choices])
        in_english = get_language() == "en"
        shelves = [(str(one.pk), one.name_en if in_english else one.name) for one in Category.objects.all()]
        self.choose("category", [("", _("All categories")), *shelves])

    def clean_q(self) -> str:
        """Leave out what no text in the database can hold."""
        return str(self.cleaned_data["q"]).replace("\0", "").strip()

    @property
    def narrows(self) -> bool:
        """Whether some products are left out, besides those that are archived."""
        return any(self.data.get(name) for name in ("q", "state", "category"))

    def found(self) -> QuerySet[Product]:
        """Return the products meant, with their figures, in the order that is asked for."""
        self.is_valid()
        told = self.cleaned_data
        found = Product.objects.filter(merchant=self.desk.merchant).select_related("category").defer(*LONG_TEXTS)
        found = found.annotate(**{name: Subquery(_of_skus(function)) for name, function in _FIGURES.items()})
        state, words = told.get("state"), told.get("q")
        found = found.filter(state=state) if state else found.exclude(state=ProductState.ARCHIVED)
        if told.get("category"):
            found = found.filter(category_id=int(told["category"]))
        if words:
            found = found.filter(
                Q(title__icontains=words) | Q(title_en__icontains=words) | Q(id=number_in(words.removeprefix("#")))
            )
        return found.order_by(*_ORDERS[told.get("sort", "")])

    def page_of(self, key: int) -> str:
        """Return the address of a product."""
        return self.at("product", key)
