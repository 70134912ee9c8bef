"""Settle one verified payment from Django or a worker: the same flows as the till's, as a batch of one."""

from __future__ import annotations

from xinka.flows.settle import Settlement, VerifiedMoney, settle_plain, settle_unusual
from xinka.platform.database.django_drive import run


def settle_now(money: VerifiedMoney) -> Settlement:
    """Settle verified money and return what became of it.

    Raises:
        WrongChannel: if the payment was made for another channel.
        TradeMismatch: if the provider's number is on record with other facts.
    """
    if money.payment_id is not None:
        (answer,) = run(settle_plain([money]))
        if answer is not None:
            return answer
    return run(settle_unusual(money))
