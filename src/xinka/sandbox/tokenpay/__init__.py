"""TokenPay at the sandbox gateway: ``CreateOrder``, ``Query`` and notices, each account with an address of its own."""
