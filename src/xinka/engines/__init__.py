"""Plain Python libraries that need nothing of the shop: what is forbidden, who is fake, what really happened."""
