"""Says how real a social account is, from figures that anyone can see."""

from xinka.engines.textguard.trust.figures import Figures
from xinka.engines.textguard.trust.scorecard import TrustVerdict, judge_account

__all__ = ["Figures", "TrustVerdict", "judge_account"]
