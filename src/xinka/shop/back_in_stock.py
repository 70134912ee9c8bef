"""A note when something is back in stock: the product page's form, and the pages that the links in its mails open."""

from __future__ import annotations

import math
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from xinka.catalog.actions import drop_pages_of
from xinka.catalog.models import Sku
from xinka.catalog.queries import sku_for_sale
from xinka.flows import back_in_stock
from xinka.platform.look.addresses import is_own_form
from xinka.shop import lookup_limits
from xinka.shop.access import keys_of_person
from xinka.shop.forms import ContactForm
from xinka.stock import back_notes


@csrf_exempt  # the page is the same for everybody and so has no token; the request must come from this site
@sensitive_post_parameters("contact")
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Take a note for somebody who waits for a variant; whatever was noted for them before, the answer is the same."""
    if not is_own_form(request):
        raise Http404
    sku, form = sku_for_sale(_number(request)), ContactForm(request.POST)
    if sku is None:
        raise Http404
    if not form.is_valid():
        return _form(request, sku, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    contact = form.cleaned_data["contact"]
    is_theirs = back_notes.key_of(contact) in keys_of_person(request)
    if wait := lookup_limits.wait_to_be_noted(request, contact, is_theirs=is_theirs):
        form.add_error(None, gettext("Too many tries. Try again in %(n)d min.") % {"n": math.ceil(wait / 60)})
        response = _form(request, sku, form, HTTPStatus.TOO_MANY_REQUESTS)
        response["Retry-After"] = str(wait)
        return response
    is_here = back_in_stock.is_in_stock(sku)
    if is_here:
        drop_pages_of(sku.product_id)  # the page that said otherwise may be kept still
    else:
        language = get_language() or "zh-hans"
        back_in_stock.ask(sku, contact, language=language, is_theirs=is_theirs, now=timezone.now())
    context = {"sku": sku, "contact": contact, "is_theirs": is_theirs, "is_here": is_here}
    return render(request, "shop/back_asked.html", context)


def _form(request: HttpRequest, sku: Sku, form: ContactForm, status: HTTPStatus) -> HttpResponse:
    return render(request, "shop/back_form.html", {"sku": sku, "form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def note(request: HttpRequest, shown_id: str, proof: str) -> HttpResponse:
    """Show a note to whoever has its link; opening it does nothing, since machines that check mails open links too.

    Raises:
        NoteNotFound: if the link is not one of ours.
    """
    now = timezone.now()
    found = back_in_stock.note_at(shown_id, proof, now)
    if found is None or request.method != "POST":
        status = HTTPStatus.OK if found else HTTPStatus.GONE
        return render(request, "shop/back_note.html", {"note": found, "kept_for": _days()}, status=status)
    answer = request.POST.get("answer", "")
    if answer == "yes":
        back_notes.confirm_note(found.id, now)
        return HttpResponseRedirect(request.path, status=HTTPStatus.SEE_OTHER)
    if answer != "no":
        raise Http404
    back_notes.end_note(found.id)
    messages.success(request, gettext("Ended. Your address is deleted."))
    return HttpResponseRedirect(request.path, status=HTTPStatus.SEE_OTHER)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mailbox(request: HttpRequest, shown_key: str, proof: str) -> HttpResponse:
    """List what a mailbox waits for to whoever has the link from one of its mails, and end all of it at their word.

    Raises:
        NoteNotFound: if the link is not one of ours.
    """
    key = back_in_stock.mailbox_at(shown_key, proof)
    if request.method == "POST":
        back_notes.end_notes_of([key])
        messages.success(request, gettext("Ended. Your address is deleted."))
        return HttpResponseRedirect(request.path, status=HTTPStatus.SEE_OTHER)
    notes = back_notes.notes_of([key], timezone.now())
    return render(request, "shop/back_mailbox.html", {"notes": notes, "kept_for": _days()})


def _days() -> int:
    return back_notes.KEPT_FOR.days


def _number(request: HttpRequest) -> int:
    text = request.POST.get("sku", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
