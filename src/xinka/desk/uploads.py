"""Uploads of stock files: sealed while they arrive, so that no plain code is ever written to a temporary file.

Django would put a file larger than 2.5 MB into /tmp as it is. This handler seals each piece with a key that lives only
as long as the request; the waiting file is then sealed again with the merchant's key.
"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from xinka.kernel.errors import Refusal
from xinka.platform.vault.envelope import DataKey
from xinka.stock.actions import sealed_files
from xinka.stock.importing.sealed_files import SealedWriter

#: About three million codes.
MAX_UPLOAD = 64 * 1024 * 1024


class FileTooLarge(Refusal):
    """The stock file is larger than one import takes."""

    code = "file_too_large"
    status = 413
    zh = "文件超过 {limit} MB。请分成几个文件导入。"
    en = "The file is larger than {limit} MB. Split it and import the parts."


class SealedUpload(UploadedFile):  # type: ignore[type-arg]  # generic in the stubs alone
    """A file that came in and lies sealed; its blocks are opened one at a time."""

    def __init__(self, writer: SealedWriter, key: DataKey, name: str, size: int) -> None:
        super().__init__(file=None, name=name, size=size)
        self._name_on_disk = writer.name
        self._key = key

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:  # noqa: ARG002 - blocks are as they were sealed
        """Yield the blocks."""
        return sealed_files().read(self._name_on_disk, self._key.open)

    def close(self) -> None:
        """Delete the file."""
        sealed_files().remove(self._name_on_disk)


class SealingHandler(FileUploadHandler):
    """Seals what arrives; anything but a file field called ``file`` is for the other handlers."""

    def new_file(self, *args: object, **kwargs: object) -> None:
        """Begin a file under a key of its own."""
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        self._key = DataKey(0, "upload", AESGCM.generate_key(256))
        self._writer = sealed_files().writer(self._key)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Seal a piece.

        Raises:
            FileTooLarge: as soon as the file is known to be too large.
        """
        if start + len(raw_data) > MAX_UPLOAD:
            self._writer.abandon()
            raise FileTooLarge(limit=MAX_UPLOAD // 1024 // 1024)
        self._writer.write(raw_data)

    def file_complete(self, file_size: int) -> SealedUpload:
        """Hand the sealed file over."""
        self._writer.finish()
        return SealedUpload(self._writer, self._key, self.file_name or "", file_size)

    def upload_interrupted(self) -> None:
        """Leave nothing of a file that did not arrive whole."""
        if hasattr(self, "_writer"):
            self._writer.abandon()
