"""Who may open an order without an account: the browser that placed it, whoever has the mailed link, or the password.

Every proof is a keyed hash (BLAKE2b, RFC 7693) of the order's number, so nothing needs to be stored and nothing can be
guessed. No Django here: the till gives the cookie out, the pages ask for it.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from hashlib import blake2b
from uuid import UUID

from xinka.kernel import ids
from xinka.kernel.cookies import Cookie

COOKIE = Cookie("xk_order", is_of_all=False)
#: Thirty-two letters and digits that nobody takes for one another when read aloud or copied by hand.
_LETTERS = "abcdefghjkmnpqrstuvwxyz123456789"
_MADE = re.compile(f"[{_LETTERS}]{{8}}")
#: What people put between the halves of a password that the shop made, if they put anything there.
_BETWEEN = re.compile(r"[\s_.·\u2010-\u2015\u2212-]+")
#: How many characters an order password needs that a buyer makes up; shorter ones of earlier orders still open them.
LEAST_PASSWORD = 6
#: How long the browser that placed an order may open it, and how long a mailed link works, in seconds.
COOKIE_FOR = 90 * 24 * 3600
LINK_FOR = 30 * 24 * 3600


class OrderAccess:
    """Makes and checks the proofs; ``secret`` is derived from the master key for this purpose."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def _proof(self, purpose: bytes, order_id: UUID, more: bytes = b"") -> bytes:
        return blake2b(purpose + b":" + order_id.bytes + more, key=self._secret, digest_size=16).digest()

    def cookie_value(self, order_id: UUID) -> str:
        """Return the value of ``COOKIE``, whose path is the order's own page."""
        return self._proof(b"cookie", order_id).hex()

    def allows_cookie(self, order_id: UUID, value: str) -> bool:
        """Whether a cookie opens this order."""
        return hmac.compare_digest(self.cookie_value(order_id).encode(), value.encode("utf-8", "replace"))

    def link_token(self, order_id: UUID, expires_at: int) -> str:
        """Return the token of a mailed link that works until ``expires_at`` (Unix seconds)."""
        return f"{expires_at:x}.{self._proof(b'link', order_id, expires_at.to_bytes(8, 'big')).hex()}"

    def allows_link(self, order_id: UUID, token: str, now: int) -> bool:
        """Whether a token is genuine and not yet too old."""
        try:
            expires_at = int(token.partition(".")[0], 16)
            genuine = self.link_token(order_id, expires_at)
        except (ValueError, OverflowError):
            return False
        return hmac.compare_digest(genuine.encode(), token.encode("utf-8", "replace")) and now <= expires_at

    def made_password(self, order_id: UUID) -> str:
        """Return the order password of a buyer who chose none: eight letters and digits without look-alikes."""
        letters = "".join([_LETTERS[byte & 31] for byte in self._proof(b"password", order_id)[:8]])
        return f"{letters[:4]}-{letters[4:]}"


def order_path(order_id: UUID) -> str:
    """Return the path of the order's page, which is also the path of its cookie."""
    return f"/order/{ids.show('ord', order_id)}"


def normalise_password(text: str) -> str:
    """Return an order password as it is compared: without the white space around it and in lower case."""
    return text.strip().lower()


def kept_password(text: str) -> str:
    """Return an order password as a new order keeps it: also in half width, whichever way it was typed on that day.

    Orders of before keep it as it stood; ``meant_passwords`` finds both.
    """
    return normalise_password(unicodedata.normalize("NFKC", text))


def meant_passwords(text: str) -> list[str]:
    """Return what somebody who types an order password may mean, normalised: what stands there comes first.

    Telephones make letters full-width and dashes long; and one that the shop made is often told without its dash.
    """
    plain = kept_password(text)
    letters = _BETWEEN.sub("", plain)
    made = [f"{letters[:4]}-{letters[4:]}"] if _MADE.fullmatch(letters) else []
    return list(dict.fromkeys([normalise_password(text), plain, *made]))


def contact_place(order_id: UUID) -> bytes:
    """Return the associated data of an order's contact envelope."""
    return b"orders_order.contact:" + order_id.bytes
