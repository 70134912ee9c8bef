"""PayPal's report of a day: whatever strangers send to the account, the shop's own lines are read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.payments.providers.paypal.conftest import PAID
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.paypal import replies
from xinka.payments.providers.protocol import BillKind, BillRow


def usd(value: str) -> dict[str, str]:
    """Return an amount as PayPal writes it."""
    return {"currency_code": "USD", "value": value}


def rows(*facts: dict[str, Any]) -> list[BillRow]:
    """Return the lines of a page with these transactions."""
    return list(replies.bill_rows({"transaction_details": [{"transaction_info": one} for one in facts]}))


def test_a_strangers_money_in_a_currency_we_do_not_count_hides_no_line_of_ours() -> None:
    """Anybody can send Australian dollars to the account; the whole day's bill could not be read then."""
    gift = PAID | {"transaction_id": "9A", "transaction_amount": {"currency_code": "AUD", "value": "0.01"}}
    del gift["fee_amount"]
    assert [row.trade_no for row in rows(gift, PAID, gift)] == ["2C1"]


@pytest.mark.parametrize("value", ["19.901", "1,990.00", "", None])
def test_an_amount_in_our_currency_that_is_not_readable_still_stops_the_bill(value: object) -> None:
    with pytest.raises(ProviderError):
        rows(PAID | {"transaction_amount": {"currency_code": "USD", "value": value}})


@pytest.mark.parametrize(("told", "kept"), [("-0.97", 97), ("0.49", -49), ("0.00", 0)])
def test_a_fee_that_paypal_gives_back_is_below_zero(told: str, kept: int) -> None:
    """It was entered as another cost."""
    back = PAID | {"transaction_event_code": "T1107", "transaction_amount": usd("-19.90"), "fee_amount": usd(told)}
    (row,) = rows(back)
    assert (row.kind, row.amount_minor, row.fee_minor) == (BillKind.REFUND, 1990, kept)


@pytest.mark.parametrize(
    ("code", "value", "kept"),
    [("T0100", "-0.30", 30), ("T1108", "0.30", -30), ("T1109", "0.30", -30), ("T0106", "-20.00", 2000)],
)
def test_fees_on_lines_of_their_own_keep_their_direction(code: str, value: str, kept: int) -> None:
    """The reversal of a fee (T1108) was taken for a refund to a buyer that the books do not know."""
    (row,) = rows(PAID | {"transaction_event_code": code, "transaction_amount": usd(value), "fee_amount": usd("0.00")})
    assert (row.kind, row.amount_minor, row.fee_minor) == (BillKind.FEE, 0, kept)


@pytest.mark.parametrize("at", [None, "yesterday"])
def test_a_line_without_a_moment_is_an_error_that_is_told(at: object) -> None:
    with pytest.raises(ProviderError):
        rows(PAID | {"transaction_initiation_date": at})
