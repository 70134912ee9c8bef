"""How the shop reaches PostgreSQL, wherever it runs."""
