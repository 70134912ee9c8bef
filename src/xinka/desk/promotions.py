"""A merchant's promotions: coupons with their codes, flash sales, and what whoever recommends the shop gets."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.desk.access import Desk, for_members
from xinka.flows.promotions.sales import (
    MoreAreTaken,
    NotBelowThePrice,
    NotSoManyInStock,
    end_sale,
    plan_sale,
    withdraw_stock_of,
)
from xinka.kernel import ids
from xinka.merchants.policies import Duty
from xinka.payments.queries import currencies_taken
from xinka.platform.look.templatetags.look import grouped
from xinka.promotions import actions
from xinka.promotions.codes import normalise_code
from xinka.promotions.coupon_forms import CouponForm, CouponRules
from xinka.promotions.exports import codes_as_csv
from xinka.promotions.forms import MOST_CODES, SaleForm, TermsForm, WithdrawForm
from xinka.promotions.models import Code, Coupon, FlashSale, ReferralTerms, Use
from xinka.stock.holdings import n_aside

_PER_PAGE = 30
_LATEST = 20


@require_safe
@for_members(Duty.PROMOTE)
def index(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List coupons and sales, the newest first; or the coupons of a name, and the one of a whole code."""
    coupons, query = Coupon.objects.filter(merchant=desk.merchant), _query(request)
    code = _code(desk, query)
    if query:
        coupons = coupons.filter(Q(name__icontains=query) | Q(id=code.coupon_id if code else 0))
    sales = FlashSale.objects.filter(merchant=desk.merchant).select_related("sku__product")
    terms = ReferralTerms.objects.filter(merchant=desk.merchant).first()
    context = {
        "desk": desk,
        "page": Paginator(coupons, _PER_PAGE).get_page(request.GET.get("page")),
        "query": query,
        "code": code,
        "has_coupons": bool(query) or coupons.exists(),
        "sales": Paginator(sales, _PER_PAGE).get_page(request.GET.get("sales")),
        "now": timezone.now(),
        "terms": TermsForm(initial={"percent": terms.bps if terms else None}),
    }
    return render(request, "desk/promotions.html", context)


def _code(desk: Desk, typed: str) -> Code | None:
    """Return the code of a coupon of this merchant that somebody typed as buyers do."""
    found = (
        Code.objects.filter(issuer_id=desk.merchant.pk, code=normalise_code(typed)) if typed else Code.objects.none()
    )
    return found.select_related("coupon").first()


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.PROMOTE)
def coupon_new(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Make a coupon and its codes."""
    named = {"applies_to": request.GET.get("for", "all:")}
    data = request.POST if request.method == "POST" else None
    query = _query(request)
    form = CouponForm(data, merchant=desk.merchant, currencies=currencies_taken(), initial=named, query=query)
    if form.is_bound and form.is_valid() and (made := form.make(desk.user_id)):
        messages.success(request, _("The coupon is made."))
        return redirect("desk:coupon", merchant=desk.merchant.slug, coupon_id=made.id)
    return _form_page(request, desk, form, _("New coupon"))


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.PROMOTE)
def coupon(request: HttpRequest, desk: Desk, coupon_id: int) -> HttpResponse:
    """Show a coupon, its codes and who used it; change its rules."""
    found = _coupon(desk, coupon_id)
    form = CouponRules(request.POST if request.method == "POST" else None, coupon=found)
    if form.is_bound and form.is_valid() and form.change(found):
        messages.success(request, _("Saved."))
        return redirect("desk:coupon", merchant=desk.merchant.slug, coupon_id=found.id)
    uses = Use.objects.filter(coupon=found).order_by("-at")[:_LATEST]
    context = {
        "desk": desk,
        "coupon": found,
        "form": form,
        "codes": found.codes.order_by("id")[:_LATEST],
        "n_codes": found.codes.count(),
        "most_codes": MOST_CODES,
        "uses": [(ids.show("ord", use.order_id), use) for use in uses],
        "now": timezone.now(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "desk/coupon.html", context, status=status)


@require_POST
@for_members(Duty.PROMOTE)
def coupon_codes(request: HttpRequest, desk: Desk, coupon_id: int) -> HttpResponse:
    """Make more single-use codes."""
    found = _coupon(desk, coupon_id)
    text = request.POST.get("count", "")
    count = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if 1 <= count <= MOST_CODES:
        actions.add_codes(found, count)
        messages.success(request, _("%(n)s codes were made.") % {"n": grouped(count)})
    else:
        messages.warning(request, _("From 1 to %(most)s codes at once.") % {"most": grouped(MOST_CODES)})
    return redirect("desk:coupon", merchant=desk.merchant.slug, coupon_id=found.id)


@require_safe
@for_members(Duty.PROMOTE)
def coupon_csv(request: HttpRequest, desk: Desk, coupon_id: int) -> HttpResponseBase:  # noqa: ARG001 - members only
    """Hand the codes over as a file."""
    return codes_as_csv(_coupon(desk, coupon_id))


@require_POST
@for_members(Duty.PROMOTE)
def coupon_stop(request: HttpRequest, desk: Desk, coupon_id: int) -> HttpResponse:
    """End a coupon now; orders that have it keep it."""
    found = _coupon(desk, coupon_id)
    if actions.stop_coupon(found):
        messages.success(request, _("Stopped. Orders that have it keep it."))
    return redirect("desk:coupon", merchant=desk.merchant.slug, coupon_id=found.id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.PROMOTE)
def sale_new(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Plan a flash sale."""
    named, query = {"sku": request.GET.get("sku", "")}, _query(request)
    data = request.POST if request.method == "POST" else None
    form = SaleForm(data, merchant=desk.merchant, initial=named, query=query)
    if form.is_bound and form.is_valid():
        made = _plan(form, desk)
        if made is not None:
            messages.success(request, _("The sale is planned."))
            return redirect("desk:sale", merchant=desk.merchant.slug, sale_id=made.id)
    return _form_page(request, desk, form, _("New flash sale"))


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.PROMOTE)
def sale(request: HttpRequest, desk: Desk, sale_id: int) -> HttpResponse:
    """Show a sale and who bought at its price; change what may be changed."""
    found = _sale(desk, sale_id)
    form = SaleForm(request.POST if request.method == "POST" else None, merchant=desk.merchant, sale=found)
    if form.is_bound and form.is_valid() and _plan(form, desk) is not None:
        messages.success(request, _("Saved."))
        return redirect("desk:sale", merchant=desk.merchant.slug, sale_id=found.id)
    uses = Use.objects.filter(sale=found).order_by("-at")[:_LATEST]
    context = {
        "desk": desk,
        "sale": found,
        "n_aside": n_aside(found.id),
        "form": form,
        "uses": [(ids.show("ord", use.order_id), use) for use in uses],
        "now": timezone.now(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "desk/sale.html", context, status=status)


@require_POST
@for_members(Duty.PROMOTE)
def sale_stop(request: HttpRequest, desk: Desk, sale_id: int) -> HttpResponse:
    """End a sale now; what is left is sold at the plain price."""
    found = _sale(desk, sale_id)
    if end_sale(found):
        messages.success(request, _("Stopped. Orders at its price keep it."))
    return redirect("desk:sale", merchant=desk.merchant.slug, sale_id=found.id)


@require_POST
@for_members(Duty.PROMOTE)
def sale_withdraw(request: HttpRequest, desk: Desk, sale_id: int) -> HttpResponse:
    """Withdraw codes that a sale has set aside: so many, or all of them, which ends it."""
    found = _sale(desk, sale_id)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Nothing was withdrawn: say how many, from 1 on."))
        return redirect("desk:sale", merchant=desk.merchant.slug, sale_id=found.id)
    gone = withdraw_stock_of(found, form.most())
    if n := gone.n_codes:
        over = ngettext(
            "%(n)s code withdrawn, and the sale is over.", "%(n)s codes withdrawn, and the sale is over.", n
        )
        on = ngettext("%(n)s code withdrawn. The sale goes on.", "%(n)s codes withdrawn. The sale goes on.", n)
        messages.success(request, (over if gone.is_over else on) % {"n": grouped(n)})
    else:
        messages.warning(request, _("Nothing was set aside any more, so nothing was withdrawn. The sale is over."))
    return redirect("desk:sale", merchant=desk.merchant.slug, sale_id=found.id)


@require_POST
@for_members(Duty.PROMOTE)
def referral_terms(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Set what whoever sends a buyer gets of this merchant's sales."""
    form = TermsForm(request.POST)
    if form.is_valid():
        actions.set_referral_terms(desk.merchant, form.cleaned_data["percent"] or 0)
        messages.success(request, _("Saved. It holds for orders from now on."))
    else:
        messages.warning(request, " ".join(str(error) for error in form.errors.get("percent", [])))
    return redirect("desk:promotions", merchant=desk.merchant.slug)


def _query(request: HttpRequest) -> str:
    """Return what is looked for among more goods than a select can hold."""
    return request.GET.get("q", "").replace("\0", "").strip()[:80]


def _form_page(request: HttpRequest, desk: Desk, form: CouponForm | SaleForm, title: str) -> HttpResponse:
    context = {"desk": desk, "form": form, "title": title, "query": _query(request)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "desk/promotion_new.html", context, status=status)


def _plan(form: SaleForm, desk: Desk) -> FlashSale | None:
    """Plan the sale of a valid form; what stands against it just now, the form says."""
    try:
        return plan_sale(form.sale_of(desk.merchant, desk.user_id))
    except (MoreAreTaken, NotSoManyInStock) as refusal:
        form.add_error("units", refusal.message(get_language() or ""))
    except NotBelowThePrice as refusal:
        form.add_error("price", refusal.message(get_language() or ""))
    return None


def _coupon(desk: Desk, coupon_id: int) -> Coupon:
    return get_object_or_404(Coupon, id=coupon_id, merchant=desk.merchant)


def _sale(desk: Desk, sale_id: int) -> FlashSale:
    found = FlashSale.objects.select_related("sku__product")
    return get_object_or_404(found, id=sale_id, merchant=desk.merchant)
