"""Paying by a transfer that staff find in the bank account."""
