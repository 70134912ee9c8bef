"""The people of a demo shop. Their password is printed in the open, so they may sign in to a demo shop only."""

from __future__ import annotations

#: Nobody else can have an address here: ``.example`` is nobody's (RFC 2606), so no confirmation ever arrives.
DEMO_DOMAIN = "demo.xinka.example"


def is_demo_person(email: str) -> bool:
    """Whether an account belongs to the demo."""
    return email.endswith(f"@{DEMO_DOMAIN}")
