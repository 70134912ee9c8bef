"""What a checkout says besides its goods: a code, a flash sale, a member's pass, a referral. Most say none of it."""

from __future__ import annotations

import time
from typing import NamedTuple

from xinka.config.environment import Environment
from xinka.flows.promotions.spending import Wish
from xinka.platform.vault.envelope import BlindIndex
from xinka.promotions.codes import normalise_code
from xinka.promotions.errors import CodeUnknown
from xinka.promotions.passes import CODE_COOKIE, CODE_FOR, MEMBER_COOKIE, REFERRAL_COOKIE, Passes
from xinka.till.http import Request

_SESSIONS = ("__Host-xk_session", "xk_session")


class Said(NamedTuple):
    """What was said: ``wish`` only where it may change the price."""

    wish: Wish | None
    referrer_id: int
    buyer_id: int


NOTHING = Said(None, 0, 0)


class WishReader:
    """Reads it; holds the keys that passes and gift cards are known by."""

    __slots__ = ("_cards", "_passes")

    def __init__(self, environment: Environment, cards: BlindIndex) -> None:
        self._passes = Passes(environment.derive("promotion-passes"))
        self._cards = cards

    def read(self, coupon: str, sale: int, request: Request) -> Said:
        """Return what a request says.

        Raises:
            CodeUnknown: if the code cannot be one.
        """
        cookies = request.header("cookie")
        if not coupon and not sale and MEMBER_COOKIE.plain not in cookies and REFERRAL_COOKIE.plain not in cookies:
            return NOTHING
        wish = Wish(sale_id=sale)
        if coupon.strip():
            wish.code = normalise_code(coupon)
            if not wish.code:
                raise CodeUnknown
            wish.card_key = self._cards.hex(wish.code.encode())
            wish.place = self._passes.place_key(request.address)
        session = next(filter(None, map(request.cookie, _SESSIONS)), "")
        member = self._passes.read_member(request.kept(MEMBER_COOKIE), session, int(time.time()))
        if member is not None:
            wish.user_id, wish.level_bps = member.user_id, member.off_bps
            wish.buyer_key = self._passes.buyer_key(member.user_id)
        referrer_id = self._passes.read_referral(request.kept(REFERRAL_COOKIE))
        return Said(wish if wish.changes_price else None, referrer_id, wish.user_id)

    def remember_code(self, coupon: str, *, secure: bool) -> tuple[str, str]:
        """Return the header that lets the product page show the price with a code that is good."""
        value = self._passes.code(normalise_code(coupon))
        more = "; Secure" if secure else ""
        name = CODE_COOKIE.name(secure=secure)
        return ("set-cookie", f"{name}={value}; Path=/; Max-Age={CODE_FOR}; HttpOnly; SameSite=Lax{more}")
