"""Payments: channels, attempts to pay, money that came in, money that goes back."""
