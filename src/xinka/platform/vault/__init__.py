"""The vault: envelopes around everything that must not be read from a stolen database."""
