"""Gateways' bills held against our own books, line by line."""
