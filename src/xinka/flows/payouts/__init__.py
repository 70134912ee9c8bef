"""Payouts: a seller's released money leaves the house, by a bank's file or through a gateway, and never twice.

Begin with ``asking``, then ``review`` (who says yes) and ``sending`` (how a payout ends), ``returning`` (what a
bank sends back later). ``gateway`` sends through a
payment channel; ``payers`` knows which kinds can, each in a module of its name: ``alipay``, ``epay``, ``paypal``,
``wechat``; ``confirming`` waits for a payee's yes. ``accounts`` says where money may go, ``balance`` where it is now,
``mailing`` tells owners.
"""
