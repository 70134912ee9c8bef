"""Plumbing that knows no domain: database, batching, vault, outbox, look."""
