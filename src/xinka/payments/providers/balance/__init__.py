"""Paying from the balance a signed-in buyer has here."""
