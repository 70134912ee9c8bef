"""A sealed stream is whole and unchanged, or it does not open."""

from __future__ import annotations

import io
import os

import pytest

from xinka.platform.vault.envelope import EnvelopeError
from xinka.platform.vault.sealed_stream import PART, open_stream, seal_stream

KEY = bytes(range(32))
SEALED = PART + 16


def sealed(plain: bytes, piece: int = 300_000) -> bytes:
    """Return a stream sealed from pieces of some size."""
    return b"".join(seal_stream(KEY, (plain[at : at + piece] for at in range(0, len(plain), piece)), b"here"))


def opened(stream: bytes, key: bytes = KEY, where: bytes = b"here") -> bytes:
    """Return what is inside."""
    return b"".join(open_stream(key, io.BytesIO(stream), where))


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 7])
def test_what_was_sealed_comes_out_again_whatever_its_size(size: int) -> None:
    plain = os.urandom(size)
    stream = sealed(plain)
    assert opened(stream) == plain
    assert len(stream) == size + 16 * max(1, -(-size // PART))


def test_the_size_of_pieces_makes_no_difference() -> None:
    plain = os.urandom(PART + 10)
    assert sealed(plain, 7_001) == sealed(plain, 3 * PART)


@pytest.mark.parametrize(
    "broken",
    [
        lambda s: s[:-1],  # the last byte is missing
        lambda s: s[: 2 * SEALED],  # the last part is missing
        lambda s: s[:SEALED],
        lambda _s: b"",
        lambda s: s + b"x",
        lambda s: s + s[-26:],  # the last part twice
        lambda s: s[SEALED : 2 * SEALED] + s[:SEALED] + s[2 * SEALED :],  # two parts change places
        lambda s: s[SEALED:],  # the first part is missing
        lambda s: s[:100] + bytes([s[100] ^ 1]) + s[101:],
        lambda s: s[:-20] + bytes([s[-20] ^ 128]) + s[-19:],
    ],
)
def test_what_was_cut_moved_or_changed_does_not_open(broken: object) -> None:
    stream = sealed(os.urandom(2 * PART + 10))
    with pytest.raises(EnvelopeError):
        opened(broken(stream))  # type: ignore[operator]


def test_another_key_or_place_opens_nothing() -> None:
    stream = sealed(b"codes")
    with pytest.raises(EnvelopeError):
        opened(stream, key=bytes(32))
    with pytest.raises(EnvelopeError):
        opened(stream, where=b"there")


def test_a_source_that_fails_leaves_no_stream_that_opens() -> None:
    def pieces() -> object:
        yield os.urandom(PART + 5)
        raise OSError("the source is gone")

    kept: list[bytes] = []
    with pytest.raises(OSError, match="gone"):
        kept.extend(seal_stream(KEY, pieces(), b"here"))  # type: ignore[arg-type]
    with pytest.raises(EnvelopeError):
        opened(b"".join(kept))
