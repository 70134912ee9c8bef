"""Programs for those who work on Xinka; none is part of the shop."""
