"""How merchants get their money: waiting times, least amounts, fees, and from when on two people must agree."""

from __future__ import annotations

from datetime import timedelta

from xinka.config.environment import read_flag, read_int

#: How long a new account cannot be paid to: time for the owner to read the mail about it.
PAYOUT_COOLDOWN = timedelta(hours=read_int("XINKA_PAYOUT_COOLDOWN_HOURS", 48))
#: Amounts in minor units (分).
PAYOUT_MINIMUM = read_int("XINKA_PAYOUT_MINIMUM", 1_000, least=1)
PAYOUT_FEE_FIXED = read_int("XINKA_PAYOUT_FEE_FIXED", 0)
PAYOUT_FEE_BPS = read_int("XINKA_PAYOUT_FEE_BPS", 0)
#: From this amount on two different people of finance have to approve.
PAYOUT_FOUR_EYES_FROM = read_int("XINKA_PAYOUT_FOUR_EYES_FROM", 500_000)
#: From this much on, of one order, two different people have to agree to a refund that no buyer asked for.
REFUND_FOUR_EYES_FROM = read_int("XINKA_REFUND_FOUR_EYES_FROM", 50_000)

#: Whether buyers may hold a balance and pay with it; only where the operator is licensed to keep it.
WALLET = read_flag("XINKA_WALLET")
