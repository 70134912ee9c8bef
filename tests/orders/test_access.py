"""Proofs of who may open an order: those that were given once hold for as long as the master key does."""

from __future__ import annotations

from uuid import UUID

import pytest

from xinka.orders.access import OrderAccess
from xinka.platform.vault.deriving import derive
from xinka.platform.vault.envelope import INDEXES, BlindIndex, derived_for_index, index_scope

KEY = bytes(range(32))
ORDER = UUID("01980000-0000-7000-8000-000000000001")
OTHER = UUID("01980000-0000-7000-8000-000000000002")
UNTIL = 1_900_000_000


@pytest.fixture
def access() -> OrderAccess:
    """The proofs of a shop with a key that everybody knows."""
    return OrderAccess(KEY)


def test_what_buyers_hold_and_wrote_down_is_the_same_in_every_version_of_the_shop(access: OrderAccess) -> None:
    """These are no secrets of any shop; if one changes, every cookie, link and password that is out there is void."""
    assert access.cookie_value(ORDER) == "155339decbbd6079b250e7ba79680184"
    assert access.link_token(ORDER, UNTIL) == "713fb300.bb2cdb69133cc61e4867c2a18000ede9"
    assert access.made_password(ORDER) == "na2f-bbre"


def test_what_is_found_by_keyed_hashes_is_found_by_every_version_of_the_shop() -> None:
    assert derive(KEY, "order-access").hex() == "d5e84b5c0165a72d9546802cae3b50017516c7c15ff18aa5e99243fc155ca091"
    assert BlindIndex(KEY).hex(b"cy@example.com") == "3a717d6fdec338f68223c7e2604da54d"
    assert {index_scope(purpose) for purpose in INDEXES} == {f"index:{purpose}" for purpose in INDEXES}
    assert derived_for_index("code") == "blind-index/code"


def test_a_link_holds_to_its_last_second_and_for_one_order(access: OrderAccess) -> None:
    token = access.link_token(ORDER, UNTIL)
    assert access.allows_link(ORDER, token, UNTIL)
    assert not access.allows_link(ORDER, token, UNTIL + 1)
    assert not access.allows_link(OTHER, token, 0)
    assert not access.allows_link(ORDER, token.replace("713fb300", "713fb301"), 0), "its end is part of what is proved"
    assert not access.allows_link(ORDER, f"{UNTIL:x}.{access.cookie_value(ORDER)}", 0), "and what it is for"
    assert not OrderAccess(bytes(32)).allows_link(ORDER, token, 0)


def test_a_cookie_opens_its_own_order_and_no_other(access: OrderAccess) -> None:
    assert access.allows_cookie(ORDER, access.cookie_value(ORDER))
    for value in (access.cookie_value(OTHER), access.cookie_value(ORDER).upper(), access.cookie_value(ORDER)[:-1], ""):
        assert not access.allows_cookie(ORDER, value)
    assert not OrderAccess(bytes(32)).allows_cookie(ORDER, access.cookie_value(ORDER))
