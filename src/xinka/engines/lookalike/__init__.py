"""Who is fake: names, domains and pictures made to pass for official ones. Needs nothing of the shop."""

from xinka.engines.lookalike.names import NameIndex
from xinka.engines.lookalike.verdict import Reason, Verdict

__all__ = ["NameIndex", "Reason", "Verdict"]
