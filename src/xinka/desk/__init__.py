"""Where merchants work."""
