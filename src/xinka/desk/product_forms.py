"""The forms of a product and its variants. Whatever is wrong is said beside its field, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from xinka.catalog.actions import Variant
from xinka.catalog.models import DeliveryOrder, Product, Sku, StockMode
from xinka.desk.fields import PriceField, TiersField
from xinka.kernel.money import HOME, home_first
from xinka.payments.queries import currencies_taken
from xinka.platform.look import as_shown
from xinka.platform.look.templatetags.look import amount
from xinka.promotions.queries import is_in_a_sale, sale_prices
from xinka.stock.holdings import has_stock

if TYPE_CHECKING:  # generic in the stubs alone
    _ProductForm = forms.ModelForm[Product]
    _SkuForm = forms.ModelForm[Sku]
else:
    _ProductForm = _SkuForm = forms.ModelForm

MOST_VARIANTS = 20
#: The English fields that stand together; the title in English stands beside the Chinese one.
IN_ENGLISH = ("face_en", "summary_en", "description_en", "how_to_en", "after_payment_en")
_LONG = {"rows": 6}


class ProductForm(_ProductForm):
    """What the product is."""

    class Meta:
        model = Product
        fields = (
            "title",
            "title_en",
            "category",
            "kind",
            "face",
            "summary",
            "description",
            "how_to",
            "after_payment",
            *IN_ENGLISH,
        )
        labels = {
            "title": _("Title in Chinese"),
            "title_en": _("Title in English"),
            "category": _("Category"),
            "kind": _("Kind of goods"),
            "face": _("On the ticket"),
            "summary": _("Summary"),
            "description": _("Description"),
            "how_to": _("How to use it"),
            "after_payment": _("After payment"),
            "face_en": _("On the ticket, in English"),
            "summary_en": _("Summary in English"),
            "description_en": _("Description in English"),
            "how_to_en": _("How to use it, in English"),
            "after_payment_en": _("After payment, in English"),
        }
        help_texts = {
            "face": _("The face value, for example “300 点”; at most 12 characters."),
            "summary": _("One sentence for lists and search."),
            "description": _("Markdown: **bold**, lists, tables, links. No pictures, no HTML."),
            "how_to": _("Where and how the buyer redeems it. Markdown."),
            "after_payment": _("Shown only to buyers who paid."),
        }
        widgets = {
            "description": forms.Textarea(attrs={"rows": 10}),
            "how_to": forms.Textarea(attrs=_LONG),
            "after_payment": forms.Textarea(attrs=_LONG),
            "description_en": forms.Textarea(attrs=_LONG),
            "how_to_en": forms.Textarea(attrs=_LONG),
            "after_payment_en": forms.Textarea(attrs=_LONG),
        }

    currency = forms.ChoiceField(
        label=_("Currency"), required=False, help_text=_("Of all prices below. Listed is what some way to pay takes.")
    )

    def __init__(self, *args: Any, currencies: Sequence[str] = (HOME,), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(code, code) for code in currencies]  # type: ignore[attr-defined]  # it has
        self.initial["currency"] = currency_of(self.instance)
        category: Any = self.fields["category"]
        category.empty_label = _("Choose a category")
        category.label_from_instance = lambda one: one.name_en if get_language() == "en" else one.name

    def clean_title(self) -> str:
        """A title is more than white space, and one line."""
        return _one_line(self.cleaned_data["title"])

    def clean_title_en(self) -> str:
        """The same for the English one."""
        return _one_line(self.cleaned_data["title_en"])

    def clean_currency(self) -> str:
        """What a flash sale sells keeps its currency: the price of the sale is in it."""
        now = currency_of(self.instance)
        chosen = self.cleaned_data["currency"] or now
        if chosen != now and is_in_a_sale(self.instance.id):
            raise ValidationError(
                _("A flash sale of it is announced or on, and its price is in the old currency. End it first.")
            )
        return str(chosen)

    @property
    def has_english(self) -> bool:
        """Whether there is something to see among the English texts: one that is written, or wrong."""
        return any(self[name].value() or self[name].errors for name in IN_ENGLISH)


class SkuForm(_SkuForm):
    """One variant: its price, its limits and how its codes leave the vault."""

    price = PriceField()
    choose_premium = PriceField(least=0, required=False)
    tiers = TiersField(
        label=_("Price tiers"), required=False, help_text=_("One a line: from how many pieces, which unit price.")
    )

    class Meta:
        model = Sku
        fields = (
            "label",
            "label_en",
            "price",
            "min_quantity",
            "max_quantity",
            "mode",
            "delivery_order",
            "choosable",
            "choose_premium",
            "low_stock_at",
            "on_sale",
        )
        labels = {
            "label": _("Name in Chinese"),
            "label_en": _("Name in English"),
            "min_quantity": _("Least per order"),
            "max_quantity": _("Most per order"),
            "mode": _("Stock"),
            "delivery_order": _("Delivery order"),
            "choosable": _("Buyers may choose a code by its label"),
            "low_stock_at": _("Tell me when so many or fewer are left"),
            "on_sale": _("On sale"),
        }
        help_texts = {"choosable": "", "label": _("Empty when there is only one variant.")}

    def __init__(self, *args: Any, currency: str = HOME, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.currency = currency
        self.fields["mode"].choices = StockMode.choices  # type: ignore[attr-defined]  # a select has choices
        self.fields["price"].label = gettext("Price")
        self.fields["choose_premium"].label = gettext("Premium for choosing")
        for name in ("price", "choose_premium", "tiers"):
            self.fields[name].currency = self.instance.currency  # type: ignore[attr-defined]  # ours have one
        if self.instance.id:
            self.initial["tiers"] = [(tier.min_quantity, tier.unit_price) for tier in self.instance.tiers.all()]

    def clean(self) -> dict[str, Any]:
        """What only the fields together can tell."""
        data = super().clean() or self.cleaned_data
        least, most = data.get("min_quantity"), data.get("max_quantity")
        if least is not None and most is not None and most < least:
            self.add_error("max_quantity", _("The most per order cannot be less than the least."))
        if data.get("mode") == StockMode.REUSABLE:
            self._check_reusable(data)
        elif data.get("choosable") and data.get("delivery_order") != DeliveryOrder.OLDEST:
            self.add_error("delivery_order", _("Codes that buyers choose go oldest first."))
        if "mode" in self.changed_data and self.instance.id and has_stock(self.instance.id):
            self.add_error("mode", _("There is stock in the other form. Sell or withdraw it first."))
        tiers, price = data.get("tiers"), data.get("price")
        if tiers and price and tiers[0][1] >= price:
            self.add_error("tiers", _("A tier must be cheaper than the price of one piece."))
        sale_price = sale_prices([self.instance.id]).get(self.instance.id, 0) if self.instance.id and price else 0
        if price and price <= sale_price and "price" in self.changed_data:
            told = _("Its flash sale sells it at %(price)s, which has to stay below. End the sale first.")
            self.add_error("price", told % {"price": amount(sale_price, self.instance.currency)})
        return data

    def _check_reusable(self, data: dict[str, Any]) -> None:
        if data.get("choosable"):
            self.add_error("choosable", _("Only codes that are sold once can be chosen."))
        if "max_quantity" not in self.changed_data and data.get("min_quantity") == 1:
            data["max_quantity"] = 1  # nobody asked for the number that a new form begins with
        elif data.get("max_quantity") != 1:
            self.add_error("max_quantity", _("Everybody gets the same content: the most per order is 1."))

    @property
    def variant(self) -> Variant:
        """The variant as it shall become."""
        return Variant(self.instance, self.cleaned_data["tiers"])


class _SkuFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]  # generic in the stubs alone
    def clean(self) -> None:
        """Refuse two variants with one name."""
        super().clean()
        names = [form.cleaned_data.get("label", "") for form in self.forms if getattr(form, "cleaned_data", None)]
        if len(names) > len(set(names)):
            raise ValidationError(_("Two variants have the same name. Buyers could not tell them apart."))

    @property
    def variants(self) -> list[Variant]:
        """The variants as they shall become; forms nobody touched are no variants."""
        return [f.variant for f in self.forms if isinstance(f, SkuForm) and (f.instance.id or f.has_changed())]


def sign_of(product: Product) -> str:
    """Return a sign that changes with whatever the forms show of a product as it is stored; of a new one nothing."""
    if product.id is None:
        return ""
    shown: list[object] = [model_to_dict(product, ProductForm.Meta.fields)]
    for sku in product.skus.order_by("id").prefetch_related("tiers"):
        tiers = [(tier.min_quantity, tier.unit_price) for tier in sku.tiers.all()]
        shown.append((sku.id, sku.currency, model_to_dict(sku, SkuForm.Meta.fields), tiers))
    return as_shown.sign_of(shown)


def currency_of(product: Product) -> str:
    """Return the currency of a product: that of its variants, or the shop's own while it has none."""
    first = product.skus.first() if product.id else None
    return first.currency if first else HOME


def currencies_for(product: Product) -> list[str]:
    """Return the currencies a product may have: the shop's own, its own, and what some way to pay takes."""
    return home_first({HOME, currency_of(product), *currencies_taken()})


def variant_forms(product: Product, data: Any = None, *, currency: str = HOME, extra: int = 0) -> _SkuFormSet:
    """Return the forms of a product's variants, their prices in a currency, with ``extra`` empty ones."""
    factory = forms.inlineformset_factory(
        Product,
        Sku,
        form=SkuForm,
        formset=_SkuFormSet,
        extra=extra,
        min_num=0 if product.id else 1,
        validate_min=not product.id,
        max_num=MOST_VARIANTS,
        validate_max=True,
        can_delete=False,
    )
    kept = Sku.objects.filter(product=product).prefetch_related("tiers") if product.id else Sku.objects.none()
    too_few = {"too_few_forms": _("Fill in at least one variant: it needs a price.")}
    return factory(  # type: ignore[return-value]  # made of it
        data, instance=product, queryset=kept, prefix="v", error_messages=too_few, form_kwargs={"currency": currency}
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
