"""Finds names, pictures and domains that are made to be taken for somebody else's."""
