"""The forms of coupons, flash sales, levels, gift cards and terms, for merchants and for the office alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xinka.catalog.models import Category, Product, ProductState, Sku, spoken
from xinka.merchants.models import Merchant
from xinka.platform.look.templatetags.look import amount
from xinka.promotions.codes import normalise_code
from xinka.promotions.fields import MomentField, MoneyField, PercentField
from xinka.promotions.models import Code, Coupon, FlashSale, Level
from xinka.promotions.states import Scope, Takes

MOST_CODES = 10_000
_MOST_CHOICES = 500
#: A number of so many digits is none of ours.
_DIGITS = 19


def _goods(merchant: Merchant | None, *, named: str) -> list[Product]:
    """Return the products of a merchant to choose from: the newest, and the one that was named before."""
    if merchant is None:
        return []
    kind, _colon, number = named.partition(":")
    wanted = Q(id=_number(number)) if kind == "product" else Q(skus=_number(number)) if kind == "sku" else Q(pk=None)
    found = Product.objects.exclude(state=ProductState.ARCHIVED).filter(merchant=merchant).prefetch_related("skus")
    newest = list(found.order_by("-id")[:_MOST_CHOICES])
    return newest + [one for one in found.filter(wanted).distinct() if one not in newest]


class CouponRules(forms.Form):
    """What may be changed while a coupon is in use."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("For you; buyers do not see it."))
    ends_at = MomentField(label=_("Ends"), required=False, help_text=_("Empty: when you stop it."))
    most_total = forms.IntegerField(label=_("Uses in all"), min_value=1, max_value=10_000_000, required=False)
    most_per_buyer = forms.IntegerField(label=_("Uses per buyer"), min_value=1, max_value=1_000, required=False)
    back_on_refund = forms.BooleanField(label=_("A refunded order gives its use back"), required=False)

    def __init__(self, *args: Any, coupon: Coupon | None = None, **kwargs: Any) -> None:
        self.coupon = coupon
        if coupon is not None:
            names = ("name", "ends_at", "most_total", "most_per_buyer", "back_on_refund")
            kwargs.setdefault("initial", {name: getattr(coupon, name) for name in names})
        super().__init__(*args, **kwargs)

    def clean_most_total(self) -> int | None:
        """Return the cap, which cannot be below what is used."""
        most: int | None = self.cleaned_data["most_total"]
        if most is not None and self.coupon is not None and most < self.coupon.n_used:
            raise forms.ValidationError(_("It has been used %(n)s times already."), params={"n": self.coupon.n_used})
        return most

    def apply(self, coupon: Coupon) -> Coupon:
        """Write the rules into a coupon that is not saved yet."""
        for name, value in self.cleaned_data.items():
            if name in CouponRules.base_fields:
                setattr(coupon, name, value)
        return coupon


class CouponForm(CouponRules):
    """A new coupon: what it takes off, of what, when, and its code or codes."""

    takes = forms.ChoiceField(
        label=_("Takes off"),
        choices=[(t.value, w) for t, w in ((Takes.AMOUNT, _("An amount")), (Takes.PERCENT, _("A percentage")))],
    )
    amount = MoneyField(label=_("Amount off (¥)"), required=False, of=Takes.AMOUNT)
    percent = PercentField(label=_("Percentage off"), required=False, of=Takes.PERCENT)
    most_off = MoneyField(
        label=_("At most (¥)"), required=False, help_text=_("For a percentage; empty: no limit."), of=Takes.PERCENT
    )
    applies_to = forms.ChoiceField(label=_("Good for"))
    least_spend = MoneyField(label=_("From an order of (¥)"), required=False, least=0)
    starts_at = MomentField(label=_("Begins"), initial=timezone.now)
    code = forms.CharField(
        label=_("One code for all"),
        max_length=40,
        required=False,
        help_text=_("4 to 32 letters and digits, Chinese too. Empty: codes are made for you."),
    )
    n_codes = forms.IntegerField(
        label=_("Or so many single-use codes"), min_value=1, max_value=MOST_CODES, required=False
    )

    def __init__(self, *args: Any, merchant: Merchant | None = None, **kwargs: Any) -> None:
        self.merchant = merchant
        super().__init__(*args, **kwargs)
        self.fields["applies_to"].choices = self._choices()  # type: ignore[attr-defined]  # a select has choices
        order = ["name", "takes", "amount", "percent", "most_off", "applies_to", "least_spend", "code", "n_codes"]
        self.order_fields([*order, "starts_at", "ends_at", "most_total", "most_per_buyer", "back_on_refund"])

    def _choices(self) -> list[Any]:
        named = self.data.get("applies_to") or self.initial.get("applies_to") or ""
        goods = _goods(self.merchant, named=str(named))
        skus = [
            (f"sku:{sku.id}", f"{p.local_title} {sku.local_label}") for p in goods for sku in p.skus.all() if sku.label
        ]
        shelves = [(f"category:{shelf.id}", spoken(shelf.name, shelf.name_en)) for shelf in Category.objects.all()]
        sellers = [] if self.merchant else [(f"seller:{m.id}", m.name) for m in Merchant.objects.all()[:_MOST_CHOICES]]
        everything = _("Everything I sell") if self.merchant else _("Everything in the shop")
        found: list[Any] = [("all:", everything), (_("Categories"), shelves)]
        found += [(_("Merchants"), sellers)] if sellers else []
        found += [(_("Products"), [(f"product:{p.id}", p.local_title) for p in goods])] if goods else []
        return [*found, (_("Variants"), skus)] if skus else found

    def clean_code(self) -> str:
        """Return the code in its normal form, if it is free."""
        typed = self.cleaned_data["code"]
        code = normalise_code(typed)
        if typed and not code:
            raise forms.ValidationError(_("4 to 32 letters and digits; no other signs."))
        issuer = self.merchant.id if self.merchant else 0
        if code and Code.objects.filter(code=code, issuer_id=issuer).exists():
            raise forms.ValidationError(_("You have this code already."))
        return code

    def clean(self) -> dict[str, Any]:
        """What only the fields together can tell."""
        data = super().clean() or self.cleaned_data
        for name in ("percent", "most_off") if data.get("takes") == Takes.AMOUNT else ("amount",):
            self.errors.pop(name, None)  # it is not asked for, and most browsers do not show it
        needed = "amount" if data.get("takes") == Takes.AMOUNT else "percent"
        if not data.get(needed) and needed not in self.errors:
            self.add_error(needed, _("Say how much it takes off."))
        if data.get("ends_at") and data.get("starts_at") and data["ends_at"] <= data["starts_at"]:
            self.add_error("ends_at", _("It must end after it begins."))
        if data.get("code") and data.get("n_codes"):
            self.add_error("n_codes", _("Either one code for all, or many codes."))
        if "code" not in self.errors and not data.get("code") and not data.get("n_codes"):
            self.add_error("code", _("Write a code, or say how many to make."))
        return data

    def coupon_of(self, by_id: int) -> Coupon:
        """Return the coupon as it shall become."""
        data = self.cleaned_data
        is_amount = data["takes"] == Takes.AMOUNT
        scope, _colon, number = data["applies_to"].partition(":")
        made = Coupon(
            merchant=self.merchant,
            takes=data["takes"],
            amount=data["amount"] if is_amount else 0,
            bps=0 if is_amount else data["percent"],
            most_off=None if is_amount else data["most_off"],
            scope=Scope.MERCHANT if scope == "seller" else scope,
            least_spend=data["least_spend"] or 0,
            starts_at=data["starts_at"],
            made_by_id=by_id,
        )
        if scope != Scope.ALL:
            setattr(made, f"{scope}_id", int(number))
        return self.apply(made)


def _number(text: object) -> int:
    """Return the number of a choice as it was posted, or 0."""
    typed = str(text or "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < _DIGITS else 0


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

    def __init__(self, *args: Any, merchant: Merchant, sale: FlashSale | None = None, **kwargs: Any) -> None:
        self.sale = sale
        if sale is not None:
            names = ("price", "units", "per_buyer", "starts_at", "ends_at")
            kwargs.setdefault("initial", {name: getattr(sale, name) for name in names} | {"sku": sale.sku_id})
        super().__init__(*args, **kwargs)
        found = Sku.objects.filter(product__merchant=merchant, on_sale=True).exclude(
            product__state=ProductState.ARCHIVED
        )
        found = found.select_related("product").order_by("-product_id", "position")
        named = sale.sku_id if sale else _number(self.data.get("sku") or self.initial.get("sku"))
        kept = [sale.sku] if sale else list(found.filter(id=named))
        self.skus = {sku.id: sku for sku in [*found[:_MOST_CHOICES], *kept]}
        self.fields["sku"].choices = [  # type: ignore[attr-defined]  # a select has choices
            (sku.id, " ".join(f"{sku.local_name} {amount(sku.price, sku.currency)}".split()))
            for sku in self.skus.values()
        ]
        chosen = sale.sku if sale is not None else self.skus.get(_number(self.data.get("sku")))
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
