"""The outbox: what a transaction promises to tell the world once it is committed."""
