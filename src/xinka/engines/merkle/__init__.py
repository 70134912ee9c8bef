"""An append-only log with proofs: the tree of RFC 6962 and RFC 9162 in the formats of C2SP."""
