"""Promotions: coupons, flash sales, levels, gift cards and referrals, as far as an order or its money is touched.

Begin with ``spending``, which a checkout runs, and ``returning``, for an order that comes to nothing; these two and
``aside`` (a flash sale's own stock) run in the till, without Django. ``sales`` and ``cards`` are what people do,
``vesting`` and ``clock`` what time does, ``rules`` what must always be true.
"""
