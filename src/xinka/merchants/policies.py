"""Who may do what for a merchant: a clerk stocks and sells, the owner decides what is for sale and who is told what."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from xinka.merchants.models import Role

#: How long an invitation, and an offer of ownership, waits for its answer.
WAITS_FOR = timedelta(days=7)
#: How long a new owner can neither make a clerk of another nor take them out: whoever broke in would do that first.
SETTLES_IN = timedelta(days=3)
#: How long a former owner hears of new payout accounts and of the team; longer than a new account waits by default.
HEARS_FOR = timedelta(days=7)
#: How many people a team and its open invitations may have together, and how many invitations are mailed within a day.
MOST_MEMBERS = 30
MOST_A_DAY = 20
#: How long it is kept who was invited, after the time to answer is over.
KEPT_FOR = timedelta(days=30)
#: Over how many days buyers see how a merchant did, and from how many orders on a share of them says something.
RECORD_DAYS = 90
LEAST_COUNTED = 20


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
    SHARE_TEMPLATES = "share_templates"
    GIVE_BACK = "give_back"
    PROMOTE = "promote"
    SEE_TEAM = "see_team"
    MANAGE_TEAM = "manage_team"


_CLERK = frozenset({Duty.SEE_ORDERS, Duty.EDIT_PRODUCTS, Duty.STOCK, Duty.ANSWER_CASES, Duty.SEE_TEAM})
DUTIES: dict[Role, frozenset[Duty]] = {Role.OWNER: frozenset(Duty), Role.CLERK: _CLERK}


def may(role: str, duty: Duty) -> bool:
    """Whether somebody with this role may do this."""
    return duty in DUTIES[Role(role)]
