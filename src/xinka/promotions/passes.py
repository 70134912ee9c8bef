"""Passes that pages and till give out and believe: who is signed in with which level, who sent the visitor, which code.

Both are keyed hashes (BLAKE2b, RFC 7693), so the till asks no database. No Django here.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import blake2b

from xinka.kernel.cookies import Cookie
from xinka.kernel.places import place_of

MEMBER_COOKIE = Cookie("xk_member", is_of_all=False)
REFERRAL_COOKIE = Cookie("xk_ref", is_of_all=False)
CODE_COOKIE = Cookie("xk_code", is_of_all=True)
#: How long a level shown on a page is honoured, and how long a link and a code are remembered, in seconds.
MEMBER_FOR = 2 * 3600
REFERRAL_FOR = 30 * 24 * 3600
CODE_FOR = 3600
_DIGITS = 18


@dataclass(frozen=True, slots=True)
class MemberPass:
    """Who buys, and which share off they have."""

    user_id: int
    off_bps: int


class Passes:
    """Writes and reads them; ``secret`` is derived from the master key for this purpose."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def _proof(self, purpose: str, words: str) -> str:
        return blake2b(f"{purpose}:{words}".encode(), key=self._secret, digest_size=12).hexdigest()

    def member(self, member: MemberPass, session: str, now: int) -> str:
        """Return the cookie of somebody signed in; it is worth nothing beside another session's cookie."""
        words = f"{member.user_id}.{member.off_bps}.{now + MEMBER_FOR}"
        return f"{words}.{self._proof('member', f'{words}.{session}')}"

    def read_member(self, value: str, session: str, now: int) -> MemberPass | None:
        """Return who is signed in, if the cookie is genuine, fresh and of this session."""
        words, _, proof = value.rpartition(".")
        parts = words.split(".")
        if not session or len(parts) != 3 or not all(map(_is_number, parts)):
            return None
        if not _same(self._proof("member", f"{words}.{session}"), proof) or int(parts[2]) < now:
            return None
        return MemberPass(int(parts[0]), int(parts[1]))

    def referral(self, user_id: int) -> str:
        """Return the code of a person's link, which is also the cookie's value."""
        return f"{user_id}.{self._proof('referral', str(user_id))}"

    def read_referral(self, value: str) -> int:
        """Return whose link it was, or 0."""
        words, _, proof = value.partition(".")
        return int(words) if _is_number(words) and _same(self._proof("referral", words), proof) else 0

    def code(self, code: str) -> str:
        """Return the cookie that remembers a code which was good when it was looked at."""
        return f"{code.encode().hex()}.{self._proof('code', code)}"

    def read_code(self, value: str) -> str:
        """Return the remembered code, or nothing: a code that nobody looked at cannot be tried out this way."""
        letters, _, proof = value.partition(".")
        try:
            code = bytes.fromhex(letters).decode()
        except ValueError:
            return ""
        return code if code and _same(self._proof("code", code), proof) else ""

    def buyer_key(self, user_id: int) -> str:
        """Return the key under which uses of somebody signed in are counted, as hexadecimal digits of a uuid."""
        return blake2b(f"buyer:{user_id}".encode(), key=self._secret, digest_size=16).hexdigest()

    def place_key(self, address: str) -> str:
        """Return the key under which wrong codes from a network are counted; nobody can tell the network from it."""
        return blake2b(f"place:{place_of(address)}".encode(), key=self._secret, digest_size=16).hexdigest()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode("utf-8", "replace"))
