"""Who may do what for a merchant: a clerk stocks and sells, the owner decides what is for sale and who is told what."""

from __future__ import annotations

from enum import StrEnum

from xinka.merchants.models import Role


class Duty(StrEnum):
    """What a member of a team may be asked to do."""

    SEE_ORDERS = "see_orders"
    EDIT_PRODUCTS = "edit_products"
    STOCK = "stock"
    ARCHIVE_PRODUCTS = "archive_products"
    EXPORT_ORDERS = "export_orders"
    SEE_MONEY = "see_money"
    WITHDRAW = "withdraw"
    ANSWER_CASES = "answer_cases"
    GIVE_BACK = "give_back"
    PROMOTE = "promote"


_CLERK = frozenset({Duty.SEE_ORDERS, Duty.EDIT_PRODUCTS, Duty.STOCK, Duty.ANSWER_CASES})
DUTIES: dict[Role, frozenset[Duty]] = {Role.OWNER: frozenset(Duty), Role.CLERK: _CLERK}


def may(role: str, duty: Duty) -> bool:
    """Whether somebody with this role may do this."""
    return duty in DUTIES[Role(role)]
