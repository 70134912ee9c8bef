"""The till: the few requests that carry the money, answered in front of Django and without it."""
