"""The way of codes into the vault: bytes → text → records → envelopes → COPY. Almost all of it knows no Django."""
