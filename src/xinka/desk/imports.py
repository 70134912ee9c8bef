"""The import wizard: a file or pasted lines, a preview, the import by a job, its report, and the way back."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.catalog.models import Sku, StockMode
from xinka.desk.access import Desk, check_duty, desk_of, for_members
from xinka.desk.columns import ColumnsForm, columns_form
from xinka.desk.stock import batch_of, sku_of
from xinka.desk.uploads import MAX_UPLOAD, FileTooLarge, SealedUpload, SealingHandler
from xinka.flows import stocking
from xinka.kernel.errors import Refusal
from xinka.merchants.policies import Duty
from xinka.stock import actions
from xinka.stock.errors import ImportNotWaiting, NoRoomForFile, PreviewIsOld, SkuTakesOneContent
from xinka.stock.holdings import has_unsold
from xinka.stock.importing.decoding import Encoding, blocks_of
from xinka.stock.importing.problems import Problem
from xinka.stock.importing.words import in_words
from xinka.stock.models import BatchState, StockBatch
from xinka.stock.previews import preview_of

STEPS = (gettext_lazy("Choose"), gettext_lazy("Check"), gettext_lazy("Import"), gettext_lazy("Done"))
#: An import in one of these states has brought what it will bring, or waits for somebody to go on with it.
_OVER = (BatchState.DONE, BatchState.FAILED, BatchState.UNDONE)


@csrf_exempt  # only so far: the check follows once the way of the upload is chosen, since it reads the whole body
@login_required
def upload(request: HttpRequest, merchant: str, sku_id: int) -> HttpResponseBase:
    """Take codes in. Who may not is turned away before a byte of the file is read."""
    desk = desk_of(request, merchant)
    check_duty(request, desk, Duty.STOCK)
    sku = sku_of(desk, sku_id)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_UPLOAD + 65_536:
        raise FileTooLarge(limit=MAX_UPLOAD // 1024 // 1024)
    request.upload_handlers = [SealingHandler(request)]
    return _upload(request, desk, sku)


upload.duty = Duty.STOCK  # type: ignore[attr-defined]  # the tests read it off every address


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def _upload(request: HttpRequest, desk: Desk, sku: Sku) -> HttpResponse:
    if sku.mode == StockMode.REUSABLE:
        raise SkuTakesOneContent
    problem, status = "", 422
    pasted = request.POST.get("pasted", "")
    if request.method == "POST":
        try:
            blocks, name = _received(request, pasted)
            batch = stocking.receive(sku.id, blocks, name=name, by_id=desk.user_id)
            return redirect("desk:import", merchant=desk.merchant.slug, batch_id=batch.id)
        except _NotOneSource as words:
            problem = str(words)
        except Refusal as refusal:
            problem = refusal.message(request.LANGUAGE_CODE or "")
            status = 507 if isinstance(refusal, NoRoomForFile) else status
        finally:
            file = request.FILES.get("file")
            if file is not None:
                file.close()
    context = {"desk": desk, "sku": sku, "steps": STEPS, "problem": problem, "pasted": pasted}
    return render(request, "desk/upload.html", context, status=status if problem else 200)


class _NotOneSource(Exception):
    """Neither a file nor text came, or both; in words for the page."""


def _received(request: HttpRequest, pasted: str) -> tuple[Iterable[bytes], str]:
    file = request.FILES.get("file")
    if file is not None and pasted.strip():
        raise _NotOneSource(
            _("Send either the file or the pasted lines: empty the field and choose the file again, or send it so.")
        )
    if isinstance(file, SealedUpload) and file.size:
        return file.chunks(), file.name or ""
    if file is not None:
        raise _NotOneSource(_("This file is empty. Look whether it was saved, then choose it again."))
    if pasted.strip():
        return blocks_of(pasted.encode()), ""
    raise _NotOneSource(_("Paste codes or choose a file first."))


@require_safe
@for_members(Duty.STOCK)
def show(request: HttpRequest, desk: Desk, batch_id: int) -> HttpResponse:
    """Show where an import is: its preview, its progress or its report."""
    batch = batch_of(desk, batch_id)
    context = {"desk": desk, "batch": batch, "sku": batch.sku, "steps": STEPS, **_facts(batch)}
    if batch.state == BatchState.WAITING:
        return _preview_page(request, desk, batch, columns_form(batch))
    return render(request, "desk/import.html", context)


@require_POST
@for_members(Duty.STOCK)
def columns(request: HttpRequest, desk: Desk, batch_id: int) -> HttpResponse:
    """Read a waiting file as its columns were chosen by hand, and show the preview anew."""
    batch = batch_of(desk, batch_id)
    if batch.state != BatchState.WAITING:
        raise ImportNotWaiting
    form = columns_form(batch, request.POST)
    if not form.is_valid():
        return _preview_page(request, desk, batch, form)
    actions.choose_columns(batch, *form.chosen())
    messages.info(request, _("The file is read anew. Look at the preview; nothing is imported before you confirm it."))
    return redirect("desk:import", merchant=desk.merchant.slug, batch_id=batch.id)


@require_safe
@for_members(Duty.STOCK)
def progress(request: HttpRequest, desk: Desk, batch_id: int) -> HttpResponse:
    """Show how far an import is, as a fragment that asks again until it is over."""
    batch = batch_of(desk, batch_id)
    return render(request, "desk/_progress.html", {"desk": desk, "batch": batch, "steps": STEPS, **_facts(batch)})


@require_POST
@for_members(Duty.STOCK)
def confirm(request: HttpRequest, desk: Desk, batch_id: int) -> HttpResponse:
    """Start the import; a job does the work, and the page may be left."""
    try:
        batch = stocking.start_import(batch_of(desk, batch_id).id, reading=request.POST.get("reading", ""))
    except PreviewIsOld as refusal:
        messages.warning(request, refusal.message(request.LANGUAGE_CODE or ""))
        return redirect("desk:import", merchant=desk.merchant.slug, batch_id=batch_id)
    if batch.id != batch_id:
        messages.info(request, _("This file stopped half-way before. The import goes on from there."))
    return redirect("desk:import", merchant=desk.merchant.slug, batch_id=batch.id)


@require_POST
@for_members(Duty.STOCK)
def resume(request: HttpRequest, desk: Desk, batch_id: int) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Let an import that stopped go on."""
    batch = batch_of(desk, batch_id)
    stocking.continue_import(batch)
    return redirect("desk:import", merchant=desk.merchant.slug, batch_id=batch.id)


@require_POST
@for_members(Duty.STOCK)
def discard(request: HttpRequest, desk: Desk, batch_id: int) -> HttpResponse:
    """Forget a file that was not confirmed."""
    batch = batch_of(desk, batch_id)
    actions.discard_batch(batch)
    messages.info(request, _("The file was deleted. Stock did not change."))
    return redirect("desk:upload", merchant=desk.merchant.slug, sku_id=batch.sku_id)


@require_POST
@for_members(Duty.STOCK)
def undo(request: HttpRequest, desk: Desk, batch_id: int) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Have the unsold codes of a batch taken out of stock again; a job does the work, and the page may be left."""
    batch = batch_of(desk, batch_id)
    stocking.start_undo(batch)
    return redirect("desk:import", merchant=desk.merchant.slug, batch_id=batch.id)


def _facts(batch: StockBatch) -> dict[str, object]:
    is_undoing = batch.state == BatchState.UNDOING
    return {
        "share": _share(batch.n_undone, batch.n_added) if is_undoing else _share(batch.n_lines, _lines_guess(batch)),
        "encoding": Encoding(batch.encoding).shown if batch.encoding else "",
        "problems": _in_words([Problem.from_json(each) for each in batch.problems]),
        "is_importing": batch.state == BatchState.IMPORTING,
        "is_undoing": is_undoing and not batch.problem,
        "has_stopped": is_undoing and bool(batch.problem),
        "may_undo": batch.state in _OVER and has_unsold(batch),
    }


def _in_words(problems: Iterable[Problem]) -> list[tuple[int, str]]:
    return [(problem.line, in_words(problem.why)) for problem in problems]


def _share(done: int, of: int) -> int:
    """How many of a hundred parts are done of something that goes on: never all of them."""
    return min(99, done * 100 // max(1, of))


def _lines_guess(batch: StockBatch) -> int:
    """How many lines there may be, from the size and the length of a common code; the bar needs no more."""
    return max(batch.n_lines + 1, batch.size // 22)


def _preview_page(request: HttpRequest, desk: Desk, batch: StockBatch, form: ColumnsForm) -> HttpResponse:
    found = preview_of(batch)
    context = {
        "desk": desk,
        "batch": batch,
        "sku": batch.sku,
        "steps": STEPS,
        **_facts(batch),
        "found": found,
        "invalid": _in_words(found.problems),
        "form": form,
        "reading": actions.reading_of(batch),
    }
    return render(request, "desk/preview.html", context, status=422 if form.errors else 200)
