"""Whether a password is known from breaches, asked without any network: a Bloom filter in a file.

A filter never misses a listed password and wrongly accuses one in a million others. It is keyed by the first 16 bytes
of SHA-1, the form in which the large public list (Have I Been Pwned) is published.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from rbloom import Bloom

WRONG_ONCE_IN = 1_000_000
_building = threading.Lock()


def is_breached(password: str) -> bool:
    """Return whether the password, or its lower-case form, is in the list."""
    known = _filter()
    return any(fingerprint(form) in known for form in {password, password.lower()})


def fingerprint(password: str) -> bytes:
    """Return what a password is listed by."""
    return hashlib.sha1(password.encode(), usedforsecurity=False).digest()[:16]


def as_number(entry: bytes) -> int:
    """Return the 128-bit number rbloom wants for an entry."""
    return int.from_bytes(entry, "big", signed=True)


def build(entries: Iterable[bytes], expected: int, target: Path) -> None:
    """Write a filter of ``entries`` to ``target``, whole or not at all."""
    from rbloom import Bloom  # at first use: a process that never sets a password need not load it

    bloom = Bloom(expected, 1 / WRONG_ONCE_IN, as_number)
    for entry in entries:
        bloom.add(entry)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    bloom.save(str(draft))
    draft.replace(target)


@cache
def _filter() -> Bloom:
    from rbloom import Bloom  # see build()

    configured = settings.BREACHED_PASSWORDS_FILE
    if configured:
        return Bloom.load(configured, as_number)
    path = settings.ENVIRONMENT.data_dir / "common-passwords-1.bloom"
    with _building:
        if not path.exists():
            words = _common_passwords()
            build((fingerprint(word) for word in words), len(words), path)
    return Bloom.load(str(path), as_number)


def _common_passwords() -> set[str]:
    """Return the lists that come with packages the shop installs anyway."""
    from django.contrib.auth import password_validation  # only to build the filter
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # megabytes of words, only to build the filter

    listed = Path(password_validation.__file__).with_name("common-passwords.txt.gz")
    with gzip.open(listed, "rt", encoding="utf-8") as lines:
        words = {line.strip() for line in lines}
    words.update(FREQUENCY_LISTS["passwords"])
    return {word for word in words if word}
