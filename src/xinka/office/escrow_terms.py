"""The operator's terms: how long buyers may check, how long after-sale lasts, what the platform takes and reserves."""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from xinka.accounts.policies import require_fresh_proof_to_act, signed_in
from xinka.catalog.models import Category, Kind
from xinka.escrow import queries
from xinka.escrow.actions import fields_of, set_terms
from xinka.escrow.models import Terms
from xinka.escrow.terms import LONGEST, SHORTEST, WINDOWS
from xinka.merchants.models import Merchant
from xinka.office.names import named
from xinka.office.policies import Room, for_staff
from xinka.platform.audit.actions import record

_HOUR, _DAY = 3600, 86_400
_MOST = 200


class GoodsForm(forms.Form):
    """Times, in hours."""

    confirm_hours = forms.IntegerField(
        label=_("Time to check, in hours"),
        min_value=SHORTEST // _HOUR,
        max_value=LONGEST // _HOUR,
        required=False,
        help_text=_("24 hours to 14 days (336). After it the money goes to the merchant by itself."),
    )
    after_sale_hours = forms.IntegerField(
        label=_("After-sale, in hours"),
        min_value=0,
        max_value=90 * 24,
        required=False,
        help_text=_("The merchant cannot take the money out before it ends."),
    )

    def values(self) -> dict[str, int | None]:
        """Return the terms in their own units."""
        confirm, after = self.cleaned_data["confirm_hours"], self.cleaned_data["after_sale_hours"]
        return {
            "confirm_seconds": None if confirm is None else confirm * _HOUR,
            "after_sale_seconds": None if after is None else after * _HOUR,
        }


class MoneyForm(forms.Form):
    """Shares in percent, and the days of the reserve."""

    commission = forms.DecimalField(
        label=_("Commission, in percent"), min_value=0, max_value=50, decimal_places=2, required=False
    )
    reserve = forms.DecimalField(
        label=_("Reserve, in percent of the merchant's share"),
        min_value=0,
        max_value=50,
        decimal_places=2,
        required=False,
        help_text=_("Kept longer than the rest, for claims that come late."),
    )
    reserve_days = forms.IntegerField(label=_("Reserve, for days"), min_value=0, max_value=365, required=False)

    def values(self) -> dict[str, int | None]:
        """Return the terms in their own units."""
        data = self.cleaned_data
        return {
            "commission_bps": None if data["commission"] is None else int(data["commission"] * 100),
            "reserve_bps": None if data["reserve"] is None else int(data["reserve"] * 100),
            "reserve_seconds": None if data["reserve_days"] is None else data["reserve_days"] * _DAY,
        }


def scope_in_words(scope: str) -> str:
    """Return what terms are for: the shop, a kind of goods, a category or a merchant, by its name."""
    head, _colon, rest = scope.partition(":")
    if head == "kind":
        return str(Kind(rest).label)
    if head == "category":
        found = Category.objects.filter(id=rest).first()
        return named(found) if found else rest
    if head == "merchant":
        seller = Merchant.objects.filter(id=rest).first()
        return named(seller) if seller else rest
    return gettext("The whole shop")


def _is_there(scope: str) -> bool:
    head, _colon, rest = scope.partition(":")
    if head == "category":
        return Category.objects.filter(id=rest).exists()
    return head != "merchant" or Merchant.objects.filter(id=rest).exists()


def _initial(scope: str, *, effective: bool) -> dict[str, object]:
    terms, built = queries.terms_of(scope), queries.built_in(scope)

    def of(name: str) -> int | None:
        value: int | None = getattr(terms, name)
        return built[name] if value is None and effective else value

    def share(bps: int | None) -> Decimal | None:
        return None if bps is None else Decimal(bps) / 100

    def in_units(seconds: int | None, unit: int) -> int | None:
        return None if seconds is None else seconds // unit

    return {
        "confirm_hours": in_units(of("confirm_seconds"), _HOUR),
        "after_sale_hours": in_units(of("after_sale_seconds"), _HOUR),
        "commission": share(of("commission_bps")),
        "reserve": share(of("reserve_bps")),
        "reserve_days": in_units(of("reserve_seconds"), _DAY),
    }


def _rows(scopes: list[str]) -> list[dict[str, object]]:
    return [{"scope": scope, "label": scope_in_words(scope), **_initial(scope, effective=True)} for scope in scopes]


def _others(scopes: list[tuple[str, str]], known: set[str]) -> list[dict[str, str]]:
    return [{"scope": scope, "name": name} for scope, name in scopes if scope not in known][:_MOST]


@require_safe
@for_staff(Room.TERMS)
def index(request: HttpRequest) -> HttpResponse:
    """Show the terms in force, and for what they can be set apart."""
    known = set(Terms.objects.values_list("scope", flat=True))
    context = {
        "goods": _rows([f"kind:{kind}" for kind in WINDOWS] + sorted(s for s in known if s.startswith("category:"))),
        "money": _rows(["shop", *sorted(s for s in known if s.startswith("merchant:"))]),
        "categories": _others([(f"category:{one.id}", named(one)) for one in Category.objects.all()], known),
        "merchants": _others([(f"merchant:{one.id}", named(one)) for one in Merchant.objects.order_by("name")], known),
    }
    return render(request, "office/escrow_terms.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.TERMS)
@require_fresh_proof_to_act
def edit(request: HttpRequest, scope: str) -> HttpResponse:
    """Set the terms of one scope; an empty field goes back to what holds otherwise."""
    try:
        is_goods = "confirm_seconds" in fields_of(scope)
    except ValidationError:
        raise Http404 from None
    if not _is_there(scope):
        raise Http404
    kind = GoodsForm if is_goods else MoneyForm
    form = kind(request.POST or None, initial=_initial(scope, effective=False))
    if request.method == "POST" and form.is_valid():
        values = form.values()
        with transaction.atomic():
            set_terms(scope, values)
            told = {name: "" if value is None else value for name, value in values.items()}
            record(signed_in(request), "escrow.set_terms", scope, **told)
        messages.success(request, gettext("Saved. It holds for orders delivered from now on."))
        response = HttpResponseRedirect(reverse("office:escrow_terms"))
        response.status_code = HTTPStatus.SEE_OTHER
        return response
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"form": form, "scope": scope, "label": scope_in_words(scope)}
    return render(request, "office/escrow_terms_edit.html", context, status=status)
