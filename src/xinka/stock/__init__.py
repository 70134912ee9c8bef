"""Stock: codes at rest in the vault, the queue of the unsold, and what is reserved."""
