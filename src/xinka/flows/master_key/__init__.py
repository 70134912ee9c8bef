"""Another master key: ``changing`` takes a moment of the closed shop, ``resealing`` its time while the shop sells."""
