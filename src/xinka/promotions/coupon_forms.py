"""The forms of coupons, for merchants and for the office alike."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from xinka.catalog.models import LONG_TEXTS, Category, Product, ProductState, spoken
from xinka.kernel.money import HOME, home_first
from xinka.merchants.models import Merchant
from xinka.promotions.actions import change_coupon, make_coupon
from xinka.promotions.codes import normalise_code
from xinka.promotions.errors import CodeTaken
from xinka.promotions.fields import MomentField, MoneyField, PercentField
from xinka.promotions.forms import MOST_CHOICES, MOST_CODES, number_of
from xinka.promotions.models import Code, Coupon
from xinka.promotions.states import Scope, Takes


def _goods(merchant: Merchant | None, *, named: str, query: str) -> list[Product]:
    """Return the products of a merchant to choose from: the newest that match, and the one that was named before."""
    if merchant is None:
        return []
    kind, _colon, number = named.partition(":")
    wanted = (
        Q(id=number_of(number)) if kind == "product" else Q(skus=number_of(number)) if kind == "sku" else Q(pk=None)
    )
    found = Product.objects.exclude(state=ProductState.ARCHIVED).filter(merchant=merchant).prefetch_related("skus")
    found = found.defer(*LONG_TEXTS)
    words = ("title", "title_en", "skus__label", "skus__label_en")
    matching = reduce(or_, (Q(**{f"{name}__icontains": query}) for name in words), Q(id=number_of(query)))
    newest = list((found.filter(matching).distinct() if query else found).order_by("-id")[: MOST_CHOICES + 1])
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
            raise self._below_use(self.coupon)
        return most

    def clean(self) -> dict[str, Any]:
        """It ends after it begins."""
        data = super().clean() or self.cleaned_data
        begins = self.coupon.starts_at if self.coupon else data.get("starts_at")
        if data.get("ends_at") and begins and data["ends_at"] <= begins:
            self.add_error("ends_at", _("It must end after it begins."))
        return data

    def change(self, coupon: Coupon) -> bool:
        """Change a coupon; false where buyers were quicker than a lower cap, and then the form says so."""
        if change_coupon(self.apply(coupon)):
            return True
        coupon.refresh_from_db()
        self.add_error("most_total", self._below_use(coupon))
        return False

    @staticmethod
    def _below_use(coupon: Coupon) -> forms.ValidationError:
        return forms.ValidationError(_("It has been used %(n)s times already."), params={"n": coupon.n_used})

    def apply(self, coupon: Coupon) -> Coupon:
        """Write the rules into a coupon that is not saved yet."""
        for name, value in self.cleaned_data.items():
            if name in CouponRules.base_fields:
                setattr(coupon, name, value)
        return coupon


class CouponForm(CouponRules):
    """A new coupon: what it takes off, of what, when, and its code or codes."""

    most = MOST_CHOICES

    takes = forms.ChoiceField(
        label=_("Takes off"),
        choices=[(t.value, w) for t, w in ((Takes.AMOUNT, _("An amount")), (Takes.PERCENT, _("A percentage")))],
    )
    currency = forms.ChoiceField(
        label=_("Currency"), required=False, help_text=_("Of its amounts, and of the goods that it is good for.")
    )
    amount = MoneyField(label=_("Amount off"), required=False, of=Takes.AMOUNT)
    percent = PercentField(label=_("Percentage off"), required=False, of=Takes.PERCENT)
    most_off = MoneyField(
        label=_("At most"), required=False, help_text=_("For a percentage; empty: no limit."), of=Takes.PERCENT
    )
    applies_to = forms.ChoiceField(label=_("Good for"))
    least_spend = MoneyField(label=_("From an order of"), required=False, least=0)
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

    def __init__(
        self,
        *args: Any,
        merchant: Merchant | None = None,
        currencies: Iterable[str] = (HOME,),
        query: str = "",
        **kwargs: Any,
    ) -> None:
        self.merchant = merchant
        super().__init__(*args, **kwargs)
        named = str(self.data.get("applies_to") or self.initial.get("applies_to") or "")
        self._goods = _goods(merchant, named=named, query=query)
        #: Whether there is more to choose from than a select can hold, so that one has to search.
        self.is_part = bool(query) or len(self._goods) > MOST_CHOICES
        self._set_currencies(currencies, named)
        self.fields["applies_to"].choices = self._choices()  # type: ignore[attr-defined]  # a select has choices
        order = ["name", "takes", "currency", "amount", "percent", "most_off", "applies_to", "least_spend", "code"]
        self.order_fields([*order, "n_codes", "starts_at", "ends_at", "most_total", "most_per_buyer", "back_on_refund"])

    def _set_currencies(self, currencies: Iterable[str], named: str) -> None:
        """Offer the currencies of goods and of ways to pay; where there is but one, nobody is asked."""
        of_goods = {sku.currency for one in self._goods for sku in one.skus.all()}
        known = home_first({HOME, *currencies, *of_goods})
        self.fields["currency"].choices = [(code, code) for code in known]  # type: ignore[attr-defined]  # it has
        self.initial.setdefault("currency", self._priced_in(named) or HOME)
        if len(known) == 1:
            del self.fields["currency"]
        chosen = self.data.get("currency")
        for name in ("amount", "most_off", "least_spend"):
            field: Any = self.fields[name]
            field.currency = chosen if chosen in known else self.initial["currency"]
            if len(known) == 1:
                field.label = _("%(what)s (¥)") % {"what": field.label}

    def _priced_in(self, choice: str) -> str:
        """Return the currency of the product or variant of a choice; "" of everything else."""
        kind, _colon, number = choice.partition(":")
        for one in self._goods:
            for sku in one.skus.all():
                if number_of(number) == {"product": one.pk, "sku": sku.pk}.get(kind):
                    return sku.currency
        return ""

    def _choices(self) -> list[Any]:
        goods = self._goods
        skus = [
            (f"sku:{sku.id}", f"{p.local_title} {sku.local_label}") for p in goods for sku in p.skus.all() if sku.label
        ]
        shelves = [(f"category:{shelf.id}", spoken(shelf.name, shelf.name_en)) for shelf in Category.objects.all()]
        sellers = [] if self.merchant else [(f"seller:{m.id}", m.name) for m in Merchant.objects.all()[:MOST_CHOICES]]
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
            raise forms.ValidationError(CodeTaken().message(get_language() or ""))
        return code

    def clean(self) -> dict[str, Any]:
        """What only the fields together can tell."""
        data = super().clean() or self.cleaned_data
        for name in ("percent", "most_off") if data.get("takes") == Takes.AMOUNT else ("amount",):
            self.errors.pop(name, None)  # it is not asked for, and most browsers do not show it
        needed = "amount" if data.get("takes") == Takes.AMOUNT else "percent"
        if not data.get(needed) and needed not in self.errors:
            self.add_error(needed, _("Say how much it takes off."))
        data["currency"] = data.get("currency") or self.initial["currency"]
        priced_in = self._priced_in(data.get("applies_to") or "")
        if priced_in and priced_in != data["currency"]:
            wrong = forms.ValidationError(
                _("These goods are priced in %(currency)s; choose that."), params={"currency": priced_in}
            )
            self.add_error("currency", wrong)
        if data.get("code") and data.get("n_codes"):
            self.add_error("n_codes", _("Either one code for all, or many codes."))
        if "code" not in self.errors and not data.get("code") and not data.get("n_codes"):
            self.add_error("code", _("Write a code, or say how many to make."))
        return data

    def make(self, by_id: int) -> Coupon | None:
        """Make the coupon and its codes; ``None`` where its code was taken just now, and then the form says so."""
        code, n_codes = self.cleaned_data["code"], self.cleaned_data["n_codes"] or 0
        try:
            return make_coupon(self.coupon_of(by_id), code=code, n_codes=n_codes)
        except CodeTaken as refusal:
            self.add_error("code", refusal.message(get_language() or ""))
            return None

    def coupon_of(self, by_id: int) -> Coupon:
        """Return the coupon as it shall become."""
        data = self.cleaned_data
        is_amount = data["takes"] == Takes.AMOUNT
        scope, _colon, number = data["applies_to"].partition(":")
        made = Coupon(
            merchant=self.merchant,
            takes=data["takes"],
            currency=data["currency"],
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
