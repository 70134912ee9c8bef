"""Refunds: money that was promised back arrives once, by whomever it was promised.

Begin with ``sending``, which every refund goes through, whether a settlement, a dispute, ``by_seller`` or ``by_staff``
promised it; ``mailing`` tells the merchant of what staff gave. ``wishes`` says whether it goes the way it was paid or
into a buyer's balance.
"""
