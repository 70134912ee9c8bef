"""Audit: what staff did, for ever; and the last outcome of each recurring examination."""
