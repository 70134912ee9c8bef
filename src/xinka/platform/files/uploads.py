"""How files come in: into memory and no further, with limits that are looked at while they arrive.

Django would write what is larger than 2.5 MB into a temporary directory in the clear. A view that takes files is
exempt from the CSRF check only until :func:`limit_uploads` has been called: the check reads the whole body.
"""

from __future__ import annotations

import io

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from xinka.platform.files.actions import MAX_FILES, MAX_SIZE, MAX_TOGETHER, Handed
from xinka.platform.files.errors import FileTooLarge, TooManyFiles

#: What the fields of a form may weigh beside its files.
_FIELDS = 256 * 1024


def limit_uploads(request: HttpRequest) -> None:
    """Set the limits for this request, before anything of its body is read.

    Raises:
        TooManyFiles: if it announces more than the limits allow.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_TOGETHER + _FIELDS:
        raise TooManyFiles(limit=MAX_FILES, total=MAX_TOGETHER // 1024 // 1024)
    request.upload_handlers = [_InMemory(request)]


def handed_in(request: HttpRequest, field: str) -> list[Handed]:
    """Return the files of a field; a field that was left empty is no file."""
    files: list[UploadedFile[bytes]] = request.FILES.getlist(field)
    return [Handed(file.name or "", file.read()) for file in files]


class _InMemory(FileUploadHandler):
    """Keeps each file in memory and gives up as soon as a limit is passed."""

    _n_files = 0
    _together = 0

    def new_file(self, *args: object, **kwargs: object) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        self._n_files += 1
        if self._n_files > MAX_FILES:
            raise TooManyFiles(limit=MAX_FILES, total=MAX_TOGETHER // 1024 // 1024)
        self._content = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece."""
        self._together += len(raw_data)
        if start + len(raw_data) > MAX_SIZE:
            raise FileTooLarge(limit=MAX_SIZE // 1024 // 1024)
        if self._together > MAX_TOGETHER:
            raise TooManyFiles(limit=MAX_FILES, total=MAX_TOGETHER // 1024 // 1024)
        self._content.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Hand the file over."""
        self._content.seek(0)
        return InMemoryUploadedFile(
            self._content, self.field_name, self.file_name or "", self.content_type, file_size, self.charset
        )
