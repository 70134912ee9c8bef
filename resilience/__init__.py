"""What can go wrong with the shop, who tries to make it go wrong, and which test shows that it does not."""
