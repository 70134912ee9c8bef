"""What the office's templates ask."""
