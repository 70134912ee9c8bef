"""Mail: where letters leave (``EMAIL_URL``), how they look, and what became of each."""
