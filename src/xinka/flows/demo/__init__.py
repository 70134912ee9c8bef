"""The demo: a shop one can look at, filled by the flows that real merchants and buyers use.

Begin with ``loading``, which fills an empty shop with people and with the goods of ``goods.yaml``, then has ``sales``,
``promotions``, ``cases`` and ``payouts`` happen in it.
"""
