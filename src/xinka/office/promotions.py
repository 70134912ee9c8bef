"""The platform's promotions: its coupons, member levels, gift cards, and what recommending brings by default."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Min, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.flows.promotions.cards import Batch, PaidFrom, issue
from xinka.kernel import ids
from xinka.kernel.money import plain_amount
from xinka.office.policies import Room, for_staff
from xinka.payments.queries import currencies_taken
from xinka.platform.audit.actions import record
from xinka.promotions import actions
from xinka.promotions.coupon_forms import CouponForm, CouponRules
from xinka.promotions.exports import cards_as_csv, codes_as_csv
from xinka.promotions.forms import MOST_CODES, CardsForm, LevelForm, TermsForm
from xinka.promotions.models import Coupon, GiftCard, Level, Member, ReferralTerms, Use

_PER_PAGE = 30
_LATEST = 20


@require_safe
@for_staff(Room.PROMOTIONS)
def index(request: HttpRequest) -> HttpResponse:
    """Show the platform's coupons, levels, gift cards and terms."""
    terms = ReferralTerms.objects.filter(merchant=None).first()
    batches = GiftCard.objects.values("batch_id", "note", "currency").annotate(
        n=Count("id"), value=Sum("value"), balance=Sum("balance"), at=Min("created_at")
    )
    context = {
        "page": Paginator(Coupon.objects.filter(merchant=None), _PER_PAGE).get_page(request.GET.get("page")),
        "levels": Level.objects.annotate(n=Count("members")),
        "n_members": Member.objects.count(),
        "batches": Paginator(batches.order_by("-at", "batch_id"), _PER_PAGE).get_page(request.GET.get("cards")),
        "terms": TermsForm(initial={"percent": terms.bps if terms else None}),
        "now": timezone.now(),
    }
    return render(request, "office/promotions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.PROMOTIONS)
def coupon_new(request: HttpRequest) -> HttpResponse:
    """Make a coupon that the platform pays for."""
    form = CouponForm(request.POST if request.method == "POST" else None, currencies=currencies_taken())
    if form.is_bound and form.is_valid():
        staff = signed_in(request)
        with transaction.atomic():
            made = form.make(staff.id)
            if made is not None:
                record(staff, "coupon.make", f"coupon {made.id}", name=made.name)
        if made is not None:
            messages.success(request, _("The coupon is made."))
            return _see("office:coupon", made.id)
    return _form_page(request, form, _("New coupon of the platform"))


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.PROMOTIONS)
def coupon(request: HttpRequest, coupon_id: int) -> HttpResponse:
    """Show a coupon of the platform; change its rules."""
    found = _coupon(coupon_id)
    form = CouponRules(request.POST if request.method == "POST" else None, coupon=found)
    if form.is_bound and form.is_valid():
        with transaction.atomic():
            is_changed = form.change(found)
            if is_changed:
                record(signed_in(request), "coupon.change", f"coupon {found.id}", name=found.name)
        if is_changed:
            messages.success(request, _("Saved."))
            return _see("office:coupon", found.id)
    uses = Use.objects.filter(coupon=found).order_by("-at")[:_LATEST]
    context = {
        "coupon": found,
        "form": form,
        "codes": found.codes.order_by("id")[:_LATEST],
        "n_codes": found.codes.count(),
        "most_codes": MOST_CODES,
        "uses": [(ids.show("ord", use.order_id), use) for use in uses],
        "now": timezone.now(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "office/coupon.html", context, status=status)


@require_POST
@for_staff(Room.PROMOTIONS)
def coupon_codes(request: HttpRequest, coupon_id: int) -> HttpResponse:
    """Make more single-use codes."""
    found, text = _coupon(coupon_id), request.POST.get("count", "")
    count = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if 1 <= count <= MOST_CODES:
        with transaction.atomic():
            actions.add_codes(found, count)
            record(signed_in(request), "coupon.codes", f"coupon {found.id}", count=count)
        messages.success(request, _("%(n)s codes were made.") % {"n": count})
    else:
        messages.warning(request, _("From 1 to %(most)s codes at once.") % {"most": MOST_CODES})
    return _see("office:coupon", found.id)


@require_safe
@for_staff(Room.PROMOTIONS)
def coupon_csv(request: HttpRequest, coupon_id: int) -> HttpResponseBase:
    """Hand the codes over as a file; who took it is written down."""
    found = _coupon(coupon_id)
    record(signed_in(request), "coupon.export", f"coupon {found.id}")
    return codes_as_csv(found)


@require_POST
@for_staff(Room.PROMOTIONS)
def coupon_stop(request: HttpRequest, coupon_id: int) -> HttpResponse:
    """End a coupon now."""
    found = _coupon(coupon_id)
    with transaction.atomic():
        if actions.stop_coupon(found):
            record(signed_in(request), "coupon.stop", f"coupon {found.id}")
            messages.success(request, _("Stopped. Orders that have it keep it."))
    return _see("office:coupon", found.id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.PROMOTIONS)
def level(request: HttpRequest, level_id: int = 0) -> HttpResponse:
    """Make or change a member level; who has it is reckoned anew each night."""
    found = get_object_or_404(Level, id=level_id) if level_id else Level()
    form = LevelForm(request.POST if request.method == "POST" else None, instance=found)
    if form.is_bound and form.is_valid():
        with transaction.atomic():
            saved = form.save()
            record(signed_in(request), "level.save", f"level {saved.id}", off_bps=saved.off_bps)
        messages.success(request, _("Saved. Who has it is reckoned anew each night."))
        return _see("office:promotions")
    return _form_page(request, form, _("Member level"))


@require_POST
@for_staff(Room.PROMOTIONS)
def referral_terms(request: HttpRequest) -> HttpResponse:
    """Set what recommending brings where a merchant offers nothing else."""
    form = TermsForm(request.POST)
    if form.is_valid():
        bps = form.cleaned_data["percent"] or 0
        with transaction.atomic():
            actions.set_referral_terms(None, bps)
            record(signed_in(request), "referral.terms", "platform", bps=bps)
        messages.success(request, _("Saved. It holds for orders from now on."))
    else:
        messages.warning(request, " ".join(str(error) for error in form.errors.get("percent", [])))
    return _see("office:promotions")


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.PROMOTIONS)
@require_fresh_proof
def cards_new(request: HttpRequest) -> HttpResponseBase:
    """Issue gift cards; their codes leave in this answer and are not kept.

    They are as good as cash, so whoever sits down at somebody's open desk has to prove who they are first.
    """
    form = CardsForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return _form_page(request, form, _("New gift cards"))
    data, staff = form.cleaned_data, signed_in(request)
    batch = Batch(
        count=data["count"],
        value=data["value"],
        paid_from=PaidFrom.SOLD if data["paid_from"] == "sold" else PaidFrom.GIVEN,
        expires_at=data["expires_at"],
        note=data["note"],
        sku=data["sku"],
    )
    with transaction.atomic():
        batch_id, codes = issue(batch, by_id=staff.id)
        record(
            staff,
            "gift_cards.issue",
            str(batch_id),
            count=batch.count,
            value=batch.value,
            currency=batch.currency,
            note=batch.note,
        )
    if batch.sku is not None:
        messages.success(request, _("%(n)s gift cards are in stock.") % {"n": batch.count})
        return _see("office:promotions")
    response = StreamingHttpResponse(
        cards_as_csv(codes, plain_amount(batch.value)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f"attachment; filename=gift-cards-{batch_id}.csv"
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.PROMOTIONS)
def cards_stop(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Stop all cards of a batch (lost, stolen, sent to the wrong people), after a page that asks once more."""
    cards = GiftCard.objects.filter(batch_id=batch_id, stopped_at=None)
    if request.method != "POST":
        return render(request, "office/cards_stop.html", {"count": cards.count()})
    with transaction.atomic():
        count = cards.update(stopped_at=timezone.now())
        record(signed_in(request), "gift_cards.stop", str(batch_id), count=count)
    messages.success(request, _("%(n)s gift cards were stopped. What they owe stays in the books.") % {"n": count})
    return _see("office:promotions")


def _form_page(request: HttpRequest, form: object, title: str) -> HttpResponse:
    is_bound = bool(getattr(form, "is_bound", False))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_bound else HTTPStatus.OK
    return render(request, "office/promotion_new.html", {"form": form, "title": title}, status=status)


def _coupon(coupon_id: int) -> Coupon:
    return get_object_or_404(Coupon, id=coupon_id, merchant=None)


def _see(name: str, *args: object) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse(name, args=args))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
