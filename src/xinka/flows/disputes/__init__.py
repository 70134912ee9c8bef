"""Disputes: a buyer and a seller who disagree about an order, from the first word to the last cent.

Begin with ``cases``: what the two sides do themselves. ``deciding`` is what staff do, ``timers`` what silence does,
``chargebacks`` what banks do; ``money`` carries out how a case ends. ``facts`` and ``evidence`` tell what the records
know, ``mailing`` tells both sides what happened.
"""
