"""Stripe at the sandbox gateway: the part of its REST interface that a shop needs, and signed webhooks.

The official SDK works against it. Its hosted page is our cashier.
"""
