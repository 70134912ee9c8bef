"""The pretend payment gateway: real wire format, no real money."""
