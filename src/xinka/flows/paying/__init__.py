"""Paying: an order meets a way to pay, as long as no money has come; what came is for ``flows.settle``.

Begin with ``attempts``: a payment is opened and the gateway says how it is paid. ``in_app`` is paying inside an app of
the gateway's, ``wallet`` from a balance, ``transfers`` by hand. ``confirm`` asks gateways what became of payments,
``starting_over`` makes another where one failed, and ``closing`` leaves nothing behind that could still be paid.
"""
