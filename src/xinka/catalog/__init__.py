"""The catalogue: what is offered, in which variants and at which price."""
