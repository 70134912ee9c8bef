"""Flows: the stories that touch several domains, and the only rooms that may."""
