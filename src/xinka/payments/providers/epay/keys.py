"""Refuses merchant keys that an outsider could guess: with the key, anyone can sign a notice that says "paid"."""

from __future__ import annotations

import math
import string

from xinka.payments.providers.errors import WeakKey

_LEAST_BITS = 128
_LEAST_DISTINCT = 8
_CLASSES = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_HEXADECIMAL = (set("0123456789abcdef"), set("0123456789ABCDEF"))
_BEYOND_LETTERS = 32

#: Keys printed in public software kits, demos and installers.
KNOWN_KEYS = frozenset(
    {
        "89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i",
        "0123456789abcdef0123456789abcdef",
        "0123456789ABCDEF0123456789ABCDEF",
        "abcdefghijklmnopqrstuvwxyz123456",
        "abcdefghijklmnopqrstuvwxyz012345",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456",
        "1234567890abcdefghijklmnopqrstuv",
        "qwertyuiopasdfghjklzxcvbnm123456",
        "d41d8cd98f00b204e9800998ecf8427e",
        "e10adc3949ba59abbe56e057f20f883e",
        "21232f297a57a5a743894a0e4a801fc3",
        "5f4dcc3b5aa765d61d8327deb882cf99",
    }
)


def check_key(key: str) -> None:
    """Accept a key that offers at least 128 bits to guess.

    Raises:
        WeakKey: if the key is publicly known, too short for the letters it uses, or a repeated pattern.
    """
    if not key.isascii() or not key.isprintable() or " " in key:
        raise WeakKey(why_zh="含有空格或不可见字符", why_en="it holds spaces or unprintable characters")
    if key in KNOWN_KEYS:
        raise WeakKey(why_zh="它是公开示例里的密钥", why_en="it is printed in public examples")
    if len(key) * math.log2(_alphabet(key)) < _LEAST_BITS:
        raise WeakKey(why_zh="太短", why_en="it is too short")
    if len(set(key)) < _LEAST_DISTINCT or key in (key + key)[1:-1]:
        raise WeakKey(why_zh="只是重复的字符", why_en="it only repeats itself")


def _alphabet(key: str) -> int:
    """Return how many characters each place could hold, judged by the classes of character the key uses."""
    used = set(key)
    if any(used <= digits for digits in _HEXADECIMAL):
        return 10 if used <= set(string.digits) else 16
    size = sum(len(letters) for letters in _CLASSES if not used.isdisjoint(letters))
    beyond = not used.issubset(string.ascii_letters + string.digits)
    return size + (_BEYOND_LETTERS if beyond else 0)
