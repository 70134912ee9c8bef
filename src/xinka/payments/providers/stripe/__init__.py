"""Stripe: Checkout Sessions through its SDK, and webhooks judged without it, so that the till need not load it."""
