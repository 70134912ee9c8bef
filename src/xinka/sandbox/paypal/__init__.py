"""PayPal at the sandbox gateway: orders that a buyer agrees to and the shop captures, and webhooks signed with RSA."""
