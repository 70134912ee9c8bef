"""How merchants get their money: waiting times, least amounts, fees, and from when on two people must agree."""

from __future__ import annotations

from datetime import timedelta

from xinka.config.environment import read_flag, read_int, read_per_currency

#: How long a new account cannot be paid to: time for the owner to read the mail about it.
PAYOUT_COOLDOWN = timedelta(hours=read_int("XINKA_PAYOUT_COOLDOWN_HOURS", 48))
#: Amounts in minor units, each currency its own; what is not named may be paid out whole, and costs nothing fixed.
PAYOUT_MINIMUM = read_per_currency(
    "XINKA_PAYOUT_MINIMUM",
    "CNY:1000 USD:100 EUR:100 GBP:100 HKD:1000 TWD:5000 JPY:200 KRW:2000",
    otherwise=1,
    least=1,
)
PAYOUT_FEE_FIXED = read_per_currency("XINKA_PAYOUT_FEE_FIXED", "0")
PAYOUT_FEE_BPS = read_int("XINKA_PAYOUT_FEE_BPS", 0)
#: From this amount on two different people of finance have to approve; always, in a currency that is not named.
PAYOUT_FOUR_EYES_FROM = read_per_currency(
    "XINKA_PAYOUT_FOUR_EYES_FROM",
    "CNY:500000 USD:60000 EUR:50000 GBP:50000 HKD:500000 TWD:2000000 JPY:100000 KRW:900000",
)
#: From this much on, of one order, two different people have to agree to a refund that no buyer asked for.
REFUND_FOUR_EYES_FROM = read_per_currency(
    "XINKA_REFUND_FOUR_EYES_FROM",
    "CNY:50000 USD:6000 EUR:5000 GBP:5000 HKD:50000 TWD:200000 JPY:10000 KRW:90000",
)

#: Whether buyers may hold a balance and pay with it; only where the operator is licensed to keep it.
WALLET = read_flag("XINKA_WALLET")
