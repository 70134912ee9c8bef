"""Reconciling: what gateways say of the money is held against our books, and what comes into the bank is entered.

Begin with ``bills``: a gateway's bill of one day against our receipts and refunds. ``differences`` is what staff
do about what does not agree, ``arrivals`` the money that gateways pay out to us, ``own_money`` what the operator earned
and what became of money in suspense.
"""
