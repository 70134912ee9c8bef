"""How files go out: typed by what they are, never guessed at, never run, never kept by anybody on the way."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse

from xinka.platform.files.actions import open_file
from xinka.platform.files.kinds import FileKind
from xinka.platform.files.models import StoredFile

#: The file is a document of its own without scripts, styles, frames, forms or an origin (CSP 3, section 6.3.3).
POLICY = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#: Browsers centre a picture that is opened by itself with styles of their own, and would complain of the policy.
POLICY_OF_PICTURES = f"{POLICY}; style-src 'unsafe-inline'"


def answer_with(file: StoredFile, *, download: bool = False) -> HttpResponse:
    """Return a file to somebody who may see it; only pictures are shown, all else is saved."""
    kind = FileKind(file.kind)
    response = HttpResponse(open_file(file), content_type=kind.content_type)
    shown = "inline" if kind.is_image and not download else "attachment"
    response["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(file.name, safe='')}"
    response["Content-Security-Policy"] = POLICY_OF_PICTURES if kind.is_image else POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
