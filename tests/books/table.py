"""The money machines a second time, kept by hand from the design and not from the code: who may move what, and where.

The code's own tables are compared with these line by line, so that no move and no actor changes by one edit alone.
"""

from __future__ import annotations

Table = dict[tuple[str, str], tuple[str | None, set[str]]]

#: ``None`` stands for "back to where it was".
HOLD: Table = {
    ("held", "confirm"): ("aftersale", {"buyer"}),
    ("held", "confirm_due"): ("aftersale", {"timer"}),
    ("held", "release"): ("aftersale", {"arbiter"}),
    ("held", "shared"): ("aftersale", {"psp"}),
    ("held", "give_back"): ("returned", {"seller", "timer", "arbiter"}),
    ("held", "give_back_part"): ("held", {"seller", "arbiter"}),
    ("held", "freeze"): ("frozen", {"regulator"}),
    ("aftersale", "mature"): ("settled", {"timer"}),
    ("aftersale", "give_back"): ("returned", {"seller", "timer", "arbiter"}),
    ("aftersale", "give_back_part"): ("aftersale", {"seller", "arbiter"}),
    ("aftersale", "freeze"): ("frozen", {"regulator"}),
    ("frozen", "unfreeze"): (None, {"regulator"}),
    ("frozen", "hand_over"): ("seized", {"regulator"}),
    ("frozen", "hand_over_part"): ("frozen", {"regulator"}),
    ("settled", "free_reserve"): ("settled", {"timer"}),
}

CASE: Table = {
    ("awaits_seller", "answer"): ("awaits_buyer", {"seller"}),
    ("awaits_seller", "offer"): ("awaits_buyer", {"seller"}),
    ("awaits_seller", "accept"): ("closed", {"buyer"}),
    ("awaits_seller", "concede"): ("closed", {"seller"}),
    ("awaits_seller", "withdraw"): ("closed", {"buyer"}),
    ("awaits_seller", "raise"): ("awaits_seller", {"buyer"}),
    ("awaits_seller", "escalate"): ("under_review", {"seller"}),
    ("awaits_seller", "seller_silent"): ("closed", {"timer"}),
    ("awaits_seller", "question_unanswered"): ("under_review", {"timer"}),
    ("awaits_buyer", "reply"): ("awaits_seller", {"buyer"}),
    ("awaits_buyer", "offer"): ("awaits_buyer", {"seller"}),
    ("awaits_buyer", "accept"): ("closed", {"buyer"}),
    ("awaits_buyer", "decline"): ("awaits_seller", {"buyer"}),
    ("awaits_buyer", "concede"): ("closed", {"seller"}),
    ("awaits_buyer", "withdraw"): ("closed", {"buyer"}),
    ("awaits_buyer", "raise"): ("awaits_seller", {"buyer"}),
    ("awaits_buyer", "escalate"): ("under_review", {"buyer"}),
    ("awaits_buyer", "buyer_silent"): ("closed", {"timer"}),
    ("under_review", "concede"): ("closed", {"seller"}),
    ("under_review", "withdraw"): ("closed", {"buyer"}),
    ("under_review", "review_late"): ("under_review", {"timer"}),
    ("under_review", "decide"): ("decided", {"arbiter"}),
    ("decided", "waive"): ("decided", {"buyer", "seller"}),
    ("decided", "carry_out"): ("closed", {"timer", "buyer", "seller"}),
    ("decided", "appeal"): ("appealed", {"buyer", "seller"}),
    ("appealed", "review_late"): ("appealed", {"timer"}),
    ("appealed", "decide_appeal"): ("closed", {"arbiter"}),
    ("gateway_asks", "send_evidence"): ("gateway_decides", {"staff", "arbiter"}),
    ("gateway_asks", "evidence_late"): ("gateway_decides", {"timer"}),
    ("gateway_asks", "gateway_won"): ("closed", {"psp"}),
    ("gateway_asks", "gateway_lost"): ("closed", {"psp"}),
    ("gateway_decides", "gateway_won"): ("closed", {"psp"}),
    ("gateway_decides", "gateway_lost"): ("closed", {"psp"}),
}

PAYOUT: Table = {
    ("asked", "approve"): ("approved", {"finance"}),
    ("asked", "hold"): ("held", {"finance", "regulator"}),
    ("asked", "cancel"): ("cancelled", {"buyer", "seller", "finance"}),
    ("approved", "hold"): ("held", {"finance", "regulator"}),
    ("approved", "cancel"): ("cancelled", {"buyer", "seller", "finance"}),
    ("approved", "send"): ("sending", {"finance"}),
    ("held", "resume"): ("asked", {"finance", "regulator"}),
    ("held", "cancel"): ("cancelled", {"finance"}),
    ("sending", "pay"): ("paid", {"finance", "psp"}),
    ("sending", "fail"): ("failed", {"finance", "psp"}),
    ("sending", "cancel"): ("cancelled", {"psp"}),
    ("paid", "return"): ("returned", {"finance", "psp"}),
}

_STOPPERS = {"buyer", "seller", "arbiter", "timer", "psp"}
SPLIT: Table = {
    ("due", "begin"): ("sending", {"timer"}),
    ("due", "drop"): ("dropped", _STOPPERS),
    ("sending", "finish"): ("done", {"psp"}),
    ("sending", "retry"): ("sending", {"timer"}),
    ("sending", "leave"): ("needs_staff", {"psp", "timer"}),
    ("needs_staff", "try_again"): ("sending", {"staff"}),
    ("needs_staff", "mark_done"): ("done", {"staff"}),
}

#: Moves that only worlds have in which a licensed provider shares the money out.
AT_PROVIDER = {("hold", "held", "shared")} | {("split", *move) for move in SPLIT}

FINAL = {"settled", "returned", "seized", "closed", "failed", "cancelled"}


def transitions() -> set[tuple[str, str, str]]:
    """Return every move that walks must have made: machine, state, event."""
    tables = {"hold": HOLD, "case": CASE, "payout": PAYOUT, "split": SPLIT}
    return {(name, *move) for name, table in tables.items() for move in table}
