"""WeChat Pay v3 at the sandbox gateway: its own signing and encryption, payments, refunds, bills, profit sharing."""
