"""Static files under names that carry their hash, and plain names where nothing was collected (tests, development)."""

from __future__ import annotations

from django.conf import settings
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage (brotli and gzip beside each file) that does without a manifest until one exists.

    ``xinka run`` collects before it serves. Before that, a page shows the plain name instead of failing.
    """

    manifest_strict = False

    def url(self, name: str | None, force: bool = False) -> str:
        """Return the address of a static file; the plain one where no manifest was written."""
        if not self.hashed_files and not force:
            return f"{settings.STATIC_URL}{name or ''}"
        return str(super().url(name, force))
