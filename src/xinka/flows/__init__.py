"""Flows: the stories that touch several domains, and the only rooms that may.

What sells and settles lies here side by side; begin with ``checkout`` and ``settle``. Each longer story is a room of
its own that says where to begin: ``paying``, ``escrow``, ``disputes``, ``refunds``, ``payouts``, ``promotions``,
``reconciling``. ``tasks`` says when the worker runs what; ``demo`` fills a shop to look at.
"""
