"""Orders: what a buyer asked for, at which price, and how far it came."""
