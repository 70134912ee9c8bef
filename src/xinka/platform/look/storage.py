"""Static files under names that carry their hash, and plain names where nothing was collected (tests, development)."""

from __future__ import annotations

from functools import cached_property

from django.conf import settings
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage (brotli and gzip beside each file) that does without a manifest until one exists.

    ``xinka run`` collects before it serves. Before that, a page shows the plain name instead of failing.
    """

    manifest_strict = False

    @cached_property
    def _found(self) -> dict[str, str]:
        """Addresses by name: a page asks for the sprite twenty times, and the manifest never changes while we serve."""
        return {}

    def url(self, name: str | None, force: bool = False) -> str:
        """Return the address of a static file; the plain one where no manifest was written."""
        if not self.hashed_files and not force:
            return f"{settings.STATIC_URL}{name or ''}"
        if name is None or force:
            return str(super().url(name, force))
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = str(super().url(name))
        return found
