"""Merchants and categories: who sells here, and on which shelves."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms.models import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.models import User
from xinka.accounts.policies import signed_in
from xinka.catalog.categories import move_category, save_category
from xinka.catalog.models import Category, Product
from xinka.flows.merchant_letters import tell_of_opening, tell_of_standing
from xinka.merchants.actions import open_merchant, set_standing, set_verified
from xinka.merchants.models import Merchant, MerchantState
from xinka.office.names import SHORT_NAME_ERRORS, SHORT_NAME_HELP
from xinka.office.policies import Room, for_staff
from xinka.payments.actions import tell_tills
from xinka.payouts.payees import Payee
from xinka.payouts.queries import standing_hold
from xinka.platform.audit.actions import record
from xinka.platform.look.as_shown import refuse_stale, sign_of

if TYPE_CHECKING:  # generic in the stubs alone
    _MerchantForm = forms.ModelForm[Merchant]
    _CategoryForm = forms.ModelForm[Category]
else:
    _MerchantForm = _CategoryForm = forms.ModelForm

_Row = TypeVar("_Row", bound=Model)
_PAGE = 50
_GLYPHS = (
    ("card", _("Card")),
    ("game", _("Game")),
    ("member", _("Membership")),
    ("key", pgettext_lazy("icon", "Key")),
    ("book", _("Book")),
    ("box", _("Box")),
    ("bolt", _("Lightning")),
    ("phone", _("Telephone")),
    ("globe", _("Globe")),
    ("tag", _("Label")),
)


class MerchantForm(_MerchantForm):
    """A merchant as staff know it; ``owner`` is asked for once, when it is opened."""

    owner = forms.EmailField(label=_("E-mail address of the owner"), required=False)
    verified = forms.BooleanField(label=_("We have checked who this is"), required=False)

    class Meta:
        model = Merchant
        fields = ("slug", "name", "name_en", "kind", "about", "about_en", "alert_email")
        labels = {
            "slug": _("Short name"),
            "name": _("Name in Chinese"),
            "name_en": _("Name in English"),
            "kind": _("In law"),
            "about": _("About, in Chinese"),
            "about_en": _("About, in English"),
            "alert_email": _("Alarm address"),
        }
        help_texts = {
            "slug": SHORT_NAME_HELP,
            "about": _("Buyers read it on the page of each product."),
            "about_en": _("Who reads English sees the Chinese text where this is empty."),
            "alert_email": _("Hears of low stock and of every change of payout accounts."),
        }
        error_messages = {"slug": SHORT_NAME_ERRORS}
        widgets = {name: forms.Textarea(attrs={"rows": 4}) for name in ("about", "about_en")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance.pk is None
        self.person: User | None = None
        if self.is_new:
            self.fields["owner"].required = True
            self.fields["owner"].help_text = _("An account that exists.")
        else:
            del self.fields["slug"], self.fields["owner"]
            self.fields["verified"].initial = self.instance.verified_at is not None

    def clean_owner(self) -> str:
        """The owner has an account."""
        email = str(self.cleaned_data["owner"])
        self.person = User.objects.find(email)
        if self.person is None:
            raise forms.ValidationError(_("Nobody has signed up with this address."))
        return email


class Suspension(forms.Form):
    """Why a merchant is suspended; its owners read it."""

    reason = forms.CharField(min_length=5, max_length=200, strip=True)


class CategoryForm(_CategoryForm):
    """A shelf."""

    glyph = forms.ChoiceField(label=_("Icon"), choices=_GLYPHS)

    class Meta:
        model = Category
        fields = ("slug", "name", "name_en", "glyph", "tint")
        labels = {
            "slug": _("Short name"),
            "name": _("Name in Chinese"),
            "name_en": _("Name in English"),
            "tint": _("Colour of its tickets"),
        }
        help_texts = {"slug": SHORT_NAME_HELP}
        error_messages = {"slug": SHORT_NAME_ERRORS}


@require_safe
@for_staff(Room.MERCHANTS)
def merchants(request: HttpRequest) -> HttpResponse:
    """List the merchants, or those whose name or short name has some letters in it."""
    query = request.GET.get("q", "").replace("\0", "").strip()[:60]
    # Counted for those that are shown alone: a sum over all products would be read for each page.
    mine = Product.objects.filter(merchant=OuterRef("pk")).order_by().values("merchant").annotate(n=Count("id"))
    n_products = Coalesce(Subquery(mine.values("n")), 0)
    found = Merchant.objects.annotate(n_products=n_products).order_by("name", "id")
    if query:
        by_name = Q(name__icontains=query) | Q(name_en__icontains=query)
        found = found.filter(by_name | Q(slug__icontains=query))
    page = Paginator(found, _PAGE).get_page(request.GET.get("page"))
    return render(request, "office/merchants.html", {"page": page, "query": query})


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.MERCHANTS)
def merchant_new(request: HttpRequest) -> HttpResponse:
    """Open a merchant for somebody with an account."""
    form = MerchantForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and form.person is not None:
        with transaction.atomic():
            made = form.save(commit=False)
            set_verified(made, verified=form.cleaned_data["verified"])
            open_merchant(made, owner=form.person)
            tell_of_opening(made, form.person)
            record(signed_in(request), "merchant.open", f"merchant {made.slug}", owner=form.person.pk)
        messages.success(request, gettext("Opened: %(name)s") % {"name": made.name})
        return _see("office:merchant", made.id)
    return _form(request, "office/merchant.html", {"form": form, "merchant": form.instance, "team": [], "hold": None})


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.MERCHANTS)
@transaction.atomic
def merchant(request: HttpRequest, merchant_id: int) -> HttpResponse:
    """Show a merchant and its team, and change its names."""
    found = get_object_or_404(_to_change(request, Merchant.objects.all()), id=merchant_id)
    seen = sign_of((model_to_dict(found, MerchantForm.Meta.fields), found.verified_at is not None))
    form = MerchantForm(request.POST if request.method == "POST" else None, instance=found)
    if request.method == "POST":
        refuse_stale(form, seen, request.POST)
        if form.is_valid():
            _change(form, by=signed_in(request))
            messages.success(request, gettext("Saved"))
            return _see("office:merchant", found.id)
    team = found.memberships.select_related("user").order_by("-role", "id")
    context = {"form": form, "merchant": found, "team": team, "hold": standing_hold(Payee.of_merchant(found.id))}
    return _form(request, "office/merchant.html", context | {"seen": seen})


def _change(form: MerchantForm, *, by: User) -> None:
    """Write what was changed, and of the rest nothing: it may have been suspended since it was shown."""
    if not form.changed_data:
        return
    changed = form.save(commit=False)
    set_verified(changed, verified=form.cleaned_data["verified"])
    names = [name if name != "verified" else "verified_at" for name in form.changed_data]
    changed.save(update_fields=names)
    tell_tills()  # its name is on pages that are kept
    record(by, "merchant.change", f"merchant {changed.slug}", fields=", ".join(form.changed_data))


@require_POST
@for_staff(Room.MERCHANTS)
def merchant_standing(request: HttpRequest, merchant_id: int) -> HttpResponse:
    """Suspend a merchant, whose products then leave the shop, or let it sell again; its owners are told, and why."""
    found, to = get_object_or_404(Merchant, id=merchant_id), request.POST.get("to", "")
    if to not in MerchantState.values:
        raise Http404
    form = Suspension(request.POST)
    if to == MerchantState.SUSPENDED and not form.is_valid():
        messages.warning(request, gettext("Nothing was stopped: write the reason, at least five characters."))
        return _see("office:merchant", found.id)
    why = form.cleaned_data["reason"] if to == MerchantState.SUSPENDED else ""
    with transaction.atomic():
        if set_standing(found.id, to=MerchantState(to), why=why):
            tell_tills()
            tell_of_standing(found.id, timezone.now())
            record(signed_in(request), f"merchant.{to}", f"merchant {found.slug}", **({"reason": why} if why else {}))
    messages.success(request, gettext("Saved"))
    return _see("office:merchant", found.id)


@require_safe
@for_staff(Room.CATEGORIES)
def categories(request: HttpRequest) -> HttpResponse:
    """List the categories in their order."""
    found = Category.objects.annotate(n_products=Count("products"))
    return render(request, "office/categories.html", {"categories": found.order_by("position", "id")})


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.CATEGORIES)
def category_new(request: HttpRequest) -> HttpResponse:
    """Put up a shelf."""
    return _category(request, Category())


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.CATEGORIES)
@transaction.atomic
def category(request: HttpRequest, category_id: int) -> HttpResponse:
    """Rename a shelf."""
    return _category(request, get_object_or_404(_to_change(request, Category.objects.all()), id=category_id))


def _category(request: HttpRequest, found: Category) -> HttpResponse:
    is_new = found.pk is None
    seen = "" if is_new else sign_of(model_to_dict(found, CategoryForm.Meta.fields))
    form = CategoryForm(request.POST if request.method == "POST" else None, instance=found)
    if request.method == "POST":
        refuse_stale(form, seen, request.POST)
        if form.is_valid():
            with transaction.atomic():
                made = save_category(form.save(commit=False))
                record(signed_in(request), "category.open" if is_new else "category.change", f"category {made.slug}")
            messages.success(request, gettext("Saved"))
            return _see("office:categories")
    return _form(request, "office/category.html", {"form": form, "category": found, "is_new": is_new, "seen": seen})


@require_POST
@for_staff(Room.CATEGORIES)
def category_move(request: HttpRequest, category_id: int) -> HttpResponse:
    """Move a shelf up or down."""
    found, up = get_object_or_404(Category, id=category_id), request.POST.get("to") == "up"
    with transaction.atomic():
        if move_category(found.id, up=up):
            record(signed_in(request), "category.move", f"category {found.slug}", to="up" if up else "down")
    return _see("office:categories")


def _to_change(request: HttpRequest, rows: QuerySet[_Row]) -> QuerySet[_Row]:
    """Return rows of which the one that is being changed is held, so that nobody else changes it meanwhile."""
    return rows.select_for_update(no_key=True) if request.method == "POST" else rows


def _form(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, name, context, status=422 if context["form"].errors else 200)


def _see(name: str, *args: object) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse(name, args=args))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
