"""Delivery: which goods went to which order, for ever."""
