"""How a "no" reaches the person or the program that asked: page, fragment (htmx) or problem document (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from xinka.kernel.errors import Refusal
from xinka.platform.look.addresses import way_back
from xinka.platform.look.context import look_of
from xinka.platform.look.preferences import LANGUAGE_COOKIE, language_of


class OnlyAForm(Refusal):
    """Somebody opened an address that a form sends to."""

    code = "only_a_form"
    status = HTTPStatus.METHOD_NOT_ALLOWED
    zh = "这个地址只接收表单，什么都没有做。请回到填表的那一页。"
    en = "This address takes only what a form sends, and nothing was done. Go back to the page with the form."


def wants_json(request: HttpRequest) -> bool:
    """Whether the client is a program: it asks for JSON, or sent JSON, and did not ask for a page."""
    accept = request.headers.get("Accept", "")
    if "text/html" in accept:
        return False
    return "json" in accept or request.content_type == "application/json"


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asked and will put the answer into a page that is already there."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def language_of_request(request: HttpRequest) -> str:
    """Return the visitor's language even where the middleware has not run (a request refused on its way in)."""
    known = getattr(request, "LANGUAGE_CODE", None)
    if isinstance(known, str):
        return known
    return language_of(LANGUAGE_COOKIE.of(request.COOKIES), request.headers.get("Accept-Language", ""))


def answer_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal in the form the client can use and in the visitor's language."""
    language = language_of_request(request)
    if wants_json(request):
        response: HttpResponse = problem(refusal.problem(language))
    else:
        response = error_answer(request, int(refusal.status), text=refusal.message(language), code=refusal.code)
    if "retry_after" in refusal.params:
        response["Retry-After"] = str(refusal.params["retry_after"])
    return response


def problem(document: dict[str, object]) -> JsonResponse:
    """Return a problem document (RFC 9457); its ``status`` member is the status of the answer."""
    status = document.get("status", HTTPStatus.BAD_REQUEST)
    return JsonResponse(
        document,
        status=status if isinstance(status, int) else HTTPStatus.BAD_REQUEST,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )


def error_answer(
    request: HttpRequest, status: int, *, text: str = "", code: str = "", reference: str = ""
) -> HttpResponse:
    """Render the page (or, for htmx and programs, the small form) of an error status.

    It needs neither database nor session, so it also works when they are what failed.
    """
    language = language_of_request(request)
    with translation.override(language):
        if wants_json(request):
            title = text or HTTPStatus(status).phrase
            return problem({"type": "about:blank", "title": title, "status": status, "reference": reference})
        context = {
            "look": look_of(request),
            "status": status,
            "text": text,
            "code": code,
            "reference": reference,
            "way_back": way_back(request),
            "entrance": _entrance(request.path),
            "LANGUAGE_CODE": language,
            "request_path": request.path,
            "title": gettext("This could not be done") if text else "",
        }
        if is_fragment(request):
            response = HttpResponse(render_to_string("look/_refusal.html", context), status=status)
            response["HX-Retarget"] = "#notices"
            response["HX-Reswap"] = "innerHTML show:top"
            return response
        name = f"{status}.html" if not text and status in {400, 403, 404, 429, 500} else "look/refusal.html"
        return HttpResponse(render_to_string(name, context), status=status)


def _entrance(path: str) -> str:
    """Return the first page of where somebody works, for those who come from nowhere; else the shop's."""
    return next((entrance for entrance in ("/office/", "/desk/") if path.startswith(entrance)), "/")
