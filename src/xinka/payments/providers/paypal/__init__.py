"""PayPal Orders v2: the buyer approves at PayPal, we capture; webhooks are signed with a certificate we fetch."""
