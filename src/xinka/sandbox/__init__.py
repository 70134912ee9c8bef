"""The sandbox gateway: a pretend payment company that speaks the real epay wire.

It is an oracle for everything the shop believes about payments, so it shares no code with ``xinka.payments``: its own
signing, its own books, its own retries. It is mounted only with ``XINKA_SANDBOX=1`` and never moves real money.
"""
