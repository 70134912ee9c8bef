"""Which patterns read what comes from outside, and whether any of them could be kept busy by a text made for it."""
