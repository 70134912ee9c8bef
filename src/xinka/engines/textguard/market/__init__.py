"""Says which offers of a market are bait: too cheap to be true, or with a stock that nobody has."""

from xinka.engines.textguard.market.judging import Market, OfferVerdict

__all__ = ["Market", "OfferVerdict"]
