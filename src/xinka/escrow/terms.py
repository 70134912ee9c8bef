"""How long a buyer may check, how long after-sale lasts, and what the platform takes: what is built in. No Django here.

The operator's own values (``models.Terms``) go before these; a hold keeps those it was made with.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

_DAY = 86_400

#: The bounds of the time to check.
SHORTEST, LONGEST = _DAY, 14 * _DAY
#: What a stopped timer gets at least when it goes on.
REST_AT_LEAST = _DAY


class Window(NamedTuple):
    """Two times in seconds: to check the goods, and for claims after that."""

    confirm_for: int
    after_sale_for: int


#: Per kind of goods.
WINDOWS: Mapping[str, Window] = MappingProxyType(
    {
        "card_code": Window(_DAY, 3 * _DAY),
        "licence": Window(3 * _DAY, 3 * _DAY),
        "download": Window(3 * _DAY, 3 * _DAY),
        "course": Window(7 * _DAY, 7 * _DAY),
        "top_up": Window(_DAY, _DAY),
    }
)
#: Hundredths of a percent: the platform's commission, and the seller's rolling reserve with its time.
COMMISSION_BPS = 0
RESERVE_BPS = 0
RESERVE_FOR = 90 * _DAY


def lead_of(seconds: int) -> int:
    """Return how long before the end of a time the buyer is reminded: a quarter of it, a day at most."""
    return min(_DAY, seconds // 4)
